"""Values that fulfil what is needed of fields, so that it can be tried out what the rules would say of them. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from rules import tree
from rules.facts import column_of
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from rules.facts import FactColumn
    from rules.needed import Bound, Need
    from rules.probing import Seen

_DAY = timedelta(days=1)
_NOTHING = "\0"
"""No value at all, which no field can hold."""


def tried(needs: Sequence[Need]) -> dict[str, Seen] | None:
    """Values that fulfil all needs, by column of the facts; None where one of them is about no field alone."""
    bounds: dict[FactColumn, list[Bound]] = {}
    for need in needs:
        if need.reads is None or not isinstance(need.reads, tree.Read):
            return None
        bounds.setdefault(column_of(need.reads), []).extend(need.bounds)
    found = {column: _value_in(column.type, within) for column, within in bounds.items()}
    return None if _NOTHING in found.values() else {column.name: value for column, value in found.items()}


def _value_in(kind: Type, bounds: Sequence[Bound]) -> Seen:
    """A value within all bounds; ``_NOTHING`` where there is none."""
    exact = [bound.value for bound in bounds if bound.comparator is Comparator.EQ]
    if exact:
        return exact[0] if len(set(exact)) == 1 else _NOTHING
    others = {bound.value for bound in bounds if bound.comparator is Comparator.NE}
    if kind is Type.BOOLEAN:
        return next((each for each in (True, False) if each not in others), _NOTHING)
    low = max((_step(bound, 1) for bound in bounds if bound.comparator in (Comparator.GT, Comparator.GE)), default=None)
    high = min(
        (_step(bound, -1) for bound in bounds if bound.comparator in (Comparator.LT, Comparator.LE)), default=None
    )
    if low is not None and high is not None and low > high:
        return _NOTHING
    found = low if low is not None else high
    return _other(kind, others) if found is None or found in others else found


def _step(bound: Bound, by: int) -> Any:  # noqa: ANN401 - a number or a text, as the bound's value is
    """The bound's value, or the next one where it does not belong itself."""
    if bound.comparator in (Comparator.GE, Comparator.LE) or bound.value is None:
        return bound.value
    if isinstance(bound.value, str):
        try:
            return (date.fromisoformat(bound.value) + by * _DAY).isoformat()
        except (ValueError, OverflowError):
            return bound.value + "~" if by > 0 else ""
    return bound.value + by


def _other(kind: Type, taken: AbstractSet[Seen]) -> Seen:
    """A value that is none of these."""
    offered: Iterator[Seen]
    match kind:
        case Type.NUMBER:
            offered = (float(number) for number in count(1))
        case Type.DATE:
            offered = ((date(2000, 1, 1) + days * _DAY).isoformat() for days in count())
        case _:
            offered = (f"other {number}" for number in count(1))
    return next(value for value in offered if value not in taken)
