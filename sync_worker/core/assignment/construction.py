"""A first plan, quickly: from where everything stands, by prices or greedily. Keeps capacity, locks and the moves.

Nobody is moved before there is room: a plan is reached from the status quo step by step, each of them feasible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import bests, tops
from sync_worker.core.assignment.dual import sweep
from sync_worker.core.assignment.problem import NOBODY
from sync_worker.core.assignment.standing import Standing, moves, places, worths

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Floats, Ints, Prices, Problem, Truths

PASSES = 4
"""How often those who found no room ask again: whoever has moved away in between has left some."""
FEWEST = 8
"""How many items are given at once, at least: a whole block sees the books as they stood before it."""
WORST = -1e300
"""What the pool is worth to what may not be there: any book is better."""


class NoPlan(ValueError):
    """No plan keeps capacity, locks and the moves: what is locked does not fit, or more has to leave than may."""


def construct(problem: Problem, prices: Prices) -> Ints:
    """Everybody to the option that is best by the prices, the dearest regrets first. Who finds no room stays.

    Raises NoPlan where the status quo cannot be made feasible.
    """
    standing = status_quo(problem)
    option, gain, regret = wishes(problem, prices, standing.at)
    asking = _within_moves(standing, option, gain)
    for _ in range(PASSES):
        allowed = _with_room(standing, asking, option[asking], regret[asking])
        if not allowed.any():
            break
        standing.move(asking[allowed], option[asking[allowed]])
        asking = asking[~allowed]
    return standing.choice()


def greedy(problem: Problem) -> Ints:
    """The pool's items given one by one, the best first, to whoever gains most, evenness counted. Moves nobody.

    Raises NoPlan where the status quo cannot be made feasible.
    """
    standing = status_quo(problem)
    fill(standing)
    return standing.choice()


def status_quo(problem: Problem) -> Standing:
    """Everything with its owner, or in the pool, made feasible: what is over capacity leaves, the least worth first."""
    owner = problem.items.owner
    worth = worths(problem, owner)
    home = np.where(worth > -np.inf, owner, NOBODY)
    standing = Standing(problem, places(problem, home))
    for rep in np.flatnonzero(standing.room() < 0).tolist():
        _relieve(standing, rep, worth)
    homeless = np.flatnonzero((standing.at == standing.pool) & ~problem.items.may_pool)
    fill(standing, homeless)
    if (standing.at[homeless] == standing.pool).any():
        raise NoPlan("an account that may not be in the pool fits no book: raise a capacity, or unlock it")
    if problem.most_moves is not None and moves(problem, standing.choice()) > problem.most_moves:
        raise NoPlan("more accounts have to leave their owners than may move: raise the capacities, or the limit")
    return standing


def _relieve(standing: Standing, rep: int, worth: Floats) -> None:
    """Take from a rep what may leave until the book fits, the least worth for each account first."""
    items = standing.problem.items
    theirs = np.flatnonzero((standing.at == rep) & items.may_pool)
    theirs = theirs[np.argsort(worth[theirs] / items.size[theirs], kind="stable")]
    left = np.cumsum(items.size[theirs]) - items.size[theirs]
    leaving = theirs[left < -standing.room()[rep]]
    standing.move(leaving, np.full(len(leaving), standing.pool))
    if standing.room()[rep] < 0:
        raise NoPlan(f"what is locked with {standing.problem.reps.ids[rep]} does not fit the capacity of the book")


def wishes(problem: Problem, prices: Prices, at: Ints) -> tuple[Ints, Floats, Floats]:
    """For each item the best option by the prices, how much better it is than where it stands, and than the next."""
    everybody, first = len(problem.reps.ids), problem.arcs.first
    option, here, pool = np.full(len(at), everybody), np.full(len(at), -np.inf), pool_nets(problem, prices)
    top, second = pool.copy(), np.full(len(at), -np.inf)
    here[at == everybody] = pool[at == everybody]
    for block, net, _ in sweep(problem, prices):
        ends = first[block.start : block.stop + 1] - first[block.start]
        rep = problem.arcs.rep[first[block.start] : first[block.stop]]
        mine = np.flatnonzero(rep == np.repeat(at[block], np.diff(ends)))
        here[block][np.searchsorted(ends, mine, side="right") - 1] = net[mine]
        best = bests(net, ends)
        better = np.append(net, -np.inf)[best] > pool[block]
        option[block][better] = rep[best[better]]
        top[block][better] = net[best[better]]
        net[best[better]] = -np.inf
        second[block] = np.maximum(tops(net, ends), np.where(better, pool[block], -np.inf))
    return option, _difference(top, here), _difference(top, second)


def pool_nets(problem: Problem, prices: Prices) -> Floats:
    """What the pool is worth to each item, less the price of the move: minus infinity where it may not be."""
    items = problem.items
    away = np.where(items.owner == NOBODY, 0.0, items.charged * prices.move)
    net: Floats = np.where(items.may_pool, items.pool - away, -np.inf)
    return net


def _difference(more: Floats, less: Floats) -> Floats:
    """How much more; 0 where nothing can be had at all."""
    return np.where(np.isfinite(more), more, 0.0) - np.where(np.isfinite(more), less, 0.0)


def _within_moves(standing: Standing, option: Ints, gain: Floats) -> Ints:
    """Who may ask for another place: all that cost no move, and of the others those that gain most by it."""
    problem = standing.problem
    charged, owner = problem.items.charged, places(problem, problem.items.owner)
    asking = np.flatnonzero((option != standing.at) & (gain > 0))
    if problem.most_moves is None:
        return asking
    dearer = np.where(standing.at[asking] == owner[asking], charged[asking], 0)
    order = np.argsort(-gain[asking] / np.maximum(dearer, 1), kind="stable")
    free, moving = order[dearer[order] == 0], order[dearer[order] > 0]
    left = problem.most_moves - moves(problem, standing.choice())
    moving = moving[np.cumsum(dearer[moving]) <= left]
    chosen: Ints = asking[np.concatenate((free, moving))]
    return chosen


def _with_room(standing: Standing, asking: Ints, option: Ints, regret: Floats) -> Truths:
    """Which of those who ask find room, if those with the dearest regret for each account come first."""
    size = standing.problem.items.size[asking]
    order = np.lexsort((-regret / size, option))
    rep = option[order]
    taken = np.cumsum(size[order])
    before = np.concatenate(([0], taken))[np.searchsorted(rep, rep)]
    allowed = np.zeros(len(asking), dtype=np.bool_)
    allowed[order] = taken - before <= standing.room()[rep]
    return allowed


def fill(standing: Standing, items: Ints | None = None) -> None:
    """Give what is in the pool to whoever gains most by it, evenness counted, in blocks, the most potential first."""
    potential = standing.problem.items.potential
    waiting = np.flatnonzero(standing.at == standing.pool) if items is None else items
    waiting = waiting[np.argsort(-potential[waiting], kind="stable")]
    block = max(FEWEST, standing.pool // 2)
    for start in range(0, len(waiting), block):
        some = waiting[start : start + block]
        while len(some):
            some = _fill(standing, some)


def _fill(standing: Standing, items: Ints) -> Ints:
    """The same for a few items. Who found the room taken by those before may ask once more."""
    rep, gain = _best_now(standing, items)
    asking, rep, gain = items[gain > 0], rep[gain > 0], gain[gain > 0]
    allowed = _with_room(standing, asking, rep, gain)
    standing.move(asking[allowed], rep[allowed])
    return asking[~allowed]


def _best_now(standing: Standing, items: Ints) -> tuple[Ints, Floats]:
    """For each item of the pool the rep who gains most by it as the books stand, and how much."""
    given, arcs = standing.problem.items, standing.problem.arcs
    counts = arcs.first[items + 1] - arcs.first[items]
    first = np.concatenate(([0], np.cumsum(counts)))
    item = np.repeat(items, counts)
    arc = np.arange(first[-1]) + np.repeat(arcs.first[items] - first[:-1], counts)
    rep = arcs.rep[arc]
    without = np.where(given.may_pool[item], given.pool[item], WORST)
    gain = arcs.worth[arc] - without - standing.dearer(rep, given.potential[item], given.workload[item])
    gain[given.size[item] > standing.room()[rep]] = -np.inf
    best = bests(gain, first)
    return np.append(rep, standing.pool)[best], np.append(gain, -np.inf)[best]
