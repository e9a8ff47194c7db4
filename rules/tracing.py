"""One account under a glass: every condition's truth, every term's points, every value seen. It runs no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import Chain
from rules.facts import FactColumn, columns_read, needs, term_root
from rules.model import EventTerm, Hit, ScaleTerm, WhenTerm
from rules.probing import Seen, stand_ins
from rules.sql import Dialect, named, quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from rules.model import Book, Condition, Ruleset, Score, Term
    from rules.problems import Mark


class TraceKind(StrEnum):
    """What a column of a trace holds."""

    VALUE = "value"  # a fact as conditions see it
    ROW = "row"  # a table's matching row, 1 for the first below the header; NULL for none; 2|5 where rows collect
    OUTPUT = "output"  # a table's output
    TRUTH = "truth"  # 1 if the condition holds, else 0
    POINTS = "points"  # a term's points, before any cap
    PART = "part"  # a part's sum, within its cap
    TOTAL = "total"
    TIER = "tier"
    GRID = "grid"  # the grade of a grid


@dataclass(frozen=True, slots=True)
class TraceColumn:
    """One column of a trace and the rule behind it."""

    name: str
    kind: TraceKind
    type: Type
    section: str = ""
    """scope, protect, return, books, routes, service_levels, covers, worked, affinity, scores, grids, segments
    or tables."""
    rule: str = ""
    """The id of the rule, book, route, score, grid, scheme or table."""
    part: str = ""
    term: str = ""
    """Within a score: the part's name and the term's id; within a scheme: the segment's name as the term;
    within a book: green or amber, or the affinity's id."""
    text: str = ""
    """The condition, formula or event as written."""
    because: str = ""
    reads: tuple[str, ...] = ()
    """The names of the VALUE and OUTPUT columns that the rule reads, in reading order."""
    fact: FactColumn | None = None
    """For a VALUE: where it comes from."""
    most: float | None = None
    """For POINTS, PART and TOTAL: the most there can be."""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A SELECT that gives at most one row, and what its columns mean, in the order in which rules are tried."""

    sql: str
    columns: tuple[TraceColumn, ...]

    def of(self, kind: TraceKind, section: str = "") -> tuple[TraceColumn, ...]:
        """The columns of a kind, of one section if it is named."""
        return tuple(column for column in self.columns if column.kind is kind and section in ("", column.section))


def trace(  # noqa: PLR0913 - what an account is looked at by
    ruleset: Ruleset,
    dialect: Dialect,
    *,
    now: datetime,
    landmark: datetime,
    account_id: str,
    given: Mapping[str, Seen] | None = None,
) -> Trace:
    """The truth of every condition and the points of every term for one account, with the values they saw.

    ``given``: values in place of those that the facts have, by column, to see what the rules would say.
    """
    stands = stand_ins(ruleset, dialect, given or {})
    chain = Chain(ruleset, dialect, now, landmark, f"account_id = {quoted(account_id)}", rows=True, given=stands)
    tracing = _Tracing(chain)
    judged = list(tracing.judged())
    chain.score([(column.name, sql) for column, sql in judged])
    scored = [found for index, score in enumerate(ruleset.scores, 1) for found in tracing.scored(index, score)]
    scored += tracing.graded()
    selected = [(column, named(column.name)) for column, _ in judged] + scored
    sql = chain.select(f"{sql} AS {named(column.name)}" for column, sql in selected)
    return Trace(sql, tuple(column for column, _ in selected))


@dataclass(frozen=True, slots=True)
class _Tracing:
    chain: Chain
    made: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "made", dict(self.chain.writer.outputs))

    def judged(self) -> Iterator[tuple[TraceColumn, str]]:
        """What is read straight from the facts: values, tables, and the truth of every condition."""
        ruleset = self.chain.ruleset
        for fact in needs(ruleset):
            yield TraceColumn(fact.name, TraceKind.VALUE, fact.type, fact=fact), named(fact.name)
        yield from self._tables()
        for scheme in ruleset.schemes:
            column = self.made[scheme.name]
            yield TraceColumn(column, TraceKind.OUTPUT, Type.TEXT, "segments", scheme.name, text=scheme.name), column
        for number, tried in enumerate(tried_in(ruleset), 1):
            yield self._truth(number, tried)

    def _tables(self) -> Iterator[tuple[TraceColumn, str]]:
        for number, table in enumerate(self.chain.ruleset.tables, 1):
            reads = tuple(
                dict.fromkeys(name for row in table.rows if row.when is not None for name in self._reads(row.when))
            )
            name = f"row__{number}"
            kind = Type.TEXT if table.hit is Hit.COLLECT else Type.NUMBER
            yield TraceColumn(name, TraceKind.ROW, kind, "tables", table.name, reads=reads, mark=table.mark), name
            for output in table.outputs:
                column = self.made[output.name]
                yield TraceColumn(column, TraceKind.OUTPUT, output.type, "tables", table.name, text=output.name), column

    def _truth(self, number: int, tried: Tried) -> tuple[TraceColumn, str]:
        condition = tried.condition
        column = TraceColumn(
            f"truth__{number}",
            TraceKind.TRUTH,
            Type.BOOLEAN,
            tried.section,
            tried.rule,
            tried.part,
            tried.term,
            condition.text,
            tried.because,
            self._reads(condition.tree),
            mark=tried.mark,
        )
        return column, f"CASE WHEN {self.chain.writer.condition(condition.tree)} THEN 1 ELSE 0 END"

    def _reads(self, root: tree.Part) -> tuple[str, ...]:
        outputs = [
            self.made[node.name]
            for node in tree.parts(root)
            if isinstance(node, tree.FieldValue) and node.name in self.made
        ]
        facts = [column.name for column in columns_read(root, self.made)]
        return tuple(dict.fromkeys([*facts, *outputs]))

    def scored(self, index: int, score: Score) -> Iterator[tuple[TraceColumn, str]]:
        """What the scoring stages compute."""
        number = 0
        for position, part in enumerate(score.parts):
            for term in part.terms:
                number += 1
                points = TraceColumn(
                    f"points__{index}_{number}", TraceKind.POINTS, Type.NUMBER, "scores", score.id, part.name, term.id,
                    written(term), term.because, self._reads(term_root(term)), most=term.points, mark=term.mark,
                )  # fmt: skip
                yield points, points.name
            name = f"part__{index}_{position + 1}"
            column = TraceColumn(name, TraceKind.PART, Type.NUMBER, "scores", score.id, part.name, most=part.max)
            yield column, self.chain.part(index, position)
        name = f"total__{index}"
        yield TraceColumn(name, TraceKind.TOTAL, Type.NUMBER, "scores", score.id, most=score.max), name
        name = f"tier__{index}"
        yield TraceColumn(name, TraceKind.TIER, Type.TEXT, "scores", score.id), self.chain.tier(index)

    def graded(self) -> Iterator[tuple[TraceColumn, str]]:
        """The grids' grades."""
        for index, grid in enumerate(self.chain.ruleset.grids, 1):
            text = f"tier of {grid.rows}, tier of {grid.columns}"
            column = TraceColumn(f"grid__{index}", TraceKind.GRID, Type.TEXT, "grids", grid.id, text=text)
            yield column, self.chain.grade(grid)


@dataclass(frozen=True, slots=True)
class Tried:
    """One condition in the order in which rules are tried."""

    section: str
    rule: str
    condition: Condition
    because: str
    mark: Mark
    part: str = ""
    term: str = ""


def tried_in(ruleset: Ruleset) -> Iterator[Tried]:
    """Every condition on accounts, section by section, in the order in which they are tried."""
    for scheme in ruleset.schemes:
        yield from (
            Tried("segments", scheme.name, segment.when, "", segment.mark, term=segment.name)
            for segment in scheme.segments
            if segment.when is not None
        )
    yield from (Tried("scope", rule.id, rule.when, rule.because, rule.mark) for rule in ruleset.scope)
    yield from (Tried("protect", rule.id, rule.when, rule.because, rule.mark) for rule in ruleset.protect)
    yield from (Tried("return", rule.id, rule.when, rule.reason, rule.mark) for rule in ruleset.returns)
    yield from (Tried("books", book.id, book.accounts, "", book.mark) for book in ruleset.books)
    yield from (Tried("routes", route.id, route.when, route.because, route.mark) for route in ruleset.routes)
    yield from (Tried("service_levels", one.id, one.when, one.because, one.mark) for one in ruleset.service_levels)
    yield from (Tried("covers", one.id, one.when, one.because, one.mark) for one in ruleset.covers)
    for book in ruleset.books:
        yield from _asked_by(book)
    for score in ruleset.scores:
        for part, term in score.placed_terms:
            if isinstance(term, WhenTerm):
                yield Tried("scores", score.id, term.when, term.because, term.mark, part, term.id)


def _asked_by(book: Book) -> Iterator[Tried]:
    """What a book asks of the accounts that it takes: which state they are in, and whom they suit."""
    if book.worked is not None:
        for state, when in (("green", book.worked.green), ("amber", book.worked.amber)):
            if when is not None:
                yield Tried("worked", book.id, when, "", when.mark, term=state)
    for term in book.affinity:
        if term.accounts is not None:
            yield Tried("affinity", book.id, term.accounts, term.because, term.mark, term=term.id)


def written(term: Term) -> str:
    """What a term counts, in the words of the rule file."""
    match term:
        case WhenTerm(when=condition):
            return condition.text
        case ScaleTerm(scale=formula, start=start, end=end):
            return f"{formula.text} from {start:.10g} to {end:.10g}"
        case EventTerm(event=kind, decay=decay):
            return f"{kind}, {decay.fade.replace('_', '-')} {decay.days:g} days"
