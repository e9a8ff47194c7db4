"""Books filled by prices: who gets which account, so that score times affinity is highest and books are even. Pure.

One book after the other, in the order of the rules. A refill leaves every owner alone and gives what the pool holds; a
rebalance may move what reps have, too, as far as its cap allows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from sync_worker.core.affinity import affinity
from sync_worker.core.assignment.certificate import check
from sync_worker.core.assignment.items import Account, Seat, Terms, build
from sync_worker.core.assignment.problem import NOBODY, Prices, Solved
from sync_worker.core.assignment.solve import NORMAL, QUICK, solve
from sync_worker.core.bids import changes_of, left_of, score_of
from sync_worker.core.books import may_get, opened, tie_breaker
from sync_worker.core.canonical import canonical
from sync_worker.core.rebalance import FIVE_PER_CENT
from sync_worker.core.remembered import Remembered
from sync_worker.core.steps import Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sync_worker.core.assignment.certificate import Certificate
    from sync_worker.core.assignment.items import Built
    from sync_worker.core.assignment.problem import Ints, Problem
    from sync_worker.core.books import BookPolicy
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.rebalance import Cap
    from sync_worker.core.steps import Position, Step

HUNDRED = 100
"""Potential and work are counted in hundredths, so that sums are exact."""
GREATEST = 1e12
"""More potential or work than this counts as this much: a slip of the pen in one account must stop no plan."""
ALL = 1 << 62
"""What all accounts of a book may add up to, in hundredths."""


@dataclass(frozen=True, slots=True)
class PricedBook:
    """A book that evens something out, as far as filling it goes."""

    policy: BookPolicy
    start: Remembered | None = None
    """The prices to begin with: a worse beginning costs time, and nothing else."""
    cap: Cap | None = None
    """Not None: the book is rebalanced."""
    young: frozenset[str] = frozenset()
    """Accounts whose owner has not had them for as long as the book lets an owner keep them."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """One book filled by prices: what was asked, what came of it, and the proof."""

    book: PricedBook
    built: Built
    solved: Solved
    certificate: Certificate
    accounts: Mapping[str, Decision]
    """The accounts that took part."""
    goes_to: Mapping[str, str | None]
    """Who has each of them afterwards: a rep, or None for whoever has it now."""
    items: Mapping[str, int]
    """The item that each of them is, or is a part of."""
    room: Mapping[str, int]
    """How many accounts of the book each rep has room for, whatever the book's limit says."""
    pool_user: str
    over_limit: frozenset[str] = frozenset()
    """What the book would give if it had no limit for all reps together."""

    @property
    def problem(self) -> Problem:
        """What was solved."""
        return self.built.problem

    def able(self, account: str) -> tuple[int, ...]:
        """The reps who may have the account, as indexes."""
        if (item := self.items.get(account)) is None:
            return ()
        first = self.problem.arcs.first
        return tuple(self.problem.arcs.rep[first[item] : first[item + 1]].tolist())

    def shares(self) -> Mapping[str, float]:
        """What each rep had before of the potential that would be fair; only of those who are due any."""
        owner, target = self.problem.items.owner, self.problem.reps.potential.target
        mine = owner != NOBODY
        had = np.bincount(owner[mine], self.problem.items.potential[mine], len(target))
        pairs = zip(self.problem.reps.ids, had.tolist(), target.tolist(), strict=True)
        return {rep: amount / fair for rep, amount, fair in pairs if fair > 0}

    def taken(self) -> Ints:
        """How many accounts of the book each rep has afterwards."""
        choice = self.solved.choice
        mine = choice != NOBODY
        sums = np.bincount(choice[mine], self.problem.items.size[mine], len(self.problem.reps.ids))
        return sums.astype(np.int64)


class Unproven(Exception):
    """What came of a book is not what its prices prove: nothing of it may be written. ``hint`` names the way out."""

    def __init__(self, book: str, faults: Sequence[str]) -> None:
        super().__init__(f"the plan for the book {book} does not pass its own proof: {'; '.join(faults[:3])}")
        self.hint = "this is a fault of the program: please report it, and take 'balance' out of the book meanwhile"


def filling(books: Sequence[PricedBook]) -> Step:
    """The step that fills these books, one after the other. Raises Unproven."""

    def step(position: Position) -> Assignment:
        made, moved = Assignment(), 0
        for book in books:
            filled = fill(position, book, moved=moved)
            changes = tuple(changes_of(filled, position))
            made = made.and_also(Assignment(changes, tuple(left_of(filled, position)), priced=(filled,)))
            moved += _chosen_moves(filled, position)
            position = position.after(changes)
        return made

    return step


def fill(position: Position, book: PricedBook, *, moved: int = 0) -> Filled:
    """Solve one book and prove it. ``moved``: how many owned accounts the books before it have moved already.

    Raises Unproven where what was found is not what its prices prove.
    """
    asked = _Asked.of(position, book, moved)
    filled = _solve(asked)
    given = [one for id_, one in filled.accounts.items() if filled.goes_to[id_] and one.owner == position.pool_user]
    if book.cap is None and (most := _most(asked)) is not None and len(given) > most:
        filled = _the_best(asked, given, most)
    if filled.certificate.faults:
        raise Unproven(book.policy.id, filled.certificate.faults)
    return filled


def _chosen_moves(filled: Filled, position: Position) -> int:
    """How many accounts leave owners who might keep them: what counts against a rebalance's cap."""
    reps, to = position.reps, filled.goes_to
    moved = [one for id_, one in filled.accounts.items() if to.get(id_) not in {None, one.owner}]
    return sum(_theirs(one, filled.book.policy, reps) for one in moved)


def standing(position: Position, book: PricedBook) -> Filled:
    """The book as it stands, priced by its latest plan where there is one: nobody gets anything, and nothing is proven.

    What every rep would give for any account of the book can be told from it.
    """
    asked = _Asked.of(position, replace(book, cap=FIVE_PER_CENT), moved=0)
    built = build(_accounts(asked), _seats(asked), _terms(asked))
    if book.start is None:
        return _solve(asked)
    prices = prices_of(book.start, built.problem.reps.ids)
    here = Solved(built.problem.items.owner, prices, 0.0, 0.0)
    return _filled(
        asked, built, here, dict(zip(built.problem.reps.ids, built.problem.reps.capacity.tolist(), strict=True))
    )


def remembered(problem: Problem, prices: Prices) -> Remembered:
    """The prices by the reps' ids."""
    rows = np.column_stack([prices.slot, prices.workload, prices.potential]).tolist()
    return Remembered(float(prices.move), dict(zip(problem.reps.ids, rows, strict=True)))


def prices_of(known: Remembered, reps: Sequence[str]) -> Prices:
    """The prices of these reps; one who is new costs nothing yet."""
    rows = np.array([known.reps.get(rep, (0.0, 0.0, 0.0)) for rep in reps], dtype=np.float64).reshape(-1, 3)
    return Prices(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy(), known.move)


def fingerprint(problem: Problem) -> str:
    """SHA-256 over all that was given: whoever has the same can check the same prices against it."""
    found = hashlib.sha256(canonical([problem.items.ids, problem.reps.ids, problem.most_moves]).encode())
    for arrays in (problem.items, problem.arcs, problem.reps.potential, problem.reps.workload, problem.reps):
        for name in sorted(one.name for one in fields(arrays)):
            value = getattr(arrays, name)
            if isinstance(value, np.ndarray):
                found.update(name.encode() + np.ascontiguousarray(value).tobytes())
            elif isinstance(value, float):
                found.update(name.encode() + value.hex().encode())
    return found.hexdigest()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One book as it stands: its accounts and its reps."""

    position: Position
    book: PricedBook
    accounts: Mapping[str, Decision]
    seats: Mapping[str, int]
    """How many accounts of this book each rep has room for, those that the rep has with them."""
    owned: Mapping[str, int]
    """How many accounts of this book each rep has."""
    moved: int
    homes: frozenset[tuple[str, str]]
    """Families, by their ultimate parents, and the reps who have some of them; none where families do not matter."""

    @classmethod
    def of(cls, position: Position, book: PricedBook, moved: int) -> Self:
        """Whoever is in the book, and whatever else the reps own taken off their capacity."""
        reps = {rep.id: rep for rep in position.reps.values() if rep.users and book.policy.id in rep.capacity}
        accounts = {one.account: one for one in _taking_part(position, book, reps)}
        # Who owns what they may not have fills a place with it until it is gone, whether it goes or not.
        owned = Counter(one.owner for one in accounts.values() if _theirs(one, book.policy, reps))
        load = position.load()
        seats = {id_: rep.capacity[book.policy.id] - (load[id_] - owned[id_]) for id_, rep in sorted(reps.items())}
        roots = book.policy.families
        homes = frozenset((roots[id_], one.owner) for id_, one in accounts.items() if id_ in roots and one.owner)
        return cls(position, book, accounts, seats, {rep: owned[rep] for rep in seats}, moved, homes)

    def has_family_of(self, one: Decision) -> bool:
        """Whether the previous owner of the account has others of its family, to whom it belongs."""
        return (self.book.policy.families.get(one.account, ""), one.previous_owner or "") in self.homes

    def is_away(self, rep: str | None) -> bool:
        """Whether it is a rep who gets nothing now, and keeps what is there."""
        found = self.position.reps.get(rep or "")
        return found is not None and bool(found.away)

    def without(self, accounts: frozenset[str]) -> Self:
        """The same without these accounts of the pool."""
        return replace(self, accounts={id_: one for id_, one in self.accounts.items() if id_ not in accounts})


def _taking_part(position: Position, book: PricedBook, reps: Mapping[str, Rep]) -> Iterator[Decision]:
    """The book's accounts that a rep has or may get; in a rebalance those whose owner may not have them, too."""
    movable = frozenset(one.account for one in position.movable())
    for one in position.decisions:
        if not one.scope or one.book != book.policy.id or one.account in position.taken:
            continue
        if one.owner == position.pool_user:
            if one.account in movable and not one.resting:
                yield one
        elif _theirs(one, book.policy, reps) or (book.cap is not None and one.account in movable):
            yield one


def _theirs(one: Decision, policy: BookPolicy, reps: Mapping[str, Rep]) -> bool:
    """Whether its owner is a rep of the book who may have it."""
    owner = reps.get(one.owner or "")
    return owner is not None and may_get(one, policy, owner) is None


def _solve(asked: _Asked) -> Filled:
    book = asked.book
    built = build(_accounts(asked), _seats(asked), _terms(asked))
    room = dict(zip(built.problem.reps.ids, built.problem.reps.capacity.tolist(), strict=True))
    if book.cap is None and book.policy.allowance.per_rep is not None:
        built = replace(built, problem=_limited(built.problem, asked))
    start = prices_of(book.start, built.problem.reps.ids) if book.start else None
    effort = QUICK if start and book.cap is None else NORMAL
    return _filled(asked, built, solve(built.problem, start=start, effort=effort), room)


def _filled(asked: _Asked, built: Built, found: Solved, room: Mapping[str, int]) -> Filled:
    items = {account: item for item, members in enumerate(built.members) for account in members}
    chosen = [built.problem.reps.ids[rep] if rep != NOBODY else None for rep in found.choice.tolist()]
    goes_to = {account: chosen[item] for account, item in items.items()}
    proof, pool = check(built.problem, found), asked.position.pool_user
    return Filled(asked.book, built, found, proof, asked.accounts, goes_to, items, room, pool)


def _accounts(asked: _Asked) -> list[Account]:
    """The accounts as the optimiser wants them. Accounts that are alike share one list of reps."""
    alike: dict[object, Mapping[str, float]] = {}
    movable = frozenset(one.account for one in asked.position.movable()) - asked.book.young
    found = []
    for one in asked.accounts.values():
        absent = one.owner if asked.is_away(one.owner) else None
        key = (one.crm, one.suits, tuple(sorted(one.compared.items())), absent)
        if key not in alike:
            alike[key] = _suiting(one, asked)
        found.append(_account(one, alike[key], asked, movable))
    return found


def _suiting(one: Decision, asked: _Asked) -> Mapping[str, float]:
    policy, reps = asked.book.policy, asked.position.reps
    able = [reps[id_] for id_ in asked.seats if may_get(one, policy, reps[id_]) is None]
    return {rep.id: affinity(policy.affinity, one, rep) for rep in able}


def _account(one: Decision, reps: Mapping[str, float], asked: _Asked, movable: frozenset[str]) -> Account:
    book, in_pool = asked.book, one.owner == asked.position.pool_user
    if in_pool and one.previous_owner in reps and len(reps) > 1 and not asked.has_family_of(one):
        reps = {rep: times for rep, times in reps.items() if rep != one.previous_owner}
    theirs = one.owner in reps
    locked = not in_pool and theirs and (book.cap is None or one.account not in movable)
    return Account(
        id=one.account,
        owner=None if in_pool else one.owner,
        worth=score_of(one, book.policy.rank),
        potential=_hundredths(one.potential, len(asked.accounts)),
        workload=_hundredths(one.workload, len(asked.accounts)),
        family=_family(one, asked),
        locked=locked,
        forced=not in_pool and not theirs,
        reps={str(one.owner): reps[str(one.owner)]} if locked else reps,
    )


def _family(one: Decision, asked: _Asked) -> str:
    """What somebody has for a while, as a cover, is no family's: it brings nobody the rest of it."""
    root = asked.book.policy.families.get(one.account, one.account)
    return f"{root} {one.account}" if one.account in asked.position.kept else root


def _hundredths(amount: float, accounts: int) -> int:
    return round(min(max(0.0, amount), GREATEST, ALL / HUNDRED / accounts) * HUNDRED)


def _seats(asked: _Asked) -> list[Seat]:
    """A rep's share of what there is to have is as large as the room that the rep has for this book."""
    return [Seat(rep, max(0, room), float(max(0, room))) for rep, room in asked.seats.items()]


def _terms(asked: _Asked) -> Terms:
    book = asked.book
    balance = book.policy.balance
    cap = book.cap.of(sum(asked.owned.values()), asked.moved) if book.cap else None
    return Terms(
        keep=book.policy.keep.weight,
        balance=balance.weight if balance else 0.0,
        workload=balance.workload if balance else 0.0,
        most_moves=cap,
        frozen=book.cap is None,
    )


def _the_best(asked: _Asked, given: Sequence[Decision], most: int) -> Filled:
    """The book once more, where its limit for all reps lets only the best of what it would give go."""
    rank = asked.book.policy.rank
    best = sorted(given, key=lambda one: (-score_of(one, rank), tie_breaker(one.account)))[:most]
    kept = frozenset(one.account for one in best)
    waiting = frozenset(id_ for id_, one in asked.accounts.items() if one.owner == asked.position.pool_user)
    over = frozenset(one.account for one in given) - kept
    return replace(_solve(asked.without(waiting - kept)), accounts=asked.accounts, over_limit=over)


def _limited(problem: Problem, asked: _Asked) -> Problem:
    """No rep may get more than the book's limit still allows."""
    mine = problem.items.owner != NOBODY
    has = np.bincount(problem.items.owner[mine], problem.items.size[mine], len(problem.reps.ids)).astype(np.int64)
    per_rep, used = asked.book.policy.allowance.per_rep or 0, opened(asked.book.policy, asked.position).moved
    left = np.array([max(0, per_rep - used[rep]) for rep in problem.reps.ids], dtype=np.int64)
    return replace(problem, reps=replace(problem.reps, capacity=np.minimum(problem.reps.capacity, has + left)))


def _most(asked: _Asked) -> int | None:
    """How many accounts the limit for all reps still allows; None where there is no such limit."""
    most = asked.book.policy.allowance.total
    return None if most is None else max(0, most - opened(asked.book.policy, asked.position).moved.total())
