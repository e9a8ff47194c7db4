"""A plan shaken, mended by chains, and kept where that was worth it: book by book, many at once. Seeded, never random.

What shares no book is judged alone, so that one round tries as many changes as there are groups of books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import shares
from sync_worker.core.assignment.chains import best_of_each

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync_worker.core.assignment.problem import Floats, Indexes, Ints, Truths
    from sync_worker.core.assignment.search import Search

MENDING = 8
"""Rounds of chains after each shake, at most."""
SHAKEN = (3, 24, 6, 12)
"""One book in so many is shaken at a time, in turn: many at once are quick, few do not get into each other's way."""
ASTRAY = 0.3
"""How much worse by the prices a push at random may be, as a share of what a search looks at."""
WAYS_OUT = 32
"""How many ways out of a book that is too full are looked at."""
PATIENCE = 6
"""After so many shakes without a gain, or a quarter of all, shaking ends."""
APART = 1000
"""How far apart the seeds of two shakes are."""


def ruin(search: Search, move_price: float, rounds: int, *, seed: int, slack: int = 0) -> None:
    """Shake and mend so many times. With moves charged, what stands afterwards is worth as much as before, or more.

    ``slack``: by how many the limit of moves may be exceeded in the end.
    """
    quiet = 0
    for number in range(rounds):
        pushed = _pushed_at_random if number % 2 else _pushed
        books = max(1, search.standing.pool // SHAKEN[number // 2 % len(SHAKEN)])
        seed += APART
        gain = shake(search, move_price, pushed(search, seed)[:books], seed=seed, slack=slack)
        quiet = 0 if gain else quiet + 1
        if quiet >= max(PATIENCE, rounds // 4):
            break


def shake(search: Search, move_price: float, pushed: Ints, *, seed: int, slack: int) -> float:
    """Push items into other books, and out of these what loses least by it. How much was gained.

    ``pushed``: options, each of another item and in another book.
    """
    before = search.here.copy()
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
    return _firsts(some, search.options.rep)


def _pushed_at_random(search: Search, seed: int) -> Ints:
    """Options that are hardly worse than where their items are, or better, each in another book: chance has its say."""
    options, standing, promise = search.options, search.standing, search.promises()
    elsewhere = (options.rep != standing.pool) & (options.rep != standing.at[options.item])
    some = np.flatnonzero((promise > -ASTRAY * search.window) & elsewhere)
    hope = promise[some] + ASTRAY * search.window * _luck(some, seed)
    some = some[np.argsort(-hope, kind="stable")]
    return _firsts(_firsts(some, options.item), options.rep)


def _firsts(options: Ints, of: Indexes) -> Ints:
    """The first option of each item, or of each rep, in the order in which they are."""
    _, first = np.unique(of[options], return_index=True)
    return options[np.sort(first)]


def _falling_out(search: Search, held: Indexes, seed: int) -> Ints:
    """From every book that is too full now to the pool or to a book with room: what loses least by it, by some luck."""
    options, standing, room = search.options, search.standing, search.standing.room()
    source = standing.at[options.item]
    out = np.flatnonzero((room[source] < 0) & (room[options.rep] > 0))
    out = out[~np.isin(options.item[out], held)]
    item = options.item[out]
    size = search.problem.items.size[item]
    lost = (options.loss[out] - options.loss[search.here[item]]) / size + search.window * _luck(out, seed)
    best = best_of_each(-lost, source[out], standing.pool + 1, WAYS_OUT).ravel()
    best = best[best >= 0]
    best = best[np.argsort(lost[best], kind="stable")]
    ways = (each[best].tolist() for each in (out, item, size, source[out], options.rep[out]))
    return _with_room(room, zip(*ways, strict=True))


def _with_room(room: Ints, ways: Iterable[tuple[int, ...]]) -> Ints:
    """Those of the ways out, in their order, that are needed, as long as where they lead to has room.

    A way is an option, its item, how many accounts that is, where it is and where it leads to.
    """
    left, gone, chosen = room.tolist(), set[int](), list[int]()
    for option, who, count, out, into in ways:
        if left[out] < 0 and left[into] >= count and who not in gone:
            left[out] += count
            left[into] -= count
            gone.add(who)
            chosen.append(option)
    return np.array(chosen, dtype=np.int64)


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
