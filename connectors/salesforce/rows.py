"""One row of a reply to one Record of the port. Pure; a selected column that a row lacks is BadReply (I14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.port import BadReply, Record, Ref, User
from connectors.salesforce.values import from_csv, from_json
from connectors.values import instant, snake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.port import Value
    from connectors.salesforce.schema import Layout


def json_columns(row: Mapping[str, Any], layout: Layout) -> dict[str, Value]:
    """A REST row's columns, typed."""
    return {column: from_json(pick(row, column, layout.entity), kind) for column, kind in layout.columns.items()}


def pick(row: Mapping[str, Any], column: str, entity: str) -> object:
    """The value at ``Parent.Field``; None where the parent itself is empty."""
    value: object = row
    for step in column.split("."):
        if value is None:
            return None
        if not isinstance(value, dict) or step not in value:
            raise BadReply(
                f"a {entity} row came without {column}, which was asked for",
                hint="describe again: the field may have gone or been hidden from the integration user",
            )
        value = value[step]
    return value


def csv_columns(header: Sequence[str], lines: Iterable[Sequence[str]], layout: Layout) -> Iterator[dict[str, Value]]:
    """A Bulk page's rows, typed. The header must hold every column; a line must be as long as the header."""
    places = {name.lower(): place for place, name in enumerate(header)}
    absent = [column for column in layout.columns if column.lower() not in places]
    if absent:
        raise BadReply(f"a Bulk result of {layout.entity} lacks {', '.join(absent)}, which were asked for")
    columns = [(column, places[column.lower()], kind) for column, kind in layout.columns.items()]
    for line in lines:
        if len(line) != len(header):
            raise BadReply(
                f"a line of a Bulk result of {layout.entity} has {len(line)} cells, its header {len(header)}"
            )
        yield {column: from_csv(line[place], kind) for column, place, kind in columns}


def record(columns: Mapping[str, Value], layout: Layout, now: datetime) -> Record | None:
    """The Record; None for a row that is no activity (the parent of a series, a group event's copy)."""
    if columns.get("IsRecurrence") or columns.get("IsChild"):
        return None
    own = {name: columns[column] for name, column in layout.fields.items()}
    if layout.entity in {"Task", "Event"}:
        own |= _activity(layout.entity, own, columns, now)
    try:
        modified = instant(columns["SystemModstamp"])
    except ValueError as error:
        raise BadReply(f"a {layout.entity} row has no SystemModstamp") from error
    return Record(
        ref=Ref(layout.stream, row_id(columns, layout)),
        fields={name: own.get(name) for name in layout.names},
        modified=modified,
        deleted=bool(columns.get("IsDeleted")),
        merged_into=_text(columns.get("MasterRecordId")),
    )


def row_id(columns: Mapping[str, Value], layout: Layout) -> str:
    """The row's Id."""
    found = columns["Id"]
    if not isinstance(found, str):
        raise BadReply(f"a {layout.entity} row has no Id")
    return found


def user(columns: Mapping[str, Value], layout: Layout) -> User:
    """A User. Only standard users can own accounts: no portal, chatter or integration-only licences."""
    found = row_id(columns, layout)
    return User(
        id=found,
        active=columns["IsActive"] is True,
        can_own=columns["UserType"] == "Standard" and found.startswith("005"),
        fields={name: columns[column] for name, column in layout.fields.items()},
    )


def _activity(entity: str, own: Mapping[str, Value], columns: Mapping[str, Value], now: datetime) -> dict[str, Value]:
    """What is worked out of several columns: a Task's kind and time, and all three of an Event's."""
    if entity == "Task":
        kind = _kind(own.get("kind")) or _kind(columns.get("TaskSubtype")) or "task"
        return {"kind": kind, "at": own.get("at") or columns.get("ActivityDate")}
    end = columns.get("EndDateTime")
    done = isinstance(end, str) and instant(end) <= now
    return {"kind": "meeting", "at": columns.get("StartDateTime"), "done": done}


def _kind(value: Value) -> str:
    return snake(value) if isinstance(value, str) else ""


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
