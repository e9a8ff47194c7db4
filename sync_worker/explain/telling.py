"""A decision in words: every rule in the order in which it was tried, every point, what was empty. Pure.

It is told from three things alone: an outline of the rules, what they said, and what they read. All three are kept with
a logged decision, so what is told today and what is told in a year are the same, word for word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rules.vocabulary import Type
from sync_worker.core.model import COVER, SERVICE_LEVEL, SUITS, WORKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.outline import Outline, OutlinedRule, OutlinedScore
    from sync_worker.core.model import Value

DECIDERS = {"scope": "scope", "protect": "protect", "return": "return", "books": "book"}
"""Where a stored decision names the first match of a section. All others stand among its fields."""
AMONG_FIELDS = {"routes": "route", "service_levels": SERVICE_LEVEL, "covers": COVER, "worked": WORKED}
"""Where, but for segments, which have the name of their scheme."""
OF_BOOK = ("worked", "affinity")
"""Sections that each book has for itself: only those of the account's book are told."""

DAY_LENGTH = len("2026-11-04")


@dataclass(frozen=True, slots=True)
class RuleTried:
    """One rule, as it was tried. ``decides`` marks the first match of its section."""

    section: str
    """segments, scope, protect, return, book, routes, service_levels, covers, worked or affinity."""
    id: str
    text: str
    """The condition as written."""
    because: str
    holds: bool | None
    """None: not tried, since an earlier rule of its section had decided."""
    decides: bool
    values: Mapping[str, Value]
    """What the condition reads, and what there was."""
    group: str = ""
    """For a segment: its scheme. For a state or an affinity: the book."""


@dataclass(frozen=True, slots=True)
class TermCounted:
    """One term of a score, counted or not."""

    score: str
    part: str
    term: str
    text: str
    points: float
    most: float
    because: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Capped:
    """A part of a score, or the whole (``part`` empty), whose terms add up to more than it may have, or to less."""

    score: str
    part: str
    sum: float
    points: float


@dataclass(frozen=True, slots=True)
class Made:
    """What a table or grid made of what it read."""

    table: str
    text: str
    gave: Mapping[str, Value]
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Told:
    """What the rules said of one account, and why."""

    scope: str | None = None
    protect: str | None = None
    return_: str | None = None
    book: str | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    """What the rules made besides: outputs of tables, segments, grades, the route."""
    scores: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Total and tier by score id."""
    rules: tuple[RuleTried, ...] = ()
    terms: tuple[TermCounted, ...] = ()
    caps: tuple[Capped, ...] = ()
    tables: tuple[Made, ...] = ()
    margins: Mapping[str, float] = field(default_factory=dict)
    """How far beyond a border a score must be before the CRM gets another tier, by score, where it must be."""
    empty: tuple[str, ...] = ()
    """What the rules read and found empty."""
    kept_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rules and terms that read it and gave nothing, by what was empty."""

    def first(self, section: str) -> RuleTried | None:
        """The rule that decided a section; None if none did."""
        return next((rule for rule in self.rules if rule.section == section and rule.decides), None)


def tell(outline: Outline, value: Mapping[str, Any], inputs: Mapping[str, Value]) -> Told:
    """Tell a decision. ``value`` and ``inputs`` are as a logged decision has them (``store.decisions``)."""
    telling = _Telling(outline, value, inputs)
    rules, terms = tuple(telling.rules()), tuple(telling.terms())
    empty = tuple(text for text, word in outline.words.items() if word.column and telling.seen(text) is None)
    return Told(
        scope=value["scope"],
        protect=value["protect"],
        return_=value["return"],
        book=value["book"],
        fields=value.get("fields", {}),
        scores={name: (score["total"], score["tier"]) for name, score in value["scores"].items()},
        rules=rules,
        terms=terms,
        caps=tuple(telling.caps(terms)),
        tables=tuple(telling.tables()),
        margins={score.id: score.margin for score in outline.scores if score.margin},
        empty=empty,
        kept_from={text: found for text in empty if (found := tuple(_kept_from(text, rules, terms)))},
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    outline: Outline
    value: Mapping[str, Any]
    inputs: Mapping[str, Value]

    def seen(self, text: str) -> Value:
        """What a word stood for: a time by its day, nothing counted as 0."""
        word = self.outline.words[text]
        if not word.column:
            made: Value = self.value.get("fields", {}).get(text)
            return made
        found = self.inputs.get(word.column)
        if found is None:
            return 0.0 if word.counted else None
        if word.type == Type.BOOLEAN:
            return bool(found)
        return str(found)[:DAY_LENGTH] if word.type == Type.DATE else found

    def values(self, reads: tuple[str, ...]) -> dict[str, Value]:
        return {text: self.seen(text) for text in reads}

    def rules(self) -> Iterator[RuleTried]:
        for (section, group), members in groupby(self.outline.rules, key=lambda rule: (rule.section, rule.group)):
            if section in OF_BOOK and group != self.value["book"]:
                continue
            if section == "affinity":
                yield from self._affinities(members)
                continue
            decider = self._decider(section, group)
            tried: bool | None = False
            for rule in members:
                decides = rule.id == decider and tried is not None
                yield self._tried(rule, holds=True if decides else tried, decides=decides)
                tried = None if decides else tried

    def _affinities(self, members: Iterator[OutlinedRule]) -> Iterator[RuleTried]:
        """All that the book asks for, each for itself: none decides."""
        held = str(self.value.get("fields", {}).get(SUITS) or "").split("|")
        yield from (self._tried(rule, holds=rule.id in held, decides=False) for rule in members)

    def _decider(self, section: str, group: str) -> str | None:
        if section in DECIDERS:
            return _text(self.value[DECIDERS[section]])
        among = AMONG_FIELDS.get(section, group)
        return _text(self.value.get("fields", {}).get(among))

    def _tried(self, rule: OutlinedRule, *, holds: bool | None, decides: bool) -> RuleTried:
        section = "book" if rule.section == "books" else rule.section
        values = self.values(rule.reads)
        return RuleTried(section, rule.id, rule.text, rule.because, holds, decides, values, rule.group)

    def terms(self) -> Iterator[TermCounted]:
        for score in self.outline.scores:
            given = self._given(score)
            for term in score.terms:
                yield TermCounted(
                    score.id, term.part, term.id, term.text, given.get(term.id, 0.0), term.most, term.because,
                    self.values(term.reads),
                )  # fmt: skip

    def _given(self, score: OutlinedScore) -> dict[str, float]:
        """The points by term, of those that gave any."""
        found = self.value["scores"].get(score.id, {"points": []})
        return {term: points for term, points, _ in found["points"]}

    def caps(self, terms: tuple[TermCounted, ...]) -> Iterator[Capped]:
        """Where caps change a sum."""
        for score in self.outline.scores:
            if score.id not in self.value["scores"]:
                continue
            together = 0.0
            for part, most in score.parts:
                found = sum(term.points for term in terms if (term.score, term.part) == (score.id, part))
                kept = max(-most, min(most, found))
                together += kept
                if round(found - kept, 6):
                    yield Capped(score.id, part, round(found, 6), kept)
            total = self.value["scores"][score.id]["total"]
            if abs(together - total) > 1e-5:  # noqa: PLR2004 - points are kept to six digits each
                yield Capped(score.id, "", round(together, 6), total)

    def tables(self) -> Iterator[Made]:
        for table in self.outline.tables:
            fields = self.value.get("fields", {})
            yield Made(
                table.name, table.text, {name: fields.get(name) for name in table.makes}, self.values(table.reads)
            )


def _kept_from(text: str, rules: tuple[RuleTried, ...], terms: tuple[TermCounted, ...]) -> Iterator[str]:
    """Whoever read an empty value and did not match."""
    yield from (f"{rule.section} {rule.id}" for rule in rules if text in rule.values and rule.holds is False)
    yield from (f"{term.score} {term.term}" for term in terms if text in term.values and not term.points)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
