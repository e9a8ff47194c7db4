"""Going down a smooth convex function within limits: L-BFGS (Liu and Nocedal, 1989) with projected steps.

It adds in one order only, so that it takes the same steps on every machine.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import dot

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.core.assignment.problem import Floats

    Function = Callable[[Floats], tuple[float, Floats]]
    """The value and the slope at a point."""

MEMORY = 12
ENOUGH = 1e-4
"""A step must bring this share of what the slope promises (Armijo)."""
HALVINGS = 20
TRIED = 10
"""Rounds after which it is asked whether more of them are worth it."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Between which values each number must stay."""

    lower: Floats
    upper: Floats

    def within(self, x: Floats) -> Floats:
        """The nearest point within the limits."""
        return np.minimum(np.maximum(x, self.lower), self.upper)

    def free(self, x: Floats, slope: Floats) -> Floats:
        """1 for each number that may go down the slope, 0 for one that a limit holds."""
        held = ((x <= self.lower) & (slope > 0)) | ((x >= self.upper) & (slope < 0))
        return np.where(held, 0.0, 1.0)


@dataclass(slots=True)
class Walk:
    """Down one function: its limits, how far to dare at first, and what the last steps taught of its shape."""

    function: Function
    limits: Limits
    first_step: float
    steps: deque[tuple[Floats, Floats, float]] = field(default_factory=lambda: deque(maxlen=MEMORY))
    """How far each went, how the slope turned over it, and one over their product."""

    def down(self, x: Floats, rounds: int, little: float) -> Floats:
        """The lowest point found in so many rounds. ``little``: ten that bring no more of the value are the last."""
        value, slope = self.function(x)
        before = np.inf
        for done in range(rounds):
            if done % TRIED == 0:
                if before - value <= little * abs(value):
                    break
                before = value
            if (found := self._step(x, value, slope)) is None:
                break
            there, value, turned = found
            self._learn(there - x, turned - slope)
            x, slope = there, turned
        return x

    def _step(self, x: Floats, value: float, slope: Floats) -> tuple[Floats, float, Floats] | None:
        """The next point with its value and slope, far enough down; None where there is none."""
        way = self._way(x, slope)
        if not way.any():
            return None
        length = 1.0 if self.steps else self.first_step / max(float(np.max(np.abs(way))), 1e-300)
        for _ in range(HALVINGS):
            there = self.limits.within(x + length * way)
            value_there, slope_there = self.function(there)
            if value_there <= value + ENOUGH * dot(there - x, slope):
                return there, value_there, slope_there
            length *= 0.5
        return None

    def _way(self, x: Floats, slope: Floats) -> Floats:
        """Where to go: to where the function is taken to be lowest, or straight down the slope."""
        free = self.limits.free(x, slope)
        way = self._lowest(slope * free) * free
        if dot(way, slope) < 0:
            return way
        self.steps.clear()
        return -slope * free

    def _learn(self, step: Floats, turn: Floats) -> None:
        if (product := dot(step, turn)) > 0:
            self.steps.append((step, turn, 1.0 / product))
        elif not self.steps:
            # As straight as this it teaches nothing, and would take for ever.
            self.first_step *= 4.0

    def _lowest(self, slope: Floats) -> Floats:
        """The two loops of L-BFGS."""
        way, weights = -slope, []
        for step, turn, inverse in reversed(self.steps):
            weights.append(inverse * dot(step, way))
            way = way - weights[-1] * turn
        if self.steps:
            _, turn, inverse = self.steps[-1]
            way = way / (inverse * dot(turn, turn))
        for (step, turn, inverse), weight in zip(self.steps, reversed(weights), strict=True):
            way = way + (weight - inverse * dot(turn, way)) * step
        return way
