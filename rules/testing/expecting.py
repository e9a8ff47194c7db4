"""What a test expects, read and checked: rules, fields, scores and reps that the rules have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.document import Mapping, Scalar
from rules.names import computed
from rules.problems import nearest
from rules.testing import nodes
from rules.testing.model import ANY, Expectation, Subject
from rules.vocabulary import FieldInfo, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from rules.document import Node
    from rules.model import Ruleset, Score
    from rules.problems import Notes

NONE = "none"
"""No rule of the section matches: ``book: none``."""
SECTIONS = ("scope", "protect", "return", "book", "route", "service_level", "cover")
SCORE_KEYS = {"total": Subject.TOTAL, "at_least": Subject.AT_LEAST, "at_most": Subject.AT_MOST}
REP_KEYS = ("eligible", "not", "capacity")


def ids_of(ruleset: Ruleset) -> dict[str, tuple[str, ...]]:
    """The ids of the rules of each section that a test may expect."""
    rules: dict[str, Iterable[object]] = {
        "scope": ruleset.scope,
        "protect": ruleset.protect,
        "return": ruleset.returns,
        "book": ruleset.books,
        "route": ruleset.routes,
        "service_level": ruleset.service_levels,
        "cover": ruleset.covers,
    }
    return {section: tuple(str(getattr(rule, "id")) for rule in found) for section, found in rules.items()}  # noqa: B009 - the sections' types share the id and no base


def said(ruleset: Ruleset) -> dict[str, FieldInfo]:
    """The fields that a test may expect: what tables, schemes and grids say."""
    return computed(ruleset) | {grid.id: FieldInfo(grid.id, Type.TEXT) for grid in ruleset.grids}


@dataclass(frozen=True, slots=True)
class Expecting:
    """Reads the ``expect`` of one test."""

    ruleset: Ruleset
    reps: frozenset[str]
    contacts: frozenset[str]
    today: date
    notes: Notes

    def read(self, node: Node | None) -> Iterator[Expectation]:
        """What the node expects; what cannot be expected is noted."""
        fields, ids = said(self.ruleset), ids_of(self.ruleset)
        scores = {score.id: score for score in self.ruleset.scores}
        if isinstance(node, Mapping) and not node.entries:
            self.notes.error(node.mark, "the test expects nothing", "write scope, protect, return, book or scores")
        for key, value in nodes.entries(node, "'expect'", self.notes):
            if key.text in ids:
                yield from self._rule(key.text, value, ids[key.text])
            elif key.text == "scores":
                for name, wanted in nodes.entries(value, "'scores'", self.notes):
                    if name.text in scores:
                        yield from self._score(scores[name.text], wanted)
                    else:
                        self.notes.error(name.mark, f"unknown score '{name.text[:60]}'", nearest(name.text, scores))
            elif key.text == "reps":
                yield from self._reps(value)
            elif key.text == "contacts":
                yield from self._contacts(value)
            elif key.text in fields:
                found = nodes.value(value, fields[key.text], self.today, self.notes, strict=True)
                yield Expectation(Subject.FIELD, key.text, found, value.mark)
            else:
                known = {*ids, "scores", "reps", "contacts", *fields}
                self.notes.error(key.mark, f"the rules say nothing of '{key.text[:60]}'", nearest(key.text, known))

    def _rule(self, section: str, node: Node, known: tuple[str, ...]) -> Iterator[Expectation]:
        written = nodes.scalar(node, f"'{section}'", self.notes)
        if written is None:
            return
        if written.text in {NONE, ANY, *known}:
            yield Expectation(Subject.RULE, section, None if written.text == NONE else written.text, written.mark)
            return
        hint = nearest(written.text, {NONE, ANY, *known})
        self.notes.error(written.mark, f"unknown rule '{written.text[:60]}' of '{section}'", hint)

    def _score(self, score: Score, node: Node) -> Iterator[Expectation]:
        if isinstance(node, Scalar):
            yield from self._figure(Subject.TOTAL, score, node)
            return
        keys = (*SCORE_KEYS, "tier", "parts", "points")
        found = nodes.keyed(node, f"the score '{score.id}'", keys, self.notes)
        for key, subject in SCORE_KEYS.items():
            yield from self._figure(subject, score, found.get(key))
        yield from self._tier(score, found.get("tier"))
        parts, terms = {part.name for part in score.parts}, {term.id for term in score.terms}
        for subject, key, noun, known in (
            (Subject.PART, "parts", "part", parts),
            (Subject.POINTS, "points", "term", terms),
        ):
            for name, value in nodes.entries(found.get(key), f"'{key}'", self.notes):
                if name.text in known:
                    yield from self._figure(subject, score, value, name.text)
                else:
                    message = f"unknown {noun} '{name.text[:60]}' of the score '{score.id}'"
                    self.notes.error(name.mark, message, nearest(name.text, known))

    def _figure(self, subject: Subject, score: Score, node: Node | None, item: str = "") -> Iterator[Expectation]:
        wanted = nodes.figure(node, f"'{item or score.id}'", self.notes)
        if node is not None and wanted is not None:
            yield Expectation(subject, score.id, wanted, node.mark, item)

    def _tier(self, score: Score, node: Node | None) -> Iterator[Expectation]:
        known = {tier.name for tier in score.tiers}
        written = nodes.scalar(node, "'tier'", self.notes)
        if written is not None and written.text in known:
            yield Expectation(Subject.TIER, score.id, written.text, written.mark)
        elif written is not None:
            message = f"unknown tier '{written.text[:40]}' of the score '{score.id}'"
            self.notes.error(written.mark, message, nearest(written.text, known))

    def _contacts(self, node: Node) -> Iterator[Expectation]:
        scores = {contact.score.id for contact in self.ruleset.contacts}
        for score, totals in nodes.entries(node, "'contacts'", self.notes):
            if score.text not in scores:
                message = f"unknown contact score '{score.text[:60]}'"
                self.notes.error(score.mark, message, nearest(score.text, scores))
                continue
            for name, value in nodes.entries(totals, f"'{score.text}'", self.notes):
                if name.text not in self.contacts:
                    hint = (
                        nearest(name.text, self.contacts) or "say what the contact is like under 'contacts:' of 'given'"
                    )
                    self.notes.error(name.mark, f"unknown contact '{name.text[:60]}'", hint)
                elif (wanted := nodes.figure(value, f"'{name.text}'", self.notes)) is not None:
                    yield Expectation(Subject.CONTACT, score.text, wanted, value.mark, name.text)

    def _reps(self, node: Node) -> Iterator[Expectation]:
        found = nodes.keyed(node, "'reps'", REP_KEYS, self.notes)
        for key in ("eligible", "not"):
            for item in nodes.items(found.get(key), f"'{key}'", self.notes):
                written = nodes.scalar(item, f"'{key}'", self.notes)
                if written is not None and self._known(written):
                    yield Expectation(Subject.ELIGIBLE, written.text, key == "eligible", written.mark)
        for name, value in nodes.entries(found.get("capacity"), "'capacity'", self.notes):
            if not self._known(name):
                continue
            wanted = None if nodes.is_empty(value) else nodes.figure(value, f"'{name.text}'", self.notes)
            yield Expectation(Subject.CAPACITY, name.text, wanted, value.mark)

    def _known(self, rep: Scalar) -> bool:
        if rep.text in self.reps:
            return True
        hint = nearest(rep.text, self.reps) or "say what the rep is like under 'reps:' at the top of the file"
        self.notes.error(rep.mark, f"unknown rep '{rep.text[:60]}'", hint)
        return False
