"""Books as they fill: what each rep has by now, what one more account would cost, and how a wish becomes a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.metrics import arcs_of
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Evenness, Floats, Indexes, Ints, Problem, Truths


class Shelf:
    """A plan in the making that is feasible at every moment: it begins as things stand."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        items, reps = problem.items, len(problem.reps.ids)
        stays = (items.owner != NOBODY) & (arcs_of(problem, items.owner) >= 0)
        self.choice: Ints = np.where(stays, items.owner, NOBODY)
        mine = self.choice[stays]
        self.count = np.bincount(mine, items.size[stays], reps).astype(np.int64)
        self.potential: Floats = np.bincount(mine, items.potential[stays], reps).astype(np.float64)
        self.workload: Floats = np.bincount(mine, items.workload[stays], reps).astype(np.float64)
        endless = int(items.size.sum())
        self.moves_left = endless if problem.most_moves is None else problem.most_moves

    def free(self) -> Ints:
        """The items that nobody has, best first: by potential for each slot, then in order."""
        items = self.problem.items
        loose = np.flatnonzero(self.choice == NOBODY)
        return loose[np.argsort(-(items.potential[loose] / items.size[loose]), kind="stable")]

    def options(self, item: int) -> tuple[Indexes, Floats, Truths]:
        """Who may have the item, what it is worth there, and who of them has room for it."""
        arcs, items = self.problem.arcs, self.problem.items
        mine = slice(arcs.first[item], arcs.first[item + 1])
        reps = arcs.rep[mine]
        room = self.count[reps] + items.size[item] <= self.problem.reps.capacity[reps]
        return reps, arcs.worth[mine], room

    def uneven(self, item: int, reps: Indexes) -> Floats:
        """What the evenness of each of these reps would lose by the item: below 0 where it would gain."""
        items, terms = self.problem.items, self.problem.reps
        by_potential = _more(terms.potential, reps, self.potential[reps], int(items.potential[item]))
        by_workload = _more(terms.workload, reps, self.workload[reps], int(items.workload[item]))
        return np.asarray(by_potential + by_workload)

    def put(self, item: int, rep: int) -> None:
        """Give the item to the rep, or to the pool."""
        self._add(item, int(self.choice[item]), -1)
        self._add(item, rep, 1)
        self.choice[item] = rep

    def _add(self, item: int, rep: int, times: int) -> None:
        if rep == NOBODY:
            return
        items = self.problem.items
        self.count[rep] += times * items.size[item]
        self.potential[rep] += times * items.potential[item]
        self.workload[rep] += times * items.workload[item]

    def fill(self, *, evenly: bool) -> None:
        """Give what nobody has to whom it is worth most, the best first; ``evenly``: less what evenness loses."""
        for item in self.free():
            reps, worth, room = self.options(item)
            if not room.any():
                continue
            net = worth - self.uneven(item, reps) if evenly else worth
            best = int(np.argmax(np.where(room, net, -np.inf)))
            if net[best] > self.problem.items.pool[item]:
                self.put(item, int(reps[best]))


def repaired(problem: Problem, wanted: Ints) -> Ints:
    """The plan nearest to a wish that may be beyond capacity or the most moves.

    Wanted moves come first, those that gain most for each account before others, while there is room and moves are
    left; each frees a slot, so it is gone through again until nothing changes. Then what nobody has: wanted places
    first, then the best that is left, evenness counted.
    """
    shelf, items = Shelf(problem), problem.items
    gain = _worth(problem, wanted) - _worth(problem, shelf.choice)
    moving = np.flatnonzero((shelf.choice != NOBODY) & (wanted != shelf.choice))
    waiting = [int(item) for item in moving[np.argsort(-(gain[moving] / items.size[moving]), kind="stable")]]
    while waiting:
        left = [item for item in waiting if not _moved(shelf, item, int(wanted[item]))]
        if len(left) == len(waiting):
            break
        waiting = left
    for item in shelf.free():
        if wanted[item] != NOBODY and _has_room(shelf, item, int(wanted[item])):
            shelf.put(item, int(wanted[item]))
    shelf.fill(evenly=True)
    return shelf.choice


def _moved(shelf: Shelf, item: int, rep: int) -> bool:
    charged = int(shelf.problem.items.charged[item])
    if charged > shelf.moves_left or not _has_room(shelf, item, rep):
        return False
    shelf.moves_left -= charged
    shelf.put(item, rep)
    return True


def _has_room(shelf: Shelf, item: int, rep: int) -> bool:
    if rep == NOBODY:
        return bool(shelf.problem.items.may_pool[item])
    return bool(shelf.count[rep] + shelf.problem.items.size[item] <= shelf.problem.reps.capacity[rep])


def _worth(problem: Problem, choice: Ints) -> Floats:
    found = arcs_of(problem, choice)
    return np.where(found >= 0, problem.arcs.worth[np.maximum(found, 0)], problem.items.pool)


def _more(evenness: Evenness, reps: Indexes, present: Floats, more: int) -> Floats:
    target = evenness.target[reps]
    return _cost(evenness, target, present + more) - _cost(evenness, target, present)


def _cost(evenness: Evenness, target: Floats, amount: Floats) -> Floats:
    away = np.abs(amount - target)
    beyond = np.maximum(away - evenness.near * target, 0.0)
    far = np.maximum(away - evenness.far * target, 0.0)
    cost: Floats = np.where(target > 0, evenness.slope * beyond + (evenness.steep - evenness.slope) * far, 0.0)
    return cost
