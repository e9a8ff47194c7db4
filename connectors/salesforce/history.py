"""Who changed a field and when, from the history objects of an org that tracks it. Reads only.

A history row knows its record, not whether that is still there: a record without rows is taken for unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.port import BadReply, FieldChange, History, Ref
from connectors.salesforce import rows, soql
from connectors.salesforce.errors import Refused
from connectors.salesforce.reader import schema_changed
from connectors.values import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.port import Value
    from connectors.salesforce.client import Client
    from connectors.salesforce.schema import Layout

OBJECTS = {
    "Account": ("AccountHistory", "AccountId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Lead": ("LeadHistory", "LeadId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
ID_LENGTH = 15
"""The part of a record id that names the record; the last three characters only check it."""


def histories(client: Client, layout: Layout, ids: Sequence[str], column: str) -> Iterator[History]:
    """One for each id, in batches; without changes where the org tracks none, or where the record is gone."""
    tracked = layout.entity in OBJECTS
    for start in range(0, len(ids), soql.MOST_HISTORIES):
        part = ids[start : start + soql.MOST_HISTORIES]
        found = _changes(client, layout.entity, part, column) if tracked else None
        tracked = found is not None
        for each in part:
            yield History(Ref(layout.stream, each), tuple(found[each[:ID_LENGTH]]) if found else ())


def _changes(client: Client, entity: str, ids: Sequence[str], column: str) -> dict[str, list[FieldChange]] | None:
    """Changes by record, oldest first; None where the org keeps no history of the object.

    A real org adds a twin row with display names to each change of a lookup; only the row with ids counts.
    """
    name, parent = OBJECTS[entity]
    lookup = column.endswith("Id")
    fields = sorted({column, column.removesuffix("Id")})
    found: dict[str, list[FieldChange]] = {each[:ID_LENGTH]: [] for each in ids}
    try:
        for row in client.every_row(soql.histories(name, parent, ids, fields), name):
            change = _change(row, name)
            if not lookup or (_is_id(change.before) and _is_id(change.after)):
                _of(row, parent, name, found).append(change)
    except Refused as error:
        if error.has("INVALID_TYPE"):
            return None
        raise schema_changed(error) or error from error
    return found


def _of(
    row: Mapping[str, object], parent: str, entity: str, found: Mapping[str, list[FieldChange]]
) -> list[FieldChange]:
    record = rows.pick(row, parent, entity)
    if not isinstance(record, str) or record[:ID_LENGTH] not in found:
        raise BadReply(f"a row of {entity} belongs to no record that was asked for", hint="run again")
    return found[record[:ID_LENGTH]]


def _change(row: Mapping[str, object], entity: str) -> FieldChange:
    values = {name: rows.pick(row, name, entity) for name in ("OldValue", "NewValue", "CreatedById", "CreatedDate")}
    try:
        at = instant(values["CreatedDate"])
    except ValueError as error:
        raise BadReply(f"a row of {entity} has no CreatedDate") from error
    return FieldChange(at, _scalar(values["OldValue"]), _scalar(values["NewValue"]), str(values["CreatedById"]))


def _scalar(value: object) -> Value:
    return value if isinstance(value, str | int | float | bool) and value != "" else None


def _is_id(value: Value) -> bool:
    # A display name of 15 or 18 letters and digits without a digit in front does not begin like a record id.
    return value is None or (isinstance(value, str) and value[:1] == "0" and bool(soql.RECORD_ID.fullmatch(value)))
