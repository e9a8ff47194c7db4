"""Associations in the form of version 3, where a type of association has a name: read, made and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.associations import (
    MOST_READ,
    MOST_WRITTEN,
    direction,
    ends_of,
    link,
    looking,
    none_found,
)
from connectors.sandbox.hubspot.batch import begin
from connectors.sandbox.hubspot.show import linked_results
from connectors.sandbox.hubspot.wire import JSON, Refused, inputs_of, invalid

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.associations import Direction
    from connectors.sandbox.hubspot.hub import Hub


def batch_read(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST /crm/v3/associations/{from}/{to}/batch/read``."""
    way, outcome = looking(start, end), begin(hub)
    for given in inputs_of(call, MOST_READ):
        id_ = hub.portal.current_id(way.start.name, str(given.get("id")))
        rows = linked_results(hub.portal, (way.start.name, id_), way.end.name)
        if rows:
            outcome.results.append({"from": {"id": id_}, "to": rows})
        else:
            none_found(outcome, way, id_)
    return outcome.reply(hub, call)


def batch_create(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/create``: ``{"from", "to", "type"}``."""
    way, outcome = direction(start, end), begin(hub)
    for given in inputs_of(call, MOST_WRITTEN):
        one, other = ends_of(given)
        kind, name = _kind(way, given.get("type"))
        try:
            made = link(hub, way, one, other, [kind])
        except Refused as refused:
            outcome.failed(refused.category, refused.message, {"fromObjectId": [one], "toObjectId": [other]})
        else:
            ends = {"from": {"id": made["fromObjectId"]}, "to": {"id": made["toObjectId"]}}
            outcome.results.append({**ends, "type": name})
    return outcome.reply(hub, call, 201)


def batch_archive(hub: Hub, call: Call, start: str, end: str) -> Reply:
    """``POST …/batch/archive``: one type of association between two records."""
    way, portal = direction(start, end), hub.portal
    for given in inputs_of(call, MOST_WRITTEN):
        one, other = ends_of(given)
        kind, _ = _kind(way, given.get("type"))
        ids = portal.current_id(way.start.name, one), portal.current_id(way.end.name, other)
        portal.unlink((way.start.name, ids[0]), (way.end.name, ids[1]), kind)
    return Reply(204)


def types(_hub: Hub, _call: Call, start: str, end: str) -> Reply:
    """``GET /crm/v3/associations/{from}/{to}/types``: numbers and names."""
    way = looking(start, end)
    return Reply(200, {"results": [{"id": str(each.id), "name": each.name} for each in way.types.values()]}, {}, JSON)


def _kind(way: Direction, given: object) -> tuple[int, str]:
    """A type of association by its name or its number. Raises Refused."""
    for each in way.types.values():
        if str(given) in {each.name, str(each.id)}:
            return each.id, each.name
    allowed = ", ".join(each.name for each in way.types.values())
    raise invalid(f"{given!r} is no association type from {way.start.name} to {way.end.name}: {allowed}")
