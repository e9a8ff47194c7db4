"""Where everything stands in the course of a search: who has what, and what every book counts. Changes in place.

The pool is one more rep here, the last: it has room for everything and costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.metrics import arcs_of
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Evenness, Floats, Indexes, Ints, Problem, Truths

ROOM_FOR_ALL = 1 << 60


@dataclass(frozen=True, slots=True, eq=False)
class Uneven:
    """An evenness with the pool as its last entry, in the terms in which its cost is worked out."""

    target: Floats
    near: Floats
    far: Floats
    slope: Floats
    more: Floats
    """How much steeper it is beyond ``far``."""

    @classmethod
    def of(cls, wanted: Evenness) -> Uneven:
        """The same for every rep, and nothing for the pool. A target of 0 costs nothing, either."""
        target = np.append(wanted.target, 0.0)
        counts = (target > 0).astype(np.float64)
        return cls(
            target, wanted.near * target, wanted.far * target, wanted.slope * counts,
            (wanted.steep - wanted.slope) * counts,
        )  # fmt: skip

    def cost(self, rep: Ints | Indexes, total: Ints) -> Floats:
        """What it costs each of these reps to have so much."""
        off = np.abs(total - self.target[rep])
        cost = self.slope[rep] * np.maximum(off - self.near[rep], 0.0)
        cost += self.more[rep] * np.maximum(off - self.far[rep], 0.0)
        return cost


class Standing:
    """Who has what, by item, with what every rep has counted, so that the next change is quick to judge."""

    __slots__ = (
        "at",
        "capacity",
        "cost",
        "potential",
        "problem",
        "size",
        "uneven_potential",
        "uneven_work",
        "workload",
    )

    def __init__(self, problem: Problem, at: Ints) -> None:
        """``at`` has the index of a rep for each item, or the number of reps for the pool. It is kept and changed."""
        self.problem = problem
        self.at = at
        self.capacity = np.append(problem.reps.capacity, ROOM_FOR_ALL)
        self.uneven_potential = Uneven.of(problem.reps.potential)
        self.uneven_work = Uneven.of(problem.reps.workload)
        self.size = self._counted(problem.items.size)
        self.potential = self._counted(problem.items.potential)
        self.workload = self._counted(problem.items.workload)
        self.cost = self.uneven(np.arange(self.pool + 1), self.potential, self.workload)

    @property
    def pool(self) -> int:
        """The pool's number."""
        return len(self.problem.reps.ids)

    def uneven(self, rep: Ints | Indexes, potential: Ints, workload: Ints) -> Floats:
        """What it costs each of these reps to have so much potential and so much work."""
        cost = self.uneven_potential.cost(rep, potential)
        cost += self.uneven_work.cost(rep, workload)
        return cost

    def dearer(self, rep: Ints | Indexes, potential: Ints, workload: Ints) -> Floats:
        """How much more a rep's unevenness costs with so much more potential and work than it has."""
        return self.uneven(rep, self.potential[rep] + potential, self.workload[rep] + workload) - self.cost[rep]

    def room(self) -> Ints:
        """How many accounts each rep may still take."""
        return self.capacity - self.size

    def move(self, items: Ints | Indexes, to: Ints | Indexes) -> None:
        """Put these items, each of them once, where they are to be."""
        given, before = self.problem.items, self.at[items]
        for total, each in (
            (self.size, given.size),
            (self.potential, given.potential),
            (self.workload, given.workload),
        ):
            np.subtract.at(total, before, each[items])
            np.add.at(total, to, each[items])
        self.at[items] = to
        touched = np.concatenate((before, to.astype(np.int64)))
        self.cost[touched] = self.uneven(touched, self.potential[touched], self.workload[touched])

    def choice(self) -> Ints:
        """Who has what, as a plan says it."""
        return np.where(self.at == self.pool, NOBODY, self.at).astype(np.int64)

    def _counted(self, each: Ints) -> Ints:
        return np.bincount(self.at, each, self.pool + 1).astype(np.int64)


def places(problem: Problem, choice: Ints) -> Ints:
    """A choice with the pool as the last rep."""
    return np.where(choice == NOBODY, len(problem.reps.ids), choice).astype(np.int64)


def moves(problem: Problem, choice: Ints) -> int:
    """How many accounts leave their owners."""
    away: Truths = choice != problem.items.owner
    return int(np.add.reduce(problem.items.charged[away]))


def worths(problem: Problem, choice: Ints) -> Floats:
    """What each item's choice is worth; minus infinity where it may not be."""
    items, arc = problem.items, arcs_of(problem, choice)
    worth = np.where((choice == NOBODY) & items.may_pool, items.pool, -np.inf)
    worth[arc >= 0] = problem.arcs.worth[arc[arc >= 0]]
    return worth


def value(problem: Problem, choice: Ints) -> float:
    """What is maximised: the worth of the choice, less what unevenness costs. Minus infinity if an arc is missing."""
    standing = Standing(problem, places(problem, choice))
    return float(np.add.reduce(worths(problem, choice))) - float(np.add.reduce(standing.cost))
