"""The book by scipy: one slot for each account, the linear program repaired to a plan, and the whole as integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, linprog, milp
from scipy.sparse import csc_matrix, vstack

from benchmarks.books.formulation import linear
from benchmarks.books.method import Answer
from benchmarks.books.shelf import repaired
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from benchmarks.books.formulation import Linear
    from benchmarks.books.method import Task

NEVER = 1e9


def assignment(task: Task) -> Answer:
    """Items to slots and to as many places in the pool; blind to evenness, families and moves, which repair sees."""
    problem = task.problem
    items, arcs = problem.items, problem.arcs
    slot_of = np.repeat(np.arange(len(problem.reps.ids)), problem.reps.capacity)
    count = len(items.ids)
    cost = np.full((count, slot_of.size + count), NEVER)
    for item in range(count):
        mine = slice(arcs.first[item], arcs.first[item + 1])
        by_rep = np.full(len(problem.reps.ids), NEVER)
        by_rep[arcs.rep[mine]] = -arcs.worth[mine]
        cost[item, : slot_of.size] = by_rep[slot_of]
    cost[:, slot_of.size :] = np.where(items.may_pool, -items.pool, NEVER)[:, None]
    _, place = linear_sum_assignment(cost)
    wanted = np.where(place < slot_of.size, slot_of[np.minimum(place, slot_of.size - 1)], NOBODY)
    return Answer(repaired(problem, wanted.astype(np.int64)))


def relaxed(task: Task) -> Answer:
    """The linear program, then repair."""
    program = linear(task.problem)
    above, below = np.isfinite(program.high), np.isfinite(program.low)
    matrix = _matrix(program).tocsr()
    same = program.high == program.low
    rows = [matrix[above & ~same], -matrix[below & ~same]]
    limits = np.concatenate((program.high[above & ~same], -program.low[below & ~same]))
    found = linprog(
        program.cost,
        A_ub=vstack(rows),
        b_ub=limits,
        A_eq=matrix[same],
        b_eq=program.high[same],
        bounds=np.column_stack((np.zeros(program.cost.size), program.upper)),
        method="highs",
        options={"time_limit": task.limit},
    )
    if found.status != 0:
        return Answer(None, None, f"no plan: {found.message}")
    choice = program.chosen(found.x, len(task.problem.items.ids))
    return Answer(repaired(task.problem, choice), -float(found.fun))


def whole(task: Task) -> Answer:
    """Branch and cut until the limit; what it has by then, made feasible to the last hundredth."""
    program = linear(task.problem)
    kinds = np.zeros(program.cost.size)
    kinds[: program.options] = 1
    found = milp(
        program.cost,
        integrality=kinds,
        bounds=Bounds(0, program.upper),
        constraints=LinearConstraint(_matrix(program), program.low, program.high),
        options={"time_limit": task.limit},
    )
    bound = None if found.mip_dual_bound is None else -float(found.mip_dual_bound)
    proven = bound if bound is not None and np.isfinite(bound) else None
    if found.x is None:
        return Answer(None, proven, "no plan in time")
    choice = program.chosen(found.x, len(task.problem.items.ids))
    return Answer(repaired(task.problem, choice), proven, "optimal" if found.status == 0 else "limit reached")


def _matrix(program: Linear) -> csc_matrix:
    return csc_matrix((program.value, program.row, program.start), shape=(program.low.size, program.cost.size))
