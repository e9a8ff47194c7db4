"""Single records and lists of them: GET, POST, PATCH, DELETE, merge."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.catalog import type_named
from connectors.sandbox.hubspot.link_types import LINK_TYPES
from connectors.sandbox.hubspot.show import Wanted, changed_record, shown, wanted_by
from connectors.sandbox.hubspot.strike import page_size, strike_record
from connectors.sandbox.hubspot.values import read_values
from connectors.sandbox.hubspot.wire import (
    JSON,
    LONGEST_CURSOR,
    Refused,
    body_of,
    cursor_in,
    flag_in,
    invalid,
    limit_in,
    listed,
    not_found,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.portal import Portal
    from connectors.sandbox.hubspot.records import Record
    from connectors.sandbox.hubspot.shapes import ObjectType

MOST_LISTED, MOST_WITH_HISTORY, LISTED = 100, 50, 10


def object_type(text: str) -> ObjectType:
    """The object type of a path. Raises Refused."""
    found = type_named(text)
    if found is None:
        raise invalid(f"Unable to infer object type from: {text}")
    return found


def most_in_page(wanted: Wanted) -> int:
    """History makes pages smaller."""
    return MOST_WITH_HISTORY if wanted.history else MOST_LISTED


def list_records(hub: Hub, call: Call, name: str) -> Reply:
    """``GET /crm/v3/objects/{type}``: from the primary store, in the order of ids."""
    shape, wanted = object_type(name), wanted_by(call)
    limit = limit_in(call.query.get("limit"), LISTED, most_in_page(wanted))
    after = cursor_in(call.query.get("after"))
    page, more = hub.portal.page(shape.name, after, page_size(call, limit), archived=flag_in(call, "archived"))
    body: dict[str, object] = {"results": [shown(hub.portal, shape, row, wanted) for row in page]}
    if more:
        body["paging"] = {"next": next_page(call, page[-1].id if page else str(after))}
    return Reply(200, body, content_type=JSON)


def next_page(call: Call, after: str) -> dict[str, str]:
    """Where the next page begins. The link repeats the call."""
    pairs = [(name, value) for name, value in call.pairs if name != "after"]
    return {"after": after, "link": f"{call.base}{call.path}?{urlencode([*pairs, ('after', after)])}"}


def find(portal: Portal, shape: ObjectType, text: str, key: str = "", *, archived: bool = False) -> Record:
    """The record of this id, or of this value of a unique property. Raises Refused."""
    record = portal.get(shape.name, text, archived=archived) if not key else _by_key(portal, shape, key, text)
    if record is None:
        raise not_found()
    return record


def _by_key(portal: Portal, shape: ObjectType, key: str, text: str) -> Record | None:
    check_key(portal, shape, key)
    value = text.lower() if key == "email" else text
    return next((row for row in portal.rows(shape.name) if row.values.get(key) == value), None)


def check_key(portal: Portal, shape: ObjectType, key: str) -> None:
    """Only a property whose values are unique can stand for the id. Raises Refused."""
    prop = portal.known(shape.name, key)
    if prop is None or not prop.unique:
        raise invalid(f"Unable to find records by non-unique {shape.id} property {key}")


def read(hub: Hub, call: Call, name: str, id_: str) -> Reply:
    """``GET …/{type}/{id}``. After a merge the record that answers has another id."""
    shape = object_type(name)
    record = find(hub.portal, shape, id_, call.query.get("idProperty", ""), archived=flag_in(call, "archived"))
    return Reply(200, shown(hub.portal, shape, record, wanted_by(call)), content_type=JSON)


def create(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/{type}``."""
    shape, body = object_type(name), body_of(call)
    strike_record(call, "")
    id_ = make(hub, call, shape, body)
    made = changed_record(hub.portal, shape.name, id_, hub.portal.records[shape.name][id_].values)
    return Reply(201, made, {"Location": f"{call.base}{call.path}/{id_}"}, JSON)


def make(hub: Hub, call: Call, shape: ObjectType, given: Mapping[str, object]) -> str:
    """A new record with its associations; returns its id. Raises Refused; then nothing was made."""
    values = read_values(hub.portal, shape, given.get("properties") or {})
    check_unique(hub.portal, shape, values)
    wanted = [_link_of(hub.portal, shape, each) for each in listed(given, "associations")]
    portal = hub.portal
    kept = {prop: value for prop, value in values.items() if value is not None}
    id_ = portal.create(shape.name, kept, portal.author(call.actor), call.request_id)
    for end, kinds in wanted:
        for kind in kinds:
            portal.link((shape.name, id_), end, kind)
    return id_


def check_unique(portal: Portal, shape: ObjectType, values: Mapping[str, str | None], but: str = "") -> None:
    """No two records have one value of a unique property. Raises Refused."""
    for prop, value in values.items():
        if value is None or not portal.properties[shape.name][prop].unique:
            continue
        other = next((row for row in portal.rows(shape.name) if row.values.get(prop) == value and row.id != but), None)
        if other is not None:
            message = f"{shape.singular.capitalize()} already exists. Existing ID: {other.id}"
            raise Refused(409, "CONFLICT", message)


def _link_of(portal: Portal, shape: ObjectType, given: object) -> tuple[tuple[str, str], list[int]]:
    """One association of a new record: its types say what it leads to."""
    target = given.get("to") if isinstance(given, dict) else None
    types = given.get("types") if isinstance(given, dict) else None
    if not isinstance(target, dict) or not isinstance(types, list) or not types:
        raise invalid("Invalid input JSON on line 1, column 1: an association needs 'to' and 'types'")
    kinds = type_ids(types)
    for (start, to), known in LINK_TYPES.items():
        if start == shape.name and kinds and all(kind in known for kind in kinds):
            record = portal.get(to, str(target.get("id")))
            if record is None:
                raise invalid(f"{to} {target.get('id')} does not exist", id=[str(target.get("id"))])
            return (to, record.id), kinds
    raise invalid(f"{shape.singular} has no associations of the types {kinds}")


def type_ids(given: Iterable[object]) -> list[int]:
    """The numbers of association types; -1 for what is none."""
    numbers = (str(each.get("associationTypeId")) for each in given if isinstance(each, dict))
    return [int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_CURSOR else -1 for text in numbers]


def update(hub: Hub, call: Call, name: str, id_: str) -> Reply:
    """``PATCH …/{type}/{id}``."""
    shape = object_type(name)
    record = find(hub.portal, shape, id_, call.query.get("idProperty", ""))
    values = read_values(hub.portal, shape, body_of(call).get("properties"))
    check_unique(hub.portal, shape, values, but=record.id)
    strike_record(call, record.id)
    check_lock(hub.portal, record.id)
    portal = hub.portal
    portal.update(shape.name, record.id, values, portal.author(call.actor), call.request_id)
    return Reply(200, changed_record(portal, shape.name, record.id, values), content_type=JSON)


def check_lock(portal: Portal, id_: str) -> None:
    """Raises Refused if somebody else is writing to the record."""
    if id_ in portal.locked:
        raise locked(id_)


def locked(id_: str) -> Refused:
    """Somebody else is writing to the record."""
    return Refused(423, "LOCKED", f"The record {id_} is locked by another operation", context={"ids": [id_]})


def archive(hub: Hub, call: Call, name: str, id_: str) -> Reply:
    """``DELETE …/{type}/{id}``: the record goes to the archive. It does not matter whether it was there."""
    shape = object_type(name)
    record = hub.portal.get(shape.name, id_)
    if record is not None:
        check_lock(hub.portal, record.id)
        hub.portal.archive(shape.name, record.id, call.actor, call.request_id)
    return Reply(204)


def merge(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/{type}/merge``: both records become a new one."""
    shape, body = object_type(name), body_of(call)
    if not shape.merges:
        raise invalid(f"{shape.name} cannot be merged")
    primary, other = (find(hub.portal, shape, str(body.get(key))) for key in ("primaryObjectId", "objectIdToMerge"))
    if primary.id == other.id:
        raise invalid("A record cannot be merged with itself", id=[primary.id])
    id_ = hub.portal.merge(shape.name, primary.id, other.id, call.actor, call.request_id)
    return Reply(200, changed_record(hub.portal, shape.name, id_, shape.shown), content_type=JSON)


def gdpr_delete(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/{type}/gdpr-delete``: the record is gone for good."""
    shape, body = object_type(name), body_of(call)
    record = find(hub.portal, shape, str(body.get("objectId")), str(body.get("idProperty") or ""))
    hub.portal.wipe(shape.name, record.id, call.actor, call.request_id)
    return Reply(204)
