"""What an object type and a property of the emulated HubSpot account are. Which ones exist is said in ``catalog``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Type(StrEnum):
    """Types of a property's value."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    ENUMERATION = "enumeration"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Option:
    """One value that an enumeration may have."""

    value: str
    label: str
    order: int = -1
    hidden: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of one object type. Moments are as HubSpot writes them."""

    name: str
    label: str
    type: Type
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    custom: bool = False
    """Made by the account's own people, so it can be archived."""
    read_only: bool = False
    calculated: bool = False
    unique: bool = False
    owner: bool = False
    """Its values are ids of owners."""
    hidden: bool = False
    form_field: bool = False
    order: int = -1
    created: str = "2019-08-06T02:41:08Z"
    updated: str = "2019-08-06T02:41:08Z"
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object type. ``name`` is the plural, under which its records go in paths and logs."""

    name: str
    singular: str
    id: str
    first_id: int
    """The id of its first record."""
    properties: Mapping[str, Property]
    shown: tuple[str, ...]
    """What a reply holds if the call names no properties."""
    always: tuple[str, ...]
    """What a reply holds whatever the call names."""
    searched: tuple[str, ...] = ()
    """Where a search looks for its free text."""
    title: str = ""
    """The property that a person would call the record by."""
    merges: bool = False

    @property
    def modified(self) -> str:
        """The property that says when a record last changed; contacts have a name of their own for it."""
        return "lastmodifieddate" if self.name == "contacts" else "hs_lastmodifieddate"

    @property
    def created(self) -> str:
        """The property that says when a record was made."""
        return "createdate" if "createdate" in self.properties else "hs_createdate"


FIELD_TYPES: Mapping[Type, frozenset[str]] = {
    Type.STRING: frozenset({"text", "textarea", "html", "phonenumber", "file", "calculation_equation"}),
    Type.NUMBER: frozenset({"number", "calculation_equation"}),
    Type.DATE: frozenset({"date"}),
    Type.DATETIME: frozenset({"date"}),
    Type.ENUMERATION: frozenset({"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"}),
    Type.BOOL: frozenset({"booleancheckbox", "calculation_equation"}),
}
"""Which fields a person may type a value of a type into."""
YES_NO = (Option("true", "Yes", 0), Option("false", "No", 1))
