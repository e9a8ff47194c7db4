"""Shaking a plan: only what was worth it stays, group of books by group of books."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.construction import construct
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.ruin import _falling_out, _grouped, _pushed, _pushed_at_random, shake
from sync_worker.core.assignment.search import Search
from sync_worker.core.assignment.standing import moves, value


@pytest.mark.parametrize("variant", ["rebalance", "refill", "many families", "half capacity", "half locked"])
def test_a_shake_never_costs_anything_and_keeps_the_plan_feasible(variant: str) -> None:
    problem = made(setting(variant, accounts=400, reps=8))
    prices = price(problem).prices
    search = Search(problem, prices, construct(problem, prices))
    gained = 0.0
    for seed in range(6):
        before = value(problem, search.standing.choice()) - prices.move * search.moves
        pushed = (_pushed_at_random if seed % 2 else _pushed)(search, seed)[: 1 + seed]
        gain = shake(search, prices.move, pushed, seed=seed * 1000, slack=0)
        after = value(problem, search.standing.choice()) - prices.move * search.moves
        assert after - before == pytest.approx(gain, abs=1e-8)
        assert gain >= 0
        gained += gain
        assert search.moves == moves(problem, search.standing.choice())
        assert certify(problem, search.standing.choice(), prices).faults == ()
    assert gained > 0


def test_books_that_exchanged_items_over_several_steps_are_judged_together_and_the_pool_joins_nobody() -> None:
    pool = 9
    old, new = np.array([0, 1, 3, pool, 5]), np.array([1, 2, pool, 4, 6])
    groups = _grouped(old.astype(np.int32), new.astype(np.int32), pool)
    assert groups.count == 4
    assert len({groups.of_rep[rep] for rep in (0, 1, 2)}) == 1
    assert len({groups.of_rep[rep] for rep in (0, 3, 4, 5)}) == 4
    assert groups.of_rep[[7, 8, pool]].tolist() == [-1, -1, -1]
    assert [groups.of_rep[rep] for rep in (0, 1, 3, 4, 5)] == groups.of_change.tolist()


def test_what_falls_out_of_a_full_book_finds_room_and_no_more_of_it_than_has_to() -> None:
    problem = made(setting("half capacity", accounts=400, reps=8))
    prices = price(problem).prices
    search = Search(problem, prices, construct(problem, prices))
    search.run(prices.move, 20, seed=0)
    pushed = _pushed_at_random(search, 1)
    search.take(pushed)
    over = search.standing.room() < 0
    assert over.any()
    out = _falling_out(search, search.options.item[pushed], 1)
    assert over[search.standing.at[search.options.item[out]]].all()
    assert not set(search.options.item[out]) & set(search.options.item[pushed])
    smallest = search.problem.items.size[search.options.item[out]].max()
    search.take(out)
    assert (search.standing.room() >= 0).all()
    assert (search.standing.room()[over.nonzero()] < smallest).all()
