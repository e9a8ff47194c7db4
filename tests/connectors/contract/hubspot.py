"""The harness of the HubSpot dialect of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.hubspot import DEFAULT_FIELDS, AccessToken, HubSpotConnector, HubSpotSettings
from connectors.port import Ref, Stream, Value
from connectors.sandbox.hubspot.portal import INTEGRATION
from tests.connectors.contract.sandboxed import BREAKAGES, QUICK, Sandboxed

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.contract.harness import Breakage, Refusal

CUSTOM = {
    Stream.ACCOUNTS: {
        "region": "region",
        "score": "priority_score",
        "tier": "priority_tier",
        "reasons": "priority_reasons",
        "owner_since": "owner_since",
        "do_not_move": "do_not_move",
    },
    Stream.ACTIVITIES: {"kind": "engagement_kind"},
}
OBJECTS = {
    Stream.ACCOUNTS: ("companies",),
    Stream.CONTACTS: ("contacts",),
    Stream.LEADS: (),
    Stream.OPPORTUNITIES: ("deals",),
    Stream.ACTIVITIES: ("calls", "emails", "meetings", "tasks"),
}
NUMBERS = frozenset({"priority_score", "numberofemployees"})
REFUSALS: dict[Refusal, dict[str, object]] = {
    "busy": {"fault": "row_lock"},
    "failed": {"fault": "partial_207", "category": "VALIDATION_ERROR", "message": "Owner must sit in the region"},
    "gone": {"fault": "delete"},
}


class HubSpotSandbox(Sandboxed):
    """See Crm."""

    name = "hubspot"
    daily_calls = 650_000
    owner_rows_a_call = 100
    histories_a_call = 50

    def __init__(self, sandbox: Sandbox) -> None:
        self.portal = sandbox.portal
        super().__init__(
            sandbox,
            clock=self.portal.clock,
            objects=OBJECTS,
            defaults=DEFAULT_FIELDS,
            custom=CUSTOM,
            us=INTEGRATION,
        )
        self.pool_size = len(self.ids(Stream.ACCOUNTS))

    def other_settings(self) -> dict[str, object]:
        return {"api_version": "v3"}

    def wrong_credential(self) -> AccessToken:
        return AccessToken("wrong")

    def connect(self, **settings: object) -> HubSpotConnector:
        values: dict[str, Any] = {
            "url": self.sandbox.url,
            "auth": AccessToken(self.sandbox.access_token),
            "patience": QUICK,
            "searches_per_second": 1000,
            **settings,
        }
        connector = HubSpotConnector(HubSpotSettings(**values), CUSTOM)
        self.opened.append(connector)
        return connector

    def ids(self, stream: Stream) -> list[str]:
        if stream is Stream.USERS:
            return list(self.portal.owners)
        return [row.id for entity in OBJECTS[stream] for row in self.portal.rows(entity)]

    def value(self, ref: Ref, field: str) -> Value:
        column = self.column(ref.stream, field)
        return self.typed(column, self.portal.records[self._entity(ref)][ref.id].values.get(column))

    def person(self) -> str:
        return self.portal.owner_ids[self.portal.seeding.admin]

    def reps(self) -> list[str]:
        return [owner.id for owner in self.portal.owners.values() if owner.kind == "PERSON" and not owner.archived]

    def inactive_user(self) -> str:
        return next(owner.id for owner in self.portal.owners.values() if owner.archived)

    def edit(self, ref: Ref, **fields: Value) -> None:
        self.portal.edit(self._entity(ref), ref.id, **self.columns(ref, fields))

    def commit_late(self, ref: Ref, seconds: float, **fields: Value) -> None:
        self.portal.commit_late(self._entity(ref), ref.id, seconds, **self.columns(ref, fields))

    def delete(self, ref: Ref) -> None:
        self.portal.archive(self._entity(ref), ref.id)

    def restore(self, ref: Ref) -> None:
        self.portal.restore(self._entity(ref), ref.id)

    def hide(self, stream: Stream, field: str) -> None:
        for entity in OBJECTS[stream]:
            self.portal.hide_property(entity, self.column(stream, field))

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        return Ref(winner.stream, self.portal.merge(self._entity(winner), winner.id, loser.id))

    def refuse(self, ref: Ref, refusal: Refusal) -> None:
        if refusal != "inactive owner":
            self.sandbox.faults({"on": "batch_update", "id": ref.id, **REFUSALS[refusal]})

    def break_write(self, breakage: Breakage, *, owner: bool) -> None:
        del owner
        self.sandbox.faults({"on": "batch_update", **BREAKAGES[breakage]})

    def break_reads(self, breakage: Breakage, times: int) -> None:
        self.sandbox.faults({"on": "*", "every": 1, "times": times, **BREAKAGES[breakage]})

    def short_pages(self, rows: int) -> None:
        self.sandbox.faults({"on": "*", "fault": "short_page", "every": 1, "rows": rows})

    def _entity(self, ref: Ref) -> str:
        return next(entity for entity in OBJECTS[ref.stream] if ref.id in self.portal.records[entity])

    def typed(self, column: str, value: Value) -> Value:
        """HubSpot holds texts; the suite speaks of numbers."""
        return int(value) if column in NUMBERS and isinstance(value, str) else value
