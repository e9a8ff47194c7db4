"""From accounts, reps and terms to a problem in arrays: who may have what, what it is worth, what each rep's target is.

Nothing depends on the order of what is given: all is sorted by id, and ties are broken by hashes.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import hashes, shares
from sync_worker.core.assignment.groups import Account, Conflict, Group, grouped, moves_to_gather
from sync_worker.core.assignment.problem import NOBODY, Arcs, Evenness, Items, Problem, Reps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.assignment.problem import Floats, Indexes, Ints, Truths

__all__ = ["Account", "Built", "Conflict", "Seat", "Terms", "build"]

MOVE = 0.03
"""What a move costs, as a share of the account's worth."""
FIXED = 0.01
"""What every account that moves costs beside that, as a share of what accounts are worth on average."""
INCUMBENT = 0.04
"""How much better an account fits whoever has it already, in affinity."""
TIE = 1e-7
"""How much equal reps differ by the hash of account and rep, as a share of the account's worth."""
LEVEL = 0.96
"""How much of the best accounts that fit all books the targets count on: hardly ever does all of it fit."""
UNEVEN, FAR_UNEVEN = 0.15, 0.40
"""What unevenness costs beyond ``near`` and ``far`` of a target, as a share of what so much potential is worth."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A rep of the book. ``share``: of all there is, compared with others; hours, ramp and presence are in it."""

    id: str
    capacity: int
    share: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What counts for how much. Weights of 1 are the usual; 0 switches off."""

    keep: float = 1.0
    """That accounts stay with their owners."""
    balance: float = 1.0
    """That potential is even."""
    workload: float = 0.0
    """That workload is even."""
    near: float = 0.05
    far: float = 0.15
    fixed_price: float | None = None
    """What each account that moves costs, in worth; None: a hundredth of what accounts are worth on average."""
    most_moves: int | None = None
    """How many accounts may leave their owners; None: as many as it takes."""
    may_pool: bool = False
    """Whether what a rep has may go to the pool."""
    frozen: bool = False
    """Whether all that is owned stays where it is, so that only the pool is given out."""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """The problem, and what stands behind its items."""

    problem: Problem
    members: tuple[tuple[str, ...], ...]
    """The accounts of each item."""
    conflicts: tuple[Conflict, ...]
    """Families that do not stay together, and why."""

    @property
    def targets(self) -> Mapping[str, float]:
        """How much potential each rep should have, in hundredths."""
        return dict(zip(self.problem.reps.ids, self.problem.reps.potential.target.tolist(), strict=True))


def build(accounts: Iterable[Account], seats: Iterable[Seat], terms: Terms) -> Built:
    """The problem of giving these accounts to these reps. Always feasible: whatever has an owner may stay there.

    A rep who has more than fits keeps it and gets nothing. A family needs room for all of it where most of it is.
    Raises ValueError for an id that comes twice and for a number that is none or is below 0.
    """
    accounts, reps = list(accounts), sorted(seats, key=lambda seat: seat.id)
    _refuse(accounts, reps)
    ids = {seat.id: number for number, seat in enumerate(reps)}
    room = {seat.id: seat.capacity for seat in reps}
    groups, conflicts = grouped(accounts, room, frozen=terms.frozen, most_moves=terms.most_moves)
    most = None if terms.most_moves is None else terms.most_moves - moves_to_gather(groups)
    problem = _Draft.of(groups, reps, ids, terms).problem(most)
    members = tuple(tuple(one.id for one in group.members) for group in groups)
    return Built(problem, members, tuple(conflicts))


def _refuse(accounts: Sequence[Account], seats: Sequence[Seat]) -> None:
    for name, ids in (("account", [one.id for one in accounts]), ("rep", [seat.id for seat in seats])):
        if len(set(ids)) < len(ids):
            twice = min(id_ for id_, times in Counter(ids).items() if times > 1)
            raise ValueError(f"{name} {twice} is there twice")
    for one in accounts:
        if not (0 <= one.worth < math.inf) or one.potential < 0 or one.workload < 0:
            raise ValueError(
                f"account {one.id} has the worth {one.worth}, potential {one.potential} and workload {one.workload}: "
                "each must be a number and not below 0"
            )
    for seat in seats:
        if not (0 <= seat.share < math.inf) or seat.capacity < 0:
            raise ValueError(f"rep {seat.id} has the capacity {seat.capacity} and the share {seat.share}: not below 0")


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """Groups as columns, and every pair of a group and a rep who may have it."""

    ids: tuple[str, ...]
    seats: Sequence[Seat]
    terms: Terms
    worth: Floats
    size: Ints
    potential: Ints
    workload: Ints
    owner: Ints
    charged: Ints
    stays: Truths
    item: Ints
    rep: Indexes
    affinity: Floats

    @classmethod
    def of(cls, groups: Sequence[Group], seats: Sequence[Seat], ids: Mapping[str, int], terms: Terms) -> _Draft:
        pairs = _pairs(groups, ids)
        counts = [len(reps) for reps, _ in pairs]
        members = [group.members for group in groups]
        return cls(
            ids=tuple(group.id for group in groups),
            seats=seats,
            terms=terms,
            worth=np.array([group.worth for group in groups], dtype=np.float64),
            size=_whole([len(some) for some in members]),
            potential=_whole([sum(one.potential for one in some) for some in members]),
            workload=_whole([sum(one.workload for one in some) for some in members]),
            owner=_whole([ids.get(group.owner or "", NOBODY) for group in groups]),
            charged=_whole([group.charged for group in groups]),
            stays=np.array([group.stays for group in groups], dtype=bool),
            item=np.repeat(np.arange(len(groups)), counts),
            rep=np.concatenate([reps for reps, _ in pairs] or [np.empty(0, dtype=np.int32)]),
            affinity=np.concatenate([times for _, times in pairs] or [np.empty(0)]),
        )

    def problem(self, most_moves: int | None) -> Problem:
        """The same as a problem, with prices of moves, targets and what unevenness costs."""
        capacity, allowed = self._room()
        item, rep = self.item[allowed], self.rep[allowed]
        first = np.concatenate(([0], np.cumsum(np.bincount(item, minlength=len(self.ids)))))
        move = self._price_of_move()
        may_pool = ~(self.stays | (self.charged > 0) & (not self.terms.may_pool)) | (self.owner == NOBODY)
        items = Items(
            self.ids, self.size, self.workload, self.potential, self.owner, -move, may_pool, self.charged
        )  # fmt: skip
        arcs = Arcs(first, rep, self._worth(move)[allowed])
        return Problem(items, arcs, self._reps(capacity, np.diff(first) > 0), most_moves)

    def _room(self) -> tuple[Ints, Truths]:
        """How much each rep may have, and which pairs may be: a rep who has too much gets nothing."""
        home = self.rep == self.owner[self.item]
        room = _whole([seat.capacity for seat in self.seats])
        has = np.bincount(self.rep[home], self.size[self.item[home]], len(room)).astype(np.int64)
        return np.maximum(room, has), home | (has <= room)[self.rep]

    def _price_of_move(self) -> Floats:
        fixed = self.terms.fixed_price
        each = FIXED * _mean(self.worth, float(self.size.sum())) if fixed is None else fixed
        return np.where(self.charged > 0, self.terms.keep * (MOVE * self.worth + each * self.charged), 0.0)

    def _worth(self, move: Floats) -> Floats:
        """What each pair is worth: score times affinity, less the price of a move, and a little luck."""
        item = self.item
        home = self.rep == self.owner[item]
        luck = shares(hashes(self.ids)[item], hashes(seat.id for seat in self.seats)[self.rep])
        tie = TIE * np.maximum(self.worth, 0.01 * _mean(self.worth, float(len(self.ids))))
        affinity = self.affinity + self.terms.keep * INCUMBENT * home
        found: Floats = self.worth[item] * affinity - move[item] * ~home + tie[item] * luck
        return found

    def _reps(self, capacity: Ints, taken: Truths) -> Reps:
        terms = self.terms
        return Reps(
            ids=tuple(seat.id for seat in self.seats),
            capacity=capacity,
            potential=self._evenness(self.potential, terms.balance, self._fitting(capacity, taken), taken),
            workload=self._evenness(self.workload, terms.workload, self._fitting(capacity, taken), taken),
        )

    def _fitting(self, capacity: Ints, taken: Truths) -> Ints:
        """The items with the most potential for each account that fit all books together, of those that may be had."""
        able = np.flatnonzero(taken)
        order = able[np.argsort(-self.potential[able] / self.size[able], kind="stable")]
        found: Ints = order[np.cumsum(self.size[order]) <= capacity.sum()]
        return found

    def _evenness(self, amount: Ints, weight: float, best: Ints, taken: Truths) -> Evenness:
        """Each rep's target by the rep's share, and what it costs to be away from it."""
        share = np.array([seat.share for seat in self.seats], dtype=np.float64)
        part = share / max(float(np.add.reduce(share)), 1e-300)
        worth = weight * _mean(self.worth[taken], float(amount[taken].sum()))
        target: Floats = part * (LEVEL * float(amount[best].sum()))
        return Evenness(target, UNEVEN * worth, FAR_UNEVEN * worth, self.terms.near, self.terms.far)


def _pairs(groups: Sequence[Group], ids: Mapping[str, int]) -> list[tuple[Indexes, Floats]]:
    """For each group who may have it, in order, with affinities. Equal ones that are one object are read once."""
    known: dict[int, tuple[Indexes, Floats]] = {}
    for group in groups:
        if id(group.able) not in known:
            able = sorted((ids[rep], times) for rep, times in group.able.items() if rep in ids)
            reps = np.array([rep for rep, _ in able], dtype=np.int32)
            known[id(group.able)] = reps, np.array([times for _, times in able], dtype=np.float64)
    return [known[id(group.able)] for group in groups]


def _whole(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _mean(amounts: Floats, count: float) -> float:
    return float(np.add.reduce(amounts)) / count if count else 0.0
