"""The dual with its corners rounded off, over the options that count: it has a slope, so that prices can go down it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import LEAST, dot, exp, log
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.assignment.dual import Options
    from sync_worker.core.assignment.problem import Evenness, Floats, Ints, Problem, Truths

NARROWEST = 1e-3
"""The least width over which the corners of what unevenness costs are rounded, as a share of its steep slope."""


NOTHING = np.zeros(1)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One kind of price: where its prices stand, how much each option takes of it, and what unevenness costs."""

    part: slice
    needs: Floats
    cost: Evenness | None


@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """Items that have a choice, option after option; all that belongs to an option is divided by its item's scale.

    Prices are one vector: a slot of each rep, then workload, potential, and a move. The pool's option reads a 0 behind
    the last rep.
    """

    first: Ints
    item: Ints
    rep: Ints
    worth: Floats
    home: Ints
    """Where options stand that are no move while others of their item are."""
    charge: Floats
    """What a move costs there."""
    scale: Floats
    fixed: float
    """What items without a choice are worth."""
    reps: int
    slope: Floats
    """The slope of all that is linear: what there is, less what items without a choice take."""
    rows: tuple[Row, ...]
    """The kinds of price that can be other than 0."""

    def at(self, x: Floats, tau: float) -> tuple[float, Floats]:
        """The value and the slope. ``tau``: how round, as a share of each item's scale."""
        weight, value = self._weights(x, tau)
        slope = self.slope.copy()
        for row in self.rows:
            slope[row.part] -= np.bincount(self.rep, weight * row.needs, self.reps + 1)[:-1]
        slope[-1] += dot(weight[self.home], self.charge)
        value += dot(self.slope, x) + self.fixed
        for row in self.rows:
            if row.cost:
                height, rise = round_conjugate(row.cost, x[row.part], max(tau, NARROWEST) * row.cost.steep)
                value += height
                slope[row.part] += rise
        return value, slope

    def _weights(self, x: Floats, tau: float) -> tuple[Floats, float]:
        """How much of each item's scale each option gets, and what all items are worth together."""
        net = self.worth.copy()
        for row in self.rows:
            net -= np.concatenate((x[row.part], NOTHING))[self.rep] * row.needs
        net[self.home] += self.charge * x[-1]
        if not len(net):
            return net, 0.0
        top = np.maximum.reduceat(net, self.first)
        net -= top[self.item]
        net *= 1.0 / tau
        weight = exp(np.maximum(net, LEAST, out=net))
        total = np.add.reduceat(weight, self.first)
        weight *= (self.scale / total)[self.item]
        return weight, dot(self.scale, top + tau * log(total))


def round_conjugate(cost: Evenness, price: Floats, width: float) -> tuple[float, Floats]:
    """The conjugates of the cost without their linear part, rounded: their sum, and the slope of each."""
    size = np.abs(price)
    low, low_rise = _round_corner(size, width)
    high, high_rise = _round_corner(np.maximum(size - cost.slope, 0.0), width)
    height = cost.near * low + (cost.far - cost.near) * high
    rise = cost.near * low_rise + (cost.far - cost.near) * high_rise
    return dot(cost.target, height), np.copysign(cost.target * rise, price)


def _round_corner(size: Floats, width: float) -> tuple[Floats, Floats]:
    """A parabola up to ``width``, a straight line beyond (Huber, 1964), and its slope."""
    near = np.minimum(size, width)
    return size - near + near * near / (2 * width), near / width


def smooth(problem: Problem, found: Options, scale: Floats) -> Smooth:
    """The smooth dual over these options."""
    arcs = np.flatnonzero(found.arcs)
    before = np.searchsorted(arcs, problem.arcs.first)
    counts = np.diff(before) + found.pool
    fixed, slope = _without_choice(problem, found, arcs[before[:-1][(counts == 1) & ~found.pool]], counts == 1)
    chosen = np.flatnonzero(counts > 1)
    item, rep, worth = _in_order(problem, found, arcs, np.diff(before), chosen)
    slope[-1] -= float(problem.items.charged[chosen].sum())
    each, items = (1.0 / scale)[item], problem.items
    home = np.flatnonzero((items.owner[item] == rep) & (items.charged[item] > 0))
    ends = np.cumsum(counts[chosen])
    return Smooth(
        first=ends - counts[chosen],
        item=np.repeat(np.arange(len(chosen)), counts[chosen]),
        rep=np.where(rep == NOBODY, len(problem.reps.ids), rep),
        worth=worth * each,
        home=home,
        charge=items.charged[item[home]] * each[home],
        scale=scale[chosen],
        fixed=fixed,
        slope=slope,
        rows=tuple(_rows(problem, item, each)),
        reps=len(problem.reps.ids),
    )


def _rows(problem: Problem, item: Ints, each: Floats) -> Iterator[Row]:
    items, reps, count = problem.items, problem.reps, len(problem.reps.ids)
    yield Row(slice(0, count), items.size[item] * each, None)
    kinds = ((items.workload, reps.workload), (items.potential, reps.potential))
    for number, (needs, cost) in enumerate(kinds, start=1):
        if cost.steep:
            yield Row(slice(number * count, (number + 1) * count), needs[item] * each, cost)


def _in_order(problem: Problem, found: Options, arcs: Ints, counts: Ints, chosen: Ints) -> tuple[Ints, Ints, Floats]:
    """Item, rep and worth of every option of these items, each item's arcs before its pool."""
    wanted = np.zeros(len(counts), dtype=bool)
    wanted[chosen] = True
    item = np.repeat(np.arange(len(counts)), counts)
    kept = wanted[item]
    arcs, item = arcs[kept], item[kept]
    pooled = np.flatnonzero(found.pool & wanted)
    places = np.searchsorted(item, pooled, side="right")
    return (
        np.insert(item, places, pooled),
        np.insert(problem.arcs.rep[arcs].astype(np.int64), places, NOBODY),
        np.insert(problem.arcs.worth[arcs], places, problem.items.pool[pooled]),
    )


def _without_choice(problem: Problem, found: Options, arcs: Ints, single: Truths) -> tuple[float, Floats]:
    """What items with one option are worth, and what they leave of slots, targets and moves."""
    items, reps, count = problem.items, problem.reps, len(problem.reps.ids)
    placed, pooled = np.flatnonzero(single & ~found.pool), np.flatnonzero(single & found.pool)
    rep = problem.arcs.rep[arcs]
    moves = items.charged[placed] * (rep != items.owner[placed])
    leaving = items.charged[pooled] * (items.owner[pooled] != NOBODY)
    there = (reps.capacity, reps.workload.target, reps.potential.target)
    needs = (items.size, items.workload, items.potential)
    left = [has - np.bincount(rep, need[placed], count) for has, need in zip(there, needs, strict=True)]
    worth = float(np.add.reduce(problem.arcs.worth[arcs]) + np.add.reduce(items.pool[pooled]))
    return worth, np.concatenate([*left, [float((problem.most_moves or 0) - moves.sum() - leaving.sum())]])
