"""Which reps each book takes, and how many accounts each of them has room for. Reads the store, not the CRM."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from rules import Budget, ColumnKind, Dialect, compile_reps
from rules.several import values_of
from sync_worker.core.model import Rep
from sync_worker.store import decisions, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import User
    from rules import Compiled, Ruleset
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
    seen = _Seen.of(compiled, rules)
    found: dict[str, Rep] = {}
    for row in decisions.evaluate(tx, compiled.sql):
        user = users[str(row[rep_id])]
        if user.id not in everybody:
            continue
        rep = everybody.reps.get(user.id, user.id)
        if (room := seen.room(row)) and rep != everybody.pool:
            one = replace(
                _rep(rep, users, everybody, room),
                suits=seen.suits(row),
                compared=seen.compared(row),
                budgets=seen.budgets(row),
            )
            found[rep] = _together(found[rep], one) if rep in found else one
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where the compiled result has what is asked of a rep."""

    eligible: Mapping[str, str]
    """Column by book."""
    capacity: Mapping[str, str]
    terms: Mapping[str, Sequence[tuple[str, str]]]
    """By book: the column and the affinity of each condition on reps."""
    fields: Mapping[str, str]
    """The column of each text field that affinities compare."""
    per_account: Mapping[str, float]
    """The touches that an account needs in a week, by book, where the capacity follows from them."""

    @classmethod
    def of(cls, compiled: Compiled, rules: Ruleset) -> Self:
        """Find the columns."""
        books = [book.id for book in rules.books]
        return cls(
            {book: compiled.of(ColumnKind.ELIGIBLE, book)[0].name for book in books},
            {book: compiled.of(ColumnKind.CAPACITY, book)[0].name for book in books},
            {book: [(c.name, c.term) for c in compiled.of(ColumnKind.AFFINITY, book)] for book in books},
            {column.output: column.name for column in compiled.of(ColumnKind.COMPARED)},
            {book.id: book.capacity.per_account for book in rules.books if isinstance(book.capacity, Budget)},
        )

    def room(self, row: Mapping[str, object]) -> dict[str, int]:
        """How many accounts of each book the user may own, of those that are for the user."""
        return {book: places(row[self.capacity[book]]) for book, fits in self.eligible.items() if row[fits]}

    def budgets(self, row: Mapping[str, object]) -> dict[str, str]:
        """What capacities follow from, by book: 60 touches a week at 1.5 for each account."""
        shares = {book: row[self.capacity[book]] for book in self.per_account if row[self.eligible[book]]}
        return {
            book: f"{round(float(str(share)) * self.per_account[book], 3):,g} touches a week"
            f" at {self.per_account[book]:,g} for each account"
            for book, share in shares.items()
            if share is not None
        }

    def suits(self, row: Mapping[str, object]) -> dict[str, frozenset[str]]:
        """The affinities whose condition on reps holds, by book."""
        held = {book: frozenset(id_ for name, id_ in terms if row[name]) for book, terms in self.terms.items()}
        return {book: ids for book, ids in held.items() if ids}

    def compared(self, row: Mapping[str, object]) -> dict[str, frozenset[str]]:
        """The values of each text field."""
        return {field: several(row[name]) for field, name in self.fields.items()}


def several(text: object) -> frozenset[str]:
    """The values that a text lists; none where there is no text."""
    return frozenset(values_of(str(text))) if text is not None else frozenset()


def _together(one: Rep, other: Rep) -> Rep:
    """What two users of one person may and are, as one rep."""
    more = {book: count for book, count in other.capacity.items() if count > one.capacity.get(book, -1)}
    return replace(
        one,
        capacity={**one.capacity, **more},
        budgets={**one.budgets, **{book: words for book, words in other.budgets.items() if book in more}},
        suits=_joined(one.suits, other.suits),
        compared=_joined(one.compared, other.compared),
    )


def _joined(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    return {key: one.get(key, frozenset()) | other.get(key, frozenset()) for key in (*one, *other)}


def _rep(rep: str, users: Mapping[str, User], everybody: People, capacity: Mapping[str, int]) -> Rep:
    own = everybody.users.get(rep, {})
    able = {crm: id_ for crm, id_ in own.items() if users[id_].active and users[id_].can_own}
    return Rep(rep, str(users[rep].fields.get("name") or rep), able, capacity)


def places(capacity: object) -> int:
    """How many accounts a capacity is: nothing in a rep's field means no room, never room without end.

    A budget's share is cut to whole accounts; what engines differ by in the last digits costs nobody one.
    """
    return 0 if capacity is None else math.floor(round(float(str(capacity)), 6))
