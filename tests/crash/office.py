"""A worker at the sandbox CRM, over real HTTP, with a real store; it may be in this process or in one to be killed.

``Office`` is at Salesforce, ``HubOffice`` at HubSpot.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from connectors.hubspot import AccessToken, HubSpotConnector, HubSpotSettings
from connectors.port import Stream
from connectors.salesforce import ClientCredentials, MemoryJobs, SalesforceConnector, SalesforceSettings
from sync_worker.apply import ApplyReport, Fresh, RecoverReport, VerifyReport, apply_plan, recover, verify_plan
from sync_worker.config import ApplyConfig
from sync_worker.core.model import Plan, PlanRow, RowKind
from sync_worker.core.planning import seal
from sync_worker.store import open_store, plans
from sync_worker.store.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.port import Connector, Value, Write, WriteResult
    from connectors.sandbox import Sandbox
    from connectors.sandbox.hubspot.records import Record as HubRecord
    from sync_worker.store import Store
    from sync_worker.store.plans import StoredPlan

    Image = Mapping[str, Value]

FIELDS = {Stream.ACCOUNTS: {"score": "Priority_Score__c", "tier": "Priority_Tier__c"}}
HUB_FIELDS = {Stream.ACCOUNTS: {"score": "priority_score", "tier": "priority_tier"}}
ALLOWED = frozenset({"score", "tier"})
LIVES = timedelta(hours=24)


def utc_now() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


@dataclass
class Office:
    """One worker with its tools; ``url`` and so on come from the sandbox."""

    store_url: str
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    timeout_read: float = 30.0
    composite: bool = False
    settings: ApplyConfig = field(default_factory=ApplyConfig)
    stop: threading.Event = field(default_factory=threading.Event)

    now: Callable[[], datetime] = utc_now
    crm_name: ClassVar[str] = "salesforce"

    def __post_init__(self) -> None:
        self.store: Store = open_store(self.store_url)
        self.crm = self.connect()

    def connect(self) -> Connector:
        """The connector."""
        auth = ClientCredentials(self.client_id, self.client_secret)
        settings = SalesforceSettings(
            url=self.url, auth=auth, timeout_read=self.timeout_read, composite_owner_writes=self.composite
        )
        return SalesforceConnector(settings, FIELDS, stop=self.stop, jobs=MemoryJobs())

    @property
    def settle(self) -> dict[str, float]:
        """Seconds before verification."""
        return {self.crm_name: self.settings.settle_seconds}

    def close(self) -> None:
        self.crm.close()
        self.store.close()

    def lease(self) -> Lease:
        return Lease.acquire(self.store, "office")

    def apply(self, plan_id: str, lease: Lease) -> ApplyReport:
        rows = self.plan(plan_id).plan.rows
        owners = frozenset(str(row.after["owner"]) for row in rows if row.kind is RowKind.OWNER)
        fresh = Fresh({row.account: row.read_set for row in rows}, owners, "r1", "c1", {})
        return apply_plan(
            plan_id,
            store=self.store,
            connectors={self.crm_name: self.crm},
            lease=lease,
            fresh=fresh,
            settings=self.settings,
            settle=self.settle,
            clock=self.now,
            monotonic=time.monotonic,
            stop=self.stop,
            progress=lambda _progress: None,
            allowed=ALLOWED,
        )

    def recover(self, lease: Lease) -> RecoverReport:
        return recover(
            store=self.store,
            connectors={self.crm_name: self.crm},
            lease=lease,
            settings=self.settings,
            settle=self.settle,
            clock=self.now,
            monotonic=time.monotonic,
            stop=self.stop,
            progress=lambda _progress: None,
        )

    def verify(self, plan_id: str, lease: Lease) -> VerifyReport:
        return verify_plan(
            plan_id,
            store=self.store,
            connectors={self.crm_name: self.crm},
            lease=lease,
            settings=self.settings,
            settle=self.settle,
            clock=self.now,
            monotonic=time.monotonic,
            stop=self.stop,
            progress=lambda _progress: None,
        )

    def plan(self, plan_id: str) -> StoredPlan:
        with self.store.read() as tx:
            return plans.get(tx, plan_id)

    def approved(self, rows: Sequence[PlanRow], plan_id: str = "plan-1") -> None:
        """Save a plan with these rows and approve it."""
        now = self.now()
        digest = seal(rows, rules_version="r1", config_digest="c1", worker_version="0.1.0")
        plan = Plan(plan_id, digest, now, now + LIVES, "r1", "c1", "0.1.0", tuple(rows))
        with self.store.begin() as tx:
            plans.save(tx, plan, now=now)
            plans.approve(
                tx, plan_id, by="rita", overrides=(), note="", now=now, rules_version="r1", config_digest="c1"
            )


@dataclass
class HubOffice(Office):
    """A worker at HubSpot; its token goes in the secret's place. ``before_write``: what happens just before a call."""

    before_write: Callable[[Sequence[Write]], None] = lambda _writes: None
    crm_name: ClassVar[str] = "hubspot"

    def connect(self) -> Connector:
        """The connector, which lets others act between our reading and our writing."""
        office = self

        class Watched(HubSpotConnector):
            """HubSpot's, and a moment in which to meddle."""

            def write(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
                office.before_write(writes)
                yield from super().write(writes)

        settings = HubSpotSettings(url=self.url, auth=AccessToken(self.client_secret), timeout_read=self.timeout_read)
        return Watched(settings, HUB_FIELDS, stop=self.stop)


def hub_rows(sandbox: Sandbox, *, owners: int, priorities: int = 0, first: int = 0) -> list[PlanRow]:
    """Moves of companies to the next rep, from the ``first`` one on, and new scores for the last ones."""
    companies = sandbox.portal.rows("companies")
    reps = sorted(one.id for one in sandbox.portal.owners.values() if one.kind == "PERSON" and not one.archived)
    rows = []
    for number, company in enumerate(companies[first : first + owners], 1):
        owner = company.values["hubspot_owner_id"]
        after = next(rep for rep in reps[number % len(reps) :] + reps if rep != owner)
        rows.append(_hub_row(number, company, RowKind.OWNER, {"owner": owner}, {"owner": after}))
    for number, company in enumerate(companies[-priorities:] if priorities else (), owners + 1):
        score = company.values.get("priority_score")
        before = {"score": None if score is None else float(score), "tier": company.values.get("priority_tier")}
        rows.append(_hub_row(number, company, RowKind.PRIORITY, before, {"score": 1000.5 + number, "tier": "A"}))
    return rows


def _hub_row(number: int, company: HubRecord, kind: RowKind, before: Image, after: Image) -> PlanRow:
    return PlanRow(number, "hubspot", company.id, company.values["name"], kind, before, after, "test", "a test", "same")


def rows_for(sandbox: Sandbox, *, owners: int, priorities: int) -> list[PlanRow]:
    """Moves of the first accounts to the next rep, and new scores for the accounts after them."""
    accounts = sorted(sandbox.company.rows("Account"), key=lambda row: str(row["Id"]))
    reps = sorted(
        str(row["Id"]) for row in sandbox.company.rows("User") if row["IsActive"] and row["UserType"] == "Standard"
    )
    rows = []
    for number, account in enumerate(accounts[:owners], 1):
        owner = str(account["OwnerId"])
        after = next(rep for rep in reps[number % len(reps) :] + reps if rep != owner)
        rows.append(_row(number, account, RowKind.OWNER, {"owner": owner}, {"owner": after}))
    for number, account in enumerate(accounts[-priorities:] if priorities else (), owners + 1):
        before = {"score": account.get("Priority_Score__c"), "tier": account.get("Priority_Tier__c")}
        rows.append(_row(number, account, RowKind.PRIORITY, before, {"score": 1000.5 + number, "tier": "A"}))
    return rows


def _row(number: int, account: object, kind: RowKind, before: object, after: object) -> PlanRow:
    values = {"before": before, "after": after}
    return PlanRow(
        number=number,
        crm="salesforce",
        account=str(account["Id"]),  # type: ignore[index]
        account_name=str(account["Name"]),  # type: ignore[index]
        kind=kind,
        rule="test",
        reason="a test",
        read_set="same",
        **values,  # type: ignore[arg-type]
    )
