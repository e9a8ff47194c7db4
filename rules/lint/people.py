"""Books and routes against the people there are: teams and names that nobody bears, and books that nobody may fill."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules.facts import successors
from rules.lint.constants import compared
from rules.lint.findings import warning
from rules.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from rules.lint.findings import Finding
    from rules.model import Condition, Ruleset
    from rules.problems import Mark


@dataclass(frozen=True, slots=True)
class Staff:
    """What is known of the CRM's users. Values are texts, by rep field."""

    active: Mapping[str, AbstractSet[str]]
    """Of those who may own accounts."""
    everyone: Mapping[str, AbstractSet[str]]
    """Inactive users included."""
    may_fill: Mapping[str, int] = field(default_factory=dict)
    """How many active reps a book's condition takes, by book; a book that is not here is not judged."""


def of_people(ruleset: Ruleset, staff: Staff) -> Iterator[Finding]:
    """What books and routes name that no active rep is, and those that no rep is left for."""
    for book in ruleset.books:
        for reps in (book.reps, *(term.reps for term in book.affinity if term.reps is not None)):
            yield from _of_condition(reps, staff)
        if staff.may_fill.get(book.id) == 0:
            message = f"no active rep may fill the book '{book.id}'"
            yield warning("empty-book", book.reps.mark, message, "its accounts wait in the pool: correct 'reps'")
    for route in ruleset.routes:
        if route.reps is not None:
            yield from _of_condition(route.reps, staff)
        elif route.team:
            yield from _of_value("team", route.team, route.mark, staff)
        for address in filter(None, (route.rep, route.stand_in)):
            yield from _of_address(address, route.mark, staff)
    for _, reps in successors(ruleset):
        yield from _of_condition(reps, staff)


def of_owners(when: Condition, staff: Staff, fields: Mapping[str, str]) -> Iterator[Finding]:
    """What a condition on accounts names of owners. ``fields``: account field → the rep field that it shows."""
    for name, value in dict.fromkeys(compared(when.tree, fields)):
        yield from _of_value(fields[name], value, when.mark, staff)


def _of_condition(reps: Condition, staff: Staff) -> Iterator[Finding]:
    for name, value in dict.fromkeys(compared(reps.tree, staff.everyone)):
        yield from _of_value(name, value, reps.mark, staff)


def _of_value(name: str, value: str, mark: Mark, staff: Staff) -> Iterator[Finding]:
    known = staff.everyone.get(name)
    if known is None or value in staff.active.get(name, ()):
        return
    if value in known:
        message = f"only inactive users have the {name} '{value}'"
        yield warning("inactive-rep", mark, message, "take it out, or name who has followed")
    else:
        yield warning("unknown-rep", mark, f"no user of the CRM has the {name} '{value}'", nearest(value, known))


def _of_address(address: str, mark: Mark, staff: Staff) -> Iterator[Finding]:
    """An address that a route names, in small letters: users may have it in any."""
    as_known = {value.lower(): value for value in staff.everyone.get("email", ())}
    yield from _of_value("email", as_known.get(address, address), mark, staff)


def listed(text: str) -> tuple[str, ...]:
    """The values that a text holds, and the text itself: what ``includes()`` looks into."""
    return (text, *(part.strip() for part in re.split(r"[;|]", text) if part.strip()))
