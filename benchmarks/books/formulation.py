"""A book as a linear program, for the packages that take one: to be minimised, its columns in compressed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sync_worker.core.assignment.problem import Evenness, Floats, Ints, Problem

SCALE = 100.0
"""Potential and workload are counted in whole units and not in hundredths: solvers want numbers near 1."""
_NOTHING = np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """The program. Its first columns are the arcs, then staying in the pool, then how far each rep is from target."""

    cost: Floats
    upper: Floats
    """Of each column; the lower bounds are all 0."""
    start: NDArray[np.int32]
    row: NDArray[np.int32]
    value: Floats
    """The entries of column ``c`` are ``start[c]`` to ``start[c + 1]``."""
    low: Floats
    high: Floats
    """Of each row."""
    item: Ints
    rep: Ints
    """Which item is given to whom by each of the first columns; the rep is NOBODY for the pool."""

    @property
    def options(self) -> int:
        """How many of the columns are yes or no."""
        return int(self.item.size)

    def chosen(self, answer: Floats, items: int) -> Ints:
        """For each item the option that has most of it; the first where several have."""
        most = np.zeros(items)
        weight = np.asarray(answer[: self.options])
        np.maximum.at(most, self.item, weight)
        best = np.flatnonzero(weight >= most[self.item])[::-1]
        choice = np.full(items, NOBODY, dtype=np.int64)
        choice[self.item[best]] = self.rep[best]
        return choice


def linear(problem: Problem) -> Linear:
    """The program whose optimum bounds every plan of the book from above, and is one where all options are 0 or 1."""
    items, arcs, reps = problem.items, problem.arcs, len(problem.reps.ids)
    count = len(items.ids)
    pools = np.flatnonzero(items.may_pool)
    item = np.concatenate((np.repeat(np.arange(count), np.diff(arcs.first)), pools))
    rep = np.concatenate((arcs.rep.astype(np.int64), np.full(pools.size, NOBODY)))
    to_rep = rep != NOBODY
    moving = (items.charged[item] > 0) & (rep != items.owner[item])
    # Columns by their possible entries: the item, slots, potential, workload, moves.
    rows = np.column_stack([item, count + rep, count + reps + rep, count + 2 * reps + rep, item * 0 + count + 3 * reps])
    amounts = np.column_stack([
        np.ones(item.size), items.size[item], items.potential[item] / SCALE, items.workload[item] / SCALE,
        items.charged[item],
    ])  # fmt: skip
    there = np.column_stack([np.ones_like(to_rep), to_rep, to_rep, to_rep, moving])
    cost = -np.concatenate((arcs.worth, items.pool[pools]))
    sides = [_sides(problem.reps.potential, count + reps), _sides(problem.reps.workload, count + 2 * reps)]
    starts = np.concatenate([there.sum(axis=1), *(np.ones(side[0].size, dtype=np.int64) for side in sides)])
    low, high = _bounds(problem, count, reps)
    return Linear(
        cost=np.concatenate([cost, *(side[0] for side in sides)]),
        upper=np.concatenate([np.ones(item.size), *(side[1] for side in sides)]),
        start=np.concatenate(([0], np.cumsum(starts))).astype(np.int32),
        row=np.concatenate([rows[there], *(side[2] for side in sides)]).astype(np.int32),
        value=np.concatenate([amounts[there], *(side[3] for side in sides)]).astype(np.float64),
        low=low,
        high=high,
        item=item,
        rep=rep,
    )


def _sides(evenness: Evenness, first_row: int) -> tuple[Floats, Floats, Ints, Floats]:
    """Costs, upper bounds, rows and entries of being under and over target, near and far: four columns a rep."""
    counted = np.flatnonzero(evenness.target > 0)
    reach = (evenness.far - evenness.near) * evenness.target[counted] / SCALE
    endless = np.full(counted.size, np.inf)
    costs = np.repeat([evenness.slope, evenness.steep, evenness.slope, evenness.steep], counted.size) * SCALE
    entries = np.repeat([-1.0, -1.0, 1.0, 1.0], counted.size)
    return costs, np.concatenate((reach, endless, reach, endless)), np.tile(first_row + counted, 4), entries


def _bounds(problem: Problem, count: int, reps: int) -> tuple[Floats, Floats]:
    low, high = [np.ones(count), np.full(reps, -np.inf)], [np.ones(count), problem.reps.capacity.astype(np.float64)]
    for evenness in (problem.reps.potential, problem.reps.workload):
        counted = evenness.target > 0
        low.append(np.where(counted, (1 - evenness.near) * evenness.target / SCALE, -np.inf))
        high.append(np.where(counted, (1 + evenness.near) * evenness.target / SCALE, np.inf))
    low.append(np.array([-np.inf]))
    high.append(np.array([np.inf if problem.most_moves is None else float(problem.most_moves)]))
    return np.concatenate(low), np.concatenate(high)
