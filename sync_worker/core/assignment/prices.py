"""What a unit of each rep's book costs: prices at which the dual is lowest, and the bound that they prove."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import tops
from sync_worker.core.assignment.descent import Limits, Walk
from sync_worker.core.assignment.dual import Options, options
from sync_worker.core.assignment.problem import Effort, Items, Prices, Problem
from sync_worker.core.assignment.smooth import smooth

if TYPE_CHECKING:
    from sync_worker.core.assignment.descent import Function
    from sync_worker.core.assignment.problem import Floats, Ints
    from sync_worker.core.assignment.smooth import Smooth

ROUNDNESS = (0.1, 0.03, 0.01, 0.003, 0.001)
"""How round the dual is at each step, as a share of each item's worth: from smooth going to the truth."""
MANY = 3
"""How many of the steps a large book takes: so many items round it off by themselves."""
AGAIN = 2
"""How many steps are left to take from prices that are nearly right."""
NEAR = 0.05
"""Options this close to an item's best are looked at, as a share of its worth; early on, where it is rounder, more."""
CHUNK = 40
"""Rounds between two looks at all options."""
LITTLE = 2e-3
"""Rounds that bring less than this share of the value, times the roundness, end their step."""
FEW = 5000
"""A book of so few arcs looks at all of them all the time, and takes every step, wherever it begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """Prices, and what no choice can be worth more than by them."""

    prices: Prices
    bound: float


def price(problem: Problem, *, start: Prices | None = None, effort: Effort | None = None) -> Priced:
    """The prices with the lowest bound that is found.

    ``start``: prices of the same reps, in the same order, that are nearly right, such as yesterday's: they save most of
    the work for a large book, and the bound is never above theirs. Raises ValueError where they are not as many as
    there are reps, and where the effort does not name five steps.
    """
    steps = list(zip(ROUNDNESS, (effort or Effort()).dual_rounds, strict=True))
    begun = _Descent.begin(problem, _packed(problem, start) if start else _nothing(problem))
    if len(problem.arcs.rep) <= FEW:
        return begun.through(steps)
    return begun.through(steps[-AGAIN:] if start else steps[-MANY:])


@dataclass(slots=True)
class _Descent:
    """Where the prices stand, in units that make them alike, and the best of those that were tried exactly."""

    problem: Problem
    scale: Floats
    units: Floats
    limits: Limits
    x: Floats
    best: Priced | None = None

    @classmethod
    def begin(cls, problem: Problem, prices: Floats) -> _Descent:
        scale = scales(problem)
        units, limits = _units(problem, scale), _limits(problem)
        return cls(problem, scale, units, Limits(limits.lower / units, limits.upper / units), prices / units)

    def through(self, steps: list[tuple[float, int]]) -> Priced:
        """The best prices after these steps, each its roundness and how many rounds at most."""
        for tau, rounds in steps:
            self._step(tau, rounds)
        self._look(0.0)
        assert self.best is not None  # noqa: S101 - a look has just been taken
        return self.best

    def _step(self, tau: float, rounds: int) -> None:
        """Go down until the bound stays where it is."""
        walk, seen, last = Walk(_nowhere, self.limits, first_step=tau), None, np.inf
        small = len(self.problem.arcs.rep) <= FEW
        chunk, window = (rounds, np.inf) if small else (CHUNK, max(NEAR, 6 * tau))
        for done in range(0, rounds, chunk):
            value, found = self._look(window)
            if abs(last - value) < LITTLE * tau * abs(value):
                return
            seen, last = found.joined(seen), value
            walk.function = self._scaled(smooth(self.problem, seen, self.scale), tau)
            self.x = walk.down(self.x, min(chunk, rounds - done), LITTLE * tau)

    def _look(self, window: float) -> tuple[float, Options]:
        """The bound where the prices stand, and the options that count there."""
        # Twice: what is within its limits in these units may miss them by a last bit in those of prices.
        packed = _limits(self.problem).within(self.limits.within(self.x) * self.units)
        prices = _prices(self.problem, packed)
        value, found = options(self.problem, prices, self.scale, window)
        if self.best is None or value < self.best.bound:
            self.best = Priced(prices, value)
        return value, found

    def _scaled(self, at: Smooth, tau: float) -> Function:
        def function(x: Floats) -> tuple[float, Floats]:
            value, slope = at.at(x * self.units, tau)
            return value, slope * self.units

        return function


def _nowhere(x: Floats) -> tuple[float, Floats]:
    return 0.0, np.zeros_like(x)


def scales(problem: Problem) -> Floats:
    """What each item is worth at best, and never next to nothing: what its roundness is a share of."""
    top = np.maximum(tops(problem.arcs.worth, problem.arcs.first), 0.0)
    mean = float(np.add.reduce(top)) / max(1, len(top))
    return np.maximum(top, max(0.01 * mean, 1e-9))


def _units(problem: Problem, scale: Floats) -> Floats:
    """What a typical item would cost if only one of its needs had a price: it makes all prices alike.

    Every account that may move weighs on the price of a move, so that it is as much steeper as there are reps.
    """
    count, worth = len(problem.reps.ids), float(np.add.reduce(scale)) or 1.0
    each = [worth / max(1.0, float(need.sum())) for need in _needs(problem.items)]
    return np.concatenate([np.repeat(each, count), [each[0] / math.sqrt(max(1, count))]])


def _needs(items: Items) -> tuple[Ints, Ints, Ints]:
    return items.size, items.workload, items.potential


def _limits(problem: Problem) -> Limits:
    even = [np.where(cost.target > 0, cost.steep, 0.0) for cost in (problem.reps.workload, problem.reps.potential)]
    slots, move = np.zeros(len(problem.reps.ids)), [0.0 if problem.most_moves is None else np.inf]
    upper = np.concatenate([slots + np.inf, *even, move])
    return Limits(np.concatenate([slots, -even[0], -even[1], [0.0]]), upper)


def _nothing(problem: Problem) -> Floats:
    return np.zeros(3 * len(problem.reps.ids) + 1)


def _packed(problem: Problem, prices: Prices) -> Floats:
    packed = np.concatenate([prices.slot, prices.workload, prices.potential, [prices.move]])
    if len(packed) != 3 * len(problem.reps.ids) + 1:
        raise ValueError(f"prices of {len(prices.slot)} reps were given for a book of {len(problem.reps.ids)}")
    return _limits(problem).within(np.where(np.isfinite(packed), packed, 0.0))


def _prices(problem: Problem, packed: Floats) -> Prices:
    count = len(problem.reps.ids)
    return Prices(packed[:count], packed[count : 2 * count], packed[2 * count : -1], float(packed[-1]))
