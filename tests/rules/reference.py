"""What docs/rules.md says that rules mean, in plain Python, for the tests alone: it knows nothing of the product.

A piece of a rules folder is a ``Said``: how it is written, and what it means for an account. An account is a dict of
what is known of it: fields by name, and under ``events``, ``touches``, ``intent`` and ``contacts`` what happened. What
tables and segments make of it is added to the dict under their names.
"""

from __future__ import annotations

import math
import re
from datetime import date
from operator import add, eq, ge, gt, le, lt, mul, sub, truediv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

TODAY = date(2026, 11, 22)
"""The UTC day on which every rule of these tests is read."""

Row = dict[str, Any]


class Said:
    """A piece of a rule: how it is written, and what it means for an account."""

    __slots__ = ("means", "text")

    def __init__(self, text: str, means: Callable[[Row], Any]) -> None:
        self.text, self.means = text, means

    def __repr__(self) -> str:
        return f"<{self.text}>"


# Single values ------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A text as a condition writes it."""
    return "'" + text.replace("'", "''") + "'"


def ascii_lower(text: str) -> str:
    """A-Z in small letters, and nothing else."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def day(value: str | None) -> date | None:
    """The UTC day of a date or time; times are cut."""
    return None if value is None else date.fromisoformat(value[:10])


def counted(value: float | None) -> float | None:
    """A field's number as rules count with it: what is smaller than 1e-9 is 0, what is larger than 1e18 is empty."""
    if value is None or math.isnan(value) or abs(value) > 1e18:
        return None
    return 0.0 if abs(value) < 1e-9 else float(value)


def six_digits(value: float) -> float:
    """An amount from 0 up, to six digits, halves up."""
    return math.floor(value * 1e6 + 0.5) / 1e6


def text_field(name: str) -> Said:
    """A field that holds a text or yes or no."""
    return Said(name, lambda row: row[name])


def number_field(name: str) -> Said:
    """A field that holds a number."""
    return Said(name, lambda row: counted(row[name]))


def date_field(name: str) -> Said:
    """A field that holds a date or a time."""
    return Said(name, lambda row: day(row[name]))


def days(call: str, date_value: Said) -> Said:
    """``days_since`` and ``days_until``: whole UTC days."""
    sign = 1 if call == "days_since" else -1

    def means(row: Row) -> float | None:
        found = date_value.means(row)
        return None if found is None else sign * float((TODAY - found).days)

    return Said(f"{call}({date_value.text})", means)


def ages(row: Row, what: str, kind: str = "") -> Sequence[int]:
    """How many days ago each event of a kind, or each touch, was."""
    found: Sequence[int] = row[what].get(kind, ()) if kind else row[what]
    return found


def halved(row: Row, kind: str, half_life: float) -> float:
    """Events that each count half after every half-life."""
    return six_digits(sum(0.5 ** (age / half_life) for age in ages(row, "events", kind)))


def faded(row: Row, kind: str, most: int) -> float:
    """Events that each count less with every day, and nothing from an age on."""
    return six_digits(sum(max(0.0, 1 - age / most) for age in ages(row, "events", kind)))


def within(row: Row, kind: str, most: int) -> float:
    """How many events are not older than so many days."""
    return float(sum(age <= most for age in ages(row, "events", kind)))


def touched(row: Row, most: int) -> float:
    """How many touches are not older than so many days."""
    return float(sum(age <= most for age in ages(row, "touches")))


_COUNTED: Mapping[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def arithmetic(left: Said, operator: str, right: Said) -> Said:
    """A calculation: empty with an empty value, and by a zero."""

    def means(row: Row) -> float | None:
        a, b = left.means(row), right.means(row)
        return None if a is None or b is None or (operator == "/" and b == 0) else _COUNTED[operator](a, b)

    return Said(f"({left.text} {operator} {right.text})", means)


def negative(value: Said) -> Said:
    """A number with its sign turned."""
    return Said(f"-{value.text}", lambda row: None if (found := value.means(row)) is None else -found)


def lower(value: Said) -> Said:
    """A text with A-Z in lower case."""
    return Said(f"lower({value.text})", lambda row: None if (t := value.means(row)) is None else ascii_lower(t))


def coalesce(*values: Said) -> Said:
    """The first value that is not empty."""
    text = ", ".join(value.text for value in values)
    return Said(f"coalesce({text})", lambda row: next((f for v in values if (f := v.means(row)) is not None), None))


# Conditions ---------------------------------------------------------------------------------------------------------

_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def comparison(left: Said, sign: str, right: Said) -> Said:
    """Two values beside each other. Only ``<>`` holds with an empty one."""

    def means(row: Row) -> bool:
        a, b = left.means(row), right.means(row)
        if sign in ("<>", "!="):
            return a is None or b is None or a != b
        return a is not None and b is not None and _COMPARED[sign](a, b)

    return Said(f"{left.text} {sign} {right.text}", means)


def _not(*, negated: bool) -> str:
    return "not " if negated else ""


def between(value: Said, low: Said, high: Said, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    """Both ends included."""

    def means(row: Row) -> bool:
        found = [part.means(row) for part in (value, low, high)]
        return (None not in found and found[1] <= found[0] <= found[2]) != negated

    return Said(f"{value.text} {_not(negated=negated)}between {low.text} and {high.text}", means)


def membership(value: Said, choices: list[Said], negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    """One of fixed values."""
    text = ", ".join(choice.text for choice in choices)
    return member_of(value, f"({text})", [choice.means({}) for choice in choices], negated=negated)


def member_of(value: Said, name: str, items: Iterable[Any], *, negated: bool) -> Said:
    """One of the items of a list by its name."""
    among = list(items)

    def means(row: Row) -> bool:
        found = value.means(row)
        return (found is not None and found in among) != negated

    return Said(f"{value.text} {_not(negated=negated)}in {name}", means)


def like(value: Said, pattern: str, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    """``%`` any run of characters, ``_`` any one, a backslash before a sign means the sign; A-Z match a-z."""
    expression = re.sub(r"\\(.)|(%)|(_)|(.)", _regex, ascii_lower(pattern))

    def means(row: Row) -> bool:
        found = value.means(row)
        return (found is not None and re.fullmatch(expression, ascii_lower(found), re.DOTALL) is not None) != negated

    return Said(f"{value.text} {_not(negated=negated)}like {quoted(pattern)}", means)


def _regex(found: re.Match[str]) -> str:
    escaped, run, one, other = found.groups()
    return ".*" if run else "." if one else re.escape(escaped or other)


def includes(value: Said, choices: Sequence[str]) -> Said:
    """Whether a text that holds several values, between ``;`` or ``|``, holds any of these."""
    return includes_any(value, ", ".join(map(quoted, choices)), choices)


def includes_any(value: Said, written: str, choices: Iterable[str]) -> Said:
    """The same of a list by its name. Spaces around a value do not count, and several in a row count as one."""
    among = {_spaced(choice) for choice in choices}

    def means(row: Row) -> bool:
        found = value.means(row)
        return found is not None and any(_spaced(held) in among for held in re.split(r"[;|]", found))

    return Said(f"includes({value.text}, {written})", means)


def _spaced(text: str) -> str:
    return re.sub(" +", " ", text).strip(" ")


def emptiness(value: Said, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    """Whether there is no value."""
    words = "is not empty" if negated else "is empty"
    return Said(f"{value.text} {words}", lambda row: (value.means(row) is None) != negated)


def has(value: Said) -> Said:
    """Whether there is a value."""
    return Said(f"has({value.text})", lambda row: value.means(row) is not None)


def truth(name: str) -> Said:
    """A yes/no field alone: empty counts as no."""
    return Said(name, lambda row: row[name] is True)


def opposite(said: Said) -> Said:
    """What you see, turned."""
    return Said(f"not ({said.text})", lambda row: not said.means(row))


def joined(word: str, sides: Sequence[Said]) -> Said:
    """All, or any."""
    test = all if word == "and" else any
    return Said(f" {word} ".join(f"({side.text})" for side in sides), lambda row: test(s.means(row) for s in sides))


# Rules --------------------------------------------------------------------------------------------------------------


def first(rules: Sequence[tuple[str, Said]], row: Row) -> str | None:
    """The id of the first rule that matches."""
    return next((name for name, condition in rules if condition.means(row)), None)


def segment(segments: Sequence[tuple[str, Said]], otherwise: str, row: Row) -> str:
    """The first segment whose condition holds; the last one takes what is left."""
    return first(segments, row) or otherwise


def scaled(value: float | None, start: float, end: float, points: float) -> float:
    """A straight line: none at ``start``, all at ``end``; an empty value gives none."""
    return 0.0 if value is None else points * min(1.0, max(0.0, (value - start) / (end - start)))


def capped(amounts: Iterable[float], most: float) -> float:
    """A part: at most its ``max``, and takes away at most its ``max``."""
    return min(most, max(-most, sum(amounts)))


def total(parts: Iterable[float], most: float) -> float:
    """A score: between 0 and its ``max``, to six digits."""
    return six_digits(min(most, max(0.0, sum(parts))))


def tier(found: float, tiers: Mapping[str, float]) -> str:
    """The first tier whose floor is reached; the highest stands first."""
    return next(name for name, floor in tiers.items() if found >= floor)


def aged(row: Row, kind: str, word: str, most: int) -> float:
    """Events of a kind under the decay of a part: ``half_life``, ``linear`` or ``window``, in days."""
    ways: Mapping[str, Callable[[Row, str, int], float]] = {"half_life": halved, "linear": faded, "window": within}
    return ways[word](row, kind, most)


def beside(sign: str, bound: Any) -> Callable[[Any], bool]:
    """A cell such as ``>=100``: never true of an empty value."""
    return lambda value: value is not None and _COMPARED[sign](value, bound)


def hit(policy: str, given: Sequence[str | float | None], *, number: bool) -> str | float | None:
    """What a table's matching rows give: that of the first, or of all."""
    if policy != "collect":
        return given[0] if given else None
    found = [value for value in given if value is not None]
    if not found:
        return None
    return round(sum(float(value) for value in found), 6) if number else "|".join(str(value) for value in found)
