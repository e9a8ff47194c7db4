"""What an object and a field of the emulated CRM are. Values only: which ones exist is said in ``catalog``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Value

Row = dict[str, "Value"]
"""One record: only the fields that are not null. A row is never changed in place, it is replaced."""


class Kind(StrEnum):
    """Field types, in the words of a Salesforce describe."""

    ID = "id"
    STRING = "string"
    TEXTAREA = "textarea"
    PICKLIST = "picklist"
    REFERENCE = "reference"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    ADDRESS = "address"


NUMERIC = frozenset({Kind.INT, Kind.DOUBLE, Kind.CURRENCY, Kind.PERCENT})
TEXTUAL = frozenset({Kind.STRING, Kind.TEXTAREA, Kind.PICKLIST, Kind.EMAIL, Kind.PHONE, Kind.URL})
IDS = frozenset({Kind.ID, Kind.REFERENCE})


@dataclass(frozen=True, slots=True)
class Column:
    """One field of one object."""

    name: str
    kind: Kind
    label: str
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    calculated: bool = False
    refers: tuple[str, ...] = ()
    """The objects that a reference may point to."""
    parent: str = ""
    """The name under which a query reaches the parent: ``Owner`` for ``OwnerId``."""
    values: tuple[str, ...] = ()
    restricted: bool = False
    scale: int = 0
    tracked: bool = False
    """Changes are kept in the object's history."""
    external: bool = False
    compound: str = ""
    default: Value = None

    @property
    def custom(self) -> bool:
        """Made by the org's own administrator."""
        return self.name.endswith("__c")


@dataclass(frozen=True, slots=True)
class Entity:
    """One object: its fields by name, and how its records may be changed."""

    name: str
    label: str
    plural: str
    prefix: str
    columns: Mapping[str, Column]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    children: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Child relationships: name → (object, its field that points here)."""
    lookup: Mapping[str, str] = field(default_factory=dict)
    """Field names in lower case → as declared. The API does not tell case apart."""
    parents: Mapping[str, Column] = field(default_factory=dict)
    """Parent relationship names in lower case → the reference field."""

    def column(self, name: str) -> Column | None:
        """The field of this name, whatever its case, or None."""
        declared = self.lookup.get(name.lower())
        return None if declared is None else self.columns[declared]


def entity(  # noqa: PLR0913 - one argument for each thing that an object has
    name: str,
    label: str,
    plural: str,
    prefix: str,
    columns: tuple[Column, ...],
    *,
    children: Mapping[str, tuple[str, str]] | None = None,
    writable: bool = True,
    like: Entity | None = None,
) -> Entity:
    """An object with its look-ups built; ``like`` lends its permissions and children."""
    return Entity(
        name=name,
        label=label,
        plural=plural,
        prefix=prefix,
        columns={column.name: column for column in columns},
        createable=like.createable if like else writable,
        updateable=like.updateable if like else writable,
        deletable=like.deletable if like else writable,
        children=like.children if like else (children or {}),
        lookup={column.name.lower(): column.name for column in columns},
        parents={column.parent.lower(): column for column in columns if column.parent},
    )
