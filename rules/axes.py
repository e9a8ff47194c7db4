"""One thing that conditions read, its values cut into stretches at the constants that they name. It judges no rule.

Within a stretch every simple condition on the axis holds everywhere or nowhere. Stretch 0 is the empty value; then
come, in turn, what lies between two constants and a constant itself: below the first, the first, up to the second…
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rules import tree
from rules.names import type_of, written
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Runs = tuple[tuple[int, int], ...]
"""Stretches by their first and last numbers, in order, none touching the next."""

Constant = str | float


@dataclass(frozen=True, slots=True)
class Domain:
    """What a thing can be. ``values`` are those of a picklist: others are rare, and none where it is ``closed``."""

    type: Type
    nullable: bool = True
    whole: bool = False
    least: float = -math.inf
    most: float = math.inf
    values: tuple[str, ...] = ()
    closed: bool = False


def domain_of(value: tree.Value) -> Domain:
    """What the value can be, by what it is."""
    match value:
        case tree.Touches() | tree.Events():
            return Domain(Type.NUMBER, nullable=False, whole=True, least=0)
        case tree.Engagement() | tree.Fading():
            return Domain(Type.NUMBER, nullable=False, least=0)
        case tree.Intent():
            return Domain(Type.NUMBER, least=0, most=100)
        case tree.Days():
            return Domain(Type.NUMBER, whole=True)
        case _:
            return Domain(type_of(value))


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one thing. ``constants`` are sorted and hold all that conditions on it name."""

    domain: Domain
    constants: tuple[Constant, ...]
    possible: tuple[bool, ...] = field(init=False)
    """By stretch: whether any value lies there."""
    likely: tuple[bool, ...] = field(init=False)
    """By stretch: whether values are found there in practice; not between 50 and 51, not below 0."""

    def __post_init__(self) -> None:
        size = 2 * len(self.constants) + 2
        object.__setattr__(self, "possible", tuple(self._possible(number) for number in range(size)))
        object.__setattr__(self, "likely", tuple(self._likely(number) for number in range(size)))

    @property
    def size(self) -> int:
        """How many stretches there are."""
        return len(self.possible)

    def _ends(self, number: int) -> tuple[Constant | None, Constant | None]:
        """The constants on both sides of an odd stretch; None where there is none."""
        after = (number - 1) // 2
        below = self.constants[after - 1] if after else None
        return below, self.constants[after] if after < len(self.constants) else None

    def _possible(self, number: int) -> bool:  # noqa: PLR0911 - one return for each kind of stretch
        domain = self.domain
        if number == 0:
            return domain.nullable
        if number % 2 == 0:
            constant = self.constants[number // 2 - 1]
            if domain.closed:
                return constant in domain.values
            return domain.type is not Type.NUMBER or _within(float(constant), domain)
        if domain.type is Type.BOOLEAN or domain.closed:
            return False
        below, above = self._ends(number)
        if domain.type is Type.NUMBER:
            return _room(
                -math.inf if below is None else float(below), math.inf if above is None else float(above), domain
            )
        if domain.type is Type.DATE and below is not None and above is not None:
            return date.fromisoformat(str(above)) - date.fromisoformat(str(below)) > timedelta(days=1)
        return True

    def _likely(self, number: int) -> bool:
        if not self.possible[number] or number % 2 == 0:
            return self.possible[number]
        below, above = self._ends(number)
        if self.domain.values:
            return False
        if self.domain.type is Type.NUMBER and below is None and above in (0.0, 1.0):
            return False
        if below is None or above is None:
            return True
        if self.domain.type is Type.NUMBER:
            return not (float(below).is_integer() and float(above) == float(below) + 1)
        return self.domain.type is not Type.TEXT or not _consecutive(str(below), str(above))

    def runs(self, condition: tree.Tree) -> Runs:  # noqa: PLR0911 - one return for each kind of condition
        """Where a simple condition on this thing holds."""
        match condition:
            case tree.Not(condition=inner):
                return complement(self.runs(inner), self.size)
            case tree.Empty():
                return ((0, 0),)
            case tree.Truth():
                return self._at(True)  # noqa: FBT003 - the value yes
            case tree.Membership(choices=choices):
                return merged([run for choice in choices for run in self._at(choice)])
            case tree.Between(low=tree.Constant(value=low), high=tree.Constant(value=high)):
                return ((self._point(low), self._point(high)),)
            case tree.Comparison(comparator=Comparator.NE, right=tree.Constant(value=constant)):
                return complement(self._at(constant), self.size)
            case tree.Comparison(comparator=comparator, right=tree.Constant(value=constant)):
                return self._compared(comparator, constant)
            case _:
                raise TypeError(f"{condition!r} is not simple")

    def _point(self, constant: Constant) -> int:
        return 2 + 2 * bisect_left(self.constants, constant)

    def _at(self, constant: Constant) -> Runs:
        return ((self._point(constant), self._point(constant)),)

    def _compared(self, comparator: Comparator, constant: Constant) -> Runs:
        point, last = self._point(constant), self.size - 1
        return {
            Comparator.EQ: ((point, point),),
            Comparator.GE: ((point, last),),
            Comparator.GT: ((point + 1, last),),
            Comparator.LE: ((1, point),),
            Comparator.LT: ((1, point - 1),),
        }[comparator]

    def told(self, number: int, name: str) -> str:
        """An example from a stretch, in words: ``country = 'US'``."""
        if number == 0:
            return f"{name} empty"
        if number % 2 == 0:
            return f"{name} = {_shown(self.constants[number // 2 - 1], self.domain.type)}"
        below, above = self._ends(number)
        if self.domain.type is Type.TEXT:
            return _text_between(name, below, above)
        return f"{name} = {_shown(_between(below, above, self.domain), self.domain.type)}"


def axis(domain: Domain, constants: Iterable[Constant]) -> Axis:
    """The axis of a thing, cut at these constants and at the bounds of what is possible."""
    named = set(constants) | set(domain.values)
    if domain.type is Type.BOOLEAN:
        named = {False, True}
    named |= {bound for bound in (domain.least, domain.most) if math.isfinite(bound)}
    return Axis(domain, tuple(sorted(named)))


def constants_of(condition: tree.Tree) -> tuple[Constant, ...]:
    """The constants that a simple condition names."""
    match condition:
        case tree.Not(condition=inner):
            return constants_of(inner)
        case tree.Membership(choices=choices):
            return choices
        case _:
            return tuple(part.value for part in tree.parts(condition) if isinstance(part, tree.Constant))


# Runs


def merged(runs: Iterable[tuple[int, int]]) -> Runs:
    """The union of the runs, those that touch made one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(runs):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        elif low <= high:
            found.append((low, high))
    return tuple(found)


def complement(runs: Runs, size: int) -> Runs:
    """All other stretches."""
    found, start = [], 0
    for low, high in runs:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return tuple([*found, (start, size - 1)] if start < size else found)


def intersection(first: Runs, second: Runs) -> Runs:
    """The stretches in both."""
    found, left, right = [], 0, 0
    while left < len(first) and right < len(second):
        low, high = max(first[left][0], second[right][0]), min(first[left][1], second[right][1])
        if low <= high:
            found.append((low, high))
        if first[left][1] < second[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def some(runs: Runs, allowed: Sequence[bool]) -> int | None:
    """A stretch of the runs that is allowed: a constant before what lies between, the empty value last."""
    stretches = [at for low, high in runs for at in range(low, high + 1) if allowed[at]]
    return min(stretches, key=lambda at: (at == 0, at % 2, at), default=None)


# Values


def _within(number: float, domain: Domain) -> bool:
    return domain.least <= number <= domain.most and (number.is_integer() or not domain.whole)


def _room(below: float, above: float, domain: Domain) -> bool:
    """Whether a value lies strictly between. The domain's bounds are constants, so none lies inside."""
    if above <= domain.least or below >= domain.most:
        return False
    return not domain.whole or math.isinf(below) or math.floor(below) + 1 < above


def _consecutive(below: str, above: str) -> bool:
    """Codes of digits with no code of the same length between them."""
    alike = below.isascii() and above.isascii() and below.isdigit() and above.isdigit() and len(below) == len(above)
    return alike and int(above) == int(below) + 1


def _between(below: Constant | None, above: Constant | None, domain: Domain) -> Constant:
    """A value strictly between two constants, a round one if there is one."""
    if domain.type is Type.DATE:
        day = date.fromisoformat(str(below if below is not None else above or "2000-01-01"))
        return (day + timedelta(days=1 if below is not None else -1)).isoformat()
    low, high = (None if end is None else float(end) for end in (below, above))
    if low is None:
        return 0.0 if high is None else math.ceil(high) - 1.0
    if high is None:
        return math.floor(low) + 1.0
    rounded = math.floor((low + high) / 2)
    return float(rounded) if low < rounded < high else (low + high) / 2


def _shown(value: Constant, kind: Type) -> str:
    if kind is Type.BOOLEAN:
        return "yes" if value else "no"
    return f"'{value}'" if isinstance(value, str) and kind is Type.TEXT else written(value)


def _text_between(name: str, below: Constant | None, above: Constant | None) -> str:
    if below is not None and above is not None and str(below).isdigit() and str(above).isdigit():
        following = str(int(str(below)) + 1).zfill(len(str(below)))
        if str(below) < following < str(above):
            return f"{name} = '{following}'"
    return f"any other {name}"
