"""Which records are associated with which, and how. Every link is kept from both of its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.link_types import LINK_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

End = tuple[str, str]
"""One end of a link: the plural name of the object type, and the record's id."""


class Links:
    """All links. Unknown types of links are the caller's business."""

    def __init__(self) -> None:
        self._of: dict[End, dict[str, dict[str, set[int]]]] = {}

    def of(self, end: End, to: str) -> dict[str, set[int]]:
        """The records of one object type that a record is linked to, with the types of the links, oldest link first."""
        return self._of.get(end, {}).get(to, {})

    def add(self, start: End, end: End, kind: int) -> bool:
        """Links two records, and back. Returns whether the link is new."""
        back = LINK_TYPES[start[0], end[0]][kind].back
        kinds = self._kinds(start, end)
        new = kind not in kinds
        kinds.add(kind)
        self._kinds(end, start).add(back)
        return new

    def remove(self, start: End, end: End, kind: int | None = None) -> bool:
        """Takes one kind of link away, or all between the two. Returns whether there was any."""
        kinds = self.of(start, end[0]).get(end[1], set())
        gone = set(kinds) if kind is None else kinds & {kind}
        for each in gone:
            self._drop(start, end, each)
            self._drop(end, start, LINK_TYPES[start[0], end[0]][each].back)
        return bool(gone)

    def move(self, old: End, new: End) -> None:
        """Everything that was linked to one record is linked to another instead; a link to itself falls away."""
        for to, id_, kind in list(self._all(old)):
            self._drop(old, (to, id_), kind)
            self._drop((to, id_), old, LINK_TYPES[old[0], to][kind].back)
            if (to, id_) != new:
                self.add(new, (to, id_), kind)

    def neighbours(self, end: End) -> list[End]:
        """Every record that this one is linked to."""
        return [(to, id_) for to, linked in self._of.get(end, {}).items() for id_ in linked]

    def _all(self, end: End) -> Iterator[tuple[str, str, int]]:
        for to, linked in self._of.get(end, {}).items():
            for id_, kinds in linked.items():
                for kind in kinds:
                    yield to, id_, kind

    def _kinds(self, start: End, end: End) -> set[int]:
        return self._of.setdefault(start, {}).setdefault(end[0], {}).setdefault(end[1], set())

    def _drop(self, start: End, end: End, kind: int) -> None:
        linked = self._of.get(start, {}).get(end[0], {})
        kinds = linked.get(end[1], set())
        kinds.discard(kind)
        if not kinds:
            linked.pop(end[1], None)
