"""From Salesforce's describes to the port's Schema, and to the layout in which each object is read. Pure.

A mapped field that the describe does not show is an error that names every such field at once: Salesforce hides a
field from a user without a word, and absence is never a value (I14).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from connectors.port import Field, FieldType, NotPermitted, Schema, SchemaChanged, Stream
from connectors.salesforce.fields import OBJECTS
from connectors.salesforce.values import snake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
COMPOUNDS = frozenset({"address", "location", "complexvalue"})

BY_ACTIVITY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Task": {"kind": ("TaskSubtype",), "at": ("ActivityDate",), "": ("IsRecurrence",)},
    "Event": {"at": ("StartDateTime",), "done": ("EndDateTime",), "": ("IsChild", "IsRecurrence")},
}
"""What else is read of a Task or an Event to tell its kind, time and state, and whether it is an activity at all."""
WORKED_OUT = frozenset({"kind", "at", "done"})
"""Activity fields that an Event has no column for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one object is read: the columns to select with their types, and the field names that they fill."""

    entity: str
    stream: Stream
    fields: Mapping[str, str]
    """Worker name → column."""
    columns: Mapping[str, FieldType]
    """Every column to select, the system's own included."""
    deletable: bool
    mergeable: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A mapped field that an object does not show."""

    stream: Stream
    name: str
    column: str
    entity: str
    nearest: str

    def __str__(self) -> str:
        near = f" (is it {self.nearest}?)" if self.nearest else ""
        return f"{self.entity}.{self.column}, mapped as {self.stream}.{self.name}{near}"


def build(mapping: Mapping[Stream, Mapping[str, str]], describes: Mapping[str, Mapping[str, Any] | None]) -> Schema:
    """The Schema; NotPermitted, naming all of them, when mapped fields are missing."""
    missing: list[Missing] = []
    fields = {stream: _stream_fields(stream, names, describes, missing) for stream, names in mapping.items()}
    if missing:
        raise NotPermitted(
            "the integration user cannot see " + "; ".join(str(each) for each in sorted(missing, key=str)),
            hint="create the field or correct its name, grant Read under field-level security to the integration "
            'user\'s permission set, or leave it out with an empty name in [fields] (rating = "")',
        )
    return Schema(fields, {stream: digest(stream_fields.values()) for stream, stream_fields in fields.items()})


def changed(error: NotPermitted) -> SchemaChanged:
    """The error for a field that this process has seen and that has gone since."""
    return SchemaChanged(f"since the last look {error}", hint=error.hint)


def digest(fields: Iterable[Field]) -> str:
    """SHA-256 over names, columns and types: whatever makes an incremental pull lose old values when it changes."""
    rows = sorted((field.name, field.crm_name, str(field.type)) for field in fields)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def layouts(stream: Stream, schema: Schema, describes: Mapping[str, Mapping[str, Any] | None]) -> list[Layout]:
    """One layout for each object behind the stream that the org has."""
    return [
        _layout(stream, entity, schema.fields[stream], _columns(described))
        for entity in OBJECTS[stream]
        if (described := describes[entity]) is not None
    ]


def _stream_fields(
    stream: Stream,
    names: Mapping[str, str],
    describes: Mapping[str, Mapping[str, Any] | None],
    missing: list[Missing],
) -> dict[str, Field]:
    shown = {entity: _columns(each) for entity in OBJECTS[stream] if (each := describes[entity]) is not None}
    if not shown:
        return {}
    fields: dict[str, Field] = {}
    for name, column in names.items():
        seen = [found for columns in shown.values() if (found := _find(columns, column)) is not None]
        if seen:
            fields[name] = _field(name, *seen[0])
        else:
            entity = next(iter(shown))
            near = get_close_matches(column, [str(each["name"]) for each in shown[entity].values()], n=1)
            missing.append(Missing(stream, name, column, entity, near[0] if near else ""))
    if stream is Stream.ACTIVITIES:
        _work_out(fields, shown)
    return fields


def _work_out(fields: dict[str, Field], shown: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    for name, kind in (("kind", FieldType.TEXT), ("at", FieldType.DATE), ("done", FieldType.BOOLEAN)):
        if name in fields:
            fields[name] = replace(fields[name], type=kind, writable=False)
    if "kind" in fields:
        subtype = _find(shown.get("Task", {}), "TaskSubtype")
        kinds = {*fields["kind"].values, *(_picklist(subtype[1]) if subtype else ()), "meeting"}
        fields["kind"] = replace(fields["kind"], values=tuple(sorted({snake(kind) for kind in kinds})))


def _columns(described: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        str(each["name"]).lower(): each for each in described["fields"] if isinstance(each, dict) and "name" in each
    }


def _find(columns: Mapping[str, Mapping[str, Any]], column: str) -> tuple[str, Mapping[str, Any]] | None:
    """The column's own spelling and its description; for ``UserRole.Name`` that of the lookup, as plain text."""
    head, dot, rest = column.partition(".")
    if not dot:
        found = columns.get(column.lower())
        return (str(found["name"]), found) if found and found.get("type") not in COMPOUNDS else None
    for found in columns.values():
        relation = found.get("relationshipName") or _relation(str(found["name"]))
        if str(relation).lower() == head.lower():
            return f"{relation}.{rest}", {
                "name": column,
                "type": "string",
                "label": f"{found.get('label', head)} {rest}",
            }
    return None


def _relation(column: str) -> str:
    if column.endswith("__c"):
        return f"{column[:-1]}r"
    return column[:-2] if column.endswith("Id") else ""


def _field(name: str, column: str, described: Mapping[str, Any]) -> Field:
    return Field(
        name=name,
        crm_name=column,
        type=field_type(str(described.get("type", ""))),
        label=str(described.get("label") or ""),
        values=_picklist(described),
        writable=bool(described.get("updateable")),
    )


def _picklist(described: Mapping[str, Any]) -> tuple[str, ...]:
    entries = described.get("picklistValues") or ()
    return tuple(str(each["value"]) for each in entries if each.get("active", True) and each.get("value"))


def field_type(salesforce: str) -> FieldType:
    """One of the four types that rules know, from Salesforce's thirty."""
    if salesforce in NUMBERS:
        return FieldType.NUMBER
    if salesforce == "boolean":
        return FieldType.BOOLEAN
    return FieldType.DATE if salesforce in {"date", "datetime"} else FieldType.TEXT


def _layout(stream: Stream, entity: str, fields: Mapping[str, Field], shown: Mapping[str, Mapping[str, Any]]) -> Layout:
    own = {
        name: field.crm_name
        for name, field in fields.items()
        if _find(shown, field.crm_name) is not None and not (entity == "Event" and name in WORKED_OUT)
    }
    wanted = ["Id", "SystemModstamp", *own.values(), *_helpers(entity, fields)]
    wanted += [system for system in ("IsDeleted", "MasterRecordId") if system.lower() in shown]
    if stream is Stream.USERS:
        wanted += ["IsActive", "UserType"]
    types = {column: _type(column, shown) for column in dict.fromkeys(wanted)}
    return Layout(entity, stream, own, types, "IsDeleted" in types, "MasterRecordId" in types)


def _helpers(entity: str, fields: Mapping[str, Field]) -> list[str]:
    extra = BY_ACTIVITY.get(entity, {})
    return [column for name, columns in extra.items() if name in fields or not name for column in columns]


def _type(column: str, shown: Mapping[str, Mapping[str, Any]]) -> FieldType:
    found = _find(shown, column)
    if found is None:
        raise NotPermitted(
            f"the integration user cannot see the standard field {column}",
            hint="grant Read to it under field-level security in the integration user's permission set",
        )
    return field_type(str(found[1].get("type", "")))
