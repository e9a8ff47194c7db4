"""What rows of a decision table do to each other: rows that overlap, rows that others hide, accounts that none takes.

Pure. A table's columns are taken as independent of each other, whatever accounts there are.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rules import tree
from rules.boxes import boxes_of
from rules.space import Budget, Space, TooLong, numbers
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rules.axes import Domain, Runs
    from rules.boxes import Box, Key
    from rules.model import Row, Table

STEPS = 1_000_000
"""What looking for hidden rows or gaps may cost in one table: a few seconds at most."""
_CLOSED = (Type.NUMBER, Type.DATE, Type.BOOLEAN)
"""Columns of these types are meant to be divided up without holes; other text is open-ended."""

_FEW = 20
"""So many rows are searched for those that cannot be spared."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows that one account can match. ``example`` says which account, in words; empty for any."""

    earlier: Row
    later: Row
    example: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A row that no account reaches. ``by`` are the rows before it that take its accounts."""

    row: Row
    by: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Accounts that no row takes. ``near`` is a row for others like them; None where no row is about their kind."""

    example: str
    near: Row | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and whether the search went through to the end."""

    hidden: tuple[Hidden, ...] = ()
    gaps: tuple[Gap, ...] = ()
    complete: bool = True


def overlaps(rows: Sequence[Row]) -> Iterator[Overlap]:
    """For each row that overlaps one before it the first such row, in order."""
    space = _space(rows, {})
    for later, bits in enumerate(space.meeting()):
        before = bits & ((1 << later) - 1)
        if before and not space.nothing(later):
            earlier = (before & -before).bit_length() - 1
            yield Overlap(rows[earlier], rows[later], space.common(earlier, later))


def search(table: Table, domains: Mapping[str, Domain]) -> Found:
    """Hidden rows and gaps of a table whose first match counts. ``domains`` as for a Space."""
    space, budget = _space(table.rows, domains), Budget(STEPS)
    hidden: list[Hidden] = []
    gaps: list[Gap] = []
    try:
        hidden.extend(_hidden(table, space, budget))
        gaps.extend(_gaps(table, space, budget, domains))
    except TooLong:
        return Found(tuple(hidden), tuple(gaps), complete=False)
    return Found(tuple(hidden), tuple(gaps))


def _space(rows: Sequence[Row], domains: Mapping[str, Domain]) -> Space:
    return Space([_box(row) for row in rows], domains)


def _box(row: Row) -> Box:
    """A row is one box: its cells compare fields with constants and know no day."""
    found = boxes_of(row.when, date.min, choices=sys.maxsize)
    if found is None or len(found) != 1:
        raise ValueError(f"the row at {row.mark} is not one box")
    return found[0]


def _hidden(table: Table, space: Space, budget: Budget) -> Iterator[Hidden]:
    for number, bits in enumerate(space.meeting()):
        before = bits & ((1 << number) - 1)
        if before and space.left_over(space.within(number), before, budget) is None:
            yield Hidden(table.rows[number], tuple(table.rows[one] for one in _hiding(space, number, before, budget)))


def _hiding(space: Space, number: int, before: int, budget: Budget) -> list[int]:
    """One row that hides it alone, if there is one; else rows of which none can be spared."""
    rows = numbers(before)
    alone = next((one for one in rows if space.holds(one, number)), None)
    if alone is not None:
        return [alone]
    for one in rows[::-1] if len(rows) <= _FEW else ():
        if space.left_over(space.within(number), before & ~(1 << one), budget) is None:
            before &= ~(1 << one)
    return numbers(before)


def _gaps(table: Table, space: Space, budget: Budget, domains: Mapping[str, Domain]) -> Iterator[Gap]:
    """First holes among what rows name, then accounts of a kind that no row speaks of."""
    everyone = (1 << len(table.rows)) - 1
    if (hole := _hole(table, space, budget, domains)) is not None:
        yield hole
    place = space.left_over(space.whole(), everyone, budget, likely=True)
    if place is not None and hole is None:
        yield Gap(space.told(space.needed(place)))


def _hole(table: Table, space: Space, budget: Budget, domains: Mapping[str, Domain]) -> Gap | None:
    """An account like those of a row in its open columns, with values that no row takes in the others."""
    filled: dict[Key, Runs] = {key: meant for key in space.axes if (meant := _meant_whole(space, key, domains))}
    opened = [key for key in space.axes if key not in filled]
    meeting = space.meeting(opened)
    seen: set[tuple[object, ...]] = set()
    for number, row in enumerate(table.rows):
        runs = {key: found for key, found in space.within(number).items() if key in opened}
        if (one := tuple(runs.items())) in seen or not filled:
            continue
        seen.add(one)
        place = space.left_over({**runs, **filled}, meeting[number], budget, likely=True)
        if place is not None:
            return Gap(space.told(space.needed(place)), row)
    return None


def _meant_whole(space: Space, key: Key, domains: Mapping[str, Domain]) -> Runs:
    """Where an axis is meant to be divided up without holes; () for one of which rows pick some values only."""
    if isinstance(key, tree.FieldValue) and (key.type in _CLOSED or key.name in domains):
        return ((1, space.axes[key].size - 1),)
    ranges = any(_is_range(condition) for box in space.boxes for condition in box.get(key, ()))
    return ((2, space.axes[key].size - 2),) if ranges else ()


def _is_range(condition: tree.Tree) -> bool:
    inner = condition.condition if isinstance(condition, tree.Not) else condition
    return isinstance(inner, tree.Between | tree.Comparison)
