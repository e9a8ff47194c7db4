"""Which rules, rows, segments and terms the tests exercise, and which none does. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.model import Ruleset
    from rules.problems import Mark
    from rules.testing.model import Outcome


@dataclass(frozen=True, slots=True)
class Covered:
    """One thing that tests may exercise, and how many did."""

    section: str
    """scope, protect, return, book, route, service_level, cover, table, score, contacts or a scheme's name."""
    id: str
    mark: Mark
    held: int = 0
    """Tests in which it held; for a term, in which it gave or took points."""
    decided: int = 0
    """Tests in which it was the first of its section that held."""

    @property
    def exercised(self) -> bool:
        """Whether some test was decided by it; in scope, where any match is enough, whether it held in one."""
        return (self.held if self.section == "scope" else self.decided) > 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Everything that tests may exercise, in the order of the rules."""

    all: tuple[Covered, ...]

    @property
    def missed(self) -> tuple[Covered, ...]:
        """What no test exercises."""
        return tuple(one for one in self.all if not one.exercised)

    @property
    def share(self) -> float:
        """The share that is exercised, 0 to 1; 1 where there is nothing to exercise."""
        return (len(self.all) - len(self.missed)) / len(self.all) if self.all else 1.0

    def sections(self) -> dict[str, tuple[int, int]]:
        """Section → how many are exercised, of how many."""
        counted = Counter(one.section for one in self.all)
        missed = Counter(one.section for one in self.missed)
        return {section: (count - missed[section], count) for section, count in counted.items()}


def covered(ruleset: Ruleset, outcomes: Iterable[Outcome]) -> Coverage:
    """What the tests with these outcomes exercise."""
    held: Counter[tuple[str, str]] = Counter()
    decided: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        held.update((one.section, one.id) for one in outcome.tried if one.holds)
        decided.update((one.section, one.id) for one in outcome.tried if one.decides)
        terms = [("score", f"{one.score}.{one.term}") for one in outcome.counted if one.points]
        terms += [
            ("contacts", f"{one.score}.{term}")
            for one in outcome.contacts
            for term, points in one.points.items()
            if points
        ]
        rows = [("table", f"{table} row {number}") for table, matched in outcome.rows.items() for number in matched]
        for counter in (held, decided):
            counter.update(set(terms))
            counter.update(rows)
    keys = (one for one in _all(ruleset))
    return Coverage(
        tuple(replace(one, held=held[one.section, one.id], decided=decided[one.section, one.id]) for one in keys)
    )


def _all(ruleset: Ruleset) -> Iterator[Covered]:
    yield from (Covered("scope", rule.id, rule.mark) for rule in ruleset.scope)
    yield from (Covered("protect", rule.id, rule.mark) for rule in ruleset.protect)
    yield from (Covered("return", rule.id, rule.mark) for rule in ruleset.returns)
    for scheme in ruleset.schemes:
        yield from (Covered(scheme.name, segment.name, segment.mark) for segment in scheme.segments)
    yield from (Covered("book", book.id, book.mark) for book in ruleset.books)
    yield from (Covered("route", route.id, route.mark) for route in ruleset.routes)
    yield from (Covered("service_level", level.id, level.mark) for level in ruleset.service_levels)
    yield from (Covered("cover", cover.id, cover.mark) for cover in ruleset.covers)
    for table in ruleset.tables:
        yield from (
            Covered("table", f"{table.name} row {number}", row.mark) for number, row in enumerate(table.rows, 1)
        )
    for score in ruleset.scores:
        yield from (Covered("score", f"{score.id}.{term.id}", term.mark) for term in score.terms)
    for contact in ruleset.contacts:
        score = contact.score
        yield from (Covered("contacts", f"{score.id}.{term.id}", term.mark) for term in score.terms)
