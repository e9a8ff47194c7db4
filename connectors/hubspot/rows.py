"""One record of a reply to one Record of the port. Pure; a property that was asked for and is not there is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.hubspot.fields import COMPANY, CONTACT, DONE
from connectors.hubspot.replies import first, retired
from connectors.hubspot.schema import LINKS
from connectors.hubspot.values import from_text, instant
from connectors.port import BadReply, Record, Ref, SchemaChanged, Stream, User
from connectors.values import snake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.hubspot.schema import Layout
    from connectors.port import Value

    Row = Mapping[str, Any]

PERSON = "PERSON"
NOT_CALLED = frozenset({"BUSY", "CANCELED", "FAILED", "NO_ANSWER", "QUEUED", "CALLING_CRM_USER", "CONNECTING"})
NOT_SENT = frozenset({"BOUNCED", "FAILED", "SCHEDULED", "SENDING"})
NOT_MET = frozenset({"CANCELED", "NO_SHOW", "RESCHEDULED"})
UNDONE = {
    "calls": ("hs_call_status", NOT_CALLED | {"IN_PROGRESS"}),
    "emails": ("hs_email_status", NOT_SENT),
    "meetings": ("hs_meeting_outcome", NOT_MET),
}
"""States in which an activity of the past has not taken place."""


def record(row: Row, layout: Layout, links: Mapping[str, str | None], now: datetime) -> Record:
    """The Record. ``links`` names the associated company and contact, by their object."""
    columns = typed(row, layout)
    return Record(
        ref=Ref(layout.stream, str(row["id"])),
        fields={name: _value(name, column, columns, layout, links, now) for name, column in layout.fields.items()},
        modified=_modified(row, columns, layout),
        deleted=row.get("archived") is True,
    )


def typed(row: Row, layout: Layout) -> dict[str, Value]:
    """The record's properties by their types."""
    absent = sorted(set(layout.columns) - row["properties"].keys())
    if absent:
        raise SchemaChanged(
            f"{layout.entity} no longer shows {', '.join(absent)}",
            hint="the property has been archived or hidden: bring it back, or correct its name in [fields]",
        )
    return {column: from_text(row["properties"][column], kind) for column, kind in layout.columns.items()}


def losers(row: Row, layout: Layout) -> list[Record]:
    """The records that merges have turned into this one: gone, each with the id of what it has become.

    A merge makes a new record and retires the ids of both, so the one that people call the winner is among them.
    """
    return [loser(old, row, layout) for old in dict.fromkeys(retired(row))]


def loser(old: str, row: Row, layout: Layout) -> Record:
    """The record with this id, which a merge has turned into the one of the row."""
    modified = _modified(row, typed(row, layout), layout)
    bare: dict[str, Value] = dict.fromkeys(layout.fields)
    return Record(Ref(layout.stream, old), bare, modified, deleted=True, merged_into=str(row["id"]))


def inline_links(row: Row) -> dict[str, str | None]:
    """The associations that a list shows with its records; a record without any shows none."""
    shown = row.get("associations") or {}
    if not isinstance(shown, dict) or not all(isinstance(each, dict) for each in shown.values()):
        raise BadReply(f"the associations of {row['id']} cannot be read")
    return {to: first([_end(one) for one in _shown(each, row)]) for to, each in shown.items()}


def _shown(each: Row, row: Row) -> list[Any]:
    results = each.get("results")
    if not isinstance(results, list):
        raise BadReply(f"the associations of {row['id']} hold no list of results")
    return results


def _end(one: object) -> tuple[str, bool]:
    """The id of the other end, and whether that one is the primary."""
    if not isinstance(one, dict) or not str(one.get("id")).isdecimal():
        raise BadReply("an association does not say where it leads")
    return str(one["id"]), not str(one.get("type", "")).endswith("_unlabeled")


def user(row: Row, fields: Mapping[str, str]) -> User:
    """An owner. Only people own accounts, and only while they are active: queues and archived owners may not."""
    values = _owner_values(row)
    active = row.get("archived") is not True
    return User(
        id=str(row["id"]),
        active=active,
        can_own=active and row.get("type") == PERSON,
        fields={name: values.get(column) for name, column in fields.items()},
    )


def user_record(row: Row, fields: Mapping[str, str]) -> Record:
    """An owner as a record. The time tells little: a change of the user behind it does not move it."""
    try:
        modified = instant(row.get("updatedAt"))
    except ValueError as error:
        raise BadReply("an owner has no updatedAt") from error
    return Record(Ref(Stream.USERS, str(row["id"])), user(row, fields).fields, modified)


def user_id(row: Row) -> str:
    """The id of the user behind an owner, which is another number; empty for a queue."""
    return str(row.get("userIdIncludingInactive") or row.get("userId") or "")


def _owner_values(row: Row) -> dict[str, Value]:
    name = " ".join(str(row[part]).strip() for part in ("firstName", "lastName") if row.get(part))
    told = row.get("teams")
    teams = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    team = next((each for each in teams if each.get("primary")), teams[0] if teams else {})
    return {
        "name": name or None,
        "email": str(row.get("email") or "") or None,
        "team": str(team.get("name") or "") or None,
        "userId": user_id(row) or None,
        "type": str(row.get("type") or PERSON),
    }


def _modified(row: Row, columns: Mapping[str, Value], layout: Layout) -> datetime:
    for text in (columns.get(layout.modified), row.get("updatedAt")):
        try:
            return instant(text)
        except ValueError:
            continue
    raise BadReply(f"a record of {layout.entity} does not say when it was changed")


def _value(  # noqa: PLR0913, PLR0917 - all that a field may be worked out of
    name: str,
    column: str,
    columns: Mapping[str, Value],
    layout: Layout,
    links: Mapping[str, str | None],
    now: datetime,
) -> Value:
    if column in {COMPANY, CONTACT}:
        return links.get(LINKS[column])
    if column == DONE:
        return _done(layout.entity, columns, now)
    if layout.stream is Stream.ACTIVITIES and name == "kind":
        return _kind(layout.entity, columns.get(column), columns)
    if "+" in column:
        return " ".join(str(columns[part]) for part in column.split("+") if columns.get(part)) or None
    return columns.get(column)


def _kind(entity: str, own: Value, columns: Mapping[str, Value]) -> str:
    """What it is called where the account says so; else the object's own word, a buyer's email being a reply."""
    if isinstance(own, str) and own:
        return snake(own)
    if entity == "emails" and columns.get("hs_email_direction") == "INCOMING_EMAIL":
        return "reply"
    return entity.removesuffix("s")


def _done(entity: str, columns: Mapping[str, Value], now: datetime) -> bool:
    if entity == "tasks":
        return columns.get("hs_task_status") == "COMPLETED"
    column, states = UNDONE[entity]
    at = (columns.get("hs_meeting_end_time") if entity == "meetings" else None) or columns.get("hs_timestamp")
    return columns.get(column) not in states and isinstance(at, str) and _past(at, now)


def _past(text: str, now: datetime) -> bool:
    try:
        return instant(text) <= now
    except ValueError:
        return False
