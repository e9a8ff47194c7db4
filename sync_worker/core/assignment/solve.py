"""A whole book filled: prices, a first plan, a better one, and the proof of how near the optimum it is. Pure.

Stops on counts of rounds and never on the clock, so that the same problem has the same plan on every machine.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.construction import construct, fill, greedy, status_quo
from sync_worker.core.assignment.dual import bound
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import Effort, Prices, Solved
from sync_worker.core.assignment.ruin import ruin
from sync_worker.core.assignment.search import Search
from sync_worker.core.assignment.standing import Standing, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.assignment.problem import Ints, Problem

QUICK = Effort(search_rounds=20, ruin_rounds=2)
"""For the refill of every day, begun with yesterday's prices."""
NORMAL = Effort()
"""For a rebalance that somebody waits for."""
THOROUGH = Effort(search_rounds=200, ruin_rounds=40, starts=4)
"""For the plan of a quarter."""
SLACK = 0.05
"""By what share the moves may be exceeded for a while, so that large families can change places."""
FEW = 8
"""By how many at least: about the largest family."""
AFTERWARDS = 10
"""Rounds of search for each raise of the price of a move."""
GREEDY = 1
"""Where the greedy plan stands among those that are compared."""
SEEDS = 1_000_000
"""How far apart the seeds of two starts are."""


def solve(problem: Problem, *, start: Prices | None = None, effort: Effort = NORMAL) -> Solved:
    """The best plan that was found, never worse than the status quo or than giving the pool out greedily.

    ``start``: prices of the same reps, in the same order, such as yesterday's: they save most of the work. Raises
    NoPlan where no plan keeps capacity, locks and the moves, and ValueError for a ``start`` of other reps, and where
    items or reps do not stand in the order of their ids: what comes first in a list must not matter.
    """
    _in_order(problem)
    quo = status_quo(problem).choice()
    if not len(problem.arcs.rep):
        return _nobody_may_have_any(problem, quo)
    priced = price(problem, start=start, effort=effort)
    plans = [quo, greedy(problem), *_searched(problem, priced.prices, effort)]
    worth = [value(problem, plan) for plan in plans]
    if int(np.argmax(worth)) == GREEDY:
        # Where most reps are as good for most items, prices say little of who gets what: greed is a better beginning.
        plans.append(_bettered(problem, priced.prices, plans[GREEDY], effort))
        worth.append(value(problem, plans[-1]))
    best = int(np.argmax(worth))
    return Solved(plans[best], priced.prices, worth[best], priced.bound)


def _in_order(problem: Problem) -> None:
    for what, ids in (("items", problem.items.ids), ("reps", problem.reps.ids)):
        for one, other in pairwise(ids):
            if one >= other:
                raise ValueError(f"{what} have to be sorted by id, each once: {other!r} stands after {one!r}")


def _nobody_may_have_any(problem: Problem, quo: Ints) -> Solved:
    nothing = np.zeros(len(problem.reps.ids))
    prices = Prices(nothing, nothing, nothing, 0.0)
    return Solved(quo, prices, value(problem, quo), bound(problem, prices))


def _searched(problem: Problem, prices: Prices, effort: Effort) -> Iterator[Ints]:
    """By prices, then by chains, then by ruin; what is left over goes to whoever still gains by it."""
    search = Search(problem, prices, construct(problem, prices))
    search.run(prices.move, effort.search_rounds, seed=0)
    before = search.here.copy()
    for start in range(effort.starts):
        search.back_to(before)
        _ruined(search, prices.move, effort, seed=SEEDS * start)
        search.spend(prices.move, effort.search_rounds, seed=1)
        standing = Standing(problem, search.standing.at.copy())
        fill(standing)
        yield standing.choice()


def _bettered(problem: Problem, prices: Prices, plan: Ints, effort: Effort) -> Ints:
    """A whole plan made better by chains."""
    search = Search(problem, prices, plan)
    search.run(prices.move, effort.search_rounds, seed=0)
    _ruined(search, prices.move, effort, seed=0)
    search.run(0.0, effort.search_rounds, seed=1)
    return search.standing.choice()


def _ruined(search: Search, move_price: float, effort: Effort, seed: int) -> None:
    """Ruin with some moves more than there may be, then give the weakest up; all taken back if that fails."""
    before = search.here.copy()
    limited = search.problem.most_moves
    ruin(search, move_price, effort.ruin_rounds, seed=seed, slack=int(SLACK * limited) + FEW if limited else 0)
    if not search.settle(move_price, AFTERWARDS, seed=0):
        search.back_to(before)
