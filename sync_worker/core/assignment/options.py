"""The few choices of each item that a search looks at: those that lose least by the prices, the pool, home and here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import shares
from sync_worker.core.assignment.chains import best_of_each
from sync_worker.core.assignment.construction import pool_nets
from sync_worker.core.assignment.dual import sweep
from sync_worker.core.assignment.standing import places

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Floats, Indexes, Ints, Prices, Problem, Truths

MOST = 6
"""How many options of each item are looked at, beside the pool, home and here."""
LUCK = 0.05
"""How much chance has a say in which ones, as a share of what a pair is worth on average.

Where every rep suits every account, prices differ by next to nothing, and all items would look at the same few reps.
"""


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
    kept = _few(item, loss + _luck(item, rep, problem.arcs.worth[arcs]), most)
    kept[(rep == seats.home[item]) | (rep == seats.at[item])] = True
    chosen, pooled = np.flatnonzero(kept), items[problem.items.may_pool[block]]
    item = np.concatenate((item[chosen], pooled))
    rep = np.concatenate((rep[chosen], np.full(len(pooled), len(problem.reps.ids), dtype=np.int32)))
    worth = np.concatenate((problem.arcs.worth[arcs][chosen], problem.items.pool[pooled]))
    loss = np.concatenate((loss[chosen], top[pooled - block.start] - seats.pool[pooled]))
    order = np.lexsort((rep, item))
    return item[order].astype(np.int32), rep[order], worth[order], loss[order]


def _few(item: Ints, lost: Floats, most: int) -> Truths:
    """The options of each item that lose least, no more than so many. Items stand in their order."""
    kept = np.zeros(len(lost), dtype=np.bool_)
    if len(lost):
        best = best_of_each(-lost, item - item[0], int(item[-1] - item[0]) + 1, most)
        kept[best[best >= 0]] = True
    return kept


def _luck(item: Ints, rep: Indexes, worth: Floats) -> Floats:
    """What chance adds to a loss: the same for an item and a rep whenever it is asked."""
    mean = float(np.add.reduce(np.abs(worth))) / max(1, len(worth))
    return LUCK * mean * shares(item.astype(np.uint64), rep.astype(np.uint64))
