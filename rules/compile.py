"""Checked rules as one SELECT over the facts. It writes SQL text and runs none.

Values are typed literals; there are no bind parameters. The text may hold ``%`` and ``:`` inside literals, so hand it
over where neither means anything: ``sqlalchemy.text`` wants each ``:`` behind a backslash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from rules import of_books
from rules.chain import Chain, fence, read
from rules.facts import capacity_of, rep_needs, successors
from rules.sql import Dialect, Writer, named
from rules.vocabulary import Type

if TYPE_CHECKING:
    from datetime import datetime

    from rules.model import Ruleset, Score
    from rules.presence import Cover, ServiceLevel
    from rules.routes import Route

DUE_TABLE = "due"
"""With ``account_ids``, only accounts whose ``account_id`` stands in this table are judged; the caller fills it."""


class ColumnKind(StrEnum):
    """What a result column holds."""

    ACCOUNT_ID = "account_id"
    REP_ID = "rep_id"
    CONTACT_ID = "contact_id"
    IN_SCOPE = "in_scope"  # the first scope rule that matches, or NULL
    PROTECT = "protect"  # the first protect rule that matches, or NULL
    RETURN = "return"  # the first return rule that matches, or NULL
    BOOK = "book"  # the first book whose accounts match, or NULL
    ROUTE = "route"  # the first route that matches, or NULL; only where there are routes
    SERVICE_LEVEL = "service_level"  # the first service level that matches, or NULL; only where there are any
    COVER = "cover"  # the first cover that matches, or NULL; only where there are any
    OUTPUT = "output"  # a decision table's output
    SEGMENT = "segment"  # the segment of a scheme, never NULL
    TOTAL = "total"  # a score's total, to six digits, never NULL
    TIER = "tier"  # the name of a score's tier, NULL below the lowest
    GRID = "grid"  # the grade of a grid, such as A1
    POINTS = "points"  # one term's points, before any cap, never NULL
    VALUE = "value"  # what an account is worth to a route; NULL where its field is empty
    CAP = "cap"  # 1 where a route's cap counts the account, else NULL
    MEMBER = "member"  # whether the rep belongs to a route
    WEIGHT = "weight"  # how large a share of a route is the rep's; NULL where the rep's field is empty
    ELIGIBLE = "eligible"  # whether a book may give accounts to the rep
    CAPACITY = "capacity"  # how many accounts of a book the rep may own; NULL where the rep's field is empty
    NAMED_OWNER = "named_owner"  # whom the account's fixed book names as its owner; NULL for nobody
    WORKLOAD = "workload"  # the work of the account in its book, to six digits; NULL where the book says none
    MEASURE = "measure"  # what the account is worth in its book, where a field says it; else NULL
    AFFINITY = "affinity"  # |-led ids of the terms whose condition on accounts holds; of reps: whether a term's does
    WORKED = "worked"  # green, amber or red; NULL where the account's book does not say
    COMPARED = "compared"  # a text field that affinities compare: of the account, or of the rep


@dataclass(frozen=True, slots=True)
class CompiledColumn:
    """One result column. ``rule`` names the score, grid, scheme, book or table; ``term`` and ``part`` a score's term.

    ``output`` is the field that an output or a segment fills, or that is compared. ``term`` is an affinity's, too.
    """

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
    """Every account's scope, protection, return, book, route, table outputs, segments, scores, tiers and points.

    ``now`` and ``landmark`` carry a time zone; days are days in UTC. Reads ``fact``, which has ``needs(ruleset)``;
    its numbers lie in the range that rules count with (``rules.bounds``).
    """
    where = f"account_id IN (SELECT account_id FROM {DUE_TABLE})" if account_ids else ""  # noqa: S608 - a constant
    chain = Chain(ruleset, dialect, now, landmark, where, direct=True)
    decisions = (
        (ColumnKind.IN_SCOPE, "in_scope", [(rule.id, rule.when.tree) for rule in ruleset.scope]),
        (ColumnKind.PROTECT, "protect", [(rule.id, rule.when.tree) for rule in ruleset.protect]),
        (ColumnKind.RETURN, "return_", [(rule.id, rule.when.tree) for rule in ruleset.returns]),
        (ColumnKind.BOOK, "book", [(book.id, book.accounts.tree) for book in ruleset.books]),
        *(
            (kind, kind.value, [(rule.id, rule.when.tree) for rule in rules])
            for kind, rules in _besides(ruleset)
            if rules
        ),
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
    columns += [
        CompiledColumn(chain.writer.outputs[name], ColumnKind.SEGMENT, Type.TEXT, name, output=name)
        for name in (scheme.name for scheme in ruleset.schemes)
    ]
    by_book = _by_book(ruleset, chain.writer)
    judged += by_book.judged
    columns += by_book.columns
    chain.score(judged)
    columns += [column for index, score in enumerate(ruleset.scores, 1) for column in score_columns(score, index)]
    columns += [
        CompiledColumn(f"grid__{index}", ColumnKind.GRID, Type.TEXT, grid.id)
        for index, grid in enumerate(ruleset.grids, 1)
    ]
    cut = {f"tier__{index}": chain.tier(index) for index in range(1, len(ruleset.scores) + 1)}
    cut |= {f"grid__{index}": chain.grade(grid) for index, grid in enumerate(ruleset.grids, 1)}
    cut |= by_book.chosen
    selected = (f"{cut.get(column.name, named(column.name))} AS {named(column.name)}" for column in columns)
    return Compiled(chain.select(selected), tuple(columns))


def _besides(ruleset: Ruleset) -> tuple[tuple[ColumnKind, tuple[Route | ServiceLevel | Cover, ...]], ...]:
    """Sections that have a column only where there are such rules."""
    return (
        (ColumnKind.ROUTE, ruleset.routes),
        (ColumnKind.SERVICE_LEVEL, ruleset.service_levels),
        (ColumnKind.COVER, ruleset.covers),
    )


def compile_reps(ruleset: Ruleset, dialect: Dialect, *, now: datetime) -> Compiled:
    """Every rep's ``rep_id`` and, for each book, whether and how many of its accounts it may own, and affinities.

    ``now`` carries a time zone; days are days in UTC. Reads ``rep_fact``, which has ``rep_needs(ruleset)``.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    writer = Writer(dialect, now.astimezone(UTC).date(), {})
    facts = ", ".join(
        ["rep_id", *(f"{read(column, writer, 1.0)} AS {named(column.name)}" for column in rep_needs(ruleset))]
    )
    columns = [CompiledColumn("rep_id", ColumnKind.REP_ID, Type.TEXT)]
    selected = ["rep_id"]
    yes, no = writer.boolean(value=True), writer.boolean(value=False)
    for index, book in enumerate(ruleset.books, 1):
        columns.append(CompiledColumn(f"eligible__{index}", ColumnKind.ELIGIBLE, Type.BOOLEAN, book.id))
        selected.append(f"CASE WHEN {writer.condition(book.reps.tree)} THEN {yes} ELSE {no} END AS eligible__{index}")
        columns.append(CompiledColumn(f"capacity__{index}", ColumnKind.CAPACITY, Type.NUMBER, book.id))
        selected.append(f"{writer.value(capacity_of(book))} AS capacity__{index}")
        for number, term in enumerate(book.affinity, 1):
            if term.reps is not None:
                name = f"affinity__{index}_{number}"
                columns.append(CompiledColumn(name, ColumnKind.AFFINITY, Type.BOOLEAN, book.id, term=term.id))
                selected.append(f"CASE WHEN {writer.condition(term.reps.tree)} THEN {yes} ELSE {no} END AS {name}")
    for index, (level, reps) in enumerate(successors(ruleset), 1):
        columns.append(CompiledColumn(f"succeeds__{index}", ColumnKind.ELIGIBLE, Type.BOOLEAN, level))
        selected.append(f"CASE WHEN {writer.condition(reps.tree)} THEN {yes} ELSE {no} END AS succeeds__{index}")
    for number, field in enumerate(of_books.compared_of_reps(ruleset), 1):
        columns.append(CompiledColumn(f"compared__{number}", ColumnKind.COMPARED, Type.TEXT, output=field))
        selected.append(f"{of_books.text_of(field, writer)} AS compared__{number}")
    stage = f"SELECT {facts} FROM rep_fact{fence(dialect)}"  # noqa: S608 - names are checked by rules.facts
    sql = f"WITH facts AS ({stage})\nSELECT {', '.join(selected)} FROM facts"
    return Compiled(sql, tuple(columns))


@dataclass(frozen=True, slots=True)
class _ByBook:
    """What is told of accounts by their books: worked out in one stage, and chosen by the book in the last."""

    judged: list[tuple[str, str]]
    columns: list[CompiledColumn]
    chosen: dict[str, str]


def _by_book(ruleset: Ruleset, writer: Writer) -> _ByBook:
    found = of_books.judged(ruleset, writer)
    told = [CompiledColumn(what, ColumnKind(what), of_books.OF_BOOK[what]) for what in found]
    fields = {f"compared__{number}": field for number, field in enumerate(of_books.compared(ruleset), 1)}
    told += [CompiledColumn(name, ColumnKind.COMPARED, Type.TEXT, output=field) for name, field in fields.items()]
    texts = [(name, of_books.text_of(field, writer)) for name, field in fields.items()]
    return _ByBook([*of_books.columns(found), *texts], told, of_books.chosen(found))


def score_columns(score: Score, index: int) -> list[CompiledColumn]:
    """The columns of the score with this number: its total, its tier and its terms' points."""
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
