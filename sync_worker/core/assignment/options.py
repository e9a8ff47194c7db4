"""The few choices of each item that a search looks at: those that lose least by the prices, the pool, home and here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.construction import pool_nets
from sync_worker.core.assignment.dual import sweep
from sync_worker.core.assignment.standing import places

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Floats, Indexes, Ints, Prices, Problem, Truths

MOST = 6
"""How many options of each item are looked at, beside the pool, home and here."""


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Options of all items, in the order of items; of each item in that of reps. The pool is the last rep."""

    item: Indexes
    rep: Indexes
    worth: Floats
    moves: Indexes
    """How many accounts leave their owners by it."""
    loss: Floats
    """How much less it is worth than the item's best option, after prices: never below 0."""
    here: Ints
    """For each item the option that was chosen when these were drawn up."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seats:
    """Where items are and belong, and what the pool is worth to them after prices."""

    at: Ints
    home: Ints
    pool: Floats


def promising(problem: Problem, prices: Prices, choice: Ints, most: int = MOST) -> Options:
    """What is worth looking at, for each item. The choice must be one that the arcs allow."""
    seats = _Seats(places(problem, choice), places(problem, problem.items.owner), pool_nets(problem, prices))
    blocks = [_of_block(problem, seats, block, net, top, most) for block, net, top in sweep(problem, prices)]
    item, rep, worth, loss = (np.concatenate(column) for column in zip(*blocks, strict=True))
    moves = np.where(rep != seats.home[item], problem.items.charged[item], 0).astype(np.int32)
    return Options(item, rep, worth, moves, loss, np.flatnonzero(rep == seats.at[item]))


def _of_block(  # noqa: PLR0913, PLR0917 - what one block is made of
    problem: Problem, seats: _Seats, block: slice, net: Floats, top: Floats, most: int
) -> tuple[Indexes, Indexes, Floats, Floats]:
    """The options of some items as columns: item, rep, worth, loss."""
    first, items = problem.arcs.first[block.start : block.stop + 1], np.arange(block.start, block.stop)
    arcs = slice(int(first[0]), int(first[-1]))
    item, rep = np.repeat(items, np.diff(first)), problem.arcs.rep[arcs]
    loss = np.repeat(top, np.diff(first)) - net
    kept = _few(item, loss, most, 2 * most * len(items))
    kept[(rep == seats.home[item]) | (rep == seats.at[item])] = True
    chosen, pooled = np.flatnonzero(kept), items[problem.items.may_pool[block]]
    item = np.concatenate((item[chosen], pooled))
    rep = np.concatenate((rep[chosen], np.full(len(pooled), len(problem.reps.ids), dtype=np.int32)))
    worth = np.concatenate((problem.arcs.worth[arcs][chosen], problem.items.pool[pooled]))
    loss = np.concatenate((loss[chosen], top[pooled - block.start] - seats.pool[pooled]))
    order = np.lexsort((rep, item))
    return item[order].astype(np.int32), rep[order], worth[order], loss[order]


def _few(item: Ints, loss: Floats, most: int, wanted: int) -> Truths:
    """The options that lose least: no more than so many for each item, and about so many in all."""
    near = np.arange(len(loss))
    if wanted < len(loss):
        near = np.flatnonzero(loss <= np.partition(loss, wanted)[wanted])
    order = near[np.lexsort((loss[near], item[near]))]
    rank = np.arange(len(order)) - np.searchsorted(item[order], item[order])
    kept = np.zeros(len(loss), dtype=np.bool_)
    kept[order[rank < most]] = True
    return kept
