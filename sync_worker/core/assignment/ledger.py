"""Why an item went to one rep and not to another: each rep's worth for it, less the prices of what it takes up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.assignment.problem import Ints, Prices, Problem


@dataclass(frozen=True, slots=True)
class Line:
    """One rep who may have it. All in points of the book's score; ``net`` is the worth less the four prices."""

    rep: str
    worth: float
    """Score times affinity, less what a move costs by itself."""
    slot: float
    """What its places in the rep's book are worth to other accounts; 0 while there is room for all that want it."""
    potential: float
    """What its potential adds to the unevenness; below 0 for a rep who has too little."""
    workload: float
    move: float
    """What it takes from the moves that the plan may make."""
    net: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """One item: all who may have it, and how its choice compares."""

    item: str
    lines: tuple[Line, ...]
    """The best first."""
    pool: float | None
    """What it is worth to leave it in the pool; None where it may not be left there."""
    chosen: str | None
    """The rep who gets or keeps it; None: the pool."""
    runner_up: str | None
    """The best of the other reps; None where there is no other."""
    margin: float | None
    """By how much the choice is better than the runner-up; below 0 where the runner-up's book had no whole place left.

    None where there is no other rep.
    """


def ledger(problem: Problem, choice: Ints, prices: Prices, item: int) -> Ledger:
    """The account of one item, by its index."""
    lines = tuple(sorted(_lines(problem, prices, item), key=lambda line: (-line.net, line.rep)))
    chosen = None if choice[item] == NOBODY else problem.reps.ids[int(choice[item])]
    pool = _pool(problem, prices, item)
    nets = {line.rep: line.net for line in lines}
    others = [line for line in lines if line.rep != chosen]
    mine = pool if chosen is None else nets.get(chosen)
    margin = mine - others[0].net if others and mine is not None else None
    return Ledger(problem.items.ids[item], lines, pool, chosen, others[0].rep if others else None, margin)


def _lines(problem: Problem, prices: Prices, item: int) -> Iterator[Line]:
    items, arcs = problem.items, problem.arcs
    for arc in range(int(arcs.first[item]), int(arcs.first[item + 1])):
        rep, worth = int(arcs.rep[arc]), float(arcs.worth[arc])
        slot = int(items.size[item]) * float(prices.slot[rep])
        potential = int(items.potential[item]) * float(prices.potential[rep])
        workload = int(items.workload[item]) * float(prices.workload[rep])
        move = 0.0 if rep == items.owner[item] else _leaving(problem, prices, item)
        net = worth - slot - potential - workload - move
        yield Line(problem.reps.ids[rep], worth, slot, potential, workload, move, net)


def _pool(problem: Problem, prices: Prices, item: int) -> float | None:
    items = problem.items
    if not items.may_pool[item]:
        return None
    return float(items.pool[item]) - (0.0 if items.owner[item] == NOBODY else _leaving(problem, prices, item))


def _leaving(problem: Problem, prices: Prices, item: int) -> float:
    return int(problem.items.charged[item]) * prices.move
