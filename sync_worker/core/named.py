"""Reps whom an account names itself: by the field of a fixed book, or by a claim. Two steps; decides, writes nothing.

Capacity and limits hold for them as for any other move, the best accounts first. Whoever is named and cannot have the
account is told, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync_worker.core.books import Bar, may_get, opened, ranked, room
from sync_worker.core.model import OwnerChange
from sync_worker.core.steps import Assignment, Refused, Unassigned

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sync_worker.core.books import BookPolicy, Tally
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.steps import Position, Step

RESTS = "it rests after its return"
TO_CLAIM = "it waits for a rep to claim it"


@dataclass(frozen=True, slots=True)
class Person:
    """A user, as accounts name one. ``rep``: empty where several people have what was written."""

    rep: str
    name: str
    active: bool
    """Whether any of the rep's users is active and may own accounts."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is meant by an e-mail address, in any capitals, or by a user's id."""

    people: Mapping[str, Person] = field(default_factory=dict)
    """By address in small letters, and by id."""

    def find(self, said: str) -> Person | None:
        """Who is meant; None for nobody."""
        text = said.strip()
        return self.people.get(text) or self.people.get(text.casefold())


@dataclass(frozen=True, slots=True)
class FixedBook:
    """A book whose accounts name their owners; ``field`` says where, in words."""

    policy: BookPolicy
    field: str


def fixing(books: Sequence[FixedBook], directory: Directory) -> Step:
    """The step that gives the accounts of fixed books to those whom they name, whoever has them."""
    fixed = {book.policy.id: book for book in books}

    def step(position: Position) -> Assignment:
        giving = _Giving(position, {id_: book.policy for id_, book in fixed.items()}, "book")
        own = [decision for decision in position.movable() if decision.book in fixed]
        for decision in sorted(own, key=ranked(giving.books)):
            where = fixed[decision.book or ""].field
            said = decision.named_owner
            if said is None and decision.owner != position.pool_user:
                continue
            person = directory.find(said) if said else None
            giving.consider(decision, person, _Words(said, f"{where} names", f"{where} names nobody"))
        return giving.made()

    return step


def claiming(books: Sequence[BookPolicy], directory: Directory, claims: Mapping[str, str]) -> Step:
    """The step that gives accounts of the pool to the reps who claim them. ``claims``: who is written, by account."""
    policies = {book.id: book for book in books}

    def step(position: Position) -> Assignment:
        giving = _Giving(position, policies, "claim")
        movable = {decision.account for decision in position.movable()}
        claimed = [decision for decision in position.decisions if claims.get(decision.account)]
        for decision in sorted(claimed, key=ranked(policies)):
            said = claims[decision.account]
            person = directory.find(said)
            if person and person.rep and person.rep == decision.owner:
                continue
            if why := _not_to_be_claimed(decision, position, policies, movable=decision.account in movable):
                giving.refuse(decision, person.rep if person else None, why)
                continue
            giving.consider(decision, person, _Words(said, "the claim names", ""))
        return giving.made(_waiting(position, policies, giving))

    return step


def _waiting(position: Position, policies: Mapping[str, BookPolicy], giving: _Giving) -> Iterator[Unassigned]:
    """What the pool has of open books, and nobody gets by a claim."""
    for decision in sorted(position.movable(), key=ranked(policies)):
        book = policies.get(decision.book or "")
        if book and book.is_open and decision.owner == position.pool_user and decision.account not in giving.given:
            yield Unassigned(decision.account, RESTS if decision.resting else TO_CLAIM)


def _not_to_be_claimed(
    decision: Decision, position: Position, policies: Mapping[str, BookPolicy], *, movable: bool
) -> str:
    """Why nobody may claim the account at all; empty where somebody may."""
    book = policies.get(decision.book or "")
    moved = position.taken.get(decision.account)
    reasons = (
        (not decision.scope, "it is not in scope"),
        (bool(decision.protect), f"it is protected by {decision.protect}"),
        (bool(decision.held), f"it is held: {decision.held}"),
        (moved is not None, f"{moved.rule} moves it in the same run" if moved else ""),
        (not movable, "another rule keeps it where it is"),
        (decision.owner != position.pool_user, "it is not in the pool"),
        (decision.resting, RESTS),
        (book is None, "no book takes it"),
        (book is not None and book.is_fixed, f"the owners of the book {decision.book} are fixed"),
    )
    return next((why for holds, why in reasons if holds), "")


@dataclass(frozen=True, slots=True)
class _Words:
    """What is written, and how it is told."""

    said: str | None
    names: str
    """As in: territory_owner names."""
    nobody: str


@dataclass(slots=True)
class _Giving:
    """Gives accounts to those who are named, one after the other, as far as there is room."""

    position: Position
    books: Mapping[str, BookPolicy]
    rule: str
    load: Counter[str] = field(init=False)
    tallies: dict[str, Tally] = field(init=False)
    given: dict[str, OwnerChange] = field(default_factory=dict)
    left: list[Unassigned] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.load = self.position.load()
        self.tallies = {id_: opened(book, self.position) for id_, book in self.books.items()}

    def made(self, more: Iterable[Unassigned] = ()) -> Assignment:
        """What came of it."""
        return Assignment(
            changes=tuple(self.given.values()), unassigned=(*self.left, *more), refused=tuple(self.refused)
        )

    def consider(self, decision: Decision, person: Person | None, words: _Words) -> None:
        """Give the account to whoever is named, or say why not."""
        if person and person.rep and person.rep == decision.owner:
            return
        book = self.books[decision.book or ""]
        rep = self.position.reps.get(person.rep) if person else None
        if (why := self._bar(decision, book, person, rep, words)) or rep is None:
            self.refuse(decision, person.rep if person else None, why)
            return
        self.load[rep.id] += 1
        self.tallies[book.id].moved[rep.id] += 1
        self.given[decision.account] = OwnerChange(
            account=decision.account,
            before=decision.owner,
            after=rep.id,
            rule=f"{self.rule}:{book.id}",
            reason=f"{words.names} {rep.name}",
        )

    def refuse(self, decision: Decision, rep: str | None, why: str) -> None:
        """Say why the account stays: of one in the pool to all, of a claim and of an owned one beside."""
        if self.rule == "claim" or decision.owner != self.position.pool_user:
            self.refused.append(Refused(decision.account, f"{self.rule}:{decision.book or ''}", rep, why))
        else:
            self.left.append(Unassigned(decision.account, why))

    def _bar(self, decision: Decision, book: BookPolicy, person: Person | None, rep: Rep | None, words: _Words) -> str:
        if not words.said:
            return words.nobody
        if decision.resting and decision.owner == self.position.pool_user:
            return RESTS
        if person is None:
            return f"{words.names} {words.said}, whom the CRM does not know"
        if not person.rep:
            return f"{words.names} {words.said}, and several users have that address"
        if not person.active:
            return f"{words.names} {person.name}, who may own no accounts"
        bar = Bar.BOOK if rep is None else may_get(decision, book, rep) or self._room(book, rep)
        return f"{words.names} {person.name}, and {_told(bar, book, decision)}" if bar else ""

    def _room(self, book: BookPolicy, rep: Rep) -> Bar | None:
        return room(book, rep, self.load, self.tallies[book.id])


def _told(bar: Bar, book: BookPolicy, decision: Decision) -> str:
    """What stands in the way, as a half sentence about the one who is named."""
    return {
        Bar.CRM: f"that is no user of {decision.crm} who may own accounts",
        Bar.BOOK: f"the book {book.id} is not for that rep",
        Bar.AWAY: "that rep is away",
        Bar.FULL: "that rep's book is full",
        Bar.LIMIT: f"the limit of the book {book.id} is reached",
    }[bar]
