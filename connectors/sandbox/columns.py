"""Short ways to write fields down, and the fields that every object has. Values only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.sandbox.schema import Column, Kind


def text(name: str, length: int = 255, label: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    """A line of text."""
    return Column(name, Kind.STRING, label or label_of(name), length, **more)


def typed(kind: Kind, name: str, label: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    """A field of this type, with the length that the type has."""
    lengths = {Kind.EMAIL: 80, Kind.PHONE: 40, Kind.URL: 255, Kind.TEXTAREA: 32000}
    return Column(name, kind, label or label_of(name), **{"length": lengths.get(kind, 0), **more})


def pick(name: str, values: tuple[str, ...], *, restricted: bool = False, **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    """A picklist; a restricted one takes its own values only."""
    return Column(name, Kind.PICKLIST, label_of(name), 255, values=values, restricted=restricted, **more)


def to(name: str, target: str | tuple[str, ...], parent: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    """A reference to a record of one object, or of several."""
    targets = (target,) if isinstance(target, str) else target
    return Column(name, Kind.REFERENCE, label_of(name), 18, refers=targets, parent=parent or name[:-2], **more)


def flag(name: str, **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    """A checkbox, off unless it is set."""
    return Column(name, Kind.BOOLEAN, label_of(name), nillable=False, default=False, **more)


def label_of(name: str) -> str:
    """What people read for a field's name: ``Priority_Score__c`` is Priority Score."""
    bare = name.removesuffix("__c").replace("_", " ")
    words = "".join(
        f" {char}" if char.isupper() and bare[max(at - 1, 0)].islower() else char for at, char in enumerate(bare)
    )
    words = words.strip().removeprefix("Is ")
    return f"{words[:-3]} ID" if words.endswith(" Id") else words


def fixed(column: Column) -> Column:
    """The field as one that only the CRM sets."""
    return replace(column, createable=False, updateable=False)


ID = Column("Id", Kind.ID, "Record ID", 18, nillable=False, createable=False, updateable=False, default=None)
AUDIT = tuple(
    replace(column, nillable=False, createable=False, updateable=False)
    for column in (
        typed(Kind.DATETIME, "CreatedDate"),
        to("CreatedById", "User"),
        typed(Kind.DATETIME, "LastModifiedDate"),
        to("LastModifiedById", "User"),
        typed(Kind.DATETIME, "SystemModstamp"),
    )
)
DELETED = fixed(flag("IsDeleted"))
OWNER = replace(to("OwnerId", "User"), nillable=False)
OWNER_OR_QUEUE = replace(to("OwnerId", ("User", "Group")), nillable=False)


def address(stem: str, compound: str) -> tuple[Column, ...]:
    """The parts of an address, and the address itself."""
    parts = (("Street", 255), ("City", 40), ("State", 80), ("PostalCode", 20), ("Country", 80))
    return (
        *(text(f"{stem}{part}", length, compound=compound) for part, length in parts),
        replace(fixed(typed(Kind.ADDRESS, compound)), filterable=False),
    )


def intent(topic: str) -> Column:
    """A topic's score, 0 to 100."""
    return typed(Kind.DOUBLE, f"Intent_{topic}__c", scale=0, length=3)
