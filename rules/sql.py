"""Trees as SQL text for one dialect, the same answer on each. It knows no rules, only conditions and values.

A condition's SQL may yield NULL for false: it stands only where NULL and false are the same, in ``CASE WHEN``. What
``not`` turns is therefore made explicit with ``IS NOT TRUE``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from rules import tree
from rules.facts import column_of
from rules.names import type_of
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


class Dialect(StrEnum):
    """A store's SQL."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


_MIRRORED = {Comparator.LT: Comparator.GT, Comparator.LE: Comparator.GE, Comparator.GT: Comparator.LT,
             Comparator.GE: Comparator.LE, Comparator.EQ: Comparator.EQ, Comparator.NE: Comparator.NE}  # fmt: skip
_FEW = 8
_BEFORE_ALL, _AFTER_ALL = "0000-00-00", "9999-99-99"


def quoted(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def named(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def counted_against(
    comparator: Comparator, left: tree.Value, right: tree.Value
) -> tuple[tree.Days, Comparator, float] | None:
    """A count of days that is compared with a constant, the count first; None for any other comparison."""
    if isinstance(left, tree.Days) and isinstance(right, tree.Constant):
        return left, comparator, float(right.value)
    if isinstance(right, tree.Days) and isinstance(left, tree.Constant):
        return right, _MIRRORED[comparator], float(left.value)
    return None


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes trees for one dialect, on the day ``today`` (UTC). ``outputs`` are decision tables' columns by name."""

    dialect: Dialect
    today: date
    outputs: Mapping[str, str]
    reads: Mapping[str, str] = field(default_factory=dict)
    """SQL by column, where a column holds something else than conditions see; of dates, it holds times, too."""

    def number(self, value: float) -> str:
        """A number as a literal. PostgreSQL would read a bare one as NUMERIC, which is many times slower."""
        if self.dialect is Dialect.SQLITE:
            return repr(float(value)) if value >= 0 else f"({float(value)!r})"
        return f"CAST({float(value)!r} AS DOUBLE PRECISION)"

    def constant(self, value: str | float) -> str:
        """Any constant as a literal."""
        if isinstance(value, bool):
            return self.boolean(value=value)
        return quoted(value) if isinstance(value, str) else self.number(value)

    def boolean(self, *, value: bool) -> str:
        """Yes or no as a literal."""
        if self.dialect is Dialect.SQLITE:
            return "1" if value else "0"
        return "TRUE" if value else "FALSE"

    # conditions

    def condition(self, node: tree.Tree, *, negated: bool = False) -> str:
        """SQL that is true exactly when the condition, or its opposite, holds; else it is false or NULL."""
        match node:
            case tree.Not(condition=inner):
                return self.condition(inner, negated=not negated)
            case tree.And(conditions=conditions):
                return self._joined(conditions, "OR" if negated else "AND", negated=negated)
            case tree.Or(conditions=conditions):
                return self._joined(conditions, "AND" if negated else "OR", negated=negated)
            case tree.Empty(value=value):
                return f"{self._times(value) or self.value(value)} IS {'NOT ' if negated else ''}NULL"
            case tree.Comparison(comparator=Comparator.NE, left=left, right=right):
                return self.condition(tree.Comparison(Comparator.EQ, left, right), negated=not negated)
            case _:
                atom = self._atom(node)
                return f"({atom}) IS NOT TRUE" if negated else atom

    def _joined(self, conditions: tuple[tree.Tree, ...], word: str, *, negated: bool) -> str:
        return "(" + f" {word} ".join(self.condition(one, negated=negated) for one in conditions) + ")"

    def _atom(self, node: tree.Tree) -> str:  # noqa: PLR0911 - one return for each kind of atom
        match node:
            case tree.Comparison(comparator=comparator, left=left, right=right):
                return self._comparison(comparator, left, right)
            case tree.Between(value=value, low=low, high=high):
                above = self._comparison(Comparator.GE, value, low)
                return f"({above} AND {self._comparison(Comparator.LE, value, high)})"
            case tree.Membership(value=value, choices=choices):
                return self._member(value, choices)
            case tree.Like(value=value, pattern=pattern):
                return self._like(value, pattern)
            case tree.Includes(value=value, choices=choices):
                return self._includes(value, choices)
            case tree.Truth(value=tree.Constant(value=bool(constant))):
                return self.boolean(value=constant)
            case tree.Truth(value=value):
                return self.value(value)
            case _:
                raise TypeError(f"no SQL for {node!r}")

    def _member(self, value: tree.Value, choices: tuple[str | float, ...]) -> str:
        read, literals = self.value(value), [self.constant(choice) for choice in choices]
        # SQLite makes an index of every list of three and more: a handful of comparisons costs less than one look-up.
        if self.dialect is Dialect.SQLITE and isinstance(value, tree.FieldValue) and len(choices) <= _FEW:
            return f"({' OR '.join(f'{read} = {literal}' for literal in literals)})"
        return f"{read} IN ({', '.join(literals)})"

    def _comparison(self, comparator: Comparator, left: tree.Value, right: tree.Value) -> str:
        if (against := counted_against(comparator, left, right)) is not None:
            return self._days_compared(*against)
        if isinstance(left, tree.Constant) and not isinstance(right, tree.Constant):
            return self._comparison(_MIRRORED[comparator], right, left)
        if isinstance(right, tree.Constant) and isinstance(right.value, str) and self._times(left):
            return self._day_compared(comparator, left, right.value)
        return self._compared(comparator, self.value(left), self.value(right), type_of(left))

    def _compared(self, comparator: Comparator, left: str, right: str, kind: Type) -> str:
        # Text is ordered by code point: PostgreSQL would use the database's language.
        ordered = comparator is not Comparator.EQ and kind in (Type.TEXT, Type.DATE)
        collation = ' COLLATE "C"' if ordered and self.dialect is Dialect.POSTGRESQL else ""
        return f"{left} {comparator} {right}{collation}"

    def _days_compared(self, days: tree.Days, comparator: Comparator, number: float) -> str:
        """A count of days against a constant is a date against a constant: no arithmetic for each row."""
        limit = self.limit(days, comparator, number)
        if limit is None:
            return self.boolean(value=False)
        inclusive = {Comparator.GT: Comparator.GE, Comparator.LT: Comparator.LE}.get(comparator, comparator)
        return self._day_compared(inclusive if days.ahead else _MIRRORED[inclusive], days.date, limit)

    def _day_compared(self, comparator: Comparator, value: tree.Value, day: str) -> str:
        """A date against a day. Times need not be cut: a day stands before its times, and before 'U' they all stand."""
        if not (times := self._times(value)):
            return self._compared(comparator, self.value(value), quoted(day), Type.DATE)
        since, until = (self._compared(Comparator.GE, times, quoted(day), Type.DATE),
                        self._compared(Comparator.LT, times, quoted(f"{day}U"), Type.DATE))  # fmt: skip
        return {
            Comparator.EQ: f"({since} AND {until})",
            Comparator.GE: since,
            Comparator.LE: until,
            Comparator.GT: self._compared(Comparator.GE, times, quoted(f"{day}U"), Type.DATE),
            Comparator.LT: self._compared(Comparator.LT, times, quoted(day), Type.DATE),
        }[comparator]

    def _times(self, value: tree.Value) -> str:
        """The column of a date that may hold times, too; else nothing."""
        if not isinstance(value, tree.FieldValue) or value.type is not Type.DATE:
            return ""
        column = column_of(value).name
        return named(column) if column in self.reads else ""

    def limit(self, days: tree.Days, comparator: Comparator, number: float) -> str | None:
        """The day that a date is compared with instead; None where no count of days equals the number."""
        if comparator is Comparator.EQ and number != int(number):
            return None
        whole = {
            Comparator.EQ: int(number),
            Comparator.GE: math.ceil(number),
            Comparator.GT: math.floor(number) + 1,
            Comparator.LE: math.floor(number),
            Comparator.LT: math.ceil(number) - 1,
        }[comparator]
        return self._day(whole if days.ahead else -whole)

    def _day(self, offset: int) -> str:
        try:
            return (self.today + timedelta(days=offset)).isoformat()
        except OverflowError:
            return _AFTER_ALL if offset > 0 else _BEFORE_ALL

    def _like(self, value: tree.Value, pattern: str) -> str:
        """A-Z match a-z and nothing else is folded: SQLite knows no other letters, so PostgreSQL may not either."""
        escape = " ESCAPE '\\'" if "\\" in pattern else ""
        if self.dialect is Dialect.SQLITE:  # where LIKE folds by itself, and no more than that
            return f"{self.value(value)} LIKE {quoted(pattern)}{escape}"
        lowered = quoted("".join(char.lower() if char.isascii() else char for char in pattern))
        return f"{self._lowered(value)} LIKE {lowered}{escape}"

    def _includes(self, value: tree.Value, choices: tuple[str, ...]) -> str:
        """Each listed value between two bars, found as it stands."""
        text = self.value(value)
        listed = f"('|' || REPLACE({text}, ';', '|') || '|')"
        # Semicolons are gone by now, so one behind each space turns a run of spaces into a single one.
        for old, new in ((" ", " ;"), ("; ", ""), (" ;", " "), (" |", "|"), ("| ", "|")):
            listed = f"REPLACE({listed}, {quoted(old)}, {quoted(new)})"
        # Most texts do not hold a choice's longest word at all, and need no cutting.
        held = (f"({self._holds(text, max(one.split(' '), key=len))} AND {self._holds(listed, f'|{one}|')})"
                for one in choices)  # fmt: skip
        return "(" + " OR ".join(held) + ")"

    def _holds(self, text: str, part: str) -> str:
        function = "INSTR" if self.dialect is Dialect.SQLITE else "STRPOS"
        return f"{function}({text}, {quoted(part)}) > 0"

    def _lowered(self, value: tree.Value) -> str:
        collation = ' COLLATE "C"' if self.dialect is Dialect.POSTGRESQL else ""
        return f"LOWER({self.value(value)}{collation})"

    # values

    def value(self, node: tree.Value) -> str:  # noqa: PLR0911 - one return for each kind of value
        """SQL for a value; NULL where it is empty."""
        match node:
            case tree.FieldValue(name=name) if name in self.outputs:
                return named(self.outputs[name])
            case tree.Constant(value=constant):
                return self.constant(constant)
            case tree.Negative(value=inner):
                return f"(- {self.value(inner)})"
            case tree.Arithmetic():
                return self._arithmetic(node)
            case tree.Days():
                return self._days(node)
            case tree.Lower(value=inner):
                return self._lowered(inner)
            case tree.Coalesce(values=values):
                return f"COALESCE({', '.join(self.value(inner) for inner in values)})"
            case _:
                column = column_of(node).name
                return self.reads.get(column, named(column))

    def _arithmetic(self, node: tree.Arithmetic) -> str:
        left, right = self.value(node.left), self.value(node.right)
        if node.operator is tree.Operator.DIVIDE and not (isinstance(node.right, tree.Constant) and node.right.value):
            right = f"NULLIF({right}, {self.number(0)})"
        return f"({left} {node.operator} {right})"

    def _days(self, node: tree.Days) -> str:
        today, day = quoted(self.today.isoformat()), self.value(node.date)
        if self.dialect is Dialect.SQLITE:
            first, second = f"JULIANDAY({today})", f"JULIANDAY({day})"
        else:
            first, second = f"CAST({today} AS DATE)", f"CAST({day} AS DATE)"
        ends = (second, first) if node.ahead else (first, second)
        difference = f"({ends[0]} - {ends[1]})"
        return difference if self.dialect is Dialect.SQLITE else f"CAST({difference} AS DOUBLE PRECISION)"

    def rounded(self, amount: str) -> str:
        """An amount from 0 up, to six digits. Engines differ in the digits behind."""
        scaled = f"{amount} * {self.number(1e6)}"
        if self.dialect is Dialect.SQLITE:  # which has FLOOR only where it was built with it
            return f"ROUND({scaled}) / {self.number(1e6)}"
        return f"FLOOR({scaled} + {self.number(0.5)}) / {self.number(1e6)}"

    def clamped(self, amount: str, low: float | None, high: float | None) -> str:
        """An amount that is never empty, brought between two bounds; None for one that it never passes."""
        least, most = ("MAX", "MIN") if self.dialect is Dialect.SQLITE else ("GREATEST", "LEAST")
        held = f"({amount})" if high is None else f"{most}({self.number(high)}, {amount})"
        return held if low is None else f"{least}({self.number(low)}, {held})"
