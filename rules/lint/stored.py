"""Rules against the accounts there are: what never or always matches, what stands empty, what lists name in vain.

Pure: the counts come from ``rules.counting``, and from whoever ran it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules import tree
from rules.counting import Counted
from rules.facts import IntentSource, columns_read, needs, roots_of_book, term_root
from rules.lint.findings import note, told, warning
from rules.model import ScaleTerm, WhenTerm
from rules.names import written
from rules.tracing import tried_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from rules.counting import Key
    from rules.facts import FactColumn
    from rules.lint.findings import Finding
    from rules.model import Ruleset, Score
    from rules.problems import Mark
    from rules.tracing import Tried

MOSTLY = 0.8
"""From this share of empty values on a field is mostly empty."""
FEW = 20
"""Of fewer accounts in scope nothing is said that holds of all of them."""
_SHOWN = 5
_PRECAUTIONS = ("protect", "return", "worked", "affinity")
_FIRST_WINS = ("protect", "return", "books", "routes", "service_levels", "covers")


@dataclass(frozen=True, slots=True)
class Stored:
    """What was counted."""

    counts: Mapping[Key, int]
    missing: Mapping[str, tuple[AbstractSet[str | float], int]] = field(default_factory=dict)
    """By list the values that no account has, and how many values the list has."""

    @property
    def accounts(self) -> int:
        """All that were counted."""
        return self.of(Counted.ACCOUNTS)

    @property
    def in_scope(self) -> int:
        """Those in scope."""
        return self.of(Counted.IN_SCOPE)

    def empty(self, column: FactColumn) -> int | None:
        """For how many accounts in scope the column is empty; None where that is not counted."""
        filled = self.counts.get((Counted.FILLED, column.name, ""))
        return None if filled is None else self.in_scope - filled

    def of(self, what: Counted, first: str = "", second: str = "") -> int:
        """One count."""
        return self.counts[what, first, second]


def of_stored(ruleset: Ruleset, stored: Stored, may_be_empty: Collection[str] = ()) -> Iterator[Finding]:
    """What the accounts say of the rules. ``may_be_empty`` are fields of which emptiness says nothing.

    Nothing is said where there are no accounts.
    """
    everybody, in_scope = stored.accounts, stored.in_scope
    if not everybody:
        return
    unfilled = [column for column in needs(ruleset) if stored.empty(column) == in_scope]
    for number, one in enumerate(tried_in(ruleset), 1):
        if one.section == "scope" or in_scope:
            yield from _of_condition(one, stored, number, unfilled)
    for name, (missing, size) in stored.missing.items():
        if missing and name in ruleset.list_marks:
            yield _of_list(name, ruleset.list_marks[name], missing, size)
    if not in_scope:
        return
    for score in ruleset.scores:
        yield from _of_score(score, stored, unfilled)
    yield from _of_fields(ruleset, stored, may_be_empty)
    yield from _of_segments(ruleset, stored)
    unbooked = stored.of(Counted.UNBOOKED)
    if ruleset.books and unbooked:
        message = f"no book takes {_share(unbooked, in_scope)}"
        yield note("no-book", ruleset.books[-1].mark, message, "they stay where they are, in the pool, too")


def _of_condition(one: Tried, stored: Stored, number: int, unfilled: Collection[FactColumn]) -> Iterator[Finding]:
    if isinstance(one.condition.tree, tree.Truth) and isinstance(one.condition.tree.value, tree.Constant):
        return
    everybody = stored.accounts if one.section == "scope" else stored.in_scope
    whose = "accounts" if one.section == "scope" else "accounts in scope"
    holds = stored.of(Counted.HOLDS, str(number))
    name, mark = told(one), one.condition.mark
    if holds == 0:
        code = "dead-term" if one.section == "scores" else "never-matches"
        why = _why(one.condition.tree, unfilled)
        # Protections and returns are there for what seldom is; an empty field is told of itself.
        say = note if one.section in _PRECAUTIONS or why else warning
        yield say(code, mark, f"{name} matches none of {everybody:,} {whose}", why)
    elif holds == everybody and everybody >= FEW:
        yield note("always-matches", mark, f"{name} matches all {everybody:,} {whose}")
    if holds and one.section in _FIRST_WINS and stored.of(Counted.DECIDES, one.section, one.rule) == 0:
        message = f"{name} matches {_share(holds, everybody)}, and rules above it take all"
        yield note("never-first", mark, message)


def _why(root: tree.Part, unfilled: Collection[FactColumn]) -> str:
    """The empty field that is behind it; empty for none."""
    found = next((column for column in columns_read(root) if column in unfilled), None)
    return f"'{found.word}' is empty for all of them" if found else ""


def _of_score(score: Score, stored: Stored, unfilled: Collection[FactColumn]) -> Iterator[Finding]:
    conditions = {term.id for term in score.terms if isinstance(term, WhenTerm)}
    for term in score.terms:
        if term.id not in conditions and term.points and stored.of(Counted.GIVES, score.id, term.id) == 0:
            why = _why(term_root(term), unfilled)
            message = f"the term '{term.id}' gives no account in scope any points"
            yield (note if why else warning)("dead-term", term.mark, message, why)
    for tier in score.tiers:
        if stored.of(Counted.TIER, score.id, tier.name) == 0:
            message = f"no account in scope reaches tier {tier.name} of '{score.id}'"
            yield note("empty-tier", score.mark, message)


def _of_fields(ruleset: Ruleset, stored: Stored, may_be_empty: Collection[str]) -> Iterator[Finding]:
    in_scope = stored.in_scope
    places = _places(ruleset)
    for column in needs(ruleset):
        empty = stored.empty(column)
        if empty is None or column.word in may_be_empty or in_scope < FEW:
            continue
        # Most accounts show no intent; that none does is worth knowing.
        share = 1.0 if isinstance(column.source, IntentSource) else MOSTLY
        if column in places and empty >= in_scope * share:
            message = f"'{column.word}' is empty for {_share(empty, in_scope)}"
            say = warning if empty == in_scope else note
            yield say("empty-field", places[column], message, "rules that read it say little")


def _of_segments(ruleset: Ruleset, stored: Stored) -> Iterator[Finding]:
    for scheme in ruleset.schemes:
        for segment in scheme.segments:
            if segment.when is None and stored.of(Counted.DECIDES, scheme.name, segment.name) == 0:
                message = f"no account in scope is in the segment '{segment.name}' of '{scheme.name}'"
                yield note("empty-segment", segment.mark, message)


def _of_list(name: str, mark: Mark, missing: AbstractSet[str | float], size: int) -> Finding:
    if len(missing) == size:
        return warning("dead-list", mark, f"no account has any value of the list '{name}'")
    some = ", ".join(f"'{written(value)}'" for value in sorted(missing, key=str)[:_SHOWN])
    more = ", …" if len(missing) > _SHOWN else ""
    message = f"{len(missing):,} of the {size:,} values of the list '{name}' are no account's: {some}{more}"
    return note("list-values", mark, message)


def _places(ruleset: Ruleset) -> dict[FactColumn, Mark]:
    """Where each column is first read."""
    found: dict[FactColumn, Mark] = {}
    for root, mark in _read_at(ruleset):
        for column in columns_read(root, ruleset.computed):
            found.setdefault(column, mark)
    return found


def _read_at(ruleset: Ruleset) -> Iterator[tuple[tree.Part, Mark]]:
    """All that is read of accounts, and where."""
    for table in ruleset.tables:
        yield from ((row.when, table.mark) for row in table.rows if row.when is not None)
    yield from ((one.condition.tree, one.condition.mark) for one in tried_in(ruleset))
    for book in ruleset.books:
        yield from ((root, book.mark) for root in roots_of_book(book, ruleset))
    for score in ruleset.scores:
        yield from ((term.scale.tree, term.mark) for term in score.terms if isinstance(term, ScaleTerm))


def _share(some: int, everybody: int) -> str:
    return f"{some:,} of {everybody:,} accounts in scope ({some / everybody:.0%})"
