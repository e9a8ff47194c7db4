"""What a team would write in an afternoon: turns, and the best place for the best account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.books.method import Answer
from benchmarks.books.shelf import Shelf, repaired
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from benchmarks.books.method import Task


def round_robin(task: Task) -> Answer:
    """Each account of the pool goes to the rep whose turn is longest ago, of those who may have it and have room."""
    shelf = Shelf(task.problem)
    turn = np.zeros(len(task.problem.reps.ids), dtype=np.int64)
    for number, item in enumerate(shelf.free(), 1):
        reps, _, room = shelf.options(item)
        if (able := reps[room]).size:
            rep = int(able[np.argmin(turn[able])])
            turn[rep] = number
            shelf.put(item, rep)
    return Answer(shelf.choice)


def deficit_round_robin(task: Task) -> Answer:
    """The same, but the turn is that of the rep who has received least of what is due, in potential."""
    shelf = Shelf(task.problem)
    target = task.problem.reps.potential.target
    share = target / max(float(target.sum()), 1.0)
    received = np.zeros(target.size)
    for item in shelf.free():
        reps, _, room = shelf.options(item)
        if (able := reps[room]).size:
            potential = float(task.problem.items.potential[item])
            rep = int(able[np.argmax(share[able] * (received.sum() + potential) - received[able])])
            received[rep] += potential
            shelf.put(item, rep)
    return Answer(shelf.choice)


def greedy(task: Task) -> Answer:
    """Each account of the pool, best first, goes where it is worth most."""
    shelf = Shelf(task.problem)
    shelf.fill(evenly=False)
    return Answer(shelf.choice)


def greedy_evenly(task: Task) -> Answer:
    """The same, less what the evenness of the books loses by it."""
    shelf = Shelf(task.problem)
    shelf.fill(evenly=True)
    return Answer(shelf.choice)


def greedy_cut(task: Task) -> Answer:
    """All accounts are given anew where they are worth most, then only the best moves are kept."""
    shelf = Shelf(task.problem)
    for item in np.flatnonzero(task.problem.items.may_pool):
        shelf.put(int(item), NOBODY)
    shelf.fill(evenly=True)
    return Answer(repaired(task.problem, shelf.choice))
