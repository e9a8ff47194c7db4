"""What prices prove, exactly: the value of the dual, and which options it turns on.

    D(prices) = Σ items max(best worth - price of its arc, pool - price of the move)
                + Σ reps [ slot·capacity + cost*(workload) + cost*(potential) ] + move·most

cost* is the conjugate of what unevenness costs. Any prices within their limits give an upper bound of every choice's
value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import dot, tops
from sync_worker.core.assignment.problem import NOBODY, Prices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.assignment.problem import Evenness, Floats, Ints, Problem, Truths

BLOCK = 1 << 19
"""Arcs that are priced at once: their temporary arrays stay small beside the problem."""


def bound(problem: Problem, prices: Prices) -> float:
    """What no choice can be worth more than."""
    total = _constants(problem, prices)
    for _, _, top in sweep(problem, prices):
        total += float(np.add.reduce(top))
    return total


def sweep(problem: Problem, prices: Prices) -> Iterator[tuple[slice, Floats, Floats]]:
    """Block by block: which items, what each of their arcs is worth net of prices, and the best option of each item.

    The nets are those of ``arcs.first[items.start]`` to ``arcs.first[items.stop]``.
    """
    first, free = problem.arcs.first, _pool_net(problem, prices)
    for block in _blocks(first):
        net = nets(problem, prices, block)
        top = tops(net, first[block.start : block.stop + 1] - first[block.start])
        yield block, net, np.maximum(top, free[block])


def nets(problem: Problem, prices: Prices, block: slice) -> Floats:
    """What each arc of these items is worth, less the prices of what it takes."""
    items, arcs = problem.items, problem.arcs
    part = slice(int(arcs.first[block.start]), int(arcs.first[block.stop]))
    counts = np.diff(arcs.first[block.start : block.stop + 1])
    rep = arcs.rep[part].astype(np.intp)
    net = arcs.worth[part] - np.repeat(items.size[block].astype(np.float64), counts) * prices.slot[rep]
    if prices.workload.any():
        net -= np.repeat(items.workload[block].astype(np.float64), counts) * prices.workload[rep]
    if prices.potential.any():
        net -= np.repeat(items.potential[block].astype(np.float64), counts) * prices.potential[rep]
    if prices.move:
        leaves = rep != np.repeat(items.owner[block], counts)
        net -= np.repeat(items.charged[block] * prices.move, counts) * leaves
    return net


def conjugate(cost: Evenness, price: Floats) -> Floats:
    """The most that any amount could be worth at this price for each unit, less what its unevenness costs."""
    size = np.abs(price)
    extra: Floats = cost.near * np.minimum(size, cost.slope) + cost.far * np.maximum(size - cost.slope, 0.0)
    return cost.target * (price + extra)


def _constants(problem: Problem, prices: Prices) -> float:
    reps = problem.reps
    sums = dot(prices.slot, reps.capacity.astype(np.float64)) + prices.move * (problem.most_moves or 0)
    for cost, price in ((reps.workload, prices.workload), (reps.potential, prices.potential)):
        sums += float(np.add.reduce(conjugate(cost, price)))
    return sums


def _pool_net(problem: Problem, prices: Prices) -> Floats:
    items = problem.items
    leaving = np.where(items.owner == NOBODY, 0.0, items.charged * prices.move)
    return np.where(items.may_pool, items.pool - leaving, -np.inf)


def _blocks(first: Ints) -> Iterator[slice]:
    start, last = 0, len(first) - 1
    while start < last:
        stop = int(np.searchsorted(first, first[start] + BLOCK, side="right")) - 1
        stop = min(max(stop, start + 1), last)
        yield slice(start, stop)
        start = stop


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Which arcs of a problem, and which items' pools, are worth looking at."""

    arcs: Truths
    pool: Truths

    def joined(self, others: Options | None) -> Options:
        """These and the others, which are of the same problem."""
        return Options(self.arcs | others.arcs, self.pool | others.pool) if others else self


def options(problem: Problem, prices: Prices, scale: Floats, window: float) -> tuple[float, Options]:
    """The bound at these prices, and the options no further from their item's best than ``window`` times its scale.

    To stay with the owner or in the pool is always among them: with a way out for every item, no price can run away.
    """
    first, found = problem.arcs.first, Options(np.empty(len(problem.arcs.rep), dtype=bool), problem.items.may_pool)
    total = _constants(problem, prices)
    for block, net, top in sweep(problem, prices):
        total += float(np.add.reduce(top))
        part, counts = (
            slice(int(first[block.start]), int(first[block.stop])),
            np.diff(first[block.start : block.stop + 1]),
        )
        home = problem.arcs.rep[part] == np.repeat(problem.items.owner[block], counts)
        found.arcs[part] = home | (net >= np.repeat(top - window * scale[block], counts))
    return total, found
