"""Lint: what is legal in a rules folder and probably not meant. Pure; it reads no file, no CRM and no store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.facts import successors
from rules.lint.constants import of_constants, of_outputs
from rules.lint.domains import domains, picklists
from rules.lint.findings import Finding, Severity, in_order, note, of_loading, told, warning
from rules.lint.order import against_each_other, left_over, never_or_always, sections
from rules.lint.people import Staff, listed, of_owners, of_people
from rules.lint.points import most_of, of_score
from rules.lint.stored import Stored, of_stored
from rules.lint.tables import of_table
from rules.model import WhenTerm
from rules.tracing import tried_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from rules.model import Ruleset
    from rules.vocabulary import Vocabulary

__all__ = ["Finding", "Severity", "Staff", "Stored", "in_order", "lint", "listed", "most_of", "of_loading", "of_stored"]

OWNERS = {"owner": "id", "previous_owner": "id", "owner_team": "team"}
"""Account fields that tell something of the owner, and the rep fields that they show."""


def lint(ruleset: Ruleset, vocabulary: Vocabulary, *, today: date, staff: Staff | None = None) -> tuple[Finding, ...]:
    """What the rules say of themselves, in the order of their places. ``today`` is the UTC day.

    ``staff`` is what is known of the CRM's users; without it nothing is said of people.
    """
    found = [*of_loading(ruleset.warnings, Severity.WARNING, "odd"), *_of_rules(ruleset, vocabulary, today)]
    if staff is not None:
        found += of_people(ruleset, staff)
        found += (one for tried in tried_in(ruleset) for one in of_owners(tried.condition, staff, OWNERS))
    return in_order(found)


def _of_rules(ruleset: Ruleset, vocabulary: Vocabulary, today: date) -> Iterator[Finding]:
    known = domains(ruleset, vocabulary.account)
    for tried in tried_in(ruleset):
        strange = tuple(of_outputs(tried.condition, known))
        yield from strange or never_or_always(told(tried), tried.condition, known, today)
        yield from of_constants(tried.condition)
    for route in ruleset.routes:
        for when in (cap.when for cap in route.caps if cap.when is not None):
            yield from never_or_always(f"a cap of the route '{route.id}'", when, known, today)
            yield from of_constants(when)
    yield from _of_others(ruleset, vocabulary, today)
    for section in sections(ruleset):
        yield from against_each_other(section, known, today)
    for table in ruleset.tables:
        yield from of_table(table, known)
    for score in (*ruleset.scores, *(contact.score for contact in ruleset.contacts)):
        yield from of_score(score)
    if ruleset.books and (found := left_over(ruleset, known, today)) is not None:
        example, expected = found
        message = f"no book takes an account in scope with {example}" if example else "no book takes any account"
        hint = "it stays where it is, and in the pool for good once it is there: add a last book with accounts: true"
        say = warning if expected else note
        yield say("missing-fallback", ruleset.books[-1].mark, message, hint)
    yield from _missing(ruleset)


def _of_others(ruleset: Ruleset, vocabulary: Vocabulary, today: date) -> Iterator[Finding]:
    """Conditions that are not about accounts."""
    reps = [(f"'reps' of the book '{book.id}'", book.reps) for book in ruleset.books]
    reps += [(f"'reps' of the route '{route.id}'", route.reps) for route in ruleset.routes if route.reps is not None]
    reps += [(f"'reassign' of the service level '{level}'", when) for level, when in successors(ruleset)]
    reps += [
        (f"'reps' of the affinity '{term.id}'", term.reps)
        for book in ruleset.books
        for term in book.affinity
        if term.reps is not None
    ]
    fields = {**vocabulary.rep, **ruleset.reps.fields}
    for name, when in reps:
        yield from never_or_always(name, when, picklists(fields), today, "rep")
        yield from of_constants(when)
    for score in (contact.score for contact in ruleset.contacts):
        for term in score.terms:
            if isinstance(term, WhenTerm):
                known = picklists(vocabulary.contact)
                yield from never_or_always(f"the term '{term.id}'", term.when, known, today, "contact")
                yield from of_constants(term.when)


def _missing(ruleset: Ruleset) -> Iterator[Finding]:
    """Sections without which others come to nothing."""
    marks = [*(b.mark for b in ruleset.books), *(r.mark for r in ruleset.returns), *(p.mark for p in ruleset.protect)]
    if not ruleset.scope and marks:
        message = "there is no scope, so no account is ever touched"
        yield warning("missing-scope", marks[0], message, "say under 'scope' which accounts the rules are for")
    if ruleset.returns and not ruleset.books:
        message = "accounts go back to the pool, and no book takes them out again"
        yield warning("missing-fallback", ruleset.returns[0].mark, message, "add 'books'")
    for route in ruleset.routes:
        if route.by == "weighted" and not route.weight:
            message = f"the turns of '{route.id}' go by weight, and no 'weight' says any: all count the same"
            yield note("even-weights", route.mark, message, "name the rep field of it, or write by: round robin")
    for rule in ruleset.returns:
        if rule.rest_days == 0:
            message = f"what '{rule.id}' returns does not rest: the next refill may give it away at once"
            yield note("no-rest", rule.mark, message, "if that is not meant, add a rest: 30 days")
