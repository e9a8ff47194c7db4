"""Checked rules as one SELECT over the facts. It writes SQL text and runs none.

The statement is a chain of stages, each fenced so that no optimiser computes a rule once for every place that reads
it: facts → tables → judged → rounded → summed → capped → added → totalled → tiered. Values are typed literals; there are no bind
parameters. The text may hold ``%`` and ``:`` inside literals, so hand it over where neither means anything:
``sqlalchemy.text(sql.replace(":", r"\\:"))``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from rules import tree
from rules.facts import EngagementSource, FactColumn, TouchSource, column_of, needs, rep_needs, term_root
from rules.model import EventTerm, ScaleTerm, WhenTerm
from rules.sql import Dialect, Writer, named, quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from rules.model import Output, Ruleset, Score, Table, Term

DUE_TABLE = "due"
"""With ``account_ids``, only accounts whose ``account_id`` stands in this table are judged; the caller fills it."""


class ColumnKind(StrEnum):
    """What a result column holds."""

    ACCOUNT_ID = "account_id"
    REP_ID = "rep_id"
    IN_SCOPE = "in_scope"  # the first scope rule that matches, or NULL
    PROTECT = "protect"  # the first protect rule that matches, or NULL
    RETURN = "return"  # the first return rule that matches, or NULL
    BOOK = "book"  # the first book whose accounts match, or NULL
    OUTPUT = "output"  # a decision table's output
    TOTAL = "total"  # a score's total, to six digits, never NULL
    TIER = "tier"  # the name of a score's tier, NULL below the lowest
    POINTS = "points"  # one term's points, before any cap, never NULL
    ELIGIBLE = "eligible"  # whether a book may give accounts to the rep


@dataclass(frozen=True, slots=True)
class CompiledColumn:
    """One result column. ``rule`` names the score, the book or the table; ``term`` and ``part`` a score's term."""

    name: str
    kind: ColumnKind
    type: Type
    rule: str = ""
    part: str = ""
    term: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT and its columns, in order."""

    sql: str
    columns: tuple[CompiledColumn, ...]

    def of(self, kind: ColumnKind, rule: str = "") -> tuple[CompiledColumn, ...]:
        """The columns of a kind, of one rule if it is named."""
        return tuple(column for column in self.columns if column.kind is kind and rule in ("", column.rule))


def compile_accounts(
    ruleset: Ruleset, dialect: Dialect, *, now: datetime, landmark: datetime, account_ids: bool = False
) -> Compiled:
    """Every account's scope, protection, return, book, table outputs, scores, tiers and points.

    ``now`` and ``landmark`` carry a time zone; days are days in UTC. Reads ``fact``, which has ``needs(ruleset)``.
    """
    where = f"account_id IN (SELECT account_id FROM {DUE_TABLE})" if account_ids else ""
    chain = Chain(ruleset, dialect, now, landmark, where)
    decisions = (
        (ColumnKind.IN_SCOPE, "in_scope", [(rule.id, rule.when.tree) for rule in ruleset.scope]),
        (ColumnKind.PROTECT, "protect", [(rule.id, rule.when.tree) for rule in ruleset.protect]),
        (ColumnKind.RETURN, "return_", [(rule.id, rule.when.tree) for rule in ruleset.returns]),
        (ColumnKind.BOOK, "book", [(book.id, book.accounts.tree) for book in ruleset.books]),
    )
    judged = [(name, chain.first_match(rules)) for _, name, rules in decisions]
    columns = [CompiledColumn("account_id", ColumnKind.ACCOUNT_ID, Type.TEXT)]
    columns += [CompiledColumn(name, kind, Type.TEXT) for kind, name, _ in decisions]
    judged += [(column, named(column)) for column in chain.writer.outputs.values()]
    columns += [
        CompiledColumn(
            chain.writer.outputs[output.name], ColumnKind.OUTPUT, output.type, table.name, output=output.name
        )
        for table in ruleset.tables
        for output in table.outputs
    ]
    chain.score(judged)
    columns += [column for index, score in enumerate(ruleset.scores, 1) for column in _score_columns(score, index)]
    return Compiled(chain.select([column.name for column in columns]), tuple(columns))


def compile_reps(ruleset: Ruleset, dialect: Dialect) -> Compiled:
    """Every rep's ``rep_id`` and, for each book, whether the rep may own its accounts. Reads ``rep_fact``."""
    # A rep's condition knows no time (see rules.expression), so any day will do.
    writer = Writer(dialect, _epoch(), {})
    facts = ", ".join(
        ["rep_id", *(f"{_read(column, writer, 1.0)} AS {named(column.name)}" for column in rep_needs(ruleset))]
    )
    columns = [CompiledColumn("rep_id", ColumnKind.REP_ID, Type.TEXT)]
    selected = ["rep_id"]
    for index, book in enumerate(ruleset.books, 1):
        columns.append(CompiledColumn(f"eligible__{index}", ColumnKind.ELIGIBLE, Type.BOOLEAN, book.id))
        yes, no = writer.boolean(value=True), writer.boolean(value=False)
        selected.append(f"CASE WHEN {writer.condition(book.reps.tree)} THEN {yes} ELSE {no} END AS eligible__{index}")
    sql = f"WITH facts AS (SELECT {facts} FROM rep_fact{_fence(dialect)})\nSELECT {', '.join(selected)} FROM facts"
    return Compiled(sql, tuple(columns))


def _score_columns(score: Score, index: int) -> list[CompiledColumn]:
    found = [
        CompiledColumn(f"total__{index}", ColumnKind.TOTAL, Type.NUMBER, score.id),
        CompiledColumn(f"tier__{index}", ColumnKind.TIER, Type.TEXT, score.id),
    ]
    terms = [(part.name, term.id) for part in score.parts for term in part.terms]
    found += [
        CompiledColumn(f"points__{index}_{number}", ColumnKind.POINTS, Type.NUMBER, score.id, part, term)
        for number, (part, term) in enumerate(terms, 1)
    ]
    return found


def _fence(dialect: Dialect) -> str:
    """What keeps an optimiser from merging a stage into the next and computing it again there."""
    return " LIMIT -1" if dialect is Dialect.SQLITE else " OFFSET 0"


def _epoch() -> date:
    from datetime import date  # noqa: PLC0415 - needed at run time here only

    return date(1970, 1, 1)


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
        self._stages.append((name, f"SELECT {columns}\n  FROM {source}{condition}{_fence(self.dialect)}"))

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
        return _read(column, self.writer, factor)

    def _table(self, number: int, table: Table) -> None:
        """The first row that matches, by its number; then that row's outputs."""
        rows = [(str(index), row.when) for index, row in enumerate(table.rows, 1)]
        row = f"row__{number}"
        self._stage(f"matched_{number}", ["*", f"{_cases(rows, self.writer)} AS {row}"])
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
        return _cases([(quoted(rule_id), condition) for rule_id, condition in rules], self.writer)

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


def _cases(rules: Sequence[tuple[str, tree.Tree | None]], writer: Writer) -> str:
    """CASE over the rules, first match wins; a rule without a condition matches everything."""
    whens = []
    for result, condition in rules:
        test = writer.boolean(value=True) if condition is None else writer.condition(condition)
        whens.append(f"WHEN {test} THEN {result}")
    if not whens:
        return "CAST(NULL AS TEXT)"
    return f"CASE {' '.join(whens)} END"


def _read(column: FactColumn, writer: Writer, factor: float) -> str:
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
    return f"CASE WHEN ABS({name}) < {least} THEN {writer.number(0)} WHEN ABS({name}) <= {most} THEN CAST({name} AS {kind}) END"
