"""From Salesforce's describes to the port's Schema, and to the layout in which each object is read. Pure.

A field that is read and that the describe does not show is an error that names every such field at once: Salesforce
hides a field from a user without a word, and absence is never a value (I14).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.described import digest
from connectors.port import Field, FieldType, NotPermitted, Schema, Stream
from connectors.salesforce.columns import advice, find, parent
from connectors.salesforce.fields import OBJECTS, OPTIONAL_OBJECTS
from connectors.values import snake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.salesforce.columns import Column, Describes

BY_ENTITY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "User": {"": ("IsActive", "UserType")},
    "Task": {"": ("IsRecurrence",), "kind": ("TaskSubtype",), "at": ("ActivityDate",)},
    "Event": {"": ("IsChild", "IsRecurrence"), "at": ("StartDateTime",), "done": ("EndDateTime",)},
}
"""What else is read of an object: always, and when a name is mapped. It tells who may own accounts, what kind an
activity is, when it was and whether it is done, and whether it is one at all."""
WORKED_OUT: Mapping[str, FieldType] = {"kind": FieldType.TEXT, "at": FieldType.DATE, "done": FieldType.BOOLEAN}
"""Activity fields that are worked out of several columns, and that an Event has no column of its own for."""
IF_THERE = ("IsDeleted", "MasterRecordId")


@dataclass(frozen=True, slots=True)
class Layout:
    """How one object is read: the columns to select with their types, and the names that they fill."""

    entity: str
    stream: Stream
    names: tuple[str, ...]
    """Every mapped name of the stream, those that this object has no column for included."""
    fields: Mapping[str, str]
    """Worker name → column."""
    columns: Mapping[str, FieldType]
    """Every column to select, the system's own included."""

    @property
    def deletable(self) -> bool:
        """Whether rows of it can be in the recycle bin."""
        return "IsDeleted" in self.columns


@dataclass(frozen=True, slots=True)
class Missing:
    """A column that is read and that its object does not show; without a column, the object itself."""

    stream: Stream
    name: str
    column: str
    entity: str
    advice: str = ""

    def __str__(self) -> str:
        if not self.column:
            return f"the object {self.entity}"
        use = f"mapped as {self.stream}.{self.name}" if self.name else f"without which no {self.entity} can be read"
        return f"{self.entity}.{self.column}, {use}{f' ({self.advice})' if self.advice else ''}"


def parents(mapping: Mapping[Stream, Mapping[str, str]], describes: Describes) -> set[str]:
    """Objects to describe besides: the parents whose fields are mapped (``Segment__r.Rank__c``)."""
    named = (
        parent(describes, entity, column)
        for stream, names in mapping.items()
        for entity in OBJECTS[stream]
        for column in names.values()
    )
    return {each for each in named if each} - describes.keys()


def build(mapping: Mapping[Stream, Mapping[str, str]], describes: Describes) -> Schema:
    """The Schema; NotPermitted, naming all of them, when columns that are read are missing."""
    missing = [each for stream, names in mapping.items() for each in _missing(stream, names, describes)]
    if missing:
        raise NotPermitted(
            "the integration user cannot see " + "; ".join(sorted(map(str, missing))),
            hint="create the field or correct its name, grant Read on the object and under field-level security to "
            'the integration user\'s permission set, or leave it out with an empty name in [fields] (rating = "")',
        )
    fields = {stream: _fields(stream, names, describes) for stream, names in mapping.items()}
    return Schema(fields, {stream: digest(each.values()) for stream, each in fields.items()})


def layouts(stream: Stream, schema: Schema, describes: Describes) -> list[Layout]:
    """One layout for each object behind the stream that the org has."""
    return [_layout(stream, entity, schema.fields[stream], describes) for entity in _shown(stream, describes)]


def _shown(stream: Stream, describes: Describes) -> list[str]:
    return [entity for entity in OBJECTS[stream] if describes.get(entity) is not None]


def _missing(stream: Stream, names: Mapping[str, str], describes: Describes) -> Iterator[Missing]:
    shown = _shown(stream, describes)
    yield from (Missing(stream, "", "", entity) for entity in OBJECTS[stream] if _needed(entity, describes))
    for name, column in names.items() if shown else ():
        if not any(find(describes, entity, column) for entity in shown):
            yield Missing(stream, name, column, shown[0], advice(describes, shown[0], column))
    for entity in shown:
        for column in ("Id", "SystemModstamp", *_besides(entity, names)):
            if find(describes, entity, column) is None:
                yield Missing(stream, "", column, entity)


def _needed(entity: str, describes: Describes) -> bool:
    return describes.get(entity) is None and entity not in OPTIONAL_OBJECTS


def _besides(entity: str, names: Iterable[str]) -> list[str]:
    wanted = {"", *names}
    return [column for name, columns in BY_ENTITY.get(entity, {}).items() if name in wanted for column in columns]


def _fields(stream: Stream, names: Mapping[str, str], describes: Describes) -> dict[str, Field]:
    shown = _shown(stream, describes)
    fields = {
        name: _field(name, next(found for entity in shown if (found := find(describes, entity, column))))
        for name, column in names.items()
        if shown
    }
    return _worked_out(fields, describes) if stream is Stream.ACTIVITIES else fields


def _field(name: str, column: Column) -> Field:
    return Field(name, column.name, column.type, column.label, column.values, column.writable)


def _worked_out(fields: dict[str, Field], describes: Describes) -> dict[str, Field]:
    done = {
        name: replace(field, type=WORKED_OUT[name], writable=False) if name in WORKED_OUT else field
        for name, field in fields.items()
    }
    if "kind" in done:
        subtype = find(describes, "Task", "TaskSubtype")
        kinds = {*done["kind"].values, *(subtype.values if subtype else ()), "meeting", "task"}
        done["kind"] = replace(done["kind"], values=tuple(sorted({snake(kind) for kind in kinds})))
    return done


def _layout(stream: Stream, entity: str, fields: Mapping[str, Field], describes: Describes) -> Layout:
    own = {
        name: field.crm_name
        for name, field in fields.items()
        if find(describes, entity, field.crm_name) and not (entity == "Event" and name in WORKED_OUT)
    }
    wanted = dict.fromkeys(("Id", "SystemModstamp", *own.values(), *_besides(entity, fields), *IF_THERE))
    found = (find(describes, entity, column) for column in wanted)
    return Layout(entity, stream, tuple(fields), own, {column.name: column.type for column in found if column})
