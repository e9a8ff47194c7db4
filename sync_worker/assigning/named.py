"""Who is meant where accounts name reps: fixed books' fields and claims. Reads the store, not the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.canonical import digest
from sync_worker.core.named import Directory, FixedBook, Person
from sync_worker.store import lookup
from sync_worker.store.standing import filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import User
    from rules import Ruleset
    from sync_worker.config import Config
    from sync_worker.core.books import BookPolicy
    from sync_worker.core.people import People


def directory(tx: Connection, everybody: People) -> Directory:
    """Everybody whom the CRMs show, by id and by address.

    Of several users with one address those count who may own accounts; are they still several reps, nobody is meant.
    """
    users = {user.id: user for user in lookup.users(tx) if user.id in everybody}
    by_address: dict[str, list[User]] = {}
    for user in users.values():
        if email := str(user.fields.get("email") or "").strip().casefold():
            by_address.setdefault(email, []).append(user)
    people = {email: _meant(found, users, everybody) for email, found in by_address.items()}
    return Directory(people | {user.id: _person(user, users, everybody) for user in users.values()})


def _meant(found: Sequence[User], users: Mapping[str, User], everybody: People) -> Person:
    persons = [_person(user, users, everybody) for user in found]
    likely = [person for person in persons if person.active] or persons
    alone = len({person.rep for person in likely}) == 1
    return likely[0] if alone else Person("", likely[0].name, active=False)


def _person(user: User, users: Mapping[str, User], everybody: People) -> Person:
    rep = everybody.reps.get(user.id, user.id)
    own = [users[id_] for id_ in everybody.users.get(rep, {}).values() if id_ in users] or [user]
    name = str(users[rep].fields.get("name") or rep) if rep in users else str(user.fields.get("name") or user.id)
    return Person(rep, name, active=any(one.active and one.can_own for one in own))


def fixed_books(rules: Ruleset, books: Iterable[BookPolicy]) -> list[FixedBook]:
    """The fixed books, each with the words for where its accounts name their owners."""
    tables = {output.name: table.name for table in rules.tables for output in table.outputs}
    fields = {book.id: book.owner for book in rules.books}
    return [FixedBook(book, _told(fields[book.id], tables)) for book in books if book.is_fixed]


def _told(field: str, tables: Mapping[str, str]) -> str:
    return f"{field} of {tables[field]}.csv" if field in tables else field


def claims(tx: Connection, config: Config) -> Mapping[str, str]:
    """Whom accounts name in the field for claims; nothing where the config names no such field."""
    return filled(tx, config.fields.claim) if config.fields.claim else {}


def with_claims(tx: Connection, config: Config, read_sets: Mapping[str, str]) -> Mapping[str, str]:
    """What decisions rest on (I3), and the claims that stand with it: of one that is withdrawn nothing goes out."""
    said = claims(tx, config)
    return {id_: digest([known, said[id_]]) if id_ in said else known for id_, known in read_sets.items()}
