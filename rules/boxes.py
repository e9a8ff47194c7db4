"""Conditions as boxes: a box says of some things that are read what each may be, and holds where all of it is so.

Comparisons of one thing with constants are understood; any other condition counts as a thing of its own that is yes or
no. It compares no boxes: that is ``rules.space``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING

from rules import tree
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = tree.Part
"""What an axis is about: a value, or a condition that is not simple."""
Box = dict[Key, tuple[tree.Tree, ...]]
"""All of these simple conditions hold."""

MAX_CHOICES = 1_000
"""A longer list is not cut into its values: whatever reads it reads it as a whole."""
MAX_BOXES = 64
"""A condition that falls apart into more is left alone."""

_MIRRORED = {Comparator.LT: Comparator.GT, Comparator.LE: Comparator.GE, Comparator.GT: Comparator.LT,
             Comparator.GE: Comparator.LE, Comparator.EQ: Comparator.EQ, Comparator.NE: Comparator.NE}  # fmt: skip


class _TooMany(Exception):
    """The condition falls apart into too many boxes."""


def boxes_of(condition: tree.Tree | None, today: date, choices: int = MAX_CHOICES) -> tuple[Box, ...] | None:
    """Boxes of which one holds exactly when the condition does, on this day; None where they are too many.

    A comparison with more than ``choices`` values counts as a thing of its own.
    """
    if condition is None:
        return ({},)
    try:
        return tuple(_Boxing(today, choices).boxes(condition, negated=False))
    except _TooMany:
        return None


@dataclass(frozen=True, slots=True)
class _Boxing:
    today: date
    choices: int

    def boxes(self, condition: tree.Tree, *, negated: bool) -> list[Box]:
        match condition:
            case tree.Not(condition=inner):
                return self.boxes(inner, negated=not negated)
            case tree.And(conditions=conditions) | tree.Or(conditions=conditions):
                parts = [self.boxes(one, negated=negated) for one in conditions]
                return _all(parts) if isinstance(condition, tree.And) != negated else _any(parts)
            case tree.Truth(value=tree.Constant(value=constant)):
                return [{}] if bool(constant) != negated else []
            case _:
                key, simple = self._simple(condition)
                return [{key: (tree.Not(simple) if negated else simple,)}]

    def _simple(self, condition: tree.Tree) -> tuple[Key, tree.Tree]:  # noqa: PLR0911 - one for each kind of condition
        """The thing that the condition is about, and the condition as its axis reads it."""
        match condition:
            case tree.Comparison(comparator=comparator, left=tree.Constant() as left, right=right) if not _fixed(right):
                return self._simple(tree.Comparison(_MIRRORED[comparator], right, left))
            case tree.Comparison(comparator=sign, left=tree.Days() as days, right=tree.Constant(value=number)):
                return days.date, self._dated(days, sign, float(number))
            case tree.Comparison(left=value, right=tree.Constant()) if not _fixed(value):
                return value, condition
            case tree.Between(value=value, low=tree.Constant(), high=tree.Constant()) if _plain(value):
                return value, condition
            case tree.Membership(value=value, choices=choices) if _plain(value) and len(choices) <= self.choices:
                return value, condition
            case tree.Truth(value=value) if _plain(value):
                return value, condition
            case tree.Empty(value=value) if not _fixed(value):
                inner = value.date if isinstance(value, tree.Days) else value
                return inner, tree.Empty(inner)
            case _:
                return condition, _HOLDS

    def _dated(self, days: tree.Days, comparator: Comparator, number: float) -> tree.Tree:
        """A count of days against a number, as a date against a date."""
        if not number.is_integer() and comparator in (Comparator.EQ, Comparator.NE):
            never = tree.Membership(days.date, ())
            return never if comparator is Comparator.EQ else tree.Not(never)
        rounded = math.floor(number) if comparator in (Comparator.GT, Comparator.LE) else math.ceil(number)
        side = comparator if days.ahead else _MIRRORED[comparator]
        return tree.Comparison(
            side, days.date, tree.Constant(self._day(rounded if days.ahead else -rounded), Type.DATE)
        )

    def _day(self, offset: int) -> str:
        try:
            return (self.today + timedelta(days=offset)).isoformat()
        except OverflowError:
            return (date.max if offset > 0 else date.min).isoformat()


_HOLDS = tree.Truth(tree.Constant(True, Type.BOOLEAN))  # noqa: FBT003 - the value yes
"""What a box says of a condition that is an axis of its own."""


def _fixed(value: tree.Value) -> bool:
    return isinstance(value, tree.Constant)


def _plain(value: tree.Value) -> bool:
    return not isinstance(value, tree.Constant | tree.Days)


def _any(parts: list[list[Box]]) -> list[Box]:
    found = [box for part in parts for box in part]
    if len(found) > MAX_BOXES:
        raise _TooMany
    return found


def _all(parts: list[list[Box]]) -> list[Box]:
    if math.prod(len(part) for part in parts) > MAX_BOXES:
        raise _TooMany
    return [_joined(chosen) for chosen in product(*parts)]


def _joined(boxes: Iterable[Box]) -> Box:
    found: Box = {}
    for box in boxes:
        for key, conditions in box.items():
            found[key] = found.get(key, ()) + conditions
    return found
