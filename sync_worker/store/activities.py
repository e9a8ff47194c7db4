"""Activities that happened, typed for SQL, and the engagement folded from them. Raw activities are in ``records``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from sync_worker.store import aliases, engagement, settings
from sync_worker.store.engagement import Event
from sync_worker.store.schema import activity
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import Record, Value

_KINDS = "activity_kinds"


def moment(value: Value) -> datetime | None:
    """A date or time as the port writes it, as an instant; a date is its first moment, UTC. None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at and (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def reason(record: Record) -> str | None:
    """Why this activity cannot be kept; None for a sound one."""
    at, kind = record.fields.get("at"), record.fields.get("kind")
    if at is not None and moment(at) is None:
        return "field 'at' is no date"
    if isinstance(kind, str) and len(kind) > activity.c.kind.type.length:  # type: ignore[attr-defined] # a String
        return f"field 'kind' has {len(kind)} characters"
    return None


def save(  # noqa: PLR0913 - the page's part of the contract of ``records.save_page``
    tx: Connection,
    records: Sequence[Record],
    *,
    known: Collection[str],
    touches: Collection[str],
    engagement_kinds: Collection[str],
    now: datetime,
) -> None:
    """Type these new or changed records, and fold them. One that is not done, or is deleted, no longer counts.

    ``known`` are the ids that were stored before: only they can have anything to take back.
    """
    _retype(tx, touches, engagement_kinds, now)
    winners = aliases.winners(tx, "accounts", {str(r.fields.get("account")) for r in records})
    rows = [
        {
            "id": record.ref.id,
            "account_id": winners.get(str(record.fields["account"]), str(record.fields["account"])),
            "kind": str(record.fields["kind"]),
            # What is done cannot lie ahead; a later date was only planned.
            "at": min(moment(record.fields["at"]) or now, now),
            "rep_id": record.fields.get("owner"),
            "touch": record.fields["kind"] in touches,
            "engagement": record.fields["kind"] in engagement_kinds,
            "contact_id": _contact(record),
        }
        for record in records
        if _happened(record)
    ]
    removed = _take_out(tx, [record.ref.id for record in records if record.ref.id in known])
    upsert(tx, activity, rows)
    engagement.fold(tx, added=[_event(row) for row in rows if row["engagement"]], removed=removed)


def remove(tx: Connection, ids: Sequence[str]) -> None:
    """Forget deleted activities."""
    engagement.fold(tx, added=(), removed=_take_out(tx, ids))


def move(tx: Connection, old: str, new: str) -> None:
    """Give one account's activities to another, as a merge does."""
    tx.execute(update(activity).where(activity.c.account_id == old).values(account_id=new))
    engagement.move(tx, old, new)


def _happened(record: Record) -> bool:
    """Undated ones are not counted: nobody can tell when they were."""
    given = all(record.fields.get(name) for name in ("account", "kind", "at"))
    return given and not record.deleted and record.fields.get("done") is True


def _contact(record: Record) -> str | None:
    """With whom it was, where the CRM names one person."""
    named = str(record.fields.get("contact") or "")
    return named if 0 < len(named) <= activity.c.contact_id.type.length else None  # type: ignore[attr-defined] # a String


def _take_out(tx: Connection, ids: Sequence[str]) -> list[Event]:
    columns = activity.c
    taken: list[Event] = []
    for part in chunks(ids):
        found = select(columns.account_id, columns.kind, columns.at).where(columns.id.in_(part), columns.engagement)
        taken += [Event(*row) for row in tx.execute(found)]
        tx.execute(delete(activity).where(columns.id.in_(part)))
    return taken


def _event(row: Mapping[str, Any]) -> Event:
    return Event(row["account_id"], row["kind"], row["at"])


def _retype(tx: Connection, touches: Iterable[str], engagement_kinds: Iterable[str], now: datetime) -> None:
    """Apply the config's kinds to what is already stored, when they have changed."""
    kinds = {"touches": sorted(set(touches)), "engagement": sorted(set(engagement_kinds))}
    before = settings.get(tx, _KINDS)
    if before == kinds:
        return
    settings.put(tx, _KINDS, kinds, now)
    if before is None:
        return
    kind = activity.c.kind
    tx.execute(update(activity).values(touch=kind.in_(kinds["touches"]), engagement=kind.in_(kinds["engagement"])))
    engagement.rescan(tx, now)
