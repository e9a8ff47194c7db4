"""Prices, and what they prove: never less than the best choice there is, and hardly more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.dual import bound, conjugate, options
from sync_worker.core.assignment.prices import FEW, price, scales
from sync_worker.core.assignment.problem import NOBODY, Arcs, Effort, Evenness, Items, Prices, Problem, Reps
from sync_worker.core.assignment.smooth import smooth
from tests.core.assignment.drawn import optimum, problems

SEEDS = st.integers(0, 2**32 - 1)


def plain(worths: list[list[float]], capacity: list[int], owner: list[int] | None = None) -> Problem:
    """Single accounts that every rep may have, with no targets and no limit of moves; nothing is above the pool."""
    count, reps = len(worths), len(capacity)
    whole, nothing = np.ones(count, dtype=np.int64), Evenness(np.zeros(reps), 0.0, 0.0)
    has = np.array(owner or [NOBODY] * count, dtype=np.int64)
    worth = np.array(worths, dtype=np.float64).reshape(-1)
    return Problem(
        Items(
            ids=tuple(f"a{number}" for number in range(count)),
            size=whole,
            workload=whole,
            potential=whole,
            owner=has,
            pool=np.zeros(count),
            may_pool=np.ones(count, dtype=bool),
            charged=np.where(has == NOBODY, 0, 1),
        ),
        Arcs(np.arange(count + 1) * reps, np.tile(np.arange(reps, dtype=np.int32), count), worth),
        Reps(tuple(f"r{number}" for number in range(reps)), np.array(capacity, dtype=np.int64), nothing, nothing),
        None,
    )


def some_prices(problem: Problem, seed: int) -> Prices:
    """Any prices within their limits."""
    draw, count = np.random.default_rng(seed), len(problem.reps.ids)
    even = [
        np.where(cost.target > 0, draw.uniform(-cost.steep, cost.steep, count), 0.0)
        for cost in (problem.reps.workload, problem.reps.potential)
    ]
    move = 0.0 if problem.most_moves is None else float(draw.exponential())
    return Prices(draw.exponential(2.0, count) * (draw.random(count) < 0.7), even[0], even[1], move)


@settings(max_examples=60, deadline=None)
@given(problems(most_items=6, most_reps=3))
def test_no_choice_is_worth_more_than_the_bound(problem: Problem) -> None:
    assert price(problem).bound >= optimum(problem) - 1e-9


@settings(max_examples=60, deadline=None)
@given(problems(most_items=6, most_reps=3), SEEDS)
def test_any_prices_at_all_give_a_bound(problem: Problem, seed: int) -> None:
    assert bound(problem, some_prices(problem, seed)) >= optimum(problem) - 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), SEEDS)
def test_where_accounts_are_alike_in_size_the_bound_is_the_best_there_is(count: int, reps: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    problem = plain(draw.lognormal(1, 1, (count, reps)).tolist(), draw.integers(0, 3, reps).tolist())
    assert price(problem).bound == pytest.approx(optimum(problem), rel=5e-3)


def test_a_slot_costs_what_the_next_best_account_would_bring() -> None:
    priced = price(plain([[10.0], [6.0], [4.0]], [2]))
    assert priced.bound == pytest.approx(16.0, rel=1e-3)
    assert 4.0 - 0.1 <= priced.prices.slot[0] <= 6.0 + 0.1


def test_a_book_with_room_for_all_costs_nothing() -> None:
    priced = price(plain([[10.0, 9.0], [6.0, 1.0]], [2, 2]))
    assert priced.prices.slot == pytest.approx([0.0, 0.0], abs=0.1)


def test_a_move_costs_what_the_last_of_them_gains() -> None:
    worths = [[1.0, 11.0], [1.0, 6.0], [1.0, 4.0]]
    priced = price(replace(plain(worths, [3, 3], owner=[0, 0, 0]), most_moves=2))
    assert priced.bound == pytest.approx(11 + 6 + 1, rel=1e-3)
    assert 3.0 - 0.1 <= priced.prices.move <= 5.0 + 0.1


@settings(max_examples=40, deadline=None)
@given(problems(most_items=8, most_reps=3), SEEDS)
def test_prices_that_were_given_are_never_made_worse(problem: Problem, seed: int) -> None:
    start = some_prices(problem, seed)
    assert price(problem, start=start).bound <= bound(problem, start)


@settings(max_examples=40, deadline=None)
@given(problems(most_items=8, most_reps=3), SEEDS)
def test_more_room_never_lowers_what_prices_prove(problem: Problem, seed: int) -> None:
    more = replace(problem, reps=replace(problem.reps, capacity=problem.reps.capacity + 1))
    prices = some_prices(problem, seed)
    assert bound(more, prices) >= bound(problem, prices)


@given(
    st.floats(0, 0.4), st.floats(1, 1000), st.floats(0.01, 0.2), st.floats(0.01, 0.3), st.floats(-1, 1)
)  # fmt: skip
def test_the_conjugate_is_the_most_that_any_amount_is_worth(
    slope: float, target: float, near: float, further: float, share: float
) -> None:
    cost = Evenness(np.array([target]), slope, slope + 0.3, near, near + further)
    price_ = share * cost.steep
    amounts = target * np.linspace(0, 3, 3001)
    away = np.abs(amounts - target)
    paid = slope * np.maximum(0, away - near * target) + 0.3 * np.maximum(0, away - (near + further) * target)
    most = float((price_ * amounts - paid).max())
    assert conjugate(cost, np.array([price_]))[0] == pytest.approx(most, abs=0.004 * target)


@settings(max_examples=40, deadline=None)
@given(problems(most_items=10, most_reps=4), SEEDS, st.sampled_from([0.1, 0.01]))
def test_the_smooth_dual_has_the_slope_that_it_says_and_lies_above_the_true_one(
    problem: Problem, seed: int, tau: float
) -> None:
    prices, scale = some_prices(problem, seed), scales(problem)
    x = np.concatenate([prices.slot, prices.workload, prices.potential, [prices.move]])
    exact, found = options(problem, prices, scale, np.inf)
    rounded = smooth(problem, found, scale)
    value, slope = rounded.at(x, tau)
    even = sum(
        float(np.add.reduce(cost.target)) * tau * cost.steep for cost in (problem.reps.workload, problem.reps.potential)
    )
    assert exact == pytest.approx(bound(problem, prices))
    assert value >= exact - even - 1e-9
    units = np.concatenate([np.ones(len(problem.reps.ids)), np.full(2 * len(problem.reps.ids), 1e-4), [1.0]])
    way = np.random.default_rng(seed).normal(size=len(x)) * units
    up, down = (rounded.at(x + step * way, tau)[0] for step in (1e-6, -1e-6))
    assert (up - down) / 2e-6 == pytest.approx(float((slope * way).sum()), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("variant", ["rebalance", "refill", "half capacity", "half locked", "all unowned"])
def test_longer_looking_hardly_lowers_the_bound(variant: str) -> None:
    problem = made(setting(variant, accounts=2000, reps=30, seed=3))
    assert len(problem.arcs.rep) > FEW
    long = price(problem, effort=Effort(dual_rounds=(80, 80, 160, 240, 4000)))
    assert price(problem).bound == pytest.approx(long.bound, rel=1e-4)


def test_yesterdays_prices_lead_to_the_same_bound_sooner() -> None:
    problem = made(setting(accounts=1000, reps=20, seed=2))
    cold = price(problem)
    worth = problem.arcs.worth * np.random.default_rng(1).uniform(0.95, 1.05, len(problem.arcs.worth))
    changed = replace(problem, arcs=replace(problem.arcs, worth=worth))
    assert price(changed, start=cold.prices).bound == pytest.approx(price(changed).bound, rel=1e-4)


def test_a_book_is_priced_the_same_every_time() -> None:
    problem = made(setting(accounts=400, reps=10))
    first, second = price(problem), price(problem)
    assert first.bound == second.bound
    assert first.prices.slot.tobytes() == second.prices.slot.tobytes()


@pytest.mark.parametrize(("count", "reps"), [(0, 0), (0, 3), (3, 0)])
def test_a_book_without_accounts_or_without_reps_proves_that_nothing_can_be_had(count: int, reps: int) -> None:
    assert price(plain([[1.0] * reps] * count, [1] * reps)).bound == pytest.approx(0.0, abs=1e-9)


def test_prices_of_other_reps_are_refused() -> None:
    with pytest.raises(ValueError, match="prices of 2 reps were given for a book of 1"):
        price(plain([[1.0]], [1]), start=_nothing(plain([[1.0, 1.0]], [1, 1])))


def _nothing(problem: Problem) -> Prices:
    none = np.zeros(len(problem.reps.ids))
    return Prices(none, none, none, 0.0)
