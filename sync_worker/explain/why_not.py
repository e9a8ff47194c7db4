"""Why a rep does not get an account: all that stands in the way, in order, and what would have to be different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules import Model, tree
from rules.nearest import ways
from rules.needed import needs_of
from rules.probing import probe_rep
from sync_worker.assigning.limits import policies
from sync_worker.assigning.priced import priced_books
from sync_worker.assigning.reps import reps_of
from sync_worker.assigning.steps import as_books_find_it, position
from sync_worker.core.books import Bar
from sync_worker.core.claims import Claim, Seat, claim, claim_by_prices
from sync_worker.core.model import Rep
from sync_worker.decide import everyone, load_rules, people_of
from sync_worker.explain.glass import Glass
from sync_worker.explain.nearest import Lacking, Nearest, Question, answers, first_of, nearest
from sync_worker.explain.now import home_of, not_in_facts, refresh
from sync_worker.explain.people import find_rep
from sync_worker.explain.routing import in_the_way, turn_next
from sync_worker.explain.verdict import Stands
from sync_worker.history import Change, find_account, ownership_of
from sync_worker.report.words import count
from sync_worker.store import decisions, facts, lookup
from sync_worker.store.standing import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.port import User
    from rules import Book
    from sync_worker.core.people import People
    from sync_worker.explain.routing import Turned
    from sync_worker.parts import Parts


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way."""

    kind: str
    """theirs, scope, held, protected, owned, returning, resting, unbooked, pool, inactive, crm, book, away, full,
    limit, fixed, open, route, previous, emptier, dearer, nobody or next."""
    text: str
    nearest: tuple[Nearest, ...] = ()
    """What would have to be different for it to stand in the way no more."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a rep does not get an account, as the latest pull shows it. Names, not ids, wherever a name is known."""

    account: str
    name: str
    owner: str
    rep: str
    rep_name: str
    at: datetime
    rules_version: str
    verdict: str
    """The first reason."""
    reasons: tuple[Reason, ...]
    """All of them, in the order in which they are looked at. Each would have to give way."""
    claim: Claim | None
    """The figures: places, books, who comes first. None where no book takes the account."""
    names: Mapping[str, str]
    """Of the reps in ``claim``."""
    went: Change | None
    """When the worker last gave it to somebody, and why."""


def why_not(parts: Parts, account: str, rep: str) -> WhyNot:
    """Tell the rep with this name, address or id. Raises AccountNotFound, RepNotFound, Stopped."""
    rules, now = load_rules(parts), parts.clock()
    refresh(parts, rules, now)
    with parts.store.read() as tx:
        everybody, found = people_of(tx, parts), home_of(tx, find_account(tx, account))
        users = {user.id: user for user in lookup.users(tx)}
        user = find_rep(list(users.values()), rep)
        glass, at = Glass.over(tx, rules, found.ref.id, now), standing(tx, now, found.ref.id).get(found.ref.id)
        value = glass.said()
        if at is None or value is None:
            raise not_in_facts(tx, found, parts.config.crms)
        asked = _Asked(parts, glass, value, at, everybody, user, _rep(user, users, everybody), lookup.user_names(tx))
        stands = asked.claim()
        reasons = tuple(asked.reasons(stands))
        owned = ownership_of(tx, found.ref.id, 10)
    reps = [seat.rep for seat in (stands.seat, stands.goes_to) if seat] if stands else []
    return WhyNot(
        account=found.ref.id,
        name=at.name,
        owner=owned.owner,
        rep=asked.rep.id,
        rep_name=asked.rep.name,
        at=now,
        rules_version=rules.version,
        verdict=reasons[0].text,
        reasons=reasons,
        claim=stands,
        names={id_: asked.names.get(id_, id_) for id_ in reps},
        went=next((change for change in owned.changes if change.rule.startswith(("book:", "claim:", "route:"))), None),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rep and an account."""

    parts: Parts
    glass: Glass
    value: Mapping[str, Any]
    at: Standing
    everybody: People
    user: User
    rep: Rep
    """The rep whose user it is, whether any book is for them or not."""
    names: Mapping[str, str]

    @property
    def stands(self) -> Stands:
        return Stands(self.at.held, self.at.in_pool, self.at.resting)

    def claim(self) -> Claim | None:
        """How the rep stands for it, as the next run would have it."""
        glass, everybody = self.glass, self.everybody
        everyone_now = everyone(glass.tx, self.parts, glass.rules, glass.now)
        start = position(glass.tx, self.parts, glass.rules, everybody, everyone_now, glass.now)
        books, _ = policies(glass.tx, glass.rules, everybody, glass.now)
        rep, asked = start.reps.get(self.rep.id, self.rep), self.value["book"]
        priced = priced_books(glass.tx, books, None, glass.now)
        if any(one.policy.id == asked for one in priced) and self.value["scope"] is not None:
            found = as_books_find_it(glass.tx, self.parts, glass.rules, everybody, start, glass.now)
            return claim_by_prices(glass.account, rep, found, priced)
        return claim(glass.account, rep, start, books)

    def reasons(self, stands: Claim | None) -> Iterator[Reason]:
        """Everything that stands in the way; if nothing does, that."""
        if self.everybody.rep(self.at.owner) == self.rep.id and not self.at.in_pool:
            yield Reason("theirs", f"{self.rep.name} has it already.")
            return
        found, own, turn = list(self._of_the_account()), list(self._of_the_rep()), self._turn()
        if turn is not None:
            found = [reason for reason in found if reason.kind != "unbooked"]
            told = "" if own else in_the_way(turn, self.rep.id, self.rep.name)
            found += own or ([Reason("route", told)] if told else [])
        else:
            found += own or (self._of_the_book(stands) if stands else ())
        yield from found
        if not found:
            yield Reason("next", f"Nothing: the next plan gives it to {self.rep.name}.")

    def _turn(self) -> Turned | None:
        """What the routes of the next plan do with it, where one gives it out."""
        if not self.at.in_pool or self.value["fields"].get("route") is None:
            return None
        glass = self.glass
        return turn_next(glass.tx, self.parts, glass.rules, self.everybody, glass.account, glass.now)

    def _of_the_account(self) -> Iterator[Reason]:
        value, least = self.value, nearest(self.glass, self.value, self.stands)
        if value["scope"] is None:
            yield Reason("scope", "It is out of scope: the worker gives it to nobody.", least)
            return
        if self.at.held:
            yield Reason("held", f"Nothing may move it now: {self.at.held}.")
        if value["protect"] is not None:
            because = next(rule.because for rule in self.glass.rules.protect if rule.id == value["protect"])
            yield Reason("protected", f"It is protected: {because}.", least)
        if not self.at.in_pool:
            yield self._owned(least if value["protect"] is None else ())
        elif self.at.resting:
            until = str(facts.row(self.glass.tx, self.glass.account)["resting_until"])[:10]
            yield Reason("resting", f"It rests in the pool until {until}, after its return.")
        if value["book"] is None:
            yield Reason("unbooked", "No book takes it.", least if self.at.in_pool else ())

    def _owned(self, least: tuple[Nearest, ...]) -> Reason:
        owner = self.names.get(self.at.owner or "", self.at.owner or "nobody")
        rule = next((one for one in self.glass.rules.returns if one.id == self.value["return"]), None)
        if rule is None:
            return Reason("owned", f"{owner} has it, and no rule returns it to the pool.", least)
        rests = f", rests there for {count(rule.rest_days, 'day')}" if rule.rest_days else ""
        text = f"{owner} has it: it is due to go back to the pool first ({rule.reason}){rests}, and is then given out."
        return Reason("returning", text)

    def _of_the_rep(self) -> Iterator[Reason]:
        rep = self.rep
        if rep.id == self.everybody.pool:
            yield Reason("pool", f"{rep.name} is the pool itself.")
        elif self.user.id not in self.everybody:
            yield Reason("inactive", f"{rep.name} is a user of a CRM that the config does not name.")
        elif not self.user.active:
            yield Reason("inactive", f"{rep.name} is not active in the CRM.")
        elif not self.user.can_own:
            yield Reason("inactive", f"{rep.name} may not own accounts in the CRM.")
        elif self.at.crm not in rep.users:
            yield Reason("crm", f"It is an account of {self.at.crm}, where {rep.name} is no active user.")

    def _of_the_book(self, stands: Claim) -> Iterator[Reason]:
        name, seat = self.rep.name, stands.seat
        yield from self._of_its_model(next(one for one in self.glass.rules.books if one.id == stands.book))
        if stands.bar is Bar.BOOK:
            text = f"The book {stands.book} takes it, and that book is not for {name}."
            yield Reason("book", text, (*self._rep_lacks(stands.book), *self._other_books()))
        elif stands.bar is Bar.AWAY:
            yield Reason("away", f"{name} is {seat.away}, and gets nothing new until then.")
        elif stands.bar is Bar.FULL:
            budget = f" ({seat.budget})" if seat.budget else ""
            full = f"the book {stands.book} holds {seat.capacity:,}{budget}: it is full."
            has = f"{name} has {count(seat.load, 'account')}, and {full}"
            none = f"{name} has no room in the book {stands.book}: a capacity of 0, or none in the CRM."
            yield Reason("full", has if seat.capacity else none)
        elif stands.bar is Bar.LIMIT and stands.limit:
            yield Reason("limit", self._limited(stands.book, *stands.limit))
        elif stands.bar is None and stands.goes_to and stands.goes_to.rep != self.rep.id:
            yield self._other_first(stands)
        elif stands.bar is None and not stands.goes_to and stands.because:
            yield Reason("nobody", f"Nobody gets it: {stands.because}.")

    @staticmethod
    def _of_its_model(book: Book) -> Iterator[Reason]:
        """Books that no refill gives out."""
        if book.model is Model.FIXED:
            text = f"The book {book.id} is fixed: its accounts go to whom {book.owner} names, and to no one else."
            yield Reason("fixed", text)
        elif book.model is Model.OPEN:
            yield Reason("open", f"The book {book.id} is open: its accounts go to reps who claim them.")

    def _limited(self, book: str, used: int, most: int) -> str:
        limit = next(one.limit for one in self.glass.rules.books if one.id == book)
        whom = self.rep.name if limit and limit.per == "rep" else "all reps together"
        period = f"a {limit.every}" if limit else "a run"
        return f"The book {book} has given {used:,} of the {most:,} accounts that it may give {whom} in {period}."

    def _other_first(self, stands: Claim) -> Reason:
        name, first, own = self.rep.name, stands.goes_to, stands.seat
        if first is None or first.capacity is None or own.capacity is None:
            raise ValueError("who comes first has a book")
        other = self.names.get(first.rep, first.rep)
        if self.everybody.rep(self.at.previous_owner) == self.rep.id:
            text = f"{name} had it before it came to the pool, so it goes to {other}, who has room."
            return Reason("previous", text)
        if stands.behind is not None:
            return Reason("dearer", _ahead(other, name, stands.behind))
        theirs, ours = _filled(first), _filled(own)
        if first.load / first.capacity == own.load / own.capacity:
            text = f"{other} comes first: both books are as full, {theirs} and {ours}, and one of them has to be first."
            return Reason("emptier", text)
        return Reason("emptier", f"{other} comes first, whose book is emptier: {theirs}, against {ours}.")

    def _rep_lacks(self, book: str) -> Iterator[Nearest]:
        """What would have to be different of the rep, by the user of whom it is the least."""
        wanted = next(one for one in self.glass.rules.books if one.id == book)
        users = self.everybody.users.get(self.rep.id, {}).values() or (self.user.id,)
        found = [self._lacking(user, wanted) for user in users]
        least = min((one for one in found if one is not None), key=len, default=None)
        if least:
            yield Nearest(f"The book {book} would be for {self.rep.name}", least, None, tried=False)

    def _lacking(self, user: str, book: Book) -> tuple[Lacking, ...] | None:
        glass = self.glass
        asked = probe_rep(glass.dialect, [book.reps.tree], now=glass.now, rep_id=user)
        rows = [tuple(row.values()) for sql in asked.statements for row in decisions.evaluate(glass.tx, sql)]
        if not rows:
            return None
        seen = asked.found(rows)
        way = next(iter(ways(book.reps.tree, seen.truth, wanted=True)), None)
        if way is None:
            return None
        return tuple(Lacking(need.what, need.wanted, need.seen) for need in needs_of(way, seen.seen, glass.today))

    def _other_books(self) -> Iterator[Nearest]:
        """What would have to be different of the account for a book of the rep's to take it."""
        glass = self.glass
        reps = reps_of(glass.tx, self.parts, glass.rules, self.everybody)
        own = reps[self.rep.id].capacity if self.rep.id in reps else {}
        takes = tree.Or(tuple(first_of(glass.rules, book) for book in glass.rules.books if book.id in own))
        if own:
            outcome = f"A book of {self.rep.name}'s would take it"
            yield from answers(glass, Question(outcome, takes, lambda v: v["book"] in own))


def _ahead(other: str, name: str, points: float) -> str:
    level = 0.05
    if points > level:
        told = "score, who suits it, places and even books taken together"
        return f"{other} comes first, ahead of {name} by {points:,.1f} points: {told}."
    return f"{other} gets it: {name} would be as good, and one of them has to be the one."


def _filled(seat: Seat) -> str:
    return f"{seat.load:,} of {seat.capacity:,} accounts ({seat.load / (seat.capacity or 1):.0%})"


def _rep(user: User, users: Mapping[str, User], everybody: People) -> Rep:
    id_ = everybody.rep(user.id) or user.id
    own = everybody.users.get(id_, {})
    able = {crm: one for crm, one in own.items() if users[one].active and users[one].can_own}
    return Rep(id_, str(users[id_].fields.get("name") or id_), able, {})
