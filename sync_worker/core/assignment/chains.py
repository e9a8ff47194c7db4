"""Chains of items that change places: one enters a book, another leaves it for the next one, and so on. All at once.

A chain ends in the pool, in a book that has room, or in the book where it began. It visits no book twice, so what each
book loses or gains by it is exact. Many chains are followed side by side, the most promising into every book.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sync_worker.core.assignment.options import Options
    from sync_worker.core.assignment.problem import Floats, Ints, Prices, Truths
    from sync_worker.core.assignment.standing import Standing


@dataclass(frozen=True, slots=True)
class Reach:
    """How widely chains are looked for."""

    links: int = 4
    """How many items one chain moves at most."""
    beam: int = 8
    """How many unfinished chains into each book are followed."""
    width: int = 16
    """How many of a book's items may be the next to leave it."""
    kept: int = 4
    """How many finished chains of each length are offered for each book where chains begin."""
    most_moves: int = 0
    """How many more accounts may leave their owners by one chain."""
    least: float = 0.0
    """A chain has to gain more than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """One item each, from where it is to one of its options."""

    option: Ints
    source: Ints
    target: Ints
    gain: Floats
    """In worth, moves charged; unevenness is not in it."""
    moves: Ints
    size: Ints
    potential: Ints
    workload: Ints
    leaving: Floats
    """How much dearer the source's unevenness is once it has left and nothing has come instead."""
    entering: Floats
    """How much dearer the target's is if nothing leaves it instead."""
    value_left: Floats
    """What the room that it leaves is worth, by the prices."""
    value_taken: Floats
    """What the room that it takes is worth, by the prices."""
    promise: Floats
    """How much there is to gain, by the prices: it orders what is looked at first."""


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Finished chains: what each gains, how many more accounts leave their owners by it, and its options, -1 padded."""

    gain: Floats
    moves: Ints
    options: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """Unfinished chains: the last item has entered a book, and that book has not been made to pay for it yet."""

    begin: Ints
    """The first shift of each."""
    last: Ints
    gain: Floats
    moves: Ints
    path: Ints
    """The shifts of each, one a column."""


def shifts(  # noqa: PLR0913, PLR0917 - what shifts are made of
    standing: Standing, options: Options, here: Ints, chosen: Ints, prices: Prices, move_price: float
) -> Shifts:
    """These options as shifts of their items from where they are."""
    given = standing.problem.items
    item, target = options.item[chosen], options.rep[chosen].astype(np.int64)
    now, source = here[item], standing.at[item]
    size, potential, workload = given.size[item], given.potential[item], given.workload[item]
    moves = options.moves[chosen].astype(np.int64) - options.moves[now]
    slot, by_potential, by_work = (np.append(p, 0.0) for p in (prices.slot, prices.potential, prices.workload))
    return Shifts(
        option=chosen,
        source=source,
        target=target,
        gain=options.worth[chosen] - options.worth[now] - move_price * moves,
        moves=moves,
        size=size,
        potential=potential,
        workload=workload,
        leaving=standing.dearer(source, -potential, -workload),
        entering=standing.dearer(target, potential, workload),
        value_left=slot[source] * size + by_potential[source] * potential + by_work[source] * workload,
        value_taken=slot[target] * size + by_potential[target] * potential + by_work[target] * workload,
        promise=options.loss[now] - options.loss[chosen],
    )


def best_of_each(key: Floats, group: Ints, groups: int, most: int) -> Ints:
    """For each group, one a row, where its largest keys stand, the first of equals first; -1 where there are fewer.

    Keys are compared to about nine digits of what lies between the largest and the smallest.
    """
    found = np.full((groups, most), -1, dtype=np.int64)
    if len(key):
        order, of = _by_group(key, group, groups)
        rank = np.arange(len(order)) - np.searchsorted(of, np.arange(groups))[of]
        kept = rank < most
        found[of[kept], rank[kept]] = order[kept]
    return found


def _by_group(key: Floats, group: Ints, groups: int) -> tuple[Ints, Ints]:
    """Where the keys stand, group by group, the largest first; and their groups.

    Group, key and place are packed into one whole number each, no two the same: any way of sorting gives one order.
    """
    places, rows = len(key).bit_length(), groups.bit_length()
    steps = (1 << min(31, 63 - places - rows)) - 1
    top, bottom = float(key.max()), float(key.min())
    step = (top - key) / (top - bottom) * steps if top > bottom else np.zeros(len(key))
    packed = (((group << steps.bit_length()) | step.astype(np.int64)) << places) | np.arange(len(key))
    packed.sort()
    return packed & ((1 << places) - 1), packed >> (steps.bit_length() + places)


def chains(standing: Standing, of: Shifts, key: Floats, reach: Reach) -> list[Chains]:
    """Chains that gain something, the shortest first. ``key`` orders which shifts are looked at first."""
    books = standing.pool
    leaving = best_of_each(key, of.source, books + 1, reach.width)
    beam = _begun(of, best_of_each(key, of.target, books + 1, reach.beam)[:books])
    found = [_singles(standing, of, reach)]
    for link in range(2, reach.links + 1):
        longer, home = _extended(standing, of, beam, leaving)
        found.append(_finished(standing, of, longer, home, reach))
        if link < reach.links:
            beam = _followed(of, longer, ~home & (of.target[longer.last] != books), books, reach.beam)
    return [some for some in found if len(some.gain)]


def _begun(of: Shifts, into: Ints) -> Beam:
    begin = into[into >= 0]
    return Beam(begin, begin, of.gain[begin], of.moves[begin], begin[:, None])


def _singles(standing: Standing, of: Shifts, reach: Reach) -> Chains:
    """Single items that find room, and gain by it."""
    gain = of.gain - of.leaving - of.entering
    fits = of.size <= standing.room()[of.target]
    good = np.flatnonzero(fits & (gain > reach.least) & (of.moves <= reach.most_moves))
    beam = Beam(good, good, gain[good], of.moves[good], good[:, None])
    return _offered(standing, of, beam, gain[good], reach)


def _extended(standing: Standing, of: Shifts, beam: Beam, leaving: Ints) -> tuple[Beam, Truths]:
    """Each chain with each of the next items, if the book between has room; and which lead back to the start."""
    into = of.target[beam.last]
    next_ = leaving[into]
    fits = (next_ >= 0) & (of.size[beam.last][:, None] - of.size[leaving][into] <= standing.room()[into][:, None])
    for shift in beam.path.T:
        fits &= of.target[shift][:, None] != of.target[leaving][into]
    chain, _ = np.nonzero(fits)
    after, book, last, begin = next_[fits], into[chain], beam.last[chain], beam.begin[chain]
    paid = standing.dearer(book, of.potential[last] - of.potential[after], of.workload[last] - of.workload[after])
    longer = Beam(
        begin=begin,
        last=after,
        gain=beam.gain[chain] + of.gain[after] - paid,
        moves=beam.moves[chain] + of.moves[after],
        path=np.concatenate((beam.path[chain], after[:, None]), axis=1),
    )
    return longer, (of.target[after] == of.source[begin]) & (of.source[begin] != standing.pool)


def _finished(standing: Standing, of: Shifts, beam: Beam, home: Truths, reach: Reach) -> Chains:
    """Those that may end where they are, and gain by it."""
    begin, last, room = beam.begin, beam.last, standing.room()
    gain = beam.gain - of.leaving[begin] - of.entering[last]
    fits = of.size[last] <= room[of.target[last]]
    back = np.flatnonzero(home)
    b, e = begin[back], last[back]
    gain[back] = beam.gain[back] - standing.dearer(
        of.source[b], of.potential[e] - of.potential[b], of.workload[e] - of.workload[b]
    )
    fits[back] = of.size[e] - of.size[b] <= room[of.source[b]]
    good = np.flatnonzero(fits & (gain > reach.least) & (beam.moves <= reach.most_moves))
    some = Beam(begin[good], last[good], beam.gain[good], beam.moves[good], beam.path[good])
    return _offered(standing, of, some, gain[good], reach)


def _offered(standing: Standing, of: Shifts, beam: Beam, gain: Floats, reach: Reach) -> Chains:
    """The best for each book where chains begin; those from the pool by the book that they enter first."""
    books = standing.pool
    source, into = of.source[beam.begin], of.target[beam.begin]
    group = np.where(source == books, books + 1 + into, source)
    best = best_of_each(gain, group, 2 * books + 2, reach.kept)
    best = best[best >= 0]
    return Chains(gain[best], beam.moves[best], of.option[beam.path[best]])


def _followed(of: Shifts, beam: Beam, going: Truths, books: int, most: int) -> Beam:
    """The most promising into each book: with the room that they leave and take counted by the prices."""
    some = np.flatnonzero(going)
    begin, last = beam.begin[some], beam.last[some]
    promise = beam.gain[some] + of.value_left[begin] - of.value_taken[last]
    best = best_of_each(promise, of.target[last], books, most)
    best = some[best[best >= 0]]
    return Beam(beam.begin[best], beam.last[best], beam.gain[best], beam.moves[best], beam.path[best])
