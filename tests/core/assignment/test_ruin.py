"""Shaking a plan: only what was worth it stays, group of books by group of books."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.construction import construct
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.ruin import _grouped, shake
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
        gain = shake(search, prices.move, seed=seed * 1000, slack=0, at_random=seed % 2 == 1)
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
