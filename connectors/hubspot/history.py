"""Who changed a property and when, from the values that HubSpot keeps with each record. Reads only.

HubSpot keeps values, not changes: a change lies between one value and the next. It keeps only so many; while all of
them are there, the first one tells of a change from nothing, unless the record was made with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.hubspot.schema import RETIRED
from connectors.hubspot.values import from_text, instant
from connectors.port import BadReply, FieldChange, History, Ref, SchemaChanged, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.hubspot.client import Client
    from connectors.hubspot.replies import Row
    from connectors.port import Field, Stream

IN_HISTORY = 50
"""Records in one read with histories: for them HubSpot halves its pages."""
KEPT = 20
"""Values that HubSpot keeps of most properties; 45 of a contact's. Where there are so many, the first may be gone."""
MAKING = timedelta(seconds=5)
"""How long a new record may take to get the values that it is made with."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One value that a property has had."""

    since: datetime
    value: Value
    row: Row


def histories(  # noqa: PLR0913, PLR0917 - what is read, of what, and who names its authors
    client: Client, entity: str, ids: Sequence[str], stream: Stream, field: Field, author: Callable[[Row], str]
) -> Iterator[History]:
    """One for each of these records that is there, in batches. A record that a merge has retired is not."""
    for start in range(0, len(ids), IN_HISTORY):
        part = ids[start : start + IN_HISTORY]
        reply = client.read(entity, part, ["hs_object_id", RETIRED, field.crm_name], [field.crm_name])
        for row in reply.rows:
            if str(row["id"]) in part:
                yield History(Ref(stream, str(row["id"])), changes(row, field, author))


def changes(row: Row, field: Field, author: Callable[[Row], str]) -> tuple[FieldChange, ...]:
    """The changes of a record's property, oldest first; ``author`` names who has set a value."""
    versions = _oldest_first(row, field)
    before = None if _is_change(row, versions) else versions.pop(0).value if versions else None
    found: list[FieldChange] = []
    for each in versions:
        found.append(FieldChange(each.since, before, each.value, author(each.row)))
        before = each.value
    return tuple(found)


def _is_change(row: Row, versions: Sequence[_Version]) -> bool:
    """Whether the first value that is kept came after nothing, and after the record itself."""
    if not 0 < len(versions) < KEPT:
        return False
    return versions[0].since > _moment(row.get("createdAt")) + MAKING


def _oldest_first(row: Row, field: Field) -> list[_Version]:
    versions = [
        _Version(_moment(each.get("timestamp")), from_text(each["value"], field.type), each)
        for each in _kept(row, field)
    ]
    # HubSpot sends the latest first. Values of one instant keep its order.
    versions.reverse()
    versions.sort(key=lambda each: each.since)
    return versions


def _kept(row: Row, field: Field) -> Sequence[Row]:
    """The versions as HubSpot sent them; none is an answer only for a property that is empty."""
    name = field.crm_name
    if name not in row["properties"]:
        raise SchemaChanged(
            f"the record {row['id']} no longer shows {name}",
            hint="the property has been archived or hidden: bring it back, or correct its name in [fields]",
        )
    kept = row.get("propertiesWithHistory")
    versions = kept.get(name) if isinstance(kept, dict) else None
    if not versions and not row["properties"][name]:
        return ()
    if not isinstance(versions, list) or not versions or not all(map(_is_version, versions)):
        raise BadReply(f"HubSpot sent no history of {name} with the record {row['id']}", hint="run again")
    return versions


def _is_version(entry: object) -> bool:
    return isinstance(entry, dict) and "value" in entry


def _moment(text: object) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise BadReply(f"HubSpot sent {text!r:.60} for the time of a change") from error
