"""Small books for tests: drawn by hypothesis with every odd corner, shuffled, and solved by trying everything."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from sync_worker.core.assignment.problem import NOBODY, Arcs, Evenness, Items, Problem, Reps
from sync_worker.core.assignment.standing import moves, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync_worker.core.assignment.problem import Ints


@st.composite
def problems(draw: Callable[[st.SearchStrategy[int]], int], most_items: int = 12, most_reps: int = 4) -> Problem:
    """Books with families, locks, owners who have left, pairs that are not allowed, tight room and few moves.

    Where everything stands now is always feasible.
    """
    count, reps = draw(st.integers(0, most_items)), draw(st.integers(0, most_reps))
    return drawn(count, reps, draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 5)))


def drawn(count: int, reps: int, seed: int, kind: int = 0) -> Problem:
    """One such book. ``kind`` 1 has no owners, 2 no moves, 3 no targets, 4 no limit of moves, 5 little room."""
    random = np.random.default_rng(seed)
    size = np.where(random.random(count) < 0.2, random.integers(2, 5, count), 1).astype(np.int64)
    able = random.random((count, reps)) < random.uniform(0.3, 1.0)
    owner = np.full(count, NOBODY, dtype=np.int64)
    if reps and kind != 1:
        owner = random.integers(-1, reps, count).astype(np.int64)
    owned = owner != NOBODY
    left = owned & (random.random(count) < 0.1)
    locked = owned & ~left & (random.random(count) < 0.2)
    for one in np.flatnonzero(owned).tolist():
        able[one, owner[one]] = not left[one]
        able[one] &= ~locked[one] | (np.arange(reps) == owner[one])
    item, rep = np.nonzero(able)
    score = random.lognormal(1.0, 1.0, count) * size
    stays = rep == owner[item]
    worth = score[item] * (random.uniform(0.5, 1.5, len(rep)) + 0.04 * stays) - np.where(
        owned[item] & ~stays & ~left[item], 0.03 * score[item] + 0.05, 0.0
    )
    at_home = np.bincount(owner[owned & ~left], size[owned & ~left], reps).astype(np.int64)
    room = random.integers(0, 3 if kind == 5 else 1 + 2 * count // max(reps, 1) + 1, reps)
    potential, workload = np.maximum(1, score * 100).astype(np.int64), random.integers(1, 300, count)
    charged = np.where(owned & ~left, size, 0)
    return Problem(
        Items(
            ids=tuple(f"a{number:03d}" for number in range(count)),
            size=size,
            workload=workload,
            potential=potential,
            owner=owner,
            pool=np.where(charged > 0, -0.03 * score - 0.05, 0.0),
            may_pool=~locked,
            charged=charged.astype(np.int64),
        ),
        Arcs(np.concatenate(([0], np.cumsum(able.sum(axis=1)))).astype(np.int64), rep.astype(np.int32), worth),
        Reps(
            tuple(f"r{number:02d}" for number in range(reps)),
            np.maximum(room, at_home).astype(np.int64),
            _evenness(random, potential, reps, 0.0 if kind == 3 else 0.0015),
            _evenness(random, workload, reps, 0.0 if kind == 3 else 0.0010),
        ),
        None if kind == 4 else 0 if kind == 2 else int(random.integers(0, 2 + charged.sum() // 2)),
    )


def _evenness(random: np.random.Generator, each: Ints, reps: int, slope: float) -> Evenness:
    share = random.uniform(0.5, 1.2, reps) * (random.random(reps) < 0.9)
    return Evenness(share / max(float(share.sum()), 1e-9) * float(each.sum()) * 0.9, slope, 2.7 * slope)


def allowed(problem: Problem) -> Iterator[Ints]:
    """Every choice that keeps arcs, capacity, locks and the moves."""
    items, arcs = problem.items, problem.arcs
    ways = [
        [*arcs.rep[arcs.first[item] : arcs.first[item + 1]].tolist(), *([NOBODY] if items.may_pool[item] else [])]
        for item in range(len(items.ids))
    ]
    for way in product(*ways):
        choice = np.array(way, dtype=np.int64)
        taken = choice != NOBODY
        used = np.bincount(choice[taken], items.size[taken], len(problem.reps.ids))
        within = problem.most_moves is None or moves(problem, choice) <= problem.most_moves
        if within and (used <= problem.reps.capacity).all():
            yield choice


def optimum(problem: Problem) -> float:
    """The value of the best choice there is: all of them are tried."""
    return max(value(problem, choice) for choice in allowed(problem))


def reordered(problem: Problem, order: Ints, seats: Ints) -> Problem:
    """The same book with its items and its reps in another order."""
    items, arcs, reps = problem.items, problem.arcs, problem.reps
    new = np.append(np.argsort(seats), NOBODY)
    spans = [np.arange(arcs.first[item], arcs.first[item + 1]) for item in order]
    spans = [span[np.argsort(new[arcs.rep[span]])] for span in spans]
    which = np.concatenate([np.zeros(0, dtype=np.int64), *spans])
    return Problem(
        Items(
            tuple(items.ids[item] for item in order), items.size[order], items.workload[order],
            items.potential[order], new[items.owner[order]], items.pool[order], items.may_pool[order],
            items.charged[order],
        ),
        Arcs(
            np.concatenate(([0], np.cumsum([len(span) for span in spans]))).astype(np.int64),
            new[arcs.rep[which]].astype(np.int32), arcs.worth[which],
        ),
        Reps(
            tuple(reps.ids[rep] for rep in seats), reps.capacity[seats], _reordered(reps.potential, seats),
            _reordered(reps.workload, seats),
        ),
        problem.most_moves,
    )  # fmt: skip


def _reordered(wanted: Evenness, seats: Ints) -> Evenness:
    return Evenness(wanted.target[seats], wanted.slope, wanted.steep, wanted.near, wanted.far)
