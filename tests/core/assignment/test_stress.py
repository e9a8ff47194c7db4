"""Books that are hard in nine ways, five of each: every plan is certified, and near enough to the bound."""

from __future__ import annotations

import pytest

from benchmarks.books.instances import STRESS, made, setting
from sync_worker.core.assignment.certificate import check
from sync_worker.core.assignment.solve import QUICK, solve

GAP = 0.011
"""What is asked of 1,000 accounts in an ordinary book; these are smaller and hard, and the bound is further off."""


@pytest.mark.parametrize("variant", STRESS)
def test_five_books_of_each_hard_kind_are_filled_without_a_fault_and_near_the_bound(variant: str) -> None:
    for seed in range(5):
        problem = made(setting(variant, accounts=400, reps=12, seed=seed))
        found = check(problem, solve(problem, effort=QUICK))
        assert found.faults == ()
        assert found.gap <= GAP, f"seed {seed}"


def test_there_are_nine_hard_kinds() -> None:
    assert len(STRESS) == 9
