"""A book filled from end to end: certified, near the optimum, the same every time, and refused only for a reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.books.instances import VARIANTS, made, setting
from sync_worker.core.assignment import NOBODY, QUICK, THOROUGH, Problem, solve
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.construction import greedy, status_quo
from sync_worker.core.assignment.items import Account, Seat, Terms, build
from sync_worker.core.assignment.standing import value
from tests.core.assignment.drawn import drawn, optimum, problems, reordered


@given(problems(most_items=30, most_reps=5))
@settings(max_examples=40, deadline=None)
def test_every_plan_is_certified_and_never_worse_than_doing_nothing_or_giving_the_pool_out(problem: Problem) -> None:
    solved = solve(problem)
    found = certify(problem, solved.choice, solved.prices)
    assert found.faults == ()
    assert found.value == pytest.approx(solved.value)
    assert found.bound == pytest.approx(solved.bound)
    for plain in (status_quo(problem).choice(), greedy(problem)):
        assert solved.value >= value(problem, plain) - 1e-9


def test_small_books_are_filled_at_the_optimum_in_at_least_95_of_100() -> None:
    best = 0
    for seed in range(60):
        problem = drawn(3 + seed % 4, 1 + seed % 3, seed, seed % 6)
        most = optimum(problem)
        found = solve(problem).value
        assert found <= most + 1e-9
        best += found >= most - 1e-9
    assert best >= 57


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_book_of_1000_accounts_is_within_half_a_hundredth_of_the_bound(variant: str) -> None:
    problem = made(setting(variant, accounts=1000, reps=20))
    solved = solve(problem)
    assert certify(problem, solved.choice, solved.prices).faults == ()
    assert solved.gap <= 0.005


@pytest.mark.parametrize("most_moves", [0, 15])
def test_a_book_in_which_every_rep_suits_every_account_is_within_two_thousandths_of_the_bound(most_moves: int) -> None:
    for seed in range(3):
        problem = everybody_suits(600, 15, seed, most_moves)
        solved = solve(problem)
        assert certify(problem, solved.choice, solved.prices).faults == ()
        assert solved.gap <= 0.002, f"seed {seed}"


def everybody_suits(count: int, reps: int, seed: int, most_moves: int) -> Problem:
    """One team: half of the accounts have an owner, and potential says nothing of what an account is worth."""
    random = np.random.default_rng(seed)
    able = {f"r{number:02d}": 1.0 for number in range(reps)}
    worth, potential = random.lognormal(3.0, 0.8, count), random.lognormal(8.0, 1.0, count).astype(np.int64)
    owner = random.choice([*able], count, p=random.dirichlet(np.full(reps, 8.0)))
    ids, owned = [f"a{number:03d}" for number in range(count)], random.random(count) < 0.5
    accounts = [
        Account(id_, str(owner[n]) if owned[n] else None, worth[n], int(potential[n]), 0, id_, False, False, able)  # noqa: FBT003 - neither locked nor forced
        for n, id_ in enumerate(ids)
    ]
    seats = [Seat(rep, int(0.9 * count / reps), 1.0) for rep in able]
    return build(accounts, seats, Terms(most_moves=most_moves)).problem


def test_a_problem_out_of_order_is_refused_so_that_order_cannot_matter() -> None:
    problem, random = drawn(40, 5, seed=3), np.random.default_rng(1)
    other = reordered(problem, random.permutation(40), random.permutation(5))
    with pytest.raises(ValueError, match="items have to be sorted by id"):
        solve(other)
    back = reordered(other, np.argsort(other.items.ids), np.argsort(other.reps.ids))
    assert (solve(back).choice == solve(problem).choice).all()


def test_the_same_problem_has_the_same_plan_to_the_last_bit() -> None:
    one, other = (solve(made(setting(accounts=600, reps=12))) for _ in range(2))
    assert one.choice.tobytes() == other.choice.tobytes()
    assert (one.value, one.bound) == (other.value, other.bound)


def test_more_effort_and_yesterdays_prices_never_make_a_plan_infeasible() -> None:
    problem = made(setting("many families", accounts=400, reps=8))
    yesterday = solve(problem, effort=THOROUGH)
    today = solve(problem, start=yesterday.prices, effort=QUICK)
    assert certify(problem, today.choice, today.prices).faults == ()
    assert today.bound <= yesterday.bound + 1e-6
    assert today.gap < 0.03


def test_prices_of_other_reps_are_refused() -> None:
    problem = drawn(20, 4, seed=5)
    with pytest.raises(ValueError, match="reps"):
        solve(problem, start=solve(drawn(20, 3, seed=5)).prices)


def test_a_book_without_accounts_without_reps_or_without_pairs_stays_as_it_is() -> None:
    for problem in (drawn(0, 3, seed=1), drawn(5, 0, seed=1), drawn(0, 0, seed=1), without_arcs(drawn(9, 3, 2, 1))):
        solved = solve(problem)
        assert solved.choice.tolist() == [NOBODY] * len(problem.items.ids)
        assert certify(problem, solved.choice, solved.prices).faults == ()


def without_arcs(problem: Problem) -> Problem:
    """The same accounts, but nobody may have any."""
    none = problem.arcs
    return replace(problem, arcs=replace(none, first=np.zeros_like(none.first), rep=none.rep[:0], worth=none.worth[:0]))


def test_what_is_locked_stays_and_without_moves_only_the_pool_is_given_out() -> None:
    locked = made(setting("refill", accounts=400, reps=8))
    free = replace(made(setting(accounts=400, reps=8)), most_moves=0)
    for problem in (locked, free):
        choice, owner = solve(problem).choice, problem.items.owner
        stays = problem.items.charged > 0
        assert (choice[stays] == owner[stays]).all()
        assert (choice[~stays] != owner[~stays]).any()
