"""Single records over REST: get, change, make, delete; by id or by external key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.records import Target, entity_named, find
from connectors.sandbox.salesforce.wire import Refused, json_object

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.schema import Entity


def get(org: Org, call: Call, name: str, id_: str) -> Reply:
    """``GET …/sobjects/T/ID``, with ``?fields=``; 304 if the caller has it already."""
    target = find(org, entity_named(org, name), id_)
    return _shown(org, call, target)


def _shown(org: Org, call: Call, target: Target) -> Reply:
    headers = records.version_headers(org, target)
    if records.is_unchanged(org, call, target):
        return Reply(304, None, headers)
    names = (
        [name.strip() for name in call.query["fields"].split(",") if name.strip()] if call.query.get("fields") else None
    )
    return Reply(200, records.whole(call, target.entity, target.row, names), headers)


def patch(org: Org, call: Call, name: str, id_: str) -> Reply:
    """``PATCH …/sobjects/T/ID``: 204, or 412 if a condition of the caller no longer holds."""
    target = find(org, entity_named(org, name), id_)
    given = json_object(call)
    if any(key.lower() == "id" for key in given):
        raise Refused(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"])
    records.check_unchanged(org, call, target)
    records.patch(org, call, target, given)
    return Reply(204)


def post(org: Org, call: Call, name: str) -> Reply:
    """``POST …/sobjects/T``: 201 and the new id."""
    id_ = records.create(org, call, entity_named(org, name), json_object(call))
    location = f"/services/data/v{call.version}/sobjects/{name}/{id_}"
    return Reply(201, {"id": id_, "success": True, "errors": []}, {"Location": location})


def delete(org: Org, call: Call, name: str, id_: str) -> Reply:
    """``DELETE …/sobjects/T/ID``: 204."""
    records.delete(org, call, find(org, entity_named(org, name), id_))
    return Reply(204)


def _by_key(org: Org, entity: Entity, field: str, value: str) -> Target | None:
    column = entity.column(field)
    if column is None or not (column.external or column.name == "Id"):
        raise Refused(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}")
    if column.name == "Id":
        return find(org, entity, value)
    found = [row for row in org.company.rows(entity.name) if str(row.get(column.name, "")).lower() == value.lower()]
    return Target(entity, str(found[0]["Id"]), found[0]) if found else None


def get_by_key(org: Org, call: Call, name: str, field: str, value: str) -> Reply:
    """``GET …/sobjects/T/FIELD/VALUE``."""
    target = _by_key(org, entity_named(org, name), field, value)
    if target is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    return _shown(org, call, target)


def upsert(org: Org, call: Call, name: str, field: str, value: str) -> Reply:
    """``PATCH …/sobjects/T/FIELD/VALUE``: 200 for a change, 201 for a new record."""
    entity = entity_named(org, name)
    target, given = _by_key(org, entity, field, value), json_object(call)
    if target is not None:
        records.check_unchanged(org, call, target)
        records.patch(org, call, target, given)
        return Reply(200, {"id": target.id, "success": True, "errors": [], "created": False})
    id_ = records.create(org, call, entity, {**given, field: value})
    return Reply(201, {"id": id_, "success": True, "errors": [], "created": True})
