"""Who might have an account, what speaks for each of them, and who is out of the question and why. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_worker.core.affinity import affinity, holding
from sync_worker.core.books import Bar, filled, may_get, opened, room, turns
from sync_worker.core.steps import left_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sync_worker.core.books import BookPolicy
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.priced import PricedBook
    from sync_worker.core.steps import Position

TOLD = {
    Bar.CRM: "no user who may own accounts of {crm}",
    Bar.BOOK: "not among the reps of the book {book}",
    Bar.AWAY: "{away}",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep who might have the account."""

    rep: str
    name: str
    load: int
    """Accounts in scope that the rep has."""
    capacity: int
    bar: str = ""
    """full or limit, where the rep has no room for it now; else empty."""
    suits: tuple[str, ...] = ()
    """The affinities that hold, in words."""
    worth: float | None = None
    """Score times affinity, less what a move costs; None in a book that is filled in turns, as is all that follows."""
    slot: float | None = None
    """What a place with this rep costs: what another account would gain by it."""
    evenness: float | None = None
    """What it costs that the rep has more than a fair share; below 0 for one who has less."""
    move: float | None = None
    net: float | None = None
    """The worth less all of these: the highest gets it."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A rep who may not have it, and why."""

    rep: str
    name: str
    bar: str
    """crm, book, away, previous or full."""
    because: str


@dataclass(frozen=True, slots=True)
class Contest:
    """All reps, with regard to one account of a book."""

    book: str
    by: str
    """prices or turns: how the book is filled."""
    rank: str
    owner: str | None
    """The rep who has it; None: the pool, or somebody who is no rep."""
    chosen: str | None
    """Who gets it with the next plan, or keeps it; None: nobody gets it."""
    runner_up: str | None
    margin: float | None
    """By how many points the chosen one is ahead of the runner-up; None in turns, and where there is none."""
    because: str
    """Why nobody gets it; empty where somebody does."""
    candidates: tuple[Candidate, ...]
    """The best first."""
    excluded: tuple[Excluded, ...]


def contest(
    account: str, position: Position, books: Sequence[BookPolicy], priced: Sequence[PricedBook]
) -> Contest | None:
    """How the next plan has it; of an account that is not given out, how reps stand for it. None without a book."""
    one = next(decision for decision in position.decisions if decision.account == account)
    policy = next((book for book in books if book.id == one.book), None)
    if policy is None or not one.scope:
        return None
    order = [book.policy.id for book in priced]
    if policy.id not in order:
        return _in_turns(one, position, policy)
    place = order.index(policy.id)
    if _waits(one, position) and place:
        from sync_worker.core.priced import filling  # noqa: PLC0415 - numpy takes a tenth of a second

        position = left_by(position, [filling(priced[:place])])
    return _by_prices(one, position, priced[place])


def _by_prices(one: Decision, position: Position, book: PricedBook) -> Contest:
    from sync_worker.core.bids import bids, why_left  # noqa: PLC0415 - numpy takes a tenth of a second
    from sync_worker.core.priced import fill, standing  # noqa: PLC0415 - the same

    policy, waits = book.policy, _waits(one, position)
    if not waits:  # as if nothing kept it: what others would give for it
        free = replace(one, protect=None, held="", resting=False)
        position = _freed(position, one, free)
        book = replace(book, young=book.young - {one.account})
    found = fill(position, book) if waits else standing(position, book)
    if one.account not in found.items:
        return _without(one, position, policy, why_left(found, one.account) if waits else "")
    told, load = bids(found, one.account), position.load()
    candidates = tuple(
        replace(
            _candidate(one, position.reps[line.rep], policy, load, position),
            worth=round(line.worth, 2),
            slot=round(line.slot, 2),
            evenness=round(line.potential + line.workload, 2),
            move=round(line.move, 2),
            net=round(line.net, 2),
        )
        for line in told.lines
    )
    owner = one.owner if one.owner in position.reps else None
    chosen = told.chosen if waits else owner
    return Contest(
        policy.id,
        "prices",
        policy.rank,
        owner,
        chosen,
        told.runner_up,
        round(told.margin, 2) if told.margin is not None and chosen else None,
        "" if chosen or not waits else why_left(found, one.account),
        candidates,
        tuple(_excluded(one, position, policy, {line.rep for line in told.lines})),
    )


def _freed(position: Position, one: Decision, free: Decision) -> Position:
    """With the account free to move, whatever keeps it and whatever a step before has done with it."""
    decisions = tuple(free if d is one else d for d in position.decisions)
    taken = {account: change for account, change in position.taken.items() if account != one.account}
    return replace(position, decisions=decisions, taken=taken, kept=position.kept - {one.account})


def _waits(one: Decision, position: Position) -> bool:
    """Whether it waits in the pool and may be given out."""
    return one.owner == position.pool_user and not one.resting and any(one is d for d in position.movable())


def _without(one: Decision, position: Position, policy: BookPolicy, because: str) -> Contest:
    able = {rep.id for rep in position.reps.values() if may_get(one, policy, rep) is None}
    load = position.load()
    return Contest(
        policy.id,
        "prices",
        policy.rank,
        one.owner if one.owner in position.reps else None,
        None,
        None,
        None,
        because,
        tuple(_candidate(one, position.reps[rep], policy, load, position) for rep in sorted(able)),
        tuple(_excluded(one, position, policy, able)),
    )


def _in_turns(one: Decision, position: Position, policy: BookPolicy) -> Contest:
    turn = next((turn for turn in turns(position, [policy]) if turn.decision.account == one.account), None)
    load = dict(turn.load) if turn else position.load()
    able = [rep for rep in position.reps.values() if may_get(one, policy, rep) is None]
    order = sorted(able, key=lambda rep: (_fullness(rep, policy, load), -affinity(policy.affinity, one, rep), rep.id))
    chosen = turn.rep.id if turn and turn.rep else None
    others = [rep.id for rep in order if rep.id != chosen]
    owner = one.owner if one.owner in position.reps else None
    return Contest(
        policy.id,
        "turns",
        policy.rank,
        owner,
        chosen if turn else owner,
        others[0] if others else None,
        None,
        turn.because if turn else "",
        tuple(_candidate(one, rep, policy, load, position) for rep in order),
        tuple(_excluded(one, position, policy, {rep.id for rep in able})),
    )


def _fullness(rep: Rep, policy: BookPolicy, load: Mapping[str, int]) -> float:
    return filled(rep, policy, load) if rep.capacity[policy.id] else 1.0


def _candidate(one: Decision, rep: Rep, policy: BookPolicy, load: Mapping[str, int], position: Position) -> Candidate:
    bar = room(policy, rep, load, opened(policy, position))
    suits = tuple(term.because for term in holding(policy.affinity, one, rep))
    bar_told = bar.value if bar and rep.id != one.owner else ""
    return Candidate(rep.id, rep.name, load.get(rep.id, 0), rep.capacity[policy.id], bar_told, suits)


def _excluded(one: Decision, position: Position, policy: BookPolicy, able: set[str]) -> Iterator[Excluded]:
    for rep in sorted(position.reps.values(), key=lambda rep: (rep.name, rep.id)):
        if rep.id in able:
            continue
        bar = may_get(one, policy, rep)
        if bar is None and rep.id == one.previous_owner:
            yield Excluded(rep.id, rep.name, "previous", "had it before, and others may have it")
        elif bar is None:
            yield Excluded(rep.id, rep.name, "full", "more accounts than places already")
        else:
            yield Excluded(rep.id, rep.name, bar.value, TOLD[bar].format(crm=one.crm, book=policy.id, away=rep.away))
