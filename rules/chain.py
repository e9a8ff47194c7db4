"""The stages of a compiled statement: each a fenced SELECT over the one before. It writes SQL text and runs none.

facts → tables → judged → rounded → summed → capped → added → totalled → tiered. The fences keep optimisers from
computing a rule once for every place that reads it; so does cutting the arithmetic of scores into stages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from rules import tree
from rules.facts import EngagementSource, FactColumn, TouchSource, column_of, needs
from rules.model import EventTerm, ScaleTerm, WhenTerm
from rules.sql import Dialect, Writer, named, quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rules.model import Output, Ruleset, Table, Term


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
    writer: Writer = field(init=False)
    _stages: list[tuple[str, str]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None or self.landmark.tzinfo is None:
            raise ValueError("now and landmark need a time zone")
        outputs = [output.name for table in self.ruleset.tables for output in table.outputs]
        made = {name: f"then__{index}" for index, name in enumerate(outputs, 1)}
        self.writer = Writer(self.dialect, self.now.astimezone(UTC).date(), made)
        self._facts()
        for number, table in enumerate(self.ruleset.tables, 1):
            self._table(number, table)

    # stages

    def _stage(self, name: str, selected: Iterable[str], where: str = "") -> None:
        source = self._stages[-1][0] if self._stages else "fact"
        condition = f" WHERE {where}" if where else ""
        columns = ",\n  ".join(selected)
        body = f"SELECT {columns}\n  FROM {source}{condition}{fence(self.dialect)}"  # noqa: S608 - every piece is written by Writer: literals quoted, names checked
        self._stages.append((name, body))

    def select(self, columns: Sequence[str], extra: Sequence[str] = ()) -> str:
        """The whole statement: the last stage's ``columns``, and whatever else is computed from them."""
        stages = ",\n".join(f"{name} AS (\n  {body}\n)" for name, body in self._stages)
        chosen = ", ".join([*(named(column) for column in columns), *extra])
        return f"WITH {stages}\nSELECT {chosen} FROM {self._stages[-1][0]}"

    def _facts(self) -> None:
        columns = needs(self.ruleset)
        self._stage("facts", ["account_id", *(f"{self._read(column)} AS {named(column.name)}" for column in columns)],
                    self.where)  # fmt: skip

    def _read(self, column: FactColumn) -> str:
        source = column.source
        factor = 1.0
        if isinstance(source, EngagementSource):
            days = (self.now - self.landmark).total_seconds() / 86_400
            factor = 2.0 ** max(-1_000.0, min(1_000.0, -days / source.half_life_days))
        return read(column, self.writer, factor)

    def _table(self, number: int, table: Table) -> None:
        """The first row that matches, by its number; then that row's outputs."""
        rows = [(str(index), row.when) for index, row in enumerate(table.rows, 1)]
        row = f"row__{number}"
        self._stage(f"matched_{number}", ["*", f"{cases(rows, self.writer)} AS {row}"])
        outputs = [self._output(table, index, output, row) for index, output in enumerate(table.outputs)]
        self._stage(f"table_{number}", ["*", *outputs])

    def _output(self, table: Table, index: int, output: Output, row: str) -> str:
        name = self.writer.outputs[output.name]
        values: dict[str | float, list[str]] = {}
        for number, found in enumerate(table.rows, 1):
            if (value := found.values[index]) is not None:
                values.setdefault(value, []).append(str(number))
        if not values:
            kind = "TEXT" if output.type is Type.TEXT else "DOUBLE PRECISION"
            return f"CAST(NULL AS {kind}) AS {name}"
        whens = " ".join(
            f"WHEN {row} IN ({', '.join(numbers)}) THEN {self.writer.constant(value)}"
            for value, numbers in values.items()
        )
        return f"CASE {whens} END AS {name}"

    def first_match(self, rules: Sequence[tuple[str, tree.Tree]]) -> str:
        """SQL for the id of the first rule whose condition holds, or NULL."""
        return cases([(quoted(rule_id), condition) for rule_id, condition in rules], self.writer)

    # scores

    def score(self, judged: Sequence[tuple[str, str]]) -> None:
        """Add the stages that judge: ``judged`` (name, SQL) read the facts; all scores are summed, capped and cut."""
        carried = ["account_id", *(named(name) for name, _ in judged)]
        raw = ["account_id", *(f"{sql} AS {named(name)}" for name, sql in judged)]
        points = [(f"points__{index}_{number}", term) for index, score in enumerate(self.ruleset.scores, 1)
                  for number, term in enumerate(score.terms, 1)]  # fmt: skip
        self._stage("judged", [*raw, *(f"{self._points(term)} AS {name}" for name, term in points)])
        if any(not isinstance(term, WhenTerm) for _, term in points):
            rounded = (
                name if isinstance(term, WhenTerm) else f"{self.writer.rounded(name)} AS {name}"
                for name, term in points
            )
            self._stage("rounded", [*carried, *rounded])
        self._stage("summed", ["*", *self._sums()])
        self._stage("capped", ["*", *self._caps()])
        self._stage("added", ["*", *self._added()])
        self._stage("totalled", ["*", *self._totals()])
        self._stage("tiered", ["*", *self._tiers()])

    def _points(self, term: Term) -> str:
        writer = self.writer
        match term:
            case WhenTerm(when=condition, points=points):
                test = writer.condition(condition.tree)
                return f"CASE WHEN {test} THEN {writer.number(points)} ELSE {writer.number(0)} END"
            case ScaleTerm():
                return self._scaled(term)
            case EventTerm(points=points):
                column = column_of(tree.Engagement(term.event, term.half_life_days)).name
                return f"{named(column)} * {writer.number(points)}"

    def _scaled(self, term: ScaleTerm) -> str:
        writer = self.writer
        value = writer.value(term.scale.tree)
        low, high = sorted((term.start, term.end))
        at_low, at_high = (0.0, term.points) if term.start < term.end else (term.points, 0.0)
        slope = writer.number((at_high - at_low) / (high - low))
        line = f"{writer.number(at_low)} + ({value} - {writer.number(low)}) * {slope}"
        return (
            f"CASE WHEN {value} IS NULL THEN {writer.number(0)}"
            f" WHEN {value} <= {writer.number(low)} THEN {writer.number(at_low)}"
            f" WHEN {value} >= {writer.number(high)} THEN {writer.number(at_high)} ELSE {line} END"
        )

    def _sums(self) -> list[str]:
        found = []
        for index, score in enumerate(self.ruleset.scores, 1):
            number = 0
            for position, part in enumerate(score.parts, 1):
                names = [f"points__{index}_{number + offset}" for offset in range(1, len(part.terms) + 1)]
                number += len(part.terms)
                found.append(f"{' + '.join(names)} AS sum__{index}_{position}")
        return found

    def _caps(self) -> list[str]:
        return [
            f"{self._clamped(f'sum__{index}_{position}', -part.max, part.max)} AS part__{index}_{position}"
            for index, score in enumerate(self.ruleset.scores, 1)
            for position, part in enumerate(score.parts, 1)
        ]

    def _added(self) -> list[str]:
        found = []
        for index, score in enumerate(self.ruleset.scores, 1):
            together = " + ".join(f"part__{index}_{position}" for position in range(1, len(score.parts) + 1))
            found.append(f"{together} AS sum__{index}")
        return found

    def _totals(self) -> list[str]:
        return [
            f"{self.writer.rounded(self._clamped(f'sum__{index}', 0.0, score.max))} AS total__{index}"
            for index, score in enumerate(self.ruleset.scores, 1)
        ]

    def _tiers(self) -> list[str]:
        found = []
        for index, score in enumerate(self.ruleset.scores, 1):
            whens = " ".join(
                f"WHEN total__{index} >= {self.writer.number(tier.floor)} THEN {quoted(tier.name)}"
                for tier in score.tiers
            )
            found.append(f"CASE {whens} END AS tier__{index}")
        return found

    def _clamped(self, column: str, low: float, high: float) -> str:
        least, most = self.writer.number(low), self.writer.number(high)
        return f"CASE WHEN {column} < {least} THEN {least} WHEN {column} > {most} THEN {most} ELSE {column} END"


def cases(rules: Sequence[tuple[str, tree.Tree | None]], writer: Writer) -> str:
    """CASE over the rules, first match wins; a rule without a condition matches everything."""
    whens = []
    for result, condition in rules:
        test = writer.boolean(value=True) if condition is None else writer.condition(condition)
        whens.append(f"WHEN {test} THEN {result}")
    if not whens:
        return "CAST(NULL AS TEXT)"
    return f"CASE {' '.join(whens)} END"


def read(column: FactColumn, writer: Writer, factor: float) -> str:
    """A fact as conditions see it: dates as days, counts never empty, engagement brought to ``now``."""
    name = named(column.name)
    if column.type is Type.DATE:
        return f"SUBSTR({name}, 1, 10)"
    if isinstance(column.source, TouchSource):
        return f"COALESCE({name}, {writer.number(0)})"
    if isinstance(column.source, EngagementSource):
        # The range is kept before it is multiplied: PostgreSQL takes an underflow or overflow for an error.
        least, most = writer.number(1e-9 / factor), writer.number(min(1e18 / factor, 1e300))
        kept = f"ABS({name}) BETWEEN {least} AND {most}"
        return f"CASE WHEN {kept} THEN {name} * {writer.number(factor)} ELSE {writer.number(0)} END"
    if column.type is Type.NUMBER:
        return _bounded(name, writer)
    return name


def _bounded(name: str, writer: Writer) -> str:
    """A number within the range that rules count with (see rules.bounds); beyond it is empty, NaN too."""
    kind = "REAL" if writer.dialect is Dialect.SQLITE else "DOUBLE PRECISION"
    least, most = writer.number(1e-9), writer.number(1e18)
    small = f"WHEN ABS({name}) < {least} THEN {writer.number(0)}"
    return f"CASE {small} WHEN ABS({name}) <= {most} THEN CAST({name} AS {kind}) END"
