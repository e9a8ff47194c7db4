"""What would have to be different for an atom to differ: in words, as a value to try, and when time alone does it.

Pure. Whether the change does what it promises, the engine says: see ``trace`` with ``given``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rules import tree
from rules.facts import column_of
from rules.names import type_of, written
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.nearest import Flip, Way
    from rules.probing import Seen

_SHOWN = 3
"""How many choices of a long list are told."""

_OPPOSITE = {Comparator.EQ: Comparator.NE, Comparator.NE: Comparator.EQ, Comparator.LT: Comparator.GE,
             Comparator.GE: Comparator.LT, Comparator.GT: Comparator.LE, Comparator.LE: Comparator.GT}  # fmt: skip
_MIRRORED = {Comparator.LT: Comparator.GT, Comparator.LE: Comparator.GE, Comparator.GT: Comparator.LT,
             Comparator.GE: Comparator.LE, Comparator.EQ: Comparator.EQ, Comparator.NE: Comparator.NE}  # fmt: skip
_WORDS = {Comparator.EQ: "{}", Comparator.NE: "other than {}", Comparator.LT: "below {}", Comparator.LE: "{} or less",
          Comparator.GT: "above {}", Comparator.GE: "{} or more"}  # fmt: skip
_DATE_WORDS = {Comparator.EQ: "{}", Comparator.NE: "another day than {}", Comparator.LT: "before {}",
               Comparator.LE: "{} or earlier", Comparator.GT: "after {}", Comparator.GE: "{} or later"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value would have to be: compared with another one, or empty (``value`` None with EQ), or filled (NE)."""

    comparator: Comparator
    value: Seen


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that would have to be different."""

    what: str
    """The field or calculation, as a rule would write it."""
    wanted: str
    """What it would have to be, to be read after 'were': ``1,000 or more``, ``empty``."""
    seen: Seen
    """What it is."""
    on: date | None = None
    """The day from which time alone makes it so; None where time does not."""
    reads: tree.Value | None = None
    """What would take another value, where one field alone does."""
    bounds: tuple[Bound, ...] = ()


def needs_of(way: Way, seen: Callable[[tree.Value], Seen], today: date) -> tuple[Need, ...]:
    """What a way takes. ``seen`` tells each value as it is; ``today`` is the UTC day."""
    needs = [_need(flip, seen, today) for flip in way]
    exact = {
        need.reads: need for need in needs if need.reads and [b.comparator for b in need.bounds] == [Comparator.EQ]
    }
    return tuple(need for need in needs if not _implied(need, exact.get(need.reads) if need.reads else None))


def _implied(need: Need, exact: Need | None) -> bool:
    """Whether a value is said exactly elsewhere, and this only says what it is not."""
    if exact is None or exact is need or any(bound.comparator is not Comparator.NE for bound in need.bounds):
        return False
    return exact.bounds[0].value not in {bound.value for bound in need.bounds}


def due(needs: Sequence[Need]) -> date | None:
    """The day from which time alone brings all of them; None where it never brings one."""
    days = [need.on for need in needs if need.on is not None]
    return max(days) if days and len(days) == len(needs) else None


def _need(flip: Flip, seen: Callable[[tree.Value], Seen], today: date) -> Need:  # noqa: PLR0911 - one for each atom
    becomes = flip.becomes
    match flip.atom:
        case tree.Comparison(comparator=comparator, left=left, right=right):
            if isinstance(left, tree.Constant) and not isinstance(right, tree.Constant):
                comparator, left, right = _MIRRORED[comparator], right, left
            return _compared(comparator if becomes else _OPPOSITE[comparator], left, right, seen, today)
        case tree.Between(value=value, low=low, high=high):
            return _between(value, low, high, seen, today, becomes=becomes)
        case tree.Membership(value=value, choices=choices, listed=listed):
            return _one_of(value, choices, listed, seen, becomes=becomes)
        case tree.Includes(value=value, choices=choices, listed=listed):
            wanted = _listed(choices, listed)
            found = (Bound(Comparator.EQ, choices[0] if becomes else None),)
            return _set(value, f"a list {'with' if becomes else 'without'} {wanted}", seen, found)
        case tree.Like(value=value, pattern=pattern):
            bound = Bound(Comparator.EQ, _matching(pattern)) if becomes else Bound(Comparator.NE, _matching(pattern))
            return _set(value, f"{'' if becomes else 'not '}like '{pattern}'", seen, (bound,))
        case tree.Empty(value=value):
            return _set(value, "empty" if becomes else "filled in", seen, (Bound(_yes(becomes), None),))
        case tree.Truth(value=value):
            return _set(value, "yes" if becomes else "no", seen, (Bound(Comparator.EQ, becomes),))
    raise TypeError(f"not an atom: {flip.atom!r}")


def _yes(becomes: bool) -> Comparator:  # noqa: FBT001 - the one thing that it depends on
    return Comparator.EQ if becomes else Comparator.NE


def _compared(
    comparator: Comparator, left: tree.Value, right: tree.Value, seen: Callable[[tree.Value], Seen], today: date
) -> Need:
    against = right.value if isinstance(right, tree.Constant) else seen(right)
    if isinstance(left, tree.Days) and isinstance(against, int | float):
        return _days(comparator, left, float(against), seen, today)
    words = _DATE_WORDS if type_of(left) is Type.DATE else _WORDS
    told = _told(against) if isinstance(right, tree.Constant) else f"{spelled(right)}, which is {_told(against)},"
    bounds = () if against is None else (Bound(comparator, against),)
    return _set(left, words[comparator].format(told).rstrip(","), seen, bounds)


def _days(
    comparator: Comparator, days: tree.Days, count: float, seen: Callable[[tree.Value], Seen], today: date
) -> Need:
    """A count of days is a date's distance from today: the date can differ, or today can move on."""
    kept, whole = _whole(comparator, count)
    day = _moved(today, whole if days.ahead else -whole)
    side = kept if days.ahead else _MIRRORED[kept]
    found = seen(days.date)
    told = day.isoformat() if day else "any day"
    on = _by_time(side, found, day, today)
    return Need(
        spelled(days.date), _DATE_WORDS[side].format(told), found, on, _field(days.date),
        (Bound(side, told),) if day else (),
    )  # fmt: skip


def _whole(comparator: Comparator, count: float) -> tuple[Comparator, int]:
    """The same comparison of a whole number with a whole number, strict ones as they are."""
    match comparator:
        case Comparator.GT | Comparator.LE:
            return comparator, math.floor(count)
        case Comparator.LT | Comparator.GE:
            return comparator, math.ceil(count)
        case _:
            return comparator, int(count)


def _moved(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _by_time(side: Comparator, found: Seen, day: date | None, today: date) -> date | None:
    """When a date that stays as it is gets to the right side of a day that moves on with today."""
    if day is None or not isinstance(found, str):
        return None
    ahead = (date.fromisoformat(found[:10]) - day).days
    wait = {Comparator.LT: ahead + 1, Comparator.LE: ahead, Comparator.EQ: ahead, Comparator.NE: 1}.get(side, 0)
    return _moved(today, wait) if wait > 0 else None


def _between(  # noqa: PLR0913 - a Between has this many sides
    value: tree.Value,
    low: tree.Value,
    high: tree.Value,
    seen: Callable[[tree.Value], Seen],
    today: date,
    *,
    becomes: bool,
) -> Need:
    under = _compared(Comparator.GE if becomes else Comparator.LT, value, low, seen, today)
    over = _compared(Comparator.LE if becomes else Comparator.GT, value, high, seen, today)
    if not becomes:
        days = [need.on for need in (under, over) if need.on]
        return Need(under.what, f"{under.wanted} or {over.wanted}", under.seen, min(days, default=None), under.reads,
                    under.bounds)  # fmt: skip
    on = max((need.on for need in (under, over) if need.on), default=None)
    return Need(
        under.what, f"{under.wanted} and {over.wanted}", under.seen, on, under.reads, (*under.bounds, *over.bounds)
    )


def _one_of(
    value: tree.Value,
    choices: tuple[str | float, ...],
    listed: str,
    seen: Callable[[tree.Value], Seen],
    *,
    becomes: bool,
) -> Need:
    told = _listed(choices, listed)
    if becomes:
        return _set(value, told, seen, (Bound(Comparator.EQ, choices[0]),))
    return _set(value, f"other than {told}", seen, tuple(Bound(Comparator.NE, one) for one in choices))


def _listed(choices: Sequence[str | float], listed: str) -> str:
    """``Banking``; ``one of Banking, Fintech``; ``one of the list targets``."""
    if listed:
        return f"on the list {listed}"
    if len(choices) == 1:
        return _told(choices[0])
    shown = ", ".join(_told(one) for one in choices[:_SHOWN])
    more = f" or {len(choices) - _SHOWN:,} more" if len(choices) > _SHOWN else ""
    return f"one of {shown}{more}"


def _set(value: tree.Value, wanted: str, seen: Callable[[tree.Value], Seen], bounds: tuple[Bound, ...]) -> Need:
    return Need(spelled(value), wanted, seen(value), None, _field(value), bounds)


def _field(value: tree.Value) -> tree.Value | None:
    """What would take another value: the field itself, also in lower case or with a stand-in."""
    match value:
        case tree.Lower(value=inner):
            return _field(inner)
        case tree.Coalesce(values=values):
            return _field(values[0])
        case _:
            return value if isinstance(value, tree.Read) else None


def _matching(pattern: str) -> str:
    """A text that a pattern of ``like`` matches."""
    found, taken = "", False
    for char in pattern:
        if taken or char not in "%_\\":
            found, taken = found + char, False
        elif char == "_":
            found += "x"
        else:
            taken = char == "\\"
    return found


def _told(value: Seen) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "empty"
    return f"{value:,.15g}" if isinstance(value, int | float) else str(value)


def spelled(value: tree.Value) -> str:  # noqa: PLR0911 - one return for each kind of value
    """A value as a rule would write it."""
    match value:
        case tree.FieldValue(name=name):
            return name
        case tree.Constant(value=constant, type=kind):
            return f"'{constant}'" if kind in (Type.TEXT, Type.DATE) else written(constant)
        case tree.Negative(value=inner):
            return f"-{spelled(inner)}"
        case tree.Arithmetic(operator=operator, left=left, right=right):
            return f"({spelled(left)} {operator} {spelled(right)})"
        case tree.Days(date=inner, ahead=ahead):
            return f"days_{'until' if ahead else 'since'}({spelled(inner)})"
        case tree.Lower(value=inner):
            return f"lower({spelled(inner)})"
        case tree.Coalesce(values=values):
            return f"coalesce({', '.join(spelled(one) for one in values)})"
        case read:
            return column_of(read).word
