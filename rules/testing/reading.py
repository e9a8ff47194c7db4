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
from rules.testing.expecting import Expecting
from rules.testing.giving import Giving, joined
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
    from rules.vocabulary import Vocabulary

MAX_TESTS = 5_000
FILE_KEYS = ("version", "on", "defaults", "reps", "tests")
TEST_KEYS = ("name", "on", "given", "expect")


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
        given = Giving(self.ruleset, self.vocabulary, today, self.notes)
        defaults = given.read(found["defaults"]) if "defaults" in found else None
        reps = dict(self._reps(found.get("reps"), today))
        names: dict[str, Mark] = {}
        for item in nodes.items(found.get("tests"), "'tests'", self.notes):
            test = self._test(item, defaults, today, reps)
            if test is None:
                continue
            if test.name in names:
                hint = f"first at {names[test.name]}; say in the name what this one is about"
                self.notes.error(test.mark, f"the test '{test.name[:60]}' is here twice", hint)
            names.setdefault(test.name, test.mark)
            if test.on == today:
                usual = defaults or Given()
            else:  # days such as '3 days ago' count from the test's own day
                usual = replace(given, today=test.on, notes=Notes()).read(found.get("defaults"))
            yield replace(test, given=self._whole(joined(usual, test.given)))

    def _whole(self, given: Given) -> Given:
        """The account with its contacts' events, and with those that are touches as well, such as meetings, as both."""
        events = dict(given.events)
        for contact in given.contacts.values():
            for kind, days in contact.events.items():
                events[kind] = (*events.get(kind, ()), *days)
        also = (day for kind, days in events.items() if kind in self.vocabulary.touches for day in days)
        return replace(given, events=events, touches=(*given.touches, *also))

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
        self, item: Node, defaults: Given | None, today: date, reps: Words[str, Words[str, Value]]
    ) -> RuleTest | None:
        found = nodes.keyed(item, "a test", TEST_KEYS, self.notes)
        if not isinstance(item, Mapping):
            return None
        for key in ("name", "expect"):
            if key not in found:
                self.notes.error(item.mark, f"the key '{key}' is missing here")
        name = nodes.scalar(found.get("name"), "'name'", self.notes)
        on = self._on(found["on"]) or today if "on" in found else today
        given = Giving(self.ruleset, self.vocabulary, on, self.notes).read(found.get("given"))
        contacts = frozenset({*given.contacts, *(defaults.contacts if defaults else ())})
        expecting = Expecting(self.ruleset, frozenset(reps), contacts, on, self.notes)
        expected = tuple(expecting.read(found.get("expect")))
        if "given" not in found and defaults is None:
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
