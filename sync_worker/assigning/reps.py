"""Which reps each book takes, and how many accounts each of them has room for. Reads the store, not the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import ColumnKind, Dialect, compile_reps
from sync_worker.core.model import Rep
from sync_worker.store import decisions, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from connectors.port import User
    from rules import Ruleset
    from sync_worker.core.people import People
    from sync_worker.parts import Parts


def reps_of(tx: Connection, parts: Parts, rules: Ruleset, everybody: People) -> Mapping[str, Rep]:
    """Every rep whom a book's condition takes, by any of the rep's users, with the capacity that the book gives.

    The pool's user never fills a book, whatever its condition says, and neither does a user of a CRM that the config
    does not name any more. Of two users' capacities the larger one counts.
    """
    compiled = compile_reps(rules, Dialect(parts.store.dialect), now=parts.clock())
    users = {user.id: user for user in lookup.users(tx)}
    rep_id = compiled.of(ColumnKind.REP_ID)[0].name
    eligible = {book.id: compiled.of(ColumnKind.ELIGIBLE, book.id)[0].name for book in rules.books}
    capacity = {book.id: compiled.of(ColumnKind.CAPACITY, book.id)[0].name for book in rules.books}
    found: dict[str, Rep] = {}
    for row in decisions.evaluate(tx, compiled.sql):
        user = users[str(row[rep_id])]
        if user.id not in everybody:
            continue
        room = {book: places(row[capacity[book]]) for book, fits in eligible.items() if row[fits]}
        rep = everybody.reps.get(user.id, user.id)
        if room and rep != everybody.pool:
            earlier = found[rep].capacity if rep in found else {}
            most = {book: max(count, earlier.get(book, 0)) for book, count in room.items()}
            found[rep] = _rep(rep, users, everybody, {**earlier, **most})
    return found


def _rep(rep: str, users: Mapping[str, User], everybody: People, capacity: Mapping[str, int]) -> Rep:
    own = everybody.users.get(rep, {})
    able = {crm: id_ for crm, id_ in own.items() if users[id_].active and users[id_].can_own}
    return Rep(rep, str(users[rep].fields.get("name") or rep), able, capacity)


def places(capacity: object) -> int:
    """How many accounts a capacity is: nothing in a rep's field means no room, never room without end."""
    return 0 if capacity is None else int(float(str(capacity)))
