"""The book by the product itself, at its three efforts and beyond. Yesterday's prices begin, where there are any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.books.method import Answer
from sync_worker.core.assignment.solve import NORMAL, QUICK, THOROUGH, solve

if TYPE_CHECKING:
    from benchmarks.books.method import Task
    from sync_worker.core.assignment.problem import Effort

PATIENT = 4


def quick(task: Task) -> Answer:
    """As every day."""
    return _solved(task, QUICK)


def normal(task: Task) -> Answer:
    """As for a rebalance that somebody waits for."""
    return _solved(task, NORMAL)


def thorough(task: Task) -> Answer:
    """As for the plan of a quarter."""
    return _solved(task, THOROUGH)


def patient(task: Task) -> Answer:
    """For a small book and a quarter of a minute: more shakes than the plan of a quarter has."""
    return _solved(task, replace(THOROUGH, ruin_rounds=PATIENT * THOROUGH.ruin_rounds))


def _solved(task: Task, effort: Effort) -> Answer:
    found = solve(task.problem, start=task.yesterday, effort=effort)
    return Answer(found.choice, found.bound, prices=found.prices)
