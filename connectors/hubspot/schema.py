"""From HubSpot's properties to the port's Schema, and to the layout in which each object is read. Pure.

A property that is mapped and does not exist is an error that names every such property at once: HubSpot leaves an
unknown property out of a reply without a word, and absence is never a value (I14).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from connectors.described import digest
from connectors.hubspot.fields import COMPANY, CONTACT, DONE, KIND, OBJECTS, USER_FIELDS
from connectors.port import Field, FieldType, NotPermitted, Schema, Stream
from connectors.values import snake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Described = Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Object → its properties by name."""

LINKS = {COMPANY: "companies", CONTACT: "contacts"}
WORKED_OUT: Mapping[str, FieldType] = {
    COMPANY: FieldType.TEXT,
    CONTACT: FieldType.TEXT,
    KIND: FieldType.TEXT,
    DONE: FieldType.BOOLEAN,
}
BESIDES: Mapping[str, tuple[str, ...]] = {
    "calls": ("hs_timestamp", "hs_call_status"),
    "emails": ("hs_timestamp", "hs_email_direction", "hs_email_status"),
    "meetings": ("hs_timestamp", "hs_meeting_outcome", "hs_meeting_end_time"),
    "tasks": ("hs_task_status",),
}
"""What else is read of an activity: it tells what kind it is and whether it is done."""
KINDS = ("call", "email", "reply", "meeting", "task")
RETIRED = "hs_merged_object_ids"
IDS = frozenset({"associatedcompanyid", "hs_parent_company_id", "hs_object_id"})
"""Numbers to HubSpot, names of records to everybody else."""
TYPES = {
    "number": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How one object is read."""

    entity: str
    stream: Stream
    fields: Mapping[str, str]
    """Worker name → property, two of them with a plus, or what is worked out; every name of the stream."""
    columns: Mapping[str, FieldType]
    """Every property to ask for, the system's own included."""

    @property
    def modified(self) -> str:
        """The property that moves with each change."""
        return "lastmodifieddate" if self.entity == "contacts" else "hs_lastmodifieddate"

    @property
    def links(self) -> tuple[str, ...]:
        """The objects whose associations are read."""
        return tuple(dict.fromkeys(LINKS[column] for column in self.fields.values() if column in LINKS))


def build(mapping: Mapping[Stream, Mapping[str, str]], described: Described) -> Schema:
    """The Schema; NotPermitted, naming all of them, when mapped properties are missing."""
    missing = sorted({each for stream, names in mapping.items() for each in _missing(stream, names, described)})
    if missing:
        raise NotPermitted(
            f"HubSpot has no {'; no '.join(missing)}",
            hint="create the property or correct its name, grant the app the object's schema and read scopes, or leave "
            'it out with an empty name in [fields] (phone = "")',
        )
    fields = {stream: _fields(stream, names, described) for stream, names in mapping.items()}
    return Schema(fields, {stream: digest(each.values()) for stream, each in fields.items()})


def layouts(stream: Stream, schema: Schema, described: Described) -> list[Layout]:
    """One layout for each object behind the stream."""
    return [_layout(stream, entity, schema.fields[stream], described[entity]) for entity in OBJECTS[stream]]


def _missing(stream: Stream, names: Mapping[str, str], described: Described) -> Iterable[str]:
    if stream is Stream.USERS:
        known = {*USER_FIELDS}
        where = "owner"
    else:
        known = {name for entity in OBJECTS[stream] for name in described[entity]}
        where = "/".join(OBJECTS[stream])
    for name, column in names.items():
        for part in () if column in WORKED_OUT else column.split("+"):
            if part not in known:
                near = get_close_matches(part, known, n=1)
                advice = f" (is it {near[0]}?)" if near else ""
                yield f"{where or 'object'}.{part}, mapped as {stream}.{name}{advice}"


def _fields(stream: Stream, names: Mapping[str, str], described: Described) -> dict[str, Field]:
    return {name: _field(stream, name, column, described) for name, column in names.items()}


def _field(stream: Stream, name: str, column: str, described: Described) -> Field:
    if stream is Stream.USERS or "+" in column:
        return Field(name, column, FieldType.TEXT)
    found = [described[entity][column] for entity in OBJECTS[stream] if column in described[entity]]
    if stream is Stream.ACTIVITIES and name == "kind":
        own = {snake(value) for each in found for value in _options(each)}
        return Field(name, column, FieldType.TEXT, values=tuple(sorted({*KINDS, *own})))
    if column in WORKED_OUT:
        return Field(name, column, WORKED_OUT[column])
    return _of_property(name, column, found[0])


def _of_property(name: str, column: str, each: Mapping[str, Any]) -> Field:
    kind = field_type(each)
    rules = each.get("modificationMetadata")
    fixed = bool(each.get("calculated")) or (isinstance(rules, dict) and rules.get("readOnlyValue") is True)
    values = () if kind is FieldType.BOOLEAN or column == "hubspot_owner_id" else tuple(_options(each))
    return Field(name, column, kind, str(each.get("label") or ""), values, writable=not fixed)


def _options(each: Mapping[str, Any]) -> list[str]:
    options = each.get("options")
    listed = options if isinstance(options, list) else []
    shown = [one for one in listed if isinstance(one, dict) and not one.get("hidden")]
    return [str(one["value"]) for one in shown if one.get("value")]


def field_type(each: Mapping[str, Any]) -> FieldType:
    """One of the four types that rules know, from HubSpot's."""
    if each["name"] in IDS:
        return FieldType.TEXT
    if each.get("fieldType") == "booleancheckbox":
        return FieldType.BOOLEAN
    return TYPES.get(str(each["type"]), FieldType.TEXT)


def _layout(stream: Stream, entity: str, fields: Mapping[str, Field], known: Mapping[str, Mapping[str, Any]]) -> Layout:
    names = {name: field.crm_name for name, field in fields.items()}
    asked = [part for column in names.values() for part in column.split("+")]
    layout = Layout(entity, stream, names, {})
    wanted = dict.fromkeys(("hs_object_id", layout.modified, RETIRED, *asked, *BESIDES.get(entity, ())))
    return Layout(entity, stream, names, {each: field_type(known[each]) for each in wanted if each in known})
