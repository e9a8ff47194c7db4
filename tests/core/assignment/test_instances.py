"""The made-up books that the optimiser is measured on: what they hold, and that what they are compared by is fair."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.books.compare import Line, Table
from benchmarks.books.formulation import linear
from benchmarks.books.instances import VARIANTS, made, setting, statistics
from benchmarks.books.saved import load, save
from benchmarks.books.shelf import Shelf, repaired
from benchmarks.books.verdict import judged
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.metrics import arcs_of, standing
from sync_worker.core.assignment.problem import NOBODY, Prices, Problem

if TYPE_CHECKING:
    from pathlib import Path


def free(problem: Problem) -> Prices:
    nothing = np.zeros(len(problem.reps.ids))
    return Prices(nothing, nothing, nothing, 0.0)


def test_the_usual_book_has_the_families_locks_owners_and_moves_that_it_says() -> None:
    found = statistics(made(setting(accounts=20_000, reps=200)))
    assert found["accounts"] == 20_000
    assert found["in families (share of accounts)"] == pytest.approx(0.12, abs=0.005)
    assert found["locked (share of accounts)"] == pytest.approx(0.12, abs=0.01)
    assert found["owned (share of accounts)"] == pytest.approx(0.64, abs=0.01)
    assert 20 <= found["arcs of an item that is free (median)"] <= 50
    assert found["most moves"] == pytest.approx(0.05 * 0.64 * 20_000, rel=0.05)


@pytest.mark.parametrize("variant", VARIANTS)
def test_as_things_stand_and_as_anybody_wishes_there_is_a_feasible_plan(variant: str) -> None:
    problem = made(setting(variant, accounts=400, reps=12))
    random = np.random.default_rng(1)
    first = problem.arcs.first
    wish = np.array([
        random.choice([NOBODY, *problem.arcs.rep[first[item] : first[item + 1]].tolist()])
        for item in range(len(problem.items.ids))
    ])  # fmt: skip
    for choice in (Shelf(problem).choice, repaired(problem, wish)):
        assert certify(problem, choice, free(problem)).faults == ()


def test_the_linear_program_says_of_a_plan_what_the_certificate_says() -> None:
    problem = made(setting(accounts=300, reps=8))
    shelf = Shelf(problem)
    shelf.fill(evenly=True)
    program = linear(problem)
    answer = np.zeros(program.cost.size)
    answer[: program.options] = shelf.choice[program.item] == program.rep
    used = rows(program.start, program.row, program.value * np.repeat(answer, np.diff(program.start)), program.low.size)
    people = len(problem.reps.ids)
    evenness = slice(len(problem.items.ids) + people, len(problem.items.ids) + 3 * people)
    others = np.ones(used.size, dtype=bool)
    others[evenness] = False
    assert (used[others] <= program.high[others] + 1e-9).all()
    assert (used[others] >= program.low[others] - 1e-9).all()
    worth = -float(program.cost[: program.options] @ answer[: program.options])
    assert worth == pytest.approx(standing(problem, shelf.choice).worth)


def rows(start: np.ndarray, row: np.ndarray, value: np.ndarray, count: int) -> np.ndarray:
    assert start[-1] == row.size
    return np.bincount(row, value, count)


def test_a_book_read_from_a_file_is_the_book_that_was_written(tmp_path: Path) -> None:
    problem = made(setting(accounts=200, reps=6))
    save(problem, tmp_path / "book.npz")
    other = load(tmp_path / "book.npz")
    for part in ("items", "arcs"):
        one, two = getattr(problem, part), getattr(other, part)
        for column in fields(one):
            assert np.array_equal(getattr(one, column.name), getattr(two, column.name)), column.name
    assert other.most_moves == problem.most_moves
    assert other.reps.ids == problem.reps.ids
    assert other.reps.potential.steep == problem.reps.potential.steep


def test_who_has_an_account_may_have_it_unless_it_has_to_leave() -> None:
    problem = made(setting("many have left", accounts=400, reps=12))
    owned = problem.items.owner != NOBODY
    stays = arcs_of(problem, problem.items.owner) >= 0
    assert (stays[owned] == (problem.items.charged[owned] > 0)).all()
    assert (owned & ~stays).sum() > 20


def test_a_missed_bound_and_a_better_package_in_the_same_time_are_both_told() -> None:
    ours = Line("ours, quick", ours=True, value=99.0, bound=100.0, cpu=2.0, peak=50.0)
    table = Table("1k", 100.0, (ours,))
    assert judged(table, "1k", "rebalance") == []
    slow = replace(table, lines=(replace(ours, cpu=11.0),))
    poor = replace(table, lines=(replace(ours, value=98.0),))
    assert ["10 CPU s" in judged(bad, "1k", "rebalance")[0] for bad in (slow, poor)] == [True, True]
    other = Line("greedy", ours=False, value=99.5, cpu=0.1)
    assert "greedy has 99.50" in judged(replace(table, lines=(ours, other)), "1k", "rebalance")[0]
    later = replace(ours, name="ours, normal", value=99.6, cpu=8.0)
    slower = replace(other, cpu=9.0)
    assert judged(replace(table, lines=(ours, later, slower)), "1k", "rebalance") == []
