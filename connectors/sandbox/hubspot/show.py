"""Records as HubSpot shows them: which properties, with what history, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.catalog import TYPES, type_named
from connectors.sandbox.hubspot.link_types import LINK_TYPES
from connectors.sandbox.hubspot.wire import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.portal import Portal, Version
    from connectors.sandbox.hubspot.records import Record
    from connectors.sandbox.hubspot.shapes import ObjectType


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call wants to see of each record. What does not exist is left out without a word."""

    properties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()


def wanted_by(call: Call) -> Wanted:
    """What the query parameters of a call name."""
    return Wanted(names_in(call, "properties"), names_in(call, "propertiesWithHistory"), names_in(call, "associations"))


def shown(portal: Portal, shape: ObjectType, record: Record, wanted: Wanted) -> dict[str, object]:
    """One record."""
    values = record.values
    names = [
        name
        for name in sorted({*(wanted.properties or shape.shown), *wanted.history, *shape.always})
        if portal.known(shape.name, name)
    ]
    body: dict[str, object] = {
        "id": record.id,
        "properties": {name: values.get(name) for name in names},
        "createdAt": values[shape.created],
        "updatedAt": values[shape.modified],
        "archived": bool(record.archived),
    }
    if record.archived:
        body["archivedAt"] = record.archived
    if wanted.history:
        body["propertiesWithHistory"] = {
            name: [_version(each) for each in portal.history(shape.name, record, name)]
            for name in wanted.history
            if portal.known(shape.name, name)
        }
    if wanted.associations:
        linked = _associations(portal, shape, record, wanted.associations)
        body |= {"associations": linked} if linked else {}
    return body


def _version(version: Version) -> dict[str, object]:
    author = version.author
    user = {"updatedByUserId": author.user_id} if author.user_id else {}
    source = {"sourceType": author.source_type, "sourceId": author.source_id}
    return {"value": version.value, "timestamp": version.since, **source, **user}


def _associations(
    portal: Portal, shape: ObjectType, record: Record, wanted: Iterable[str]
) -> dict[str, dict[str, list[dict[str, str]]]]:
    found = {}
    for text in wanted:
        to = type_named(text)
        if to is None or (shape.name, to.name) not in LINK_TYPES:
            continue
        results = linked_results(portal, (shape.name, record.id), to.name)
        if results:
            found[to.name] = {"results": results}
    return found


def linked_results(portal: Portal, end: tuple[str, str], to: str) -> list[dict[str, str]]:
    """The records of one type that a record is linked to, once for each type of link, as version 3 tells it."""
    types = LINK_TYPES.get((end[0], to), {})
    return [
        {"id": id_, "type": types[kind].name}
        for id_, kinds in portal.links.of(end, to).items()
        if portal.get(to, id_) is not None
        for kind in sorted(kinds, key=list(types).index, reverse=True)
    ]


def changed_record(portal: Portal, name: str, id_: str, touched: Iterable[str]) -> dict[str, object]:
    """A record that was just written: what was touched, and what every reply holds."""
    shape = TYPES[name]
    return shown(portal, shape, portal.records[name][id_], Wanted(tuple(touched) or shape.always))
