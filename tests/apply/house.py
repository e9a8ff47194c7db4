"""A worker's house for tests: a real store, the CRM in memory, one clock, and the three doors of ``apply``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.apply import ApplyReport, Fresh, RecoverReport, VerifyReport, apply_plan, recover, verify_plan
from sync_worker.config import ApplyConfig
from sync_worker.core.model import GuardFinding, Plan, PlanRow, RowKind, RowState
from sync_worker.core.planning import seal
from sync_worker.store import audit, plans
from sync_worker.store.lease import Lease
from tests.apply.crm import Bell, Clock, FakeCrm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.port import Value
    from sync_worker.parts import Progress
    from sync_worker.store import Store
    from sync_worker.store.plans import StoredPlan, StoredRow

ALLOWED = frozenset({"score", "tier", "reasons"})
OWNERS = frozenset({"ann", "ben", "cleo", "pool"})
POOL = "pool"


def owner_row(number: int, account: str, before: str = "ann", after: str = "ben", rest_days: int = 0) -> PlanRow:
    """A move of one account."""
    return PlanRow(
        number=number,
        crm="salesforce",
        account=account,
        account_name=f"{account} Ltd",
        kind=RowKind.OWNER,
        before={"owner": before},
        after={"owner": after},
        rule="return:unworked" if after == POOL else "book:emea",
        reason="unworked" if after == POOL else "fits the book",
        read_set=f"read-{account}",
        rest_days=rest_days,
    )


def priority_row(number: int, account: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> PlanRow:
    """A new score and tier of one account."""
    return PlanRow(
        number=number,
        crm="salesforce",
        account=account,
        account_name=f"{account} Ltd",
        kind=RowKind.PRIORITY,
        before=before,
        after=after,
        rule="score:priority",
        reason="priority 71, tier A",
        read_set=f"read-{account}",
    )


def make_plan(
    rows: Sequence[PlanRow], clock: Clock, *, plan_id: str = "plan-1", guards: tuple[GuardFinding, ...] = ()
) -> Plan:
    """A sealed plan that lives for a day."""
    digest = seal(rows, rules_version="r1", config_digest="c1", worker_version="0.1.0")
    return Plan(
        plan_id,
        digest,
        clock(),
        clock() + timedelta(hours=24),
        "r1",
        "c1",
        "0.1.0",
        tuple(rows),
        guards,
        {"accounts": len(rows)},
    )


@dataclass
class House:
    """One worker at one store and one CRM."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    settings: ApplyConfig = field(default_factory=ApplyConfig)
    conditional: bool = True
    """Whether the CRM is one with conditional writes."""
    stop: Bell = field(init=False)
    crm: FakeCrm = field(init=False)
    """The first of the CRMs, and the one that most tests have."""
    crms: dict[str, FakeCrm] = field(init=False)
    seen: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crm = FakeCrm(self.clock, conditional=self.conditional)
        self.crms = {"salesforce" if self.conditional else "hubspot": self.crm}
        self.stop = Bell(self.clock)

    def time(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pass_(seconds)

    @property
    def settle(self) -> Mapping[str, float]:
        return {"salesforce": self.settings.settle_seconds, "hubspot": 5.0}

    def accounts(self, count: int, **fields: Value) -> list[str]:
        """Make accounts that ann owns, unless ``fields`` says otherwise."""
        ids = [f"acc-{number:04}" for number in range(1, count + 1)]
        for account in ids:
            self.crm.add(account, **{"owner": "ann", "score": None, "tier": None, "reasons": None} | fields)
        return ids

    def approved(self, rows: Sequence[PlanRow], *, plan_id: str = "plan-1") -> str:
        """Save a plan and approve it."""
        plan = make_plan(self.homed(rows), self.clock, plan_id=plan_id)
        with self.store.begin() as tx:
            saved = plans.save(tx, plan, now=self.clock())
        self.approve(saved)
        return saved

    def homed(self, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """The rows; those that name no CRM of this house are its first one's."""
        first = next(iter(self.crms))
        return [row if row.crm in self.crms else replace(row, crm=first) for row in rows]

    def approve(self, plan_id: str, *, overrides: Sequence[str] = ()) -> None:
        with self.store.begin() as tx:
            plans.approve(
                tx,
                plan_id,
                by="rita",
                overrides=overrides,
                note="",
                now=self.clock(),
                rules_version="r1",
                config_digest="c1",
            )

    def lease(self, ttl: float = 60.0) -> Lease:
        return Lease.acquire(self.store, "test", ttl)

    @contextmanager
    def _held(self, lease: Lease | None) -> Iterator[Lease]:
        """The given lease, which its owner releases, or one for this call alone."""
        if lease is not None:
            yield lease
            return
        with self.lease() as own:
            yield own

    def fresh(self, **changes: object) -> Fresh:
        """What the plan rests on: unchanged, unless ``changes`` says otherwise."""
        fresh = Fresh({a: f"read-{a}" for a in self.crm.accounts}, OWNERS, "r1", "c1", {})
        return replace(fresh, **changes)  # type: ignore[arg-type]

    def apply(self, plan_id: str = "plan-1", *, fresh: Fresh | None = None, lease: Lease | None = None) -> ApplyReport:
        with self._held(lease) as held:
            return apply_plan(
                plan_id,
                store=self.store,
                connectors=self.crms,
                lease=held,
                fresh=fresh or self.fresh(),
                settings=self.settings,
                settle=self.settle,
                clock=self.clock,
                monotonic=self.clock.monotonic,
                stop=self.stop,
                progress=self.seen.append,
                allowed=ALLOWED,
            )

    def recover(self, lease: Lease | None = None) -> RecoverReport:
        with self._held(lease) as held:
            return recover(
                store=self.store,
                connectors=self.crms,
                lease=held,
                settings=self.settings,
                settle=self.settle,
                clock=self.clock,
                monotonic=self.clock.monotonic,
                stop=self.stop,
                progress=self.seen.append,
            )

    def verify(self, plan_id: str = "plan-1", *, lease: Lease | None = None) -> VerifyReport:
        with self._held(lease) as held:
            return verify_plan(
                plan_id,
                store=self.store,
                connectors=self.crms,
                lease=held,
                settings=self.settings,
                settle=self.settle,
                clock=self.clock,
                monotonic=self.clock.monotonic,
                stop=self.stop,
                progress=self.seen.append,
            )

    def plan(self, plan_id: str = "plan-1") -> StoredPlan:
        with self.store.read() as tx:
            return plans.get(tx, plan_id)

    def row(self, number: int = 1, plan_id: str = "plan-1") -> StoredRow:
        return self.plan(plan_id).rows[number - 1]

    def states(self, plan_id: str = "plan-1") -> list[RowState]:
        return [row.state for row in self.plan(plan_id).rows]

    def audit_holds(self) -> bool:
        with self.store.read() as tx:
            return audit.verify(tx).ok
