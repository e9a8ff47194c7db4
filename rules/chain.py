"""The stages of a compiled statement: each a fenced SELECT over the one before. It writes SQL text and runs none.

facts → tables → judged → totalled. The fences keep optimisers from computing a rule once for every place that reads
it. Every stage copies what it carries, so there are as few as that allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING

from rules import tree
from rules.collecting import as_lookup, collected, matched
from rules.facts import (
    EngagementSource,
    EventsSource,
    FactColumn,
    FadingSource,
    TouchSource,
    counted,
    needs,
)
from rules.model import EventTerm, Hit, ScaleTerm, WhenTerm
from rules.sql import Dialect, Writer, named, quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from rules.model import Grid, Output, Part, Row, Ruleset, Scheme, Table, Term


def fence(dialect: Dialect) -> str:
    """What keeps an optimiser from merging a stage into the next and computing it again there."""
    return " LIMIT -1" if dialect is Dialect.SQLITE else " OFFSET 0"


@dataclass(slots=True)
class Chain:
    """The stages of one statement, written one after the other."""

    ruleset: Ruleset
    dialect: Dialect
    now: datetime
    landmark: datetime
    where: str
    rows: bool = False
    """Whether tables also tell which row matched."""
    given: Mapping[str, str] = field(default_factory=dict)
    """SQL that stands for columns of the facts as conditions see them, to find out what the rules would say."""
    source: str = "fact"
    keys: tuple[str, ...] = ("account_id",)
    """The table that holds the facts, and the columns that name its rows."""
    direct: bool = False
    """Whether conditions read the table of facts itself, whose numbers lie in the range that rules count with."""
    writer: Writer = field(init=False)
    _stages: list[tuple[str, str]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None or self.landmark.tzinfo is None:
            raise ValueError("now and landmark need a time zone")
        outputs = [output.name for table in self.ruleset.tables for output in table.outputs]
        made = {name: f"then__{index}" for index, name in enumerate(outputs, 1)}
        made |= {scheme.name: f"segment__{index}" for index, scheme in enumerate(self.ruleset.schemes, 1)}
        self.writer = Writer(self.dialect, self.now.astimezone(UTC).date(), made)
        reads = {column.name: self._read(column) for column in needs(self.ruleset)}
        facts = [f"{sql} AS {named(name)}" for name, sql in reads.items()]
        if self.direct:
            self.writer = replace(self.writer, reads=_computed(needs(self.ruleset), reads))
            facts = [named(name) for name in reads]
        if self.given:
            stored = (f"{self.given.get(c.name, named(c.name))} AS {named(c.name)}" for c in needs(self.ruleset))
            self._stage("given", [*self.keys, *stored])
        tables = self.ruleset.tables if self.rows else [as_lookup(table) for table in self.ruleset.tables]
        keyed = {} if self.rows else {table.name: found for table in tables if (found := self._keyed(table))}
        early = [scheme for scheme in self.ruleset.schemes if self.direct and not _reads(scheme) & made.keys()]
        if not self.direct or tables or self.ruleset.schemes:
            self._stage("facts", [*self.keys, *facts, *chain.from_iterable(keyed.values()), *self._segments(early)])
        for number, table in enumerate(tables, 1):
            if table.name not in keyed:
                (self._collected if table.hit is Hit.COLLECT else self._table)(number, table)
        late = [scheme for scheme in self.ruleset.schemes if scheme not in early]
        for number, together in enumerate(in_steps(late), 1):
            self._stage(f"segmented_{number}", ["*", *self._segments(together)])

    def _stage(self, name: str, selected: Iterable[str]) -> None:
        source = self._stages[-1][0] if self._stages else self.source
        condition = f" WHERE {self.where}" if self.where and not self._stages else ""
        columns = ",\n  ".join(selected)
        body = f"SELECT {columns}\n  FROM {source}{condition}{fence(self.dialect)}"  # noqa: S608 - every piece is written by Writer: literals quoted, names checked
        self._stages.append((name, body))

    def select(self, selected: Iterable[str]) -> str:
        """The whole statement: what is selected from the last stage."""
        stages = ",\n".join(f"{name} AS (\n  {body}\n)" for name, body in self._stages)
        # Fenced, too: SQLite takes two fenced stages for one unless what reads them is fenced.
        return f"WITH {stages}\nSELECT {', '.join(selected)} FROM {self._stages[-1][0]}{fence(self.dialect)}"

    def _read(self, column: FactColumn) -> str:
        if column.name in self.given:
            return named(column.name)
        source = column.source
        factor = 1.0
        if isinstance(source, EngagementSource):
            factor = decayed(self.writer.today, self.landmark, source.half_life_days)
        return read(column, self.writer, factor)

    def _keyed(self, table: Table) -> list[str]:
        """A table that looks up one text as it stands in the facts, beside them; nothing for any other table."""
        lookup = looked_up(table)
        if lookup is None or lookup.value.type is not Type.TEXT or lookup.value.name in self.writer.outputs:
            return []
        key = self.writer.value(lookup.value)
        tests = [([quoted(str(text)) for text in texts], row.values) for row, texts in lookup.rows]
        last = lookup.otherwise.values if lookup.otherwise else (None,) * len(table.outputs)
        return [
            self._output(output, key, [(literals, values[index]) for literals, values in tests], last[index])
            for index, output in enumerate(table.outputs)
        ]

    def _table(self, number: int, table: Table) -> None:
        """The first row that matches, by its number; then that row's outputs."""
        row = f"row__{number}"
        numbered = [(str(index), found.when) for index, found in enumerate(table.rows, 1)]
        self._stage(f"matched_{number}", ["*", f"{cases(numbered, self.writer)} AS {row}"])
        outputs = [
            self._output(
                output, row, [([str(at)], found.values[index]) for at, found in enumerate(table.rows, 1)], None
            )
            for index, output in enumerate(table.outputs)
        ]
        self._stage(f"table_{number}", ["*", *outputs])

    def _collected(self, number: int, table: Table) -> None:
        """What all rows that match give together."""
        outputs = [
            f"{collected(table, index, self.writer)} AS {self.writer.outputs[output.name]}"
            for index, output in enumerate(table.outputs)
        ]
        rows = [f"{matched(table, self.writer)} AS row__{number}"] if self.rows else []
        self._stage(f"table_{number}", ["*", *rows, *outputs])

    def _output(
        self,
        output: Output,
        key: str,
        tests: Iterable[tuple[list[str], str | float | None]],
        otherwise: str | float | None,
    ) -> str:
        """SQL for an output: the value whose literals hold the key, each literal in one list only."""
        together: dict[str | float | None, list[str]] = {}
        for literals, value in tests:
            together.setdefault(value, []).extend(literals)
        if otherwise is None:
            together.pop(None, None)
        whens = " ".join(
            f"WHEN {key} IN ({', '.join(literals)}) THEN {self._given(value, output)}"
            for value, literals in together.items()
        )
        last = self._given(otherwise, output)
        return f"{f'CASE {whens} ELSE {last} END' if whens else last} AS {self.writer.outputs[output.name]}"

    def _given(self, value: str | float | None, output: Output) -> str:
        if value is not None:
            return self.writer.constant(value)
        return f"CAST(NULL AS {'TEXT' if output.type is Type.TEXT else 'DOUBLE PRECISION'})"

    def _segments(self, schemes: Iterable[Scheme]) -> Iterator[str]:
        """SQL for the name of the account's segment in each scheme."""
        for scheme in schemes:
            tried = [(quoted(one.name), one.when.tree if one.when else None) for one in scheme.segments]
            yield f"{cases(tried, self.writer)} AS {self.writer.outputs[scheme.name]}"

    def first_match(self, rules: Sequence[tuple[str, tree.Tree]]) -> str:
        """SQL for the id of the first rule whose condition holds, or NULL."""
        return cases([(quoted(rule_id), condition) for rule_id, condition in rules], self.writer)

    # scores

    def score(self, judged: Sequence[tuple[str, str]]) -> None:
        """Add the stages that judge: ``judged`` (name, SQL) read the facts; all scores are summed, capped and cut."""
        points = [(f"points__{index}_{number}", term) for index, score in enumerate(self.ruleset.scores, 1)
                  for number, term in enumerate(score.terms, 1)]  # fmt: skip
        given = (f"{sql} AS {named(name)}" for name, sql in judged)
        self._stage("judged", [*self.keys, *given, *(f"{self._points(term)} AS {name}" for name, term in points)])
        self._stage("totalled", ["*", *self._totals()])

    def _points(self, term: Term) -> str:
        writer = self.writer
        match term:
            case WhenTerm(when=condition, points=points):
                test = writer.condition(condition.tree)
                return f"CASE WHEN {test} THEN {writer.number(points)} ELSE {writer.number(0)} END"
            case ScaleTerm():
                return self._scaled(term)
            case EventTerm(points=points):
                return f"{writer.value(counted(term.event, term.decay))} * {writer.number(points)}"

    def _scaled(self, term: ScaleTerm) -> str:
        writer = self.writer
        value = writer.value(term.scale.tree)
        low, high = (writer.number(end) for end in sorted((term.start, term.end)))
        # Divided last and by itself: a slope would be a long literal, which engines read differently in its last digit.
        rise, run = writer.number(abs(term.points)), writer.number(abs(term.end - term.start))
        all_, none, sign = writer.number(term.points), writer.number(0), "-" if term.points < 0 else ""
        if term.start < term.end:
            full, some, line = f"{value} >= {high}", f"{value} > {low}", f"{sign}({value} - {low}) * {rise} / {run}"
        else:
            full, some, line = f"{value} <= {low}", f"{value} < {high}", f"{sign}({high} - {value}) * {rise} / {run}"
        return f"CASE WHEN {full} THEN {all_} WHEN {some} THEN {line} ELSE {none} END"

    def _totals(self) -> list[str]:
        found = []
        for index, score in enumerate(self.ruleset.scores, 1):
            together = " + ".join(self.part(index, position) for position in range(len(score.parts)))
            low, high = (sum(found) for found in zip(*map(_within, score.parts), strict=True))
            total = self.writer.clamped(together, None if low >= 0 else 0.0, None if high <= score.max else score.max)
            found.append(f"{self.writer.rounded(total)} AS total__{index}")
        return found

    def part(self, index: int, position: int) -> str:
        """SQL for a part of the score with this number: the sum of its terms within its cap."""
        parts = self.ruleset.scores[index - 1].parts
        first = 1 + sum(len(part.terms) for part in parts[:position])
        names = [f"points__{index}_{first + offset}" for offset in range(len(parts[position].terms))]
        most, (low, high) = parts[position].max, _reach(parts[position])
        return self.writer.clamped(" + ".join(names), -most if low < -most else None, most if high > most else None)

    def tier(self, index: int) -> str:
        """SQL for the tier of the score with this number."""
        tiers = self.ruleset.scores[index - 1].tiers
        floors = ((f"total__{index} >= {self.writer.number(tier.floor)}", tier) for tier in tiers)
        return f"CASE {' '.join(f'WHEN {test} THEN {quoted(tier.name)}' for test, tier in floors)} END"

    def grade(self, grid: Grid) -> str:
        """SQL for a grid's grade: the tiers of its two scores in one word."""
        numbers = {score.id: index for index, score in enumerate(self.ruleset.scores, 1)}
        return f"({self.tier(numbers[grid.rows])}) || ({self.tier(numbers[grid.columns])})"


def _computed(columns: Iterable[FactColumn], reads: Mapping[str, str]) -> dict[str, str]:
    """How conditions read those columns that do not hold what they see; all but dates and counts do."""
    counts = EngagementSource | EventsSource | FadingSource | TouchSource
    return {c.name: reads[c.name] for c in columns if c.type is Type.DATE or isinstance(c.source, counts)}


def _reach(part: Part) -> tuple[float, float]:
    """The least and the most that the terms of a part can add up to; there may be any number of events."""
    ends = [(0.0, math.copysign(math.inf, term.points) if isinstance(term, EventTerm) and term.points else term.points)
            for term in part.terms]  # fmt: skip
    return sum(map(min, ends)), sum(map(max, ends))


def _within(part: Part) -> tuple[float, float]:
    """The same within the part's cap."""
    low, high = _reach(part)
    return max(low, -part.max), min(high, part.max)


def in_steps(schemes: Sequence[Scheme]) -> list[list[Scheme]]:
    """The schemes in steps: those of one step read only what steps before it make."""
    step: dict[str, int] = {}
    for scheme in schemes:
        step[scheme.name] = 1 + max((step[name] for name in _reads(scheme) if name in step), default=-1)
    return [[one for one in schemes if step[one.name] == at] for at in range(1 + max(step.values(), default=-1))]


def _reads(scheme: Scheme) -> set[str]:
    """The fields that a scheme's conditions read."""
    roots = [one.when.tree for one in scheme.segments if one.when is not None]
    return {node.name for root in roots for node in tree.parts(root) if isinstance(node, tree.FieldValue)}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that only compares one field with fixed values: each value decides, and its first row."""

    value: tree.FieldValue
    rows: tuple[tuple[Row, tuple[str | float, ...]], ...]
    """The rows that some value reaches, with these values."""
    otherwise: Row | None


def looked_up(table: Table) -> Lookup | None:
    """The table as a lookup, if it is one. Its order then no longer matters, so a database may use a hash."""
    value: tree.FieldValue | None = None
    seen: set[str | float] = set()
    rows: list[tuple[Row, tuple[str | float, ...]]] = []
    for row in table.rows:
        if row.when is None:
            return Lookup(value, tuple(rows), row) if value else None
        if not isinstance(row.when, tree.Membership) or row.when.value != (value or row.when.value):
            return None
        if not isinstance(row.when.value, tree.FieldValue):
            return None
        value = row.when.value
        fresh = tuple(choice for choice in row.when.choices if choice not in seen)
        seen.update(row.when.choices)
        if fresh:
            rows.append((row, fresh))
    return Lookup(value, tuple(rows), None) if value else None


def cases(rules: Sequence[tuple[str, tree.Tree | None]], writer: Writer) -> str:
    """CASE over the rules, first match wins; a rule without a condition matches everything."""
    whens = []
    for result, condition in rules:
        test = writer.boolean(value=True) if condition is None else writer.condition(condition)
        whens.append(f"WHEN {test} THEN {result}")
    if not whens:
        return "CAST(NULL AS TEXT)"
    return f"CASE {' '.join(whens)} END"


def decayed(today: date, landmark: datetime, half_life_days: float) -> float:
    """What is left today of the weight that a sum against the landmark gives to its events. Whole days in UTC."""
    days = (today - landmark.astimezone(UTC).date()).days
    return math.exp2(max(-1_000.0, min(1_000.0, -days / half_life_days)))


def read(column: FactColumn, writer: Writer, factor: float) -> str:
    """A fact as conditions see it: dates as days, counts never empty, engagement brought to today.

    What decays is told to six digits: the order in which events were added up must not make another value.
    """
    name = named(column.name)
    if column.type is Type.DATE:
        return f"SUBSTR({name}, 1, 10)"
    if isinstance(column.source, FadingSource):
        return writer.rounded(f"COALESCE({name}, {writer.number(0)})")
    if isinstance(column.source, TouchSource | EventsSource):
        return f"COALESCE({name}, {writer.number(0)})"
    if isinstance(column.source, EngagementSource):
        # The range is kept before it is multiplied: PostgreSQL takes an underflow or overflow for an error.
        least, most = writer.number(1e-9 / factor), writer.number(min(1e18 / factor, 1e300))
        kept = f"{name} BETWEEN {least} AND {most}"
        left = writer.rounded(f"{name} * {writer.number(factor)}")
        return f"CASE WHEN {kept} THEN {left} ELSE {writer.number(0)} END"
    if column.type is Type.NUMBER:
        return _bounded(name, writer)
    return name


def _bounded(name: str, writer: Writer) -> str:
    """A number within the range that rules count with (see rules.bounds); beyond it is empty, NaN too."""
    kind = "REAL" if writer.dialect is Dialect.SQLITE else "DOUBLE PRECISION"
    least, most = writer.number(1e-9), writer.number(1e18)
    small = f"WHEN ABS({name}) < {least} THEN {writer.number(0)}"
    return f"CASE {small} WHEN ABS({name}) <= {most} THEN CAST({name} AS {kind}) END"
