"""The certificate: it takes what is right, finds what is not, and never breaks on what it is given."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment import certificate
from sync_worker.core.assignment.certificate import Certificate, certify, check
from sync_worker.core.assignment.dual import bound
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import NOBODY, Arcs, Evenness, Items, Prices, Problem, Reps, Solved
from tests.core.assignment.drawn import allowed, problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.core.assignment.problem import Ints

SEEDS = st.integers(0, 2**32 - 1)


def whole(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int64)


def book() -> Problem:
    """A family of two and two accounts, two reps: b is locked with s, c is in the pool and may go to r alone."""
    return Problem(
        Items(
            ids=("a", "b", "c"),
            size=whole(2, 1, 1),
            workload=whole(200, 100, 100),
            potential=whole(1000, 500, 300),
            owner=whole(0, 1, NOBODY),
            pool=np.array([-0.5, 0.0, 0.0]),
            may_pool=np.array([True, False, True]),
            charged=whole(2, 1, 0),
        ),
        Arcs(whole(0, 2, 3, 4), whole(0, 1, 1, 0).astype(np.int32), np.array([10.0, 12.0, 5.0, 3.0])),
        Reps(
            ("r", "s"),
            whole(2, 3),
            Evenness(np.array([1000.0, 500.0]), slope=0.001, steep=0.004),
            Evenness(np.array([0.0, 0.0]), slope=0.0, steep=0.0),
        ),
        most_moves=2,
    )


def prices() -> Prices:
    return Prices(np.array([1.0, 0.0]), np.zeros(2), np.array([0.0, 0.002]), 0.5)


def solved(**changed: object) -> Solved:
    found = certify(book(), whole(0, 1, NOBODY), prices())
    right = Solved(whole(0, 1, NOBODY), prices(), found.value, found.bound)
    return replace(right, **changed)  # type: ignore[arg-type] # each test names the fields that it changes


def test_a_plan_is_recomputed_by_hand() -> None:
    found = certify(book(), whole(0, 1, NOBODY), prices())
    assert found.faults == ()
    assert found.value == pytest.approx(10 + 5)
    # a stays for 10 - 2 slots, or moves for 12 - 1000 * .002 - 2 * .5; b is left 5 - 500 * .002; c is left 3 - 1.
    items = max(10 - 2, 12 - 2 - 1) + (5 - 1) + (3 - 1)
    # Two slots at 1, two moves at .5; at .002, s would have 5 % more than its 500, and 10 % more beyond the slope.
    assert found.bound == pytest.approx(items + 2 * 1 + 2 * 0.5 + 500 * (0.002 + 0.05 * 0.001 + 0.15 * 0.001))
    assert found.gap == pytest.approx((found.bound - 15) / found.bound)
    assert check(book(), solved()) == found


@settings(max_examples=40, deadline=None)
@given(problems(most_items=5, most_reps=3), SEEDS)
def test_every_choice_that_may_be_is_accepted(problem: Problem, seed: int) -> None:
    choices = list(allowed(problem))
    choice = choices[seed % len(choices)]
    priced = price(problem)
    found = certify(problem, choice, priced.prices)
    assert found.faults == ()
    assert found.value <= found.bound + 1e-9
    assert found.bound == pytest.approx(priced.bound, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(problems(most_items=5, most_reps=3), SEEDS)
def test_every_choice_that_may_not_be_is_rejected(problem: Problem, seed: int) -> None:
    draw = np.random.default_rng(seed)
    choice = draw.integers(NOBODY, len(problem.reps.ids), len(problem.items.ids))
    may = any(np.array_equal(choice, one) for one in allowed(problem))
    assert (not certify(problem, choice, _free(problem)).faults) == may


@pytest.mark.parametrize(
    ("choice", "fault"),
    [
        (whole(0, NOBODY, NOBODY), "b may not go to the pool"),
        (whole(0, 0, NOBODY), "b may not go to r"),
        (whole(0, 1, 0), "r would have 3 accounts and has room for 2"),
        (whole(0, 1), "2 items have a choice, of 3"),
        (whole(0, 1, 2), "an item goes to a rep that there is not"),
        (whole(0, 1, -2), "an item goes to a rep that there is not"),
        (np.array([0.0, 1.0, math.nan]), "an item goes to a rep that there is not"),
    ],
)
def test_a_choice_that_may_not_be_is_named(choice: Ints, fault: str) -> None:
    assert fault in certify(book(), choice, prices()).faults


def test_too_many_moves_are_counted_in_accounts() -> None:
    few = replace(book(), most_moves=1)
    assert certify(few, whole(1, 1, NOBODY), prices()).faults == ("2 accounts would leave their owners, and 1 may",)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (replace(prices(), slot=np.array([-1.0, 0.0])), "below 0"),
        (replace(prices(), move=-0.1), "below 0"),
        (replace(prices(), potential=np.array([0.0, 0.005])), "a price of potential is steeper"),
        (replace(prices(), workload=np.array([0.001, 0.0])), "a price of workload is steeper"),
        (replace(prices(), slot=np.array([math.nan, 0.0])), "no number"),
        (replace(prices(), potential=np.array([math.inf, 0.0])), "no number"),
        (replace(prices(), move=math.inf), "no number"),
        (replace(prices(), slot=np.zeros(3)), "not those of 2 reps"),
    ],
)
def test_prices_that_prove_nothing_are_named(changed: Prices, fault: str) -> None:
    assert any(fault in told for told in certify(book(), whole(0, 1, NOBODY), changed).faults)


def test_a_price_of_moves_needs_a_limit_of_moves() -> None:
    free = replace(book(), most_moves=None)
    assert certify(free, whole(0, 1, NOBODY), prices()).faults == ("a move has a price where any number is allowed",)


@pytest.mark.parametrize(
    "changed",
    [
        {"value": solved().value * (1 + 1e-8)},
        {"value": math.nan},
        {"bound": solved().bound * (1 - 1e-8)},
        {"bound": math.inf},
        {"prices": replace(prices(), move=1.2)},
        {"prices": replace(prices(), slot=np.array([1.5, 0.0]))},
        {"choice": whole(1, 1, NOBODY)},
        {"choice": whole(0, 1, 1)},
    ],
)
def test_a_plan_that_was_tampered_with_does_not_pass(changed: dict[str, object]) -> None:
    assert check(book(), solved(**changed)).faults


@pytest.mark.parametrize(
    "broken",
    [
        lambda one: replace(one, items=replace(one.items, size=whole(1, 1))),
        lambda one: replace(one, reps=replace(one.reps, capacity=whole(1))),
        lambda one: replace(one, arcs=replace(one.arcs, first=whole(0, 3, 2, 4))),
        lambda one: replace(one, arcs=replace(one.arcs, first=whole(0, 2, 3))),
        lambda one: replace(one, arcs=replace(one.arcs, first=whole(0, 2, 3, 5))),
        lambda one: replace(one, arcs=replace(one.arcs, rep=whole(0, 1, 1, 2).astype(np.int32))),
        lambda one: replace(one, arcs=replace(one.arcs, rep=whole(1, 0, 1, 0).astype(np.int32))),
        lambda one: replace(one, arcs=replace(one.arcs, worth=np.array([1.0, math.nan, 1.0, 1.0]))),
        lambda one: replace(one, items=replace(one.items, owner=whole(0, 1, 2))),
        lambda one: replace(one, items=replace(one.items, charged=whole(2, 1, 1))),
        lambda one: replace(one, items=replace(one.items, pool=np.array([math.inf, 0.0, 0.0]))),
    ],
)
def test_a_problem_that_is_none_is_rejected(broken: Callable[[Problem], Problem]) -> None:
    found = certify(broken(book()), whole(0, 1, NOBODY), prices())
    assert found.faults
    assert math.isnan(found.value)


@pytest.mark.parametrize("bent", [{"slope": -0.01}, {"slope": 0.5}, {"near": 0.2}, {"steep": math.nan}])
def test_a_cost_that_bends_the_wrong_way_proves_nothing(bent: dict[str, float]) -> None:
    cost = replace(book().reps.potential, **bent)  # type: ignore[arg-type] # the names of its floats
    wrong = replace(book(), reps=replace(book().reps, potential=cost))
    assert "what unevenness costs does not rise" in certify(wrong, whole(0, 1, NOBODY), prices()).faults[0]


def test_many_faults_are_told_in_a_few_lines() -> None:
    problem = made(setting(accounts=300, reps=5))
    nowhere = np.full(len(problem.items.ids), NOBODY)
    faults = certify(problem, nowhere, _free(problem)).faults
    assert len(faults) == 21
    assert faults[-1].endswith("more faults")


def test_a_book_in_several_blocks_has_the_bound_of_the_whole() -> None:
    problem = made(setting(accounts=25_000, reps=6, variant="all unowned"))
    nobody = np.full(len(problem.items.ids), NOBODY)
    found = certify(problem, nobody, _free(problem))
    assert found.bound == pytest.approx(bound(problem, _free(problem)), rel=1e-12)
    assert isinstance(found, Certificate)


def _free(problem: Problem) -> Prices:
    none = np.zeros(len(problem.reps.ids))
    return Prices(none, none, none, 0.0)


def test_the_certificate_shares_no_code_with_what_makes_plans() -> None:
    source = ast.parse(Path(certificate.__file__).read_text(encoding="utf-8"))
    modules = {one.module for one in ast.walk(source) if isinstance(one, ast.ImportFrom) and one.module}
    ours = {name for name in modules if name.startswith("sync_worker")}
    assert ours == {"sync_worker.core.assignment.problem"}
