"""What the rules say of an account for the book that takes it: read from a compiled result. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rules import ColumnKind
from sync_worker.assigning.reps import several

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import Compiled, Ruleset
    from sync_worker.core.model import Score

_KINDS = (
    ColumnKind.NAMED_OWNER,
    ColumnKind.WORKLOAD,
    ColumnKind.MEASURE,
    ColumnKind.AFFINITY,
)


@dataclass(frozen=True, slots=True)
class OfBook:
    """What a decision says for its book, under the names that ``Decision`` has for it."""

    named_owner: str | None
    workload: float
    potential: float
    suits: frozenset[str]
    compared: Mapping[str, frozenset[str]]


NOTHING = OfBook(None, 1.0, 0.0, frozenset(), {})
"""Of an account without a book, or of rules whose books say nothing of accounts."""


@dataclass(frozen=True, slots=True)
class BookColumns:
    """Where a compiled result has it."""

    columns: Mapping[ColumnKind, str]
    fields: Mapping[str, str]
    """The column of each text field that affinities compare."""
    measures: Mapping[str, str]
    """The score that says what an account is worth, by book, where one does."""

    @classmethod
    def of(cls, compiled: Compiled, rules: Ruleset) -> Self:
        """Find the columns."""
        scores = {score.id for score in rules.scores}
        measured = {book.id: book.balance.measure for book in rules.books if book.balance}
        return cls(
            {kind: found[0].name for kind in _KINDS if (found := compiled.of(kind))},
            {column.output: column.name for column in compiled.of(ColumnKind.COMPARED)},
            {book: measure for book, measure in measured.items() if measure in scores},
        )

    def read(self, row: Mapping[str, object], book: str | None, scores: Mapping[str, Score]) -> OfBook:
        """What is said of one account."""
        if not (book and (self.columns or self.fields or self.measures)):
            return NOTHING
        said = {kind: row[name] for kind, name in self.columns.items()}
        named, worth = said.get(ColumnKind.NAMED_OWNER), said.get(ColumnKind.MEASURE)
        if (measure := self.measures.get(book)) is not None:
            worth = scores[measure].total
        work = said.get(ColumnKind.WORKLOAD)
        return OfBook(
            str(named) if named is not None else None,
            1.0 if work is None else float(str(work)),
            0.0 if worth is None else float(str(worth)),
            frozenset(str(said.get(ColumnKind.AFFINITY) or "").split("|")[1:]),
            {field: several(row[name]) for field, name in self.fields.items()},
        )
