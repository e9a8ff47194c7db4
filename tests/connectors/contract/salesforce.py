"""The harness of the Salesforce dialect of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.port import Ref, Stream, Value
from connectors.salesforce import (
    DEFAULT_FIELDS,
    AccessToken,
    ClientCredentials,
    MemoryJobs,
    SalesforceConnector,
    SalesforceSettings,
)
from tests.connectors.contract.sandboxed import BREAKAGES, QUICK, Sandboxed

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.contract.harness import Breakage, Refusal

CUSTOM = {
    Stream.ACCOUNTS: {
        "region": "Region__c",
        "score": "Priority_Score__c",
        "tier": "Priority_Tier__c",
        "reasons": "Priority_Reasons__c",
        "owner_since": "Owner_Since__c",
        "do_not_move": "Do_Not_Move__c",
    },
    Stream.USERS: {"capacity": "Book_Capacity__c"},
}
OBJECTS = {
    Stream.USERS: ("User",),
    Stream.ACCOUNTS: ("Account",),
    Stream.CONTACTS: ("Contact",),
    Stream.LEADS: ("Lead",),
    Stream.OPPORTUNITIES: ("Opportunity",),
    Stream.ACTIVITIES: ("Task", "Event"),
}
REFUSALS: dict[Refusal, dict[str, object]] = {
    "busy": {"fault": "row_lock"},
    "failed": {"fault": "validation_rule", "message": "Owner must sit in the region"},
    "gone": {"fault": "delete"},
}


class SalesforceSandbox(Sandboxed):
    """See Crm."""

    name = "salesforce"
    daily_calls = 100_000
    owner_rows_a_call = 1
    histories_a_call = 200

    def __init__(self, sandbox: Sandbox) -> None:
        self.company = sandbox.company
        super().__init__(
            sandbox,
            clock=self.company.clock,
            objects=OBJECTS,
            defaults=DEFAULT_FIELDS,
            custom=CUSTOM,
            us=self.company.seeding.integration,
        )
        self.jobs = MemoryJobs()
        self.pool_size = len(self.ids(Stream.ACCOUNTS))

    def other_settings(self) -> dict[str, object]:
        return {"composite_owner_writes": True}

    def wrong_credential(self) -> AccessToken:
        return AccessToken("wrong")

    def connect(self, **settings: object) -> SalesforceConnector:
        values: dict[str, Any] = {
            "url": self.sandbox.url,
            "auth": ClientCredentials(self.sandbox.client_id, self.sandbox.client_secret),
            "patience": QUICK,
            **settings,
        }
        connector = SalesforceConnector(SalesforceSettings(**values), CUSTOM, jobs=self.jobs)
        self.opened.append(connector)
        return connector

    def ids(self, stream: Stream) -> list[str]:
        return [str(row["Id"]) for entity in OBJECTS[stream] for row in self.company.rows(entity)]

    def value(self, ref: Ref, field: str) -> Value:
        row = self.company.get(self._entity(ref), ref.id)
        assert row is not None
        return row.get(self.column(ref.stream, field))

    def person(self) -> str:
        return self.company.seeding.admin

    def reps(self) -> list[str]:
        found = [row for row in self.company.rows("User") if row["IsActive"] and row["UserType"] == "Standard"]
        return [str(row["Id"]) for row in found if row["Id"] != self.company.seeding.integration]

    def inactive_user(self) -> str:
        return next(str(row["Id"]) for row in self.company.rows("User") if not row["IsActive"])

    def edit(self, ref: Ref, **fields: Value) -> None:
        self.company.edit(self._entity(ref), ref.id, **self.columns(ref, fields))

    def commit_late(self, ref: Ref, seconds: float, **fields: Value) -> None:
        self.company.commit_late(self._entity(ref), ref.id, seconds, **self.columns(ref, fields))

    def delete(self, ref: Ref) -> None:
        self.company.delete(self._entity(ref), ref.id, self.company.seeding.admin)

    def restore(self, ref: Ref) -> None:
        (entity,) = OBJECTS[ref.stream]
        self.company.undelete(entity, ref.id, self.company.seeding.admin)

    def hide(self, stream: Stream, field: str) -> None:
        for entity in OBJECTS[stream]:
            self.company.hide_field(entity, self.column(stream, field))

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        self.company.merge(self._entity(winner), winner.id, loser.id)
        return winner

    def refuse(self, ref: Ref, refusal: Refusal) -> None:
        if refusal == "inactive owner":
            return
        self.sandbox.faults(*({"on": kind, "id": ref.id, **REFUSALS[refusal]} for kind in ("row_patch", "collections")))

    def break_write(self, breakage: Breakage, *, owner: bool) -> None:
        self.sandbox.faults({"on": "row_patch" if owner else "collections", **BREAKAGES[breakage]})

    def break_reads(self, breakage: Breakage, times: int) -> None:
        self.sandbox.faults({"on": "query", "every": 1, "times": times, **BREAKAGES[breakage]})

    def short_pages(self, rows: int) -> None:
        self.sandbox.faults(
            *({"on": on, "fault": "short_page", "every": 1, "rows": rows} for on in ("query", "query_more"))
        )

    def _entity(self, ref: Ref) -> str:
        return next(entity for entity in OBJECTS[ref.stream] if self.company.get(entity, ref.id) is not None)
