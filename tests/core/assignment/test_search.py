"""Chains of changes: each of them worth what it says, and a plan only ever better by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.chains import Reach, best_of_each, chains, shifts
from sync_worker.core.assignment.construction import construct, status_quo
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import Effort, Problem
from sync_worker.core.assignment.search import Search, improve
from sync_worker.core.assignment.standing import moves, value
from tests.core.assignment.drawn import problems

FEW = Effort(search_rounds=20)


@given(problems())
@settings(max_examples=50)
def test_improving_keeps_a_plan_feasible_and_never_makes_it_worse(problem: Problem) -> None:
    prices = price(problem).prices if len(problem.arcs.rep) else None
    if prices is None:
        return
    for choice in (status_quo(problem).choice(), construct(problem, prices)):
        better = improve(problem, prices, choice, FEW)
        assert [fault for fault in certify(problem, better, prices).faults if "price" not in fault] == []
        # What is gained with moves charged may be lost in worth, but never more than the moves given back are priced.
        back = moves(problem, choice) - moves(problem, better)
        assert value(problem, better) >= value(problem, choice) - prices.move * max(0, back) - 1e-9


@given(st.integers(0, 2**32 - 1), st.sampled_from(["rebalance", "many families", "half capacity", "narrow"]))
@settings(max_examples=15)
def test_every_chain_that_is_offered_gains_what_it_says(seed: int, variant: str) -> None:
    problem = made(setting(variant, accounts=150, reps=6, seed=seed % 1000))
    prices = price(problem).prices
    search = Search(problem, prices, construct(problem, prices))
    open_ = np.flatnonzero(search.options.rep != search.standing.at[search.options.item])
    some = shifts(search.standing, search.options, search.here, open_, prices, 0.0)
    offered = chains(search.standing, some, some.promise, Reach(most_moves=10))
    for found in offered:
        for gain, more, options in zip(found.gain[:5], found.moves[:5], found.options[:5], strict=True):
            before, at = value(problem, search.standing.choice()), search.here[search.options.item[options]]
            moved = search.moves
            search.take(options)
            assert value(problem, search.standing.choice()) - before == pytest.approx(gain, abs=1e-9)
            assert search.moves - moved == more == moves(problem, search.standing.choice()) - moved
            assert (search.standing.room() >= 0).all()
            search.take(at)


def test_moves_are_given_up_until_there_are_no_more_than_may_be() -> None:
    problem = made(setting("many moves", accounts=400, reps=8))
    prices = price(problem).prices
    search = Search(problem, prices, construct(problem, prices))
    assert search.moves > 20
    search.most = 20
    assert search.settle(prices.move, 10, seed=0)
    assert moves(problem, search.standing.choice()) == search.moves <= 20
    assert (search.standing.room() >= 0).all()


def test_moves_that_are_left_are_spent_where_they_bring_most_and_never_make_a_plan_worse() -> None:
    problem = made(setting("few moves", accounts=600, reps=12))
    prices = price(problem).prices
    search = Search(problem, prices, status_quo(problem).choice())
    search.run(3 * prices.move, 20, seed=0)
    before, moved = value(problem, search.standing.choice()), search.moves
    assert moved < search.most
    search.spend(3 * prices.move, 20, seed=0)
    assert moved < search.moves <= search.most
    assert value(problem, search.standing.choice()) > before


def test_the_best_of_each_group_come_in_order_and_equals_as_they_stand() -> None:
    found = best_of_each(np.array([1.0, 3.0, 3.0, 2.0, 9.0]), np.array([0, 0, 0, 2, 2]), 3, 2)
    assert found.tolist() == [[1, 2], [-1, -1], [4, 3]]
