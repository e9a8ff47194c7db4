"""How object types and properties of the emulated HubSpot account are written down: one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.shapes import YES_NO, ObjectType, Option, Property, Type

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIELD = {
    Type.STRING: "text",
    Type.NUMBER: "number",
    Type.DATE: "date",
    Type.DATETIME: "date",
    Type.ENUMERATION: "select",
    Type.BOOL: "booleancheckbox",
}


def options_of(values: Iterable[str | tuple[str, str]]) -> tuple[Option, ...]:
    """The values of an enumeration, in their order: names, or values with labels."""
    pairs = [(value, value) if isinstance(value, str) else value for value in values]
    return tuple(Option(value, label, at) for at, (value, label) in enumerate(pairs))


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def prop(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    """A property of HubSpot's own. ``more`` are fields of Property."""
    field = str(more.pop("field_type", _FIELD[type_]))
    options = more.pop("options", YES_NO if type_ is Type.BOOL else ())
    return Property(name, label or _label(name), type_, field, str(more.pop("group", "")), options, **more)  # type: ignore[arg-type] # Property's own fields


def custom(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    """A property that the account's own people made."""
    return prop(name, type_, label, custom=True, form_field=True, **more)


def fixed(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    """A property that only HubSpot writes."""
    return prop(name, type_, label, read_only=True, **more)


def summed(name: str, type_: Type = Type.NUMBER, label: str = "") -> Property:
    """A property that HubSpot computes."""
    return fixed(name, type_, label, calculated=True)


_OWNER = prop("hubspot_owner_id", Type.ENUMERATION, "Owner", owner=True)
RECORD = (
    fixed("hs_object_id", Type.NUMBER, "Record ID"),
    _OWNER,
    fixed("hubspot_owner_assigneddate", Type.DATETIME, "Owner assigned date"),
    fixed("hs_merged_object_ids", Type.ENUMERATION, "Merged record IDs", field_type="checkbox"),
)


def stamps(created: str, modified: str) -> tuple[Property, ...]:
    """When a record was made, and when it last changed."""
    return fixed(created, Type.DATETIME, "Create date"), fixed(modified, Type.DATETIME, "Last modified date")


def described(  # noqa: PLR0913 - one argument for each thing that an object type has
    name: str,
    singular: str,
    id_: str,
    group: str,
    properties: tuple[Property, ...],
    *,
    first_id: int,
    shown: tuple[str, ...] = (),
    searched: tuple[str, ...] = (),
    title: str = "",
    merges: bool = False,
) -> ObjectType:
    """An object type. Without a group of its own a property is in the type's."""
    grouped = {each.name: _in_group(each, group) for each in properties}
    created = "createdate" if "createdate" in grouped else "hs_createdate"
    modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
    always = (created, modified, "hs_object_id")
    return ObjectType(
        name, singular, id_, first_id, grouped, tuple(dict.fromkeys((*shown, *always))), always, searched, title, merges
    )


def _in_group(each: Property, group: str) -> Property:
    values = {slot: getattr(each, slot) for slot in Property.__slots__}
    return Property(**{**values, "group": each.group or group})
