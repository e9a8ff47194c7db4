"""Finds a column in what the org's objects say of themselves, in the object itself or one step up in a parent. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from connectors.port import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping

    Describes = Mapping[str, Mapping[str, Any] | None]
    """Object → its describe; None where the org or the integration user has no such object."""

NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
COMPOUNDS = frozenset({"address", "location", "complexvalue"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column under its own spelling; ``Parent.Field`` for a parent's."""

    name: str
    type: FieldType
    label: str = ""
    values: tuple[str, ...] = ()
    writable: bool = False


def find(describes: Describes, entity: str, name: str) -> Column | None:
    """The column, whatever case its name is written in; None when it cannot be seen or cannot be read by itself."""
    head, dot, rest = name.partition(".")
    if dot:
        return _of_parent(describes, entity, head, rest)
    field = _fields(describes, entity).get(name.lower())
    return None if field is None or field.get("type") in COMPOUNDS else _column(field)


def parent(describes: Describes, entity: str, name: str) -> str:
    """The object to describe for ``Parent.Field``; empty where none is needed: every parent's Name is a text."""
    head, dot, rest = name.partition(".")
    lookup = _lookup(describes, entity, head) if dot and rest.lower() != "name" else None
    targets = lookup.get("referenceTo") or [] if lookup else []
    return str(targets[0]) if targets else ""


def advice(describes: Describes, entity: str, name: str) -> str:
    """What to write instead of a name that was not found."""
    fields = _fields(describes, entity)
    if fields.get(name.lower(), {}).get("type") in COMPOUNDS:
        return "a compound field: map its parts"
    near = get_close_matches(name, [str(field["name"]) for field in fields.values()], n=1)
    return f"is it {near[0]}?" if near else ""


def _of_parent(describes: Describes, entity: str, head: str, rest: str) -> Column | None:
    lookup = _lookup(describes, entity, head)
    if lookup is None:
        return None
    relation = _relation(lookup)
    if rest.lower() == "name":
        return Column(f"{relation}.Name", FieldType.TEXT, f"{lookup.get('label', head)} Name")
    target = parent(describes, entity, f"{head}.{rest}")
    found = find(describes, target, rest) if target and "." not in rest else None
    # A parent's field is its parent's to change.
    return replace(found, name=f"{relation}.{found.name}", writable=False) if found else None


def _lookup(describes: Describes, entity: str, head: str) -> Mapping[str, Any] | None:
    fields = _fields(describes, entity).values()
    return next((field for field in fields if head and _relation(field).lower() == head.lower()), None)


def _relation(field: Mapping[str, Any]) -> str:
    return str(field.get("relationshipName") or "")


def _fields(describes: Describes, entity: str) -> dict[str, Mapping[str, Any]]:
    described = describes.get(entity)
    return {str(field["name"]).lower(): field for field in described["fields"]} if described else {}


def _column(field: Mapping[str, Any]) -> Column:
    entries = field.get("picklistValues") or ()
    return Column(
        name=str(field["name"]),
        type=field_type(str(field.get("type", ""))),
        label=str(field.get("label") or ""),
        values=tuple(str(each["value"]) for each in entries if each.get("active", True) and each.get("value")),
        writable=bool(field.get("updateable")),
    )


def field_type(salesforce: str) -> FieldType:
    """One of the four types that rules know, from Salesforce's thirty."""
    if salesforce in NUMBERS:
        return FieldType.NUMBER
    if salesforce == "boolean":
        return FieldType.BOOLEAN
    return FieldType.DATE if salesforce in {"date", "datetime"} else FieldType.TEXT
