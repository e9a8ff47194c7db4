"""How one rep stands for one account: its turn in the pool, what bars the rep, who comes before. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_worker.core.books import Bar, BookPolicy, may_get, ranked, room, turns
from sync_worker.core.contest import contest

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from sync_worker.core.books import Turn
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.priced import PricedBook
    from sync_worker.core.steps import Position


@dataclass(frozen=True, slots=True)
class Seat:
    """One rep's book as an account's turn comes. ``capacity``: None where the book is not for this rep."""

    rep: str
    load: int
    capacity: int | None
    budget: str = ""
    """What the capacity follows from, in words; empty where it is said as it is."""
    away: str = ""
    """Until when the rep is away, in words; empty: the rep is there."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A rep and an account of a book."""

    book: str
    bar: Bar | None
    """What keeps the rep from it, whoever else there is."""
    seat: Seat
    limit: tuple[int, int] | None = None
    """What the book's limit has counted in its period, for this rep or for all, and how many it allows."""
    place: int = 0
    """The account's place among those that wait for this book, from 1; 0 for one that does not wait."""
    waiting: int = 0
    """How many wait for this book."""
    goes_to: Seat | None = None
    """Who gets it when its turn comes; None: nobody."""
    because: str = ""
    """Why nobody gets it."""
    behind: float | None = None
    """By how many points of the score the one who gets it is ahead, by the prices of the book; None in turns."""


def claim_by_prices(account: str, rep: Rep, position: Position, books: Sequence[PricedBook]) -> Claim:
    """The same in a book that prices fill: ``place`` is the account's place by score among those that wait."""
    asked = next(decision for decision in position.decisions if decision.account == account)
    book = next(book for book in books if book.policy.id == asked.book)
    found = contest(account, position, [book.policy], books)
    stands = _as_it_stands(asked, rep, book.policy, position.load())
    waits = [d for d in position.movable() if d.owner == position.pool_user and d.book == book.policy.id]
    line = [d.account for d in sorted(waits, key=ranked({book.policy.id: book.policy})) if not d.resting]
    if found is None or account not in line:
        return stands
    chosen, load = position.reps.get(found.chosen or ""), position.load()
    nets = {one.rep: one.net for one in found.candidates}
    mine, first = nets.get(rep.id), nets.get(found.chosen or "")
    return replace(
        stands,
        bar=None if found.chosen == rep.id else stands.bar,
        place=line.index(account) + 1,
        waiting=len(line),
        goes_to=_seat(chosen, book.policy, load) if chosen else None,
        because=found.because,
        behind=round(first - mine, 2) if first is not None and mine is not None else None,
    )


def claim(account: str, rep: Rep, position: Position, books: Sequence[BookPolicy]) -> Claim | None:
    """How the rep stands for the account, as the next refill would have it; None where no book takes the account.

    An account that does not wait in the pool is looked at as if it came there last.
    """
    asked = next(decision for decision in position.decisions if decision.account == account)
    book = next((policy for policy in books if policy.id == asked.book), None)
    if book is None:
        return None
    waiting = sum(d.owner == position.pool_user and d.book == book.id and not d.resting for d in position.movable())
    found, place = None, 0
    for turn in turns(position, books):
        place += turn.book is not None and turn.book.id == book.id
        if turn.decision.account == account:
            found = turn
            break
    if found is None or found.tally is None:
        return _as_it_stands(asked, rep, book, position.load())
    return _at(found, rep, book, place, waiting)


def _at(turn: Turn, rep: Rep, book: BookPolicy, place: int, waiting: int) -> Claim:
    tally = turn.tally
    bars = may_get(turn.decision, book, rep) or (room(book, rep, turn.load, tally) if tally else None)
    return Claim(
        book=book.id,
        bar=bars,
        seat=_seat(rep, book, turn.load),
        limit=_limit(rep, book, tally.moved) if tally and bars is Bar.LIMIT else None,
        place=place,
        waiting=waiting,
        goes_to=_seat(turn.rep, book, turn.load) if turn.rep else None,
        because=turn.because,
    )


def _as_it_stands(asked: Decision, rep: Rep, book: BookPolicy, load: Counter[str]) -> Claim:
    bars = may_get(asked, book, rep) or room(book, rep, load, book.allowance.open())
    used = book.allowance.used_by_rep
    return Claim(book.id, bars, _seat(rep, book, load), _limit(rep, book, used) if bars is Bar.LIMIT else None)


def _seat(rep: Rep, book: BookPolicy, load: Mapping[str, int]) -> Seat:
    return Seat(rep.id, load.get(rep.id, 0), rep.capacity.get(book.id), rep.budgets.get(book.id, ""), rep.away)


def _limit(rep: Rep, book: BookPolicy, moved: Mapping[str, int]) -> tuple[int, int]:
    own = book.allowance
    if own.per_rep is not None:
        return moved.get(rep.id, 0), own.per_rep
    return sum(moved.values()), own.total or 0
