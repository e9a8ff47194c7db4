"""The figures that a plan shows: evenness, coverage, moves and worth, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.metrics import arcs_of, measure, spread, standing
from sync_worker.core.assignment.problem import NOBODY, Arcs, Evenness, Items, Problem, Reps


def ints(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def small() -> Problem:
    """Three accounts and a family of two, two reps; the last account's owner may not have it any more."""
    items = Items(
        ids=("a", "b", "c", "d"),
        size=ints(1, 2, 1, 1),
        workload=ints(100, 200, 100, 100),
        potential=ints(1000, 3000, 500, 500),
        owner=ints(0, 0, NOBODY, 1),
        pool=np.array([-0.5, -0.5, 0.0, 0.0]),
        may_pool=np.array([False, True, True, True]),
        charged=ints(1, 2, 0, 0),
    )
    arcs = Arcs(
        ints(0, 1, 3, 5, 6), ints(0, 0, 1, 0, 1, 0).astype(np.int32), np.array([10.0, 30.0, 32.0, 5.0, 6.0, 5.0])
    )
    reps = Reps(
        ("r", "s"),
        ints(3, 2),
        Evenness(np.array([2500.0, 2500.0]), slope=0.001, steep=0.004),
        Evenness(np.array([0.0, 0.0]), slope=0.0, steep=0.0),
    )
    return Problem(items, arcs, reps, 2)


def test_moves_are_told_apart_by_whether_the_owner_might_have_kept_them() -> None:
    moves = measure(small(), ints(0, 1, 1, NOBODY)).moves
    assert (moves.given, moves.chosen, moves.forced, moves.to_pool) == (1, 2, 1, 1)
    assert (moves.chosen_potential, moves.forced_potential) == (3000, 500)
    assert moves.share == pytest.approx(2 / 4)


def test_value_is_the_worth_of_the_arcs_less_what_unevenness_costs() -> None:
    after = standing(small(), ints(0, 1, 1, NOBODY))
    assert after.worth == pytest.approx(10 + 32 + 6)
    # r has 1,000 of 2,500, s has 3,500: nothing within 125, the slope to 375, then the steep slope.
    assert after.value == pytest.approx(48 - (250 * 0.001 + 1125 * 0.004) - (250 * 0.001 + 625 * 0.004))


def test_coverage_and_fill_count_accounts_and_not_families() -> None:
    after = standing(small(), ints(0, 1, NOBODY, NOBODY))
    assert after.covered_accounts == pytest.approx(3 / 5)
    assert after.covered_potential == pytest.approx(4000 / 5000)
    assert after.filled == pytest.approx(3 / 5)
    assert after.full == 1


def test_an_owner_who_may_not_have_an_account_adds_nothing_to_the_worth_before() -> None:
    assert measure(small(), ints(0, 0, NOBODY, NOBODY)).before.worth == pytest.approx(10 + 30)


def test_what_is_captured_is_a_share_of_the_gain_that_is_possible() -> None:
    measured = measure(small(), ints(0, 1, 1, 0))
    assert measured.captured(measured.after.value) == pytest.approx(1.0)
    assert measured.captured(measured.before.value) == pytest.approx(1.0)
    assert 0 < measured.captured(measured.after.value + 10) < 1


def test_four_reps_have_the_figures_that_the_textbook_gives() -> None:
    found = spread(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), far=0.15)
    assert found.gini == pytest.approx(0.25)
    assert found.variation == pytest.approx((1.25**0.5) / 2.5)
    assert found.largest_to_smallest == pytest.approx(4.0)
    assert found.high_to_low == pytest.approx(4.0)
    assert found.on_target == pytest.approx(0.25)


def test_a_rep_who_is_due_nothing_and_a_book_of_nobody_make_no_figure() -> None:
    assert spread(np.array([5.0, 1.0]), np.array([0.0, 1.0]), far=0.15).reps == 1
    assert spread(np.zeros(2), np.ones(2), far=0.15).largest_to_smallest is None
    assert spread(np.array([0.0, 1.0]), np.ones(2), far=0.15).largest_to_smallest is None


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=30))
def test_evenness_does_not_depend_on_the_order_of_reps_nor_on_the_unit(amounts: list[int]) -> None:
    fair = np.full(len(amounts), 100.0)
    one = spread(np.array(amounts), fair, far=0.15)
    other = spread(np.array(amounts[::-1]) * 4, fair * 4, far=0.15)
    assert one == other
    assert 0 <= one.gini < 1


def test_the_arc_of_each_choice_is_found_and_no_other() -> None:
    problem = made(setting(accounts=600, reps=12))
    first, rep = problem.arcs.first, problem.arcs.rep
    for who in range(-1, 12):
        found = arcs_of(problem, np.full(len(problem.items.ids), who, dtype=np.int64))
        for item, arc in enumerate(found):
            mine = [at for at in range(first[item], first[item + 1]) if rep[at] == who]
            assert [arc] == (mine or [-1])
