"""A plan shaken, mended by chains, and kept where that was worth it: book by book, many at once. Seeded, never random.

What shares no book is judged alone, so that one round tries as many changes as there are groups of books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import shares

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Floats, Indexes, Ints, Truths
    from sync_worker.core.assignment.search import Search

MENDING = 8
"""Rounds of chains after each shake, at most."""
SHAKEN = 3
"""One book in so many is shaken at a time: the others take in what falls out."""
AT_RANDOM = 6
"""The same where chance alone says who is pushed."""
ASTRAY = 0.3
"""How much worse by the prices a push at random may be, as a share of what a search looks at."""
PATIENCE = 4
"""After so many shakes without a gain, or a quarter of all, shaking ends."""
APART = 1000
"""How far apart the seeds of two shakes are."""


def ruin(search: Search, move_price: float, rounds: int, *, seed: int, slack: int = 0) -> None:
    """Shake and mend so many times. With moves charged, what stands afterwards is worth as much as before, or more.

    ``slack``: by how many the limit of moves may be exceeded in the end.
    """
    quiet = 0
    for number in range(rounds):
        gain = shake(search, move_price, seed=seed + APART * number, slack=slack, at_random=number % 2 == 1)
        quiet = 0 if gain else quiet + 1
        if quiet >= max(PATIENCE, rounds // 4):
            break


def shake(search: Search, move_price: float, *, seed: int, slack: int, at_random: bool = False) -> float:
    """Push items that lose much into better books, and out of these what costs least. How much was gained."""
    before = search.here.copy()
    pushed = _pushed_at_random(search, seed) if at_random else _pushed(search, seed)
    search.take(pushed)
    search.take(_falling_out(search, search.options.item[pushed], seed))
    search.mend(move_price, MENDING, seed=seed, held=search.options.item[pushed], slack=slack)
    return _judged(search, before, move_price, slack)


def _pushed(search: Search, seed: int) -> Ints:
    """Options that promise more than where their items are, each in another book: the best of them, by some luck."""
    promise = search.promises()
    some = np.flatnonzero((promise > search.least) & (search.options.rep != search.standing.pool))
    luck = _luck(some, seed)
    some = some[np.argsort(-promise[some] * luck * luck, kind="stable")]
    some = _firsts(some, search.options.item)
    return _firsts(some, search.options.rep)[: max(1, search.standing.pool // SHAKEN)]


def _pushed_at_random(search: Search, seed: int) -> Ints:
    """Options that are hardly worse than where their items are, or better, each in another book: chance has its say."""
    options, standing, promise = search.options, search.standing, search.promises()
    elsewhere = (options.rep != standing.pool) & (options.rep != standing.at[options.item])
    some = np.flatnonzero((promise > -ASTRAY * search.window) & elsewhere)
    hope = promise[some] + ASTRAY * search.window * _luck(some, seed)
    some = some[np.argsort(-hope, kind="stable")]
    return _firsts(_firsts(some, options.item), options.rep)[: max(1, standing.pool // AT_RANDOM)]


def _firsts(options: Ints, of: Indexes) -> Ints:
    """The first option of each item, or of each rep, in the order in which they are."""
    _, first = np.unique(of[options], return_index=True)
    return options[np.sort(first)]


def _falling_out(search: Search, held: Indexes, seed: int) -> Ints:
    """To the pool, from every book that is too full now: what loses least by it, for each account, with some luck."""
    options, standing = search.options, search.standing
    room = standing.room()
    pool = np.flatnonzero(options.rep == standing.pool)
    pool = pool[room[standing.at[options.item[pool]]] < 0]
    pool = pool[~np.isin(options.item[pool], held)]
    item = options.item[pool]
    rep, size = standing.at[item], search.problem.items.size[item]
    lost = (options.loss[pool] - options.loss[search.here[item]]) / size
    order = np.lexsort((lost + search.window * _luck(pool, seed), rep))
    gone = np.cumsum(size[order]) - size[order]
    gone -= gone[np.searchsorted(rep[order], rep[order])]
    return pool[order[gone < -room[rep[order]]]]


def _luck(of: Ints, seed: int) -> Floats:
    return shares(of.astype(np.uint64), np.full(len(of), seed, dtype=np.uint64))


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Books that exchanged items, joined."""

    of_change: Ints
    """To which group each change belongs."""
    of_rep: Ints
    """To which group each rep belongs; -1: nothing of theirs has changed."""
    count: int


def _judged(search: Search, before: Ints, move_price: float, slack: int) -> float:
    """Take back, group by group, what was not worth it or is too much for a book or for the moves. What was gained."""
    options, standing = search.options, search.standing
    changed = np.flatnonzero(search.here != before)
    old, new = before[changed], search.here[changed]
    groups = _grouped(options.rep[old], options.rep[new], standing.pool)
    moved = options.moves[new].astype(np.int64) - options.moves[old]
    worth = options.worth[new] - options.worth[old] - move_price * moved
    gain = np.bincount(groups.of_change, worth, groups.count).astype(np.float64)
    cost, full = standing.cost.copy(), standing.room() < 0
    search.take(old)
    of_rep = np.flatnonzero(groups.of_rep >= 0)
    dearer = (cost - standing.cost)[of_rep] + np.where(full[of_rep], np.inf, 0.0)
    gain -= np.bincount(groups.of_rep[of_rep], dearer, groups.count)
    moves = np.bincount(groups.of_change, moved, groups.count).astype(np.int64)
    kept = _affordable(gain, moves, search.least, search.most + slack - search.moves)
    search.take(new[kept[groups.of_change]])
    return float(np.add.reduce(gain[kept]))


def _affordable(gain: Floats, moves: Ints, least: float, left: int) -> Truths:
    """Which groups are kept: those that gain, the best first, as long as moves are left."""
    kept = np.zeros(len(gain), dtype=np.bool_)
    for group in np.argsort(-gain, kind="stable").tolist():
        if gain[group] > least and moves[group] <= max(0, left):
            kept[group] = True
            left -= int(moves[group])
    return kept


def _grouped(old: Indexes, new: Indexes, pool: int) -> _Groups:
    """Join the books between which items went, however many steps lie between; the pool joins nobody."""
    above = list(range(pool + 1))

    def root(rep: int) -> int:
        while above[rep] != rep:
            above[rep] = above[above[rep]]
            rep = above[rep]
        return rep

    ends = list(zip(old.tolist(), new.tolist(), strict=True))
    for one, other in ends:
        if pool not in {one, other}:
            above[root(one)] = root(other)
    number: dict[int, int] = {}
    of_change = [number.setdefault(root(other if one == pool else one), len(number)) for one, other in ends]
    of_rep = np.full(pool + 1, -1, dtype=np.int64)
    for rep in sorted({rep for pair in ends for rep in pair} - {pool}):
        of_rep[rep] = number[root(rep)]
    return _Groups(np.array(of_change, dtype=np.int64), of_rep, len(number))
