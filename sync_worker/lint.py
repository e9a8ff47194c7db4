"""Rules against what the store holds: the accounts of the latest pull, and the CRM's users. Leaves nothing behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import Dialect, compile_counts, compile_looks, strangers
from rules.absences import unknown_people
from rules.lint import Finding, Severity, Staff, Stored, in_order, lint, listed, of_loading, of_stored
from sync_worker.assigning.presence import doubts, known_alone
from sync_worker.assigning.reps import reps_of
from sync_worker.decide import build_facts, people_of
from sync_worker.parts import Stopped
from sync_worker.store import decisions, engagement, lookup, settings
from sync_worker.store.facts import DERIVED
from sync_worker.vocabulary import covers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection

    from connectors.port import User
    from rules import Looked, Ruleset, Vocabulary
    from sync_worker.parts import Parts

MAY_BE_EMPTY = frozenset(DERIVED)
"""Fields that the worker derives: an account that was never touched has no last touch."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found. ``accounts`` and ``in_scope`` are None where the store knows no accounts."""

    findings: tuple[Finding, ...]
    accounts: int | None = None
    in_scope: int | None = None


def lint_offline(rules: Ruleset, words: Vocabulary, today: date) -> Linted:
    """What lint finds of the rules alone, where there is no store."""
    return Linted(lint(rules, words, today=today))


def lint_rules(parts: Parts, rules: Ruleset, words: Vocabulary) -> Linted:
    """Everything that lint finds: of the rules alone, of the people, and of the accounts there are."""
    now = parts.clock()
    with parts.store.read() as tx:
        users, schemas = lookup.users(tx), settings.get(tx, "schema")
    # A field that was mapped since the latest pull would look as if all accounts lacked it.
    pulled = schemas is not None and covers(schemas, parts.config)
    staff, stored = staff_of(users, rules, {}) if users else None, None
    if users and pulled:
        stored, staff = _against_store(parts, rules, users, now)
    found = [*lint(rules, words, today=now.date(), staff=staff), *_strangers(rules, users)]
    found += _doubtful_hours(parts, rules, users)
    if stored is None:
        return Linted(in_order(found))
    told = {(one.mark, one.severity) for one in found}
    # What is so of all accounts there could be need not be said again of those there are.
    found += (one for one in of_stored(rules, stored, MAY_BE_EMPTY) if (one.mark, Severity.WARNING) not in told)
    return Linted(in_order(found), stored.accounts, stored.in_scope)


def _against_store(parts: Parts, rules: Ruleset, users: Collection[User], now: datetime) -> tuple[Stored | None, Staff]:
    """What the accounts and the people say. The facts are made for these rules, and taken back."""
    with parts.store.tried_out() as tx:
        try:
            everybody = people_of(tx, parts)
        except Stopped:
            return None, staff_of(users, rules, {})
        build_facts(tx, parts, rules, everybody, now)
        reps = reps_of(tx, parts, rules, everybody).values()
        may_fill = {book.id: sum(1 for rep in reps if rep.users and book.id in rep.capacity) for book in rules.books}
        return _counted(tx, rules, now), staff_of(users, rules, may_fill)


def _counted(tx: Connection, rules: Ruleset, now: datetime) -> Stored:
    dialect = Dialect(tx.dialect.name)
    counts = compile_counts(rules, dialect, now=now, landmark=engagement.landmark(tx))
    (row,) = decisions.evaluate(tx, counts.sql)
    missing = {name: (frozenset(left), size) for name, left, size in _missing(tx, compile_looks(rules, dialect))}
    return Stored(dict(zip(counts.keys, map(_whole, row.values()), strict=True)), missing)


def _missing(tx: Connection, looks: Collection[Looked]) -> Iterator[tuple[str, set[str | float], int]]:
    """The values of each list that no account has, in none of the fields that are looked up in it."""
    left: dict[str, set[str | float]] = {}
    for look in looks:
        rest = left.setdefault(look.listed, set(look.choices))
        for row in decisions.evaluate(tx, look.sql):
            (value,) = row.values()
            rest.difference_update(listed(str(value)) if look.several else (value,))
    sizes = {look.listed: len(set(look.choices)) for look in looks}
    yield from ((name, rest, sizes[name]) for name, rest in left.items())


def _whole(count: object) -> int:
    return int(str(count))


def staff_of(users: Collection[User], rules: Ruleset, may_fill: Mapping[str, int]) -> Staff:
    """The values of all rep fields, the rep files' included, of all users and of those who may own accounts."""
    filed = {row.email: row.values for row in rules.reps.rows}
    active: dict[str, set[str]] = {}
    everyone: dict[str, set[str]] = {}
    for user in users:
        own = {**user.fields, **filed.get(str(user.fields.get("email") or "").lower(), {}), "id": user.id}
        for name, value in own.items():
            values = listed(value) if isinstance(value, str) else ()
            everyone.setdefault(name, set()).update(values)
            if user.active and user.can_own:
                active.setdefault(name, set()).update(values)
    return Staff(active, everyone, may_fill)


def _strangers(rules: Ruleset, users: Collection[User]) -> tuple[Finding, ...]:
    # Before the first pull nobody is known, so nobody can be a stranger.
    addresses = {str(user.fields.get("email") or "").lower() for user in users}
    unknown = (*strangers(rules.reps, addresses), *unknown_people(rules.absences, addresses))
    return of_loading(unknown, Severity.WARNING, "unknown-rep") if addresses else ()


def _doubtful_hours(parts: Parts, rules: Ruleset, users: Collection[User]) -> tuple[Finding, ...]:
    """What cannot be read of reps' hours, where rules ask for them: at the rep file's row, or where they first ask."""
    asking = [
        *(row.mark for row in rules.absences),
        *(level.mark for level in rules.service_levels),
        *(cover.mark for cover in rules.covers),
    ]
    able = [user for user in users if user.active and user.can_own]
    if not asking or not able:
        return ()
    told = doubts(rules, known_alone(able, rules), parts.config.schedule.time_zone)
    places = [(one.mark or asking[0], one) for one in told]
    return tuple(
        Finding("odd-hours", Severity.WARNING if one.wrong else Severity.NOTE, mark, one.message, one.hint)
        for mark, one in places
    )
