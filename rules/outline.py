"""The rules as they are shown later: ids, texts, reasons and what each reads, as plain JSON. It evaluates nothing.

A decision is told with the outline of the rules that made it, long after these rules have changed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rules import tree
from rules.facts import EngagementSource, EventsSource, FadingSource, TouchSource, columns_read, needs, term_root
from rules.model import Model
from rules.tracing import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.facts import FactColumn
    from rules.model import Book, Condition, Ruleset, Score

OTHERWISE = "otherwise"
"""The text of a scheme's last segment, which takes what is left."""
_COUNTED = (EngagementSource, EventsSource, FadingSource, TouchSource)


@dataclass(frozen=True, slots=True)
class Word:
    """Something that rules read."""

    type: str
    column: str = ""
    """Where it stands in the facts; empty for what the rules make themselves, such as a table's output."""
    counted: bool = False
    """Whether nothing to count is 0, not empty."""


@dataclass(frozen=True, slots=True)
class OutlinedRule:
    """One rule that may be the first match of its section. ``reads`` are words."""

    section: str
    """segments, scope, protect, return, books, routes, service_levels, covers, worked or affinity."""
    id: str
    text: str
    """The condition as written."""
    because: str = ""
    reads: tuple[str, ...] = ()
    group: str = ""
    """The scheme of a segment: each scheme has a first match of its own. Of a state or an affinity: the book."""


@dataclass(frozen=True, slots=True)
class OutlinedTerm:
    """One term of a score. ``most``: the points that it gives at most, negative where it takes some."""

    part: str
    id: str
    text: str
    most: float
    because: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlinedScore:
    """A score with the caps of its parts and the floors of its tiers, the highest first."""

    id: str
    most: float
    parts: tuple[tuple[str, float], ...]
    tiers: tuple[tuple[str, float], ...]
    terms: tuple[OutlinedTerm, ...]
    margin: float = 0.0
    """How far beyond a border the score must be before the CRM gets another tier."""


@dataclass(frozen=True, slots=True)
class OutlinedTable:
    """A decision table or a grid: what it reads, and the names of what it makes."""

    name: str
    makes: tuple[str, ...]
    text: str = ""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A folder of rules, in the order in which they are tried. ``words``: what is read, as rules write it."""

    version: str
    words: Mapping[str, Word] = field(default_factory=dict)
    rules: tuple[OutlinedRule, ...] = ()
    scores: tuple[OutlinedScore, ...] = ()
    tables: tuple[OutlinedTable, ...] = ()


def outline(ruleset: Ruleset) -> Outline:
    """The outline of checked rules."""
    return _Outlining(ruleset).outline()


def as_json(found: Outline) -> dict[str, Any]:
    """The outline as JSON knows it."""
    return asdict(found)


def from_json(kept: Mapping[str, Any]) -> Outline:
    """The outline that ``as_json`` gave, also by an earlier version of this product: what it lacks is empty."""
    return Outline(
        version=kept["version"],
        words={text: Word(**word) for text, word in kept.get("words", {}).items()},
        rules=tuple(OutlinedRule(**_reading(rule)) for rule in kept.get("rules", ())),
        scores=tuple(_score(score) for score in kept.get("scores", ())),
        tables=tuple(
            OutlinedTable(**{**_reading(table), "makes": tuple(table["makes"])}) for table in kept.get("tables", ())
        ),
    )


def _reading(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {**kept, "reads": tuple(kept.get("reads", ()))}


def _score(kept: Mapping[str, Any]) -> OutlinedScore:
    parts, tiers = (tuple((name, figure) for name, figure in kept[key]) for key in ("parts", "tiers"))
    terms = tuple(OutlinedTerm(**_reading(term)) for term in kept["terms"])
    return OutlinedScore(kept["id"], kept["most"], parts, tiers, terms, kept.get("margin", 0.0))


def _gives(book: Book) -> str:
    """How a book that no refill fills finds its reps; empty for all others."""
    match book.model:
        case Model.FIXED:
            return f"its book is fixed, and {book.owner} names who gets its accounts"
        case Model.OPEN:
            return "its book is open, and reps claim what they want of it"
        case Model.DYNAMIC:
            return ""


class _Outlining:
    """Writes the outline of one folder, with one word for each column of the facts."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.made = {
            **{output.name: str(output.type) for table in ruleset.tables for output in table.outputs},
            **{scheme.name: "text" for scheme in ruleset.schemes},
        }
        self.words: dict[FactColumn, str] = {}
        for column in needs(ruleset):
            taken = column.word in self.words.values() or column.word in self.made
            self.words[column] = f"{column.word} [{column.name}]" if taken else column.word

    def outline(self) -> Outline:
        """All of it."""
        read = {
            text: Word(str(column.type), column.name, isinstance(column.source, _COUNTED))
            for column, text in self.words.items()
        }
        return Outline(
            version=self.ruleset.version,
            words=read | {name: Word(kind) for name, kind in self.made.items()},
            rules=tuple(self._rules()),
            scores=tuple(self._score(score) for score in self.ruleset.scores),
            tables=tuple(self._tables()),
        )

    def _rules(self) -> Iterator[OutlinedRule]:
        rules = self.ruleset
        for scheme in rules.schemes:
            for one in scheme.segments:
                yield self._rule("segments", one.name, one.when, "", scheme.name)
        yield from (self._rule("scope", rule.id, rule.when, rule.because) for rule in rules.scope)
        yield from (self._rule("protect", rule.id, rule.when, rule.because) for rule in rules.protect)
        yield from (self._rule("return", rule.id, rule.when, rule.reason) for rule in rules.returns)
        yield from (self._rule("books", book.id, book.accounts, _gives(book)) for book in rules.books)
        yield from (self._rule("routes", route.id, route.when, route.because) for route in rules.routes)
        yield from (self._rule("service_levels", one.id, one.when, one.because) for one in rules.service_levels)
        yield from (self._rule("covers", one.id, one.when, one.because) for one in rules.covers)

        for book in rules.books:
            if book.worked is not None:
                states = [("green", book.worked.green), ("amber", book.worked.amber)]
                yield from (self._rule("worked", state, when, "", book.id) for state, when in states if when)
                yield self._rule("worked", "red", None, "", book.id)
            for term in book.affinity:
                if term.accounts is not None:
                    yield self._rule("affinity", term.id, term.accounts, term.because, book.id)

    def _rule(self, section: str, id_: str, when: Condition | None, because: str, group: str = "") -> OutlinedRule:
        reads = self._reads(when.tree) if when else ()
        return OutlinedRule(section, id_, when.text if when else OTHERWISE, because, reads, group)

    def _score(self, score: Score) -> OutlinedScore:
        terms = (
            OutlinedTerm(part, term.id, written(term), term.points, term.because, self._reads(term_root(term)))
            for part, term in score.placed_terms
        )
        parts, tiers = (
            tuple((part.name, part.max) for part in score.parts),
            tuple((tier.name, tier.floor) for tier in score.tiers),
        )
        return OutlinedScore(score.id, score.max, parts, tiers, tuple(terms), score.hysteresis)

    def _tables(self) -> Iterator[OutlinedTable]:
        for table in self.ruleset.tables:
            reads = [word for row in table.rows if row.when is not None for word in self._reads(row.when)]
            makes = tuple(output.name for output in table.outputs)
            yield OutlinedTable(table.name, makes, reads=tuple(dict.fromkeys(reads)))
        for grid in self.ruleset.grids:
            yield OutlinedTable(grid.id, (grid.id,), f"tier of {grid.rows}, tier of {grid.columns}")

    def _reads(self, root: tree.Part) -> tuple[str, ...]:
        """The words of a condition or value, in reading order."""
        facts = [self.words[column] for column in columns_read(root, self.made)]
        made = [node.name for node in tree.parts(root) if isinstance(node, tree.FieldValue) and node.name in self.made]
        return tuple(dict.fromkeys([*facts, *made]))
