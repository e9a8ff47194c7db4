"""Associations: read for one record or a thousand, made, taken away, and their types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.batch import begin
from connectors.sandbox.hubspot.link_types import LINK_TYPES
from connectors.sandbox.hubspot.objects import find, next_page, object_type, type_ids
from connectors.sandbox.hubspot.show import linked_results
from connectors.sandbox.hubspot.wire import JSON, Refused, body_of, cursor_in, inputs_of, invalid, limit_in, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.batch import Outcome
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.link_types import LinkType
    from connectors.sandbox.hubspot.shapes import ObjectType

MOST_READ, MOST_WRITTEN = 1000, 2000
HUBSPOT_DEFINED = "HUBSPOT_DEFINED"


@dataclass(frozen=True, slots=True)
class Direction:
    """From one object type to another, with the association types between them."""

    start: ObjectType
    end: ObjectType
    types: Mapping[int, LinkType]

    @property
    def plain(self) -> int:
        """The association type without a label."""
        return next(iter(self.types))


def direction(start: str, end: str) -> Direction:
    """The direction of a path: records of these types can be associated. Raises Refused."""
    way = looking(start, end)
    if not way.types:
        raise invalid(f"There are no associations from {way.start.name} to {way.end.name}")
    return way


def looking(start: str, end: str) -> Direction:
    """The direction of a path that is only read: where there are no associations, none are found. Raises Refused."""
    one, other = object_type(start), object_type(end)
    return Direction(one, other, LINK_TYPES.get((one.name, other.name), {}))


def _linked(hub: Hub, way: Direction, id_: str) -> list[dict[str, object]]:
    """The records at the other end, by id, with the types of the links."""
    links = hub.portal.links.of((way.start.name, id_), way.end.name)
    return [
        {"toObjectId": other, "associationTypes": [_shown_type(way.types[kind]) for kind in sorted(kinds)]}
        for other, kinds in sorted(links.items(), key=lambda link: int(link[0]))
        if hub.portal.get(way.end.name, other) is not None
    ]


def _shown_type(type_: LinkType) -> dict[str, object]:
    label = {"label": type_.label} if type_.label else {}
    return {"category": HUBSPOT_DEFINED, "typeId": type_.id, **label}


def _after(rows: list[dict[str, object]], given: object) -> list[dict[str, object]]:
    after = cursor_in(given)
    return [row for row in rows if int(str(row["toObjectId"])) > after] if after else rows


def batch_read(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST /crm/v4/associations/{from}/{to}/batch/read``: records without associations are told as errors."""
    way, outcome, size = looking(start, end), begin(hub), hub.settings.association_page
    for given in inputs_of(call, MOST_READ):
        asked = str(given.get("id"))
        record = hub.portal.get(way.start.name, asked)
        rows = _after(_linked(hub, way, record.id), given.get("after")) if record else []
        if record is None or not rows:
            none_found(outcome, way, asked)
            continue
        result: dict[str, object] = {"from": {"id": record.id}, "to": rows[:size]}
        if len(rows) > size:
            result["paging"] = {"next": next_page(call, str(rows[size - 1]["toObjectId"]))}
        outcome.results.append(result)
    return outcome.reply(hub, call)


def none_found(outcome: Outcome, way: Direction, id_: str) -> None:
    """The error of a record that has no associations of this kind, or that does not exist."""
    outcome.failed(
        "OBJECT_NOT_FOUND",
        f"No {way.end.singular} is associated with {way.start.singular} {id_}.",
        {"fromObjectId": [id_], "fromObjectType": [way.start.singular], "toObjectType": [way.end.singular]},
    )


def read(hub: Hub, call: Call, start: str, id_: str, end: str) -> Reply:
    """``GET /crm/v4/objects/{from}/{id}/associations/{to}``."""
    way, most = looking(start, end), hub.settings.association_page
    record = find(hub.portal, way.start, id_)
    if call.version == "v3":
        results = linked_results(hub.portal, (way.start.name, record.id), way.end.name)
        return Reply(200, {"results": results}, content_type=JSON)
    limit = limit_in(call.query.get("limit"), most, most)
    rows = _after(_linked(hub, way, record.id), call.query.get("after"))
    body: dict[str, object] = {"results": rows[:limit]}
    if len(rows) > limit:
        body["paging"] = {"next": next_page(call, str(rows[limit - 1]["toObjectId"]))}
    return Reply(200, body, content_type=JSON)


# Writing


def _kinds(way: Direction, given: Iterable[object]) -> list[int]:
    kinds = type_ids(given)
    if not kinds or not all(kind in way.types for kind in kinds):
        allowed = ", ".join(str(kind) for kind in way.types)
        raise invalid(f"Association types {kinds} are none of those from {way.start.name} to {way.end.name}: {allowed}")
    return kinds


def link(hub: Hub, way: Direction, one: str, other: str, kinds: list[int]) -> dict[str, object]:
    """Associates two records, and tells it. A label comes with the plain type. Raises Refused."""
    start, end = find(hub.portal, way.start, one), find(hub.portal, way.end, other)
    for kind in dict.fromkeys((way.plain, *kinds)) if way.start.name != way.end.name else kinds:
        hub.portal.link((way.start.name, start.id), (way.end.name, end.id), kind)
    return {
        "fromObjectTypeId": way.start.id,
        "fromObjectId": start.id,
        "toObjectTypeId": way.end.id,
        "toObjectId": end.id,
        "labels": [label for kind in kinds if (label := way.types[kind].label)],
    }


def put(hub: Hub, call: Call, start: str, id_: str, end: str, other: str) -> Reply:  # noqa: PLR0913, PLR0917 - the parts of the path
    """``PUT /crm/v4/objects/{from}/{id}/associations/{to}/{other}`` with a list of types."""
    way = direction(start, end)
    types = listed(body_of(replace(call, body=b'{"types":' + (call.body or b"[]") + b"}")), "types")
    return Reply(201, link(hub, way, id_, other, _kinds(way, types)), content_type=JSON)


def put_default(hub: Hub, call: Call, start: str, id_: str, end: str, other: str) -> Reply:  # noqa: PLR0913, PLR0917 - the parts of the path
    """``PUT …/associations/default/{to}/{other}``: the plain type, both ways."""
    way, outcome = direction(start, end), begin(hub)
    link(hub, way, id_, other, [way.plain])
    outcome.results += _both_ways(way, id_, other)
    return outcome.reply(hub, call)


def _both_ways(way: Direction, one: str, other: str) -> list[dict[str, object]]:
    back = way.types[way.plain].back
    return [
        {
            "from": {"id": start},
            "to": {"id": end},
            "associationSpec": {"associationCategory": HUBSPOT_DEFINED, "associationTypeId": kind},
        }
        for start, end, kind in ((one, other, way.plain), (other, one, back))
    ]


def remove(hub: Hub, _call: Call, start: str, id_: str, end: str, other: str) -> Reply:
    """``DELETE …/associations/{to}/{other}``: everything between the two."""
    way = direction(start, end)
    portal = hub.portal
    one, two = portal.current_id(way.start.name, id_), portal.current_id(way.end.name, other)
    portal.unlink((way.start.name, one), (way.end.name, two))
    return Reply(204)


def batch_create(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/create``: ``{"from", "to", "types"}``."""
    way, outcome = direction(start, end), begin(hub)
    for given in inputs_of(call, MOST_WRITTEN):
        one, other = ends_of(given)
        try:
            outcome.results.append(link(hub, way, one, other, _kinds(way, listed(given, "types"))))
        except Refused as refused:
            outcome.failed(refused.category, refused.message, {"fromObjectId": [one], "toObjectId": [other]})
    return outcome.reply(hub, call, 201)


def batch_default(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/associate/default``."""
    way, outcome = direction(start, end), begin(hub)
    for given in inputs_of(call, MOST_WRITTEN):
        one, other = ends_of(given)
        try:
            link(hub, way, one, other, [way.plain])
            outcome.results += _both_ways(way, one, other)
        except Refused as refused:
            outcome.failed(refused.category, refused.message, {"fromObjectId": [one], "toObjectId": [other]})
    return outcome.reply(hub, call)


def ends_of(given: Mapping[str, object]) -> tuple[str, str]:
    """The two records that an input names. Raises Refused."""
    ends = [given.get(name) for name in ("from", "to")]
    if not all(isinstance(end, dict) and end.get("id") for end in ends):
        raise invalid("Invalid input JSON on line 1, column 1: each input needs 'from' and 'to' with ids")
    one, other = (str(end["id"]) for end in ends if isinstance(end, dict))
    return one, other


def batch_archive(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/archive``: ``{"from", "to": [..]}``; everything between them."""
    way = direction(start, end)
    for given in inputs_of(call, MOST_WRITTEN):
        one = given.get("from")
        for other in listed(given, "to"):
            if isinstance(one, dict) and isinstance(other, dict):
                hub.portal.unlink((way.start.name, str(one.get("id"))), (way.end.name, str(other.get("id"))))
    return Reply(204)


def batch_labels_archive(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/labels/archive``: some types only."""
    way = direction(start, end)
    for given in inputs_of(call, MOST_WRITTEN):
        one, other = ends_of(given)
        for kind in _kinds(way, listed(given, "types")):
            hub.portal.unlink((way.start.name, one), (way.end.name, other), kind)
    return Reply(204)


def labels(_hub: Hub, _call: Call, start: str, end: str) -> Reply:
    """``GET /crm/v4/associations/{from}/{to}/labels``: the association types."""
    way = looking(start, end)
    return Reply(200, {"results": [_shown_type(each) for each in way.types.values()]}, content_type=JSON)
