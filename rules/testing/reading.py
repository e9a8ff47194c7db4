"""Test files read and checked against the rules that they test: every key, field, rule, score and value is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rules import sheet
from rules.document import Mapping, Scalar, parse
from rules.folder import decoded, read_tests
from rules.problems import Notes, RulesInvalid, nearest
from rules.testing import nodes
from rules.testing.expecting import Expecting, said
from rules.testing.model import Given, RuleTest, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as Words
    from pathlib import Path

    from rules.document import Node
    from rules.folder import RuleFile
    from rules.model import Ruleset
    from rules.problems import Mark
    from rules.testing.model import Value
    from rules.vocabulary import FieldInfo, Vocabulary

MAX_TESTS = 5_000
FILE_KEYS = ("version", "on", "defaults", "reps", "tests")
TEST_KEYS = ("name", "on", "given", "expect")
SIGNALS = ("intent", "events", "touches", "contact_score")
"""Keys of ``given`` that hold a group or a list; a field of such a name holds a single value, so neither hides the
other."""
_AHEAD = "what is to come is no event yet"


def load_tests(folder: Path, ruleset: Ruleset, vocabulary: Vocabulary) -> Suite:
    """The tests of the folder's ``*.test.yaml`` files, in their order. Raises RulesInvalid with every problem."""
    notes = Notes()
    found = [test for file in read_tests(folder) for test in _read(file, ruleset, vocabulary, notes)]
    if len(found) > MAX_TESTS:
        notes.error(found[MAX_TESTS].mark, f"there are {len(found):,} tests, over {MAX_TESTS:,}", "remove some")
    if notes.problems:
        raise RulesInvalid(notes.problems)
    return Suite(tuple(found), tuple(sorted(set(notes.warnings))))


def _read(file: RuleFile, ruleset: Ruleset, vocabulary: Vocabulary, notes: Notes) -> Iterator[RuleTest]:
    text = decoded(file)
    if isinstance(text, tuple):
        notes.error(*text)
        return
    root = parse(file.name, text, notes)
    if isinstance(root, Mapping):
        yield from _File(root, ruleset, vocabulary, notes).tests()
    elif root is not None:
        notes.error(root.mark, "a test file holds keys, such as 'on:' and 'tests:'", "begin with version: 1")


@dataclass(slots=True)
class _File:
    """One test file."""

    root: Mapping
    ruleset: Ruleset
    vocabulary: Vocabulary
    notes: Notes

    def tests(self) -> Iterator[RuleTest]:
        found = nodes.keyed(self.root, "a test file", FILE_KEYS, self.notes)
        self._check_version(found)
        on = self._on(found.get("on"))
        if "on" not in found:
            self.notes.error(self.root.mark, "the key 'on' is missing here", "say the day of the tests: on: 2026-11-22")
        if "tests" not in found:
            self.notes.error(self.root.mark, "the key 'tests' is missing here", "begin each test with '- name: …'")
        today = on or date(2000, 1, 1)
        given = _Giving(self.ruleset, self.vocabulary, today, self.notes)
        defaults = given.read(found.get("defaults")) if "defaults" in found else Given()
        reps = dict(self._reps(found.get("reps"), today))
        names: dict[str, Mark] = {}
        for item in nodes.items(found.get("tests"), "'tests'", self.notes):
            test = self._test(item, found, today, reps)
            if test is None:
                continue
            if test.name in names:
                hint = f"first at {names[test.name]}; say in the name what this one is about"
                self.notes.error(test.mark, f"the test '{test.name[:60]}' is here twice", hint)
            names.setdefault(test.name, test.mark)
            if test.on == today:
                given_by_default = defaults
            else:  # days such as '3 days ago' count from the test's own day
                given_by_default = replace(given, today=test.on, notes=Notes()).read(found.get("defaults"))
            yield replace(test, given=self._both(_joined(given_by_default, test.given)))

    def _both(self, given: Given) -> Given:
        """The account with events that are touches as well, such as meetings, counted as both, as activities are."""
        also = (day for kind, days in given.events.items() if kind in self.vocabulary.touches for day in days)
        return replace(given, touches=(*given.touches, *also))

    def _check_version(self, found: Words[str, Node]) -> None:
        version = found.get("version")
        if version is None:
            self.notes.error(self.root.mark, "the key 'version' is missing here", "begin the file with version: 1")
        elif not (isinstance(version, Scalar) and version.text == "1"):
            self.notes.error(version.mark, "this version is not known", "write version: 1")

    def _on(self, node: Node | None) -> date | None:
        written = nodes.scalar(node, "'on'", self.notes)
        if written is None:
            return None
        if (found := sheet.day(written.text)) is None:
            self.notes.error(written.mark, f"'{written.text[:40]}' is not a date", "write year-month-day: 2026-11-22")
            return None
        return date.fromisoformat(found)

    def _test(
        self, item: Node, file: Words[str, Node], today: date, reps: Words[str, Words[str, Value]]
    ) -> RuleTest | None:
        found = nodes.keyed(item, "a test", TEST_KEYS, self.notes)
        if not isinstance(item, Mapping):
            return None
        for key in ("name", "expect"):
            if key not in found:
                self.notes.error(item.mark, f"the key '{key}' is missing here")
        name = nodes.scalar(found.get("name"), "'name'", self.notes)
        on = self._on(found["on"]) or today if "on" in found else today
        given = _Giving(self.ruleset, self.vocabulary, on, self.notes).read(found.get("given"))
        expecting = Expecting(self.ruleset, frozenset(reps), on, self.notes)
        expected = tuple(expecting.read(found.get("expect")))
        if "given" not in found and "defaults" not in file:
            self.notes.error(item.mark, "the key 'given' is missing here", "say what the account is like")
        return RuleTest(name.text.strip(), on, given, reps, expected, name.mark) if name else None

    def _reps(self, node: Node | None, today: date) -> Iterator[tuple[str, Words[str, Value]]]:
        """The file's reps; what the rule files say of one with the same e-mail address goes first, as it does live."""
        known = {**self.vocabulary.rep, **self.ruleset.reps.fields}
        said = {row.email: row.values for row in self.ruleset.reps.rows}
        for name, fields in nodes.entries(node, "'reps'", self.notes):
            values = {}
            for key, value in nodes.entries(fields, f"the rep '{name.text[:60]}'", self.notes):
                if (info := known.get(key.text)) is None:
                    self.notes.error(key.mark, f"unknown rep field '{key.text[:60]}'", nearest(key.text, known))
                else:
                    values[key.text] = nodes.value(value, info, today, self.notes)
            yield name.text, {**values, **said.get(str(values.get("email") or "").lower(), {})}


@dataclass(frozen=True, slots=True)
class _Giving:
    """Reads what a test gives."""

    ruleset: Ruleset
    vocabulary: Vocabulary
    today: date
    notes: Notes

    def read(self, node: Node | None) -> Given:
        fields: dict[str, Value] = {}
        signals: dict[str, Node] = {}
        for key, value in nodes.entries(node, "'given'", self.notes):
            # A single value is a field's, but for the one day of one touch.
            is_field = isinstance(value, Scalar) and (key.text != "touches" or key.text in self.vocabulary.account)
            if key.text in SIGNALS and not is_field:
                signals[key.text] = value
            elif (info := self._field(key)) is not None:
                fields[key.text] = nodes.value(value, info, self.today, self.notes)
        return Given(
            fields,
            self._intent(signals.get("intent")),
            self._events(signals.get("events")),
            tuple(self._days(signals.get("touches"), "'touches'")),
            self._contact_scores(signals.get("contact_score")),
        )

    def _field(self, key: Scalar) -> FieldInfo | None:
        known = self.vocabulary.account
        if key.text in known:
            return known[key.text]
        if key.text in said(self.ruleset):
            self.notes.error(key.mark, f"'{key.text}' is what the rules say", "put it under 'expect'")
        elif key.text in SIGNALS:
            self.notes.error(key.mark, f"'{key.text}' holds a group or a list", _SHAPES[key.text])
        else:
            self.notes.error(key.mark, f"unknown field '{key.text[:60]}'", nearest(key.text, {*known, *SIGNALS}))
        return None

    def _intent(self, node: Node | None) -> dict[str, float]:
        return dict(self._figures(node, "intent topic", self.vocabulary.topics, most=100))

    def _contact_scores(self, node: Node | None) -> dict[str, float]:
        known = {contact.score.id for contact in self.ruleset.contacts}
        return dict(self._figures(node, "contact score", known, most=1e6))

    def _figures(
        self, node: Node | None, noun: str, known: frozenset[str] | set[str], most: float
    ) -> Iterator[tuple[str, float]]:
        for key, value in nodes.entries(node, f"the {noun}", self.notes):
            if key.text not in known:
                self.notes.error(key.mark, f"unknown {noun} '{key.text[:60]}'", nearest(key.text, known))
            elif (found := nodes.figure(value, f"'{key.text}'", self.notes, 0, most)) is not None:
                yield key.text, found

    def _events(self, node: Node | None) -> dict[str, tuple[date, ...]]:
        found = {}
        for key, value in nodes.entries(node, "'events'", self.notes):
            if key.text not in self.vocabulary.events:
                hint = nearest(key.text, self.vocabulary.events)
                self.notes.error(key.mark, f"unknown engagement kind '{key.text[:60]}'", hint)
            else:
                found[key.text] = tuple(self._days(value, f"'{key.text}'"))
        return found

    def _days(self, node: Node | None, what: str) -> Iterator[date]:
        for item in nodes.items(node, what, self.notes):
            found = nodes.day(item, what, self.today, self.notes)
            if found is not None and found > self.today:
                self.notes.error(item.mark, f"{found} is after {self.today}, the day of the test", _AHEAD)
            elif found is not None:
                yield found


_SHAPES = {
    "intent": "write intent: {cybersecurity: 70}",
    "events": "write events: {meeting: [3 days ago]}",
    "touches": "write touches: [5 days ago]",
    "contact_score": "write contact_score: {persona: 40}",
}


def _joined(defaults: Given, own: Given) -> Given:
    """What the file gives to every test, and what the test gives itself, which goes first."""
    return Given(
        {**defaults.fields, **own.fields},
        {**defaults.intent, **own.intent},
        {**defaults.events, **own.events},
        own.touches or defaults.touches,
        {**defaults.contact_scores, **own.contact_scores},
    )
