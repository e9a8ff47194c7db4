"""Association types of the emulated HubSpot account, by their numbers. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.catalog import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LinkType:
    """One association type, in one direction. HubSpot's own types all have the category HUBSPOT_DEFINED."""

    id: int
    label: str | None
    name: str
    """Its name in the replies of version 3."""
    back: int
    """The type that the other record sees."""


_PAIRS: Mapping[tuple[str, str], tuple[tuple[int, int, str | None], ...]] = {
    ("contacts", "companies"): ((279, 280, None), (1, 2, "Primary")),
    ("deals", "companies"): ((341, 342, None), (5, 6, "Primary")),
    ("deals", "contacts"): ((3, 4, None),),
    ("calls", "contacts"): ((194, 193, None),),
    ("calls", "companies"): ((182, 181, None),),
    ("calls", "deals"): ((206, 205, None),),
    ("emails", "contacts"): ((198, 197, None),),
    ("emails", "companies"): ((186, 185, None),),
    ("emails", "deals"): ((210, 209, None),),
    ("meetings", "contacts"): ((200, 199, None),),
    ("meetings", "companies"): ((188, 187, None),),
    ("meetings", "deals"): ((212, 211, None),),
    ("notes", "contacts"): ((202, 201, None),),
    ("notes", "companies"): ((190, 189, None),),
    ("notes", "deals"): ((214, 213, None),),
    ("tasks", "contacts"): ((204, 203, None),),
    ("tasks", "companies"): ((192, 191, None),),
    ("tasks", "deals"): ((216, 215, None),),
    ("companies", "companies"): ((450, 450, None),),
}
"""From and to → the types there and back. The first of each is the one that a link without a label has."""
PRIMARY_COMPANY = 1
"""From a contact to the company that it belongs to first of all."""
PARENT_TO_CHILD, CHILD_TO_PARENT = 13, 14


def _link_types() -> dict[tuple[str, str], dict[int, LinkType]]:
    found: dict[tuple[str, str], dict[int, LinkType]] = {}
    for (one, other), kinds in _PAIRS.items():
        for there, back, label in kinds:
            for start, end, id_, reverse in ((one, other, there, back), (other, one, back, there)):
                name = f"{TYPES[start].singular}_to_{TYPES[end].singular}"
                plain = name if label or len(kinds) == 1 else f"{name}_unlabeled"
                found.setdefault((start, end), {})[id_] = LinkType(id_, label, plain, reverse)
    family = found["companies", "companies"]
    family[CHILD_TO_PARENT] = LinkType(CHILD_TO_PARENT, "Parent Company", "child_to_parent_company", PARENT_TO_CHILD)
    family[PARENT_TO_CHILD] = LinkType(PARENT_TO_CHILD, "Child Company", "parent_to_child_company", CHILD_TO_PARENT)
    return found


LINK_TYPES: Mapping[tuple[str, str], Mapping[int, LinkType]] = _link_types()
"""From and to → the association types between them by id; the first is the one without a label."""
