"""A first plan: feasible from the first to the last step, and a clear refusal where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.construction import NoPlan, construct, fill, greedy, status_quo, wishes
from sync_worker.core.assignment.problem import NOBODY, Prices, Problem
from sync_worker.core.assignment.standing import Standing, moves, places, value, worths
from tests.core.assignment.drawn import drawn, problems


def free(problem: Problem) -> Prices:
    """Prices of nothing at all."""
    nothing = np.zeros(len(problem.reps.ids))
    return Prices(nothing, nothing, nothing, 0.0)


@given(problems())
def test_a_first_plan_keeps_arcs_capacity_locks_and_moves_whatever_the_prices(problem: Problem) -> None:
    for choice in (construct(problem, free(problem)), greedy(problem), status_quo(problem).choice()):
        assert certify(problem, choice, free(problem)).faults == ()


@given(problems())
def test_giving_out_the_pool_is_never_worse_than_leaving_it_and_moves_nobody(problem: Problem) -> None:
    before = status_quo(problem)
    assert value(problem, greedy(problem)) >= value(problem, before.choice()) - 1e-9
    assert moves(problem, greedy(problem)) == moves(problem, before.choice())


def test_whoever_has_the_dearest_regret_gets_the_last_slot() -> None:
    problem = one_slot()
    assert construct(problem, free(problem)).tolist() == [NOBODY, 0]


def one_slot() -> Problem:
    """Two accounts of the pool, one rep with one slot; the second account is worth more."""
    problem = drawn(2, 1, seed=1, kind=1)
    items = replace(problem.items, size=np.ones(2, dtype=np.int64))
    arcs = replace(problem.arcs, first=np.array([0, 1, 2]), rep=np.zeros(2, dtype=np.int32), worth=np.array([3.0, 4.0]))
    even = replace(problem.reps.potential, slope=0.0, steep=0.0)
    reps = replace(problem.reps, capacity=np.array([1]), potential=even, workload=even)
    return Problem(items, arcs, reps, None)


def overfull(*, locked: bool, most_moves: int) -> Problem:
    """Two accounts at home with a rep who has one slot."""
    problem = one_slot()
    items = replace(
        problem.items,
        owner=np.zeros(2, dtype=np.int64),
        charged=np.ones(2, dtype=np.int64),
        may_pool=np.full(2, not locked),
    )
    return replace(problem, items=items, most_moves=most_moves)


def test_what_is_over_capacity_leaves_the_least_worth_first() -> None:
    assert status_quo(overfull(locked=False, most_moves=1)).choice().tolist() == [NOBODY, 0]


def test_locks_that_do_not_fit_and_moves_that_are_too_few_are_refused_with_the_way_out() -> None:
    with pytest.raises(NoPlan, match="does not fit the capacity"):
        status_quo(overfull(locked=True, most_moves=2))
    with pytest.raises(NoPlan, match="raise the capacities, or the limit"):
        status_quo(overfull(locked=False, most_moves=0))


@given(problems())
def test_wishes_are_what_trying_every_option_finds(problem: Problem) -> None:
    at = places(problem, status_quo(problem).choice())
    option, gain, regret = wishes(problem, free(problem), at)
    items, arcs = problem.items, problem.arcs
    for item in range(len(at)):
        span = range(arcs.first[item], arcs.first[item + 1])
        worth = {int(arcs.rep[arc]): float(arcs.worth[arc]) for arc in span}
        if items.may_pool[item]:
            worth[len(problem.reps.ids)] = float(items.pool[item])
        ranked = sorted(worth.values(), reverse=True)
        assert worth[int(option[item])] == ranked[0]
        assert gain[item] == pytest.approx(ranked[0] - worth[int(at[item])])
        assert regret[item] == pytest.approx(ranked[0] - ranked[1] if len(ranked) > 1 else np.inf)


@given(problems())
def test_what_every_book_counts_stays_right_through_changes(problem: Problem) -> None:
    standing = status_quo(problem)
    fill(standing)
    anew = Standing(problem, standing.at.copy())
    for name in ("size", "potential", "workload", "cost"):
        assert getattr(standing, name) == pytest.approx(getattr(anew, name))


@given(problems())
def test_a_value_is_the_one_that_the_certificate_works_out(problem: Problem) -> None:
    choice = greedy(problem)
    assert value(problem, choice) == pytest.approx(certify(problem, choice, free(problem)).value)
    assert np.isfinite(worths(problem, choice)).all()
