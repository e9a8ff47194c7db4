"""The ledger of an item: its lines add up, the best is first, and they add up to the bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.assignment.dual import sweep
from sync_worker.core.assignment.ledger import Line, ledger
from sync_worker.core.assignment.problem import NOBODY, Prices, Problem
from tests.core.assignment.drawn import problems
from tests.core.assignment.test_certificate import book, prices, whole
from tests.core.assignment.test_prices import some_prices


def test_a_ledger_reads_as_one_would_work_it_out() -> None:
    found = ledger(book(), whole(0, 1, NOBODY), prices(), 0)
    stays = Line("r", worth=10.0, slot=2.0, potential=0.0, workload=0.0, move=0.0, net=8.0)
    goes = Line("s", worth=12.0, slot=0.0, potential=2.0, workload=0.0, move=1.0, net=9.0)
    assert found.lines == (goes, stays)
    assert (found.item, found.chosen, found.runner_up) == ("a", "r", "s")
    assert found.margin == pytest.approx(-1.0)
    assert found.pool == pytest.approx(-0.5 - 1.0)


def test_what_may_not_go_to_the_pool_has_no_price_there_and_no_runner_up() -> None:
    found = ledger(book(), whole(0, 1, NOBODY), prices(), 1)
    assert (found.pool, found.chosen, found.runner_up, found.margin) == (None, "s", None, None)


def test_what_stays_in_the_pool_is_measured_against_the_best_rep() -> None:
    found = ledger(book(), whole(0, 1, NOBODY), prices(), 2)
    assert (found.pool, found.chosen, found.runner_up) == (0.0, None, "r")
    assert found.margin == pytest.approx(-2.0)


@settings(max_examples=60, deadline=None)
@given(problems(most_items=6, most_reps=3), st.integers(0, 2**32 - 1))
def test_the_best_line_is_what_the_item_adds_to_the_bound(problem: Problem, seed: int) -> None:
    some = some_prices(problem, seed)
    for items, _, top in sweep(problem, some):
        for item, best in enumerate(top, start=items.start):
            found = ledger(problem, problem.items.owner, some, item)
            nets = [line.net for line in found.lines] + ([] if found.pool is None else [found.pool])
            assert max(nets, default=-np.inf) == pytest.approx(best)
            assert nets[: len(found.lines)] == sorted((line.net for line in found.lines), reverse=True)


def test_prices_of_nothing_leave_the_worth() -> None:
    none = np.zeros(2)
    found = ledger(book(), whole(0, 1, 0), Prices(none, none, none, 0.0), 2)
    assert [line.net for line in found.lines] == [line.worth for line in found.lines] == [3.0]
