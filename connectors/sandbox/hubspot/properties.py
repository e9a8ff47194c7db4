"""Properties and their groups: read, made, changed and archived one by one or in batches."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.batch import begin
from connectors.sandbox.hubspot.objects import object_type
from connectors.sandbox.hubspot.shapes import FIELD_TYPES, YES_NO, Option, Property, Type
from connectors.sandbox.hubspot.wire import JSON, Detail, Refused, body_of, flag_in, inputs_of, invalid, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub

MOST = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_TEXTS = {"label": "label", "groupName": "group", "description": "description"}


def list_properties(hub: Hub, call: Call, name: str) -> Reply:
    """``GET /crm/v3/properties/{type}``."""
    shape, archived = object_type(name), flag_in(call, "archived")
    found = [each for each in hub.portal.properties[shape.name].values() if each.archived == archived]
    return Reply(200, {"results": [shown(each) for each in found]}, content_type=JSON)


def list_properties_v1(hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /properties/v1/{type}/properties``, and v2: the older form, a bare list, which loaders still ask for."""
    found = [each for each in hub.portal.properties[object_type(name).name].values() if not each.archived]
    return Reply(200, [_shown_v1(each) for each in found], content_type=JSON)


def _shown_v1(prop: Property) -> dict[str, object]:
    body = shown(prop)
    names = ("name", "label", "type", "fieldType", "description", "groupName", "options", "displayOrder", "calculated",
             "externalOptions", "hidden", "formField", "hubspotDefined", "referencedObjectType")  # fmt: skip
    return {name: body[name] for name in names if name in body} | {"readOnlyValue": prop.read_only, "deleted": False}


def read(hub: Hub, call: Call, name: str, prop: str) -> Reply:
    """``GET /crm/v3/properties/{type}/{name}``."""
    return Reply(200, shown(_find(hub, name, prop, archived=flag_in(call, "archived"))), content_type=JSON)


def _find(hub: Hub, name: str, prop: str, *, archived: bool = False) -> Property:
    found = hub.portal.properties[object_type(name).name].get(prop)
    if found is None or found.archived != archived:
        raise Refused(404, "OBJECT_NOT_FOUND", f"Property {prop} does not exist", context={"propertyName": [prop]})
    return found


def shown(prop: Property) -> dict[str, object]:
    """One property."""
    body: dict[str, object] = {
        "updatedAt": prop.updated,
        "createdAt": prop.created,
        "name": prop.name,
        "label": prop.label,
        "type": prop.type.value,
        "fieldType": prop.field_type,
        "description": prop.description,
        "groupName": prop.group,
        "options": [_shown_option(option) for option in prop.options],
        "displayOrder": prop.order,
        "calculated": prop.calculated,
        "externalOptions": prop.owner,
        "archived": prop.archived,
        "hasUniqueValue": prop.unique,
        "hidden": prop.hidden,
        "formField": prop.form_field,
        "hubspotDefined": not prop.custom,
        "dataSensitivity": "non_sensitive",
        "modificationMetadata": {
            "archivable": prop.custom,
            "readOnlyDefinition": not prop.custom,
            "readOnlyOptions": prop.read_only,
            "readOnlyValue": prop.read_only,
        },
    }
    if prop.owner:
        body["referencedObjectType"] = "OWNER"
    return body | ({"archivedAt": prop.updated} if prop.archived else {})


def _shown_option(option: Option) -> dict[str, object]:
    return {
        "label": option.label,
        "value": option.value,
        "description": option.description,
        "displayOrder": option.order,
        "hidden": option.hidden,
    }


def create(hub: Hub, call: Call, name: str) -> Reply:
    """``POST /crm/v3/properties/{type}``: 409 if it is there."""
    return Reply(201, shown(_make(hub, name, body_of(call))), content_type=JSON)


def _make(hub: Hub, name: str, given: Mapping[str, object]) -> Property:
    shape, made = object_type(name), read_property(given)
    known = hub.portal.properties[shape.name]
    if made.name in known and not known[made.name].archived:
        raise Refused(409, "OBJECT_ALREADY_EXISTS", f"A property named '{made.name}' already exists.")
    if made.group not in hub.portal.groups[shape.name]:
        raise invalid(f"groupName: there is no property group {made.group!r}")
    now = hub.portal.now()
    known[made.name] = replace(made, created=now, updated=now)
    return known[made.name]


def read_property(given: Mapping[str, object]) -> Property:
    """A property as a client describes it. Raises Refused."""
    missing = [name for name in ("name", "label", "type", "fieldType", "groupName") if not given.get(name)]
    if missing:
        details = [Detail(f"Some required fields were not set: [{name}]", "REQUIRED_FIELD") for name in missing]
        raise invalid(f"Invalid input JSON: Some required fields were not set: [{', '.join(missing)}]", *details)
    name = str(given["name"])
    if not _NAME.fullmatch(name):
        raise invalid(f"name: {name!r} may have small letters, digits and underscores, and begins with a letter")
    type_, field_type = _types(given)
    options = _options(given) or (YES_NO if type_ is Type.BOOL else ())
    return Property(
        name,
        str(given["label"]),
        type_,
        field_type,
        str(given["groupName"]),
        options,
        description=str(given.get("description") or ""),
        custom=True,
        unique=bool(given.get("hasUniqueValue")),
        hidden=bool(given.get("hidden")),
        form_field=bool(given.get("formField")),
        order=_order(given),
    )


def _types(given: Mapping[str, object]) -> tuple[Type, str]:
    text, field_type = str(given["type"]), str(given["fieldType"])
    if text not in {each.value for each in Type}:
        raise invalid(f"type: {text!r} is none of {', '.join(Type)}")
    if field_type not in FIELD_TYPES[Type(text)]:
        allowed = ", ".join(sorted(FIELD_TYPES[Type(text)]))
        raise invalid(f"fieldType: a {text} cannot be a {field_type!r}; it can be {allowed}")
    return Type(text), field_type


def _options(given: Mapping[str, object]) -> tuple[Option, ...]:
    found = []
    for at, each in enumerate(listed(given, "options")):
        if not isinstance(each, dict) or each.get("value") is None or each.get("label") is None:
            raise invalid("options: each needs a label and a value")
        order = each.get("displayOrder")
        found.append(
            Option(
                str(each["value"]),
                str(each["label"]),
                order if isinstance(order, int) else at,
                bool(each.get("hidden")),
                str(each.get("description") or ""),
            )
        )
    twice = {option.value for option in found if [each.value for each in found].count(option.value) > 1}
    if twice:
        raise invalid(f"options: {', '.join(sorted(twice))} stands twice")
    return tuple(found)


def _order(given: Mapping[str, object]) -> int:
    order = given.get("displayOrder")
    return order if isinstance(order, int) else -1


def update(hub: Hub, call: Call, name: str, prop: str) -> Reply:
    """``PATCH /crm/v3/properties/{type}/{name}``."""
    found, given = _find(hub, name, prop), body_of(call)
    changes: dict[str, object] = {slot: str(given[key]) for key, slot in _TEXTS.items() if given.get(key) is not None}
    if "options" in given:
        changes["options"] = _options(given)
    if "hidden" in given:
        changes["hidden"] = bool(given["hidden"])
    if "type" in given or "fieldType" in given:
        typed = _types({"type": given.get("type", found.type.value), "fieldType": given.get("fieldType", "")})
        changes["type"], changes["field_type"] = typed
    values = {slot: getattr(found, slot) for slot in Property.__slots__}
    made = Property(**{**values, **changes, "updated": hub.portal.now()})
    hub.portal.properties[object_type(name).name][prop] = made
    return Reply(200, shown(made), content_type=JSON)


def archive(hub: Hub, _call: Call, name: str, prop: str) -> Reply:
    """``DELETE /crm/v3/properties/{type}/{name}``: HubSpot's own stay."""
    shape, found = object_type(name), hub.portal.properties[object_type(name).name].get(prop)
    if found is None:
        raise Refused(404, "OBJECT_NOT_FOUND", f"Property {prop} does not exist")
    if not found.custom:
        raise invalid(f"Property {prop} is HubSpot's own and cannot be archived")
    hub.portal.hide_property(shape.name, prop)
    return Reply(204)


# Batches


def batch_read(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/read``."""
    shape, body = object_type(name), body_of(call)
    outcome, archived, missing = begin(hub), body.get("archived") is True, []
    for each in inputs_of(call, MOST):
        prop = hub.portal.properties[shape.name].get(str(each.get("name")))
        if prop is None or prop.archived != archived:
            missing.append(str(each.get("name")))
        else:
            outcome.results.append(shown(prop))
    if missing:
        outcome.failed("OBJECT_NOT_FOUND", "Could not get some properties", {"name": missing})
    return outcome.reply(hub, call)


def batch_create(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/create``."""
    outcome = begin(hub)
    for each in inputs_of(call, MOST):
        try:
            outcome.results.append(shown(_make(hub, name, each)))
        except Refused as refused:
            outcome.failed(refused.category, refused.message, {"name": [str(each.get("name"))]})
    return outcome.reply(hub, call, 201)


def batch_archive(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/archive``."""
    for each in inputs_of(call, MOST):
        archive(hub, call, name, str(each.get("name")))
    return Reply(204)


# Groups


def list_groups(hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /crm/v3/properties/{type}/groups``."""
    groups = hub.portal.groups[object_type(name).name]
    return Reply(200, {"results": [_shown_group(group, label) for group, label in groups.items()]}, content_type=JSON)


def _shown_group(name: str, label: str) -> dict[str, object]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def read_group(hub: Hub, _call: Call, name: str, group: str) -> Reply:
    """``GET …/groups/{name}``."""
    groups = hub.portal.groups[object_type(name).name]
    if group not in groups:
        raise Refused(404, "OBJECT_NOT_FOUND", f"Property group {group} does not exist")
    return Reply(200, _shown_group(group, groups[group]), content_type=JSON)


def create_group(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/groups``: 409 if it is there."""
    groups, given = hub.portal.groups[object_type(name).name], body_of(call)
    group, label = str(given.get("name") or ""), str(given.get("label") or "")
    if not group or not label:
        raise invalid("A property group needs a name and a label")
    if group in groups:
        raise Refused(409, "OBJECT_ALREADY_EXISTS", f"A property group named '{group}' already exists.")
    groups[group] = label
    return Reply(201, _shown_group(group, label), content_type=JSON)


def update_group(hub: Hub, call: Call, name: str, group: str) -> Reply:
    """``PATCH …/groups/{name}``."""
    read_group(hub, call, name, group)
    label = str(body_of(call).get("label") or hub.portal.groups[object_type(name).name][group])
    hub.portal.groups[object_type(name).name][group] = label
    return Reply(200, _shown_group(group, label), content_type=JSON)


def archive_group(hub: Hub, _call: Call, name: str, group: str) -> Reply:
    """``DELETE …/groups/{name}``: its properties must be elsewhere."""
    shape = object_type(name)
    if any(each.group == group and not each.archived for each in hub.portal.properties[shape.name].values()):
        raise invalid(f"Property group {group} still has properties")
    hub.portal.groups[shape.name].pop(group, None)
    return Reply(204)
