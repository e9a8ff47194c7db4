"""What a test gives, read and checked: an account made up of fields and signals that the org knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.document import Scalar
from rules.problems import nearest
from rules.testing import nodes
from rules.testing.expecting import said
from rules.testing.model import Contact, Given

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from rules.document import Node
    from rules.model import Ruleset
    from rules.problems import Notes
    from rules.testing.model import Value
    from rules.vocabulary import FieldInfo, Vocabulary

SIGNALS = ("intent", "events", "touches", "contacts", "contact_score")
"""Keys of ``given`` that hold a group or a list; a field of such a name holds a single value, so neither hides the
other."""
_AHEAD = "what is to come is no event yet"
_SHAPES = {
    "intent": "write intent: {cybersecurity: 70}",
    "events": "write events: {meeting: [3 days ago]}",
    "touches": "write touches: [5 days ago]",
    "contacts": "write contacts: {ada: {title: Head of IT}}",
    "contact_score": "write contact_score: {persona: 40}",
}


@dataclass(frozen=True, slots=True)
class Giving:
    """Reads the ``given`` of one test, and a file's ``defaults``."""

    ruleset: Ruleset
    vocabulary: Vocabulary
    today: date
    notes: Notes

    def read(self, node: Node | None) -> Given:
        """The account made up; what cannot be given is noted."""
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
            dict(self._contacts(signals.get("contacts"))),
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

    def _contacts(self, node: Node | None) -> Iterator[tuple[str, Contact]]:
        known = self.vocabulary.contact
        for name, group in nodes.entries(node, "'contacts'", self.notes):
            fields: dict[str, Value] = {}
            events: Node | None = None
            for key, value in nodes.entries(group, f"the contact '{name.text[:60]}'", self.notes):
                if key.text == "events" and not isinstance(value, Scalar):
                    events = value
                elif key.text in known:
                    fields[key.text] = nodes.value(value, known[key.text], self.today, self.notes)
                else:
                    hint = nearest(key.text, {*known, "events"})
                    self.notes.error(key.mark, f"unknown contact field '{key.text[:60]}'", hint)
            yield name.text, Contact(fields, self._events(events))

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


def joined(defaults: Given, own: Given) -> Given:
    """What the file gives to every test, and what the test gives itself, which goes first."""
    return Given(
        {**defaults.fields, **own.fields},
        {**defaults.intent, **own.intent},
        {**defaults.events, **own.events},
        own.touches or defaults.touches,
        {**defaults.contacts, **own.contacts},
        {**defaults.contact_scores, **own.contact_scores},
    )
