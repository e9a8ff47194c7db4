"""The book by HiGHS: the linear program by three of its algorithms, repaired to a plan; and the whole as integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

from benchmarks.books.formulation import linear
from benchmarks.books.method import Answer
from benchmarks.books.shelf import repaired

if TYPE_CHECKING:
    from benchmarks.books.formulation import Linear
    from benchmarks.books.method import Task


def simplex(task: Task) -> Answer:
    """Dual simplex, then repair."""
    return _relaxed(task, "simplex")


def interior(task: Task) -> Answer:
    """Interior point, then repair."""
    return _relaxed(task, "ipm")


def first_order(task: Task) -> Answer:
    """PDLP to its usual tolerance, then repair. Its optimum is no proven bound."""
    found = _relaxed(task, "pdlp")
    return Answer(found.choice, None, found.note)


def whole(task: Task) -> Answer:
    """Branch and cut until the limit; what it has by then, made feasible to the last hundredth."""
    program = linear(task.problem)
    solver = _loaded(program, task.limit)
    solver.changeColsIntegrality(
        program.options,
        np.arange(program.options, dtype=np.int32),
        np.full(program.options, int(highspy.HighsVarType.kInteger), dtype=np.uint8),
    )
    solver.run()
    state, info = solver.modelStatusToString(solver.getModelStatus()), solver.getInfo()
    bound = -float(info.mip_dual_bound)
    proven = bound if np.isfinite(bound) else None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Answer(None, proven, f"no plan: {state.lower()}")
    choice = program.chosen(np.array(solver.getSolution().col_value), len(task.problem.items.ids))
    return Answer(repaired(task.problem, choice), proven, state.lower())


def _relaxed(task: Task, algorithm: str) -> Answer:
    program = linear(task.problem)
    solver = _loaded(program, task.limit)
    solver.setOptionValue("solver", algorithm)
    solver.run()
    state = solver.modelStatusToString(solver.getModelStatus())
    if state != "Optimal":
        return Answer(None, None, f"no plan: {state.lower()}")
    choice = program.chosen(np.array(solver.getSolution().col_value), len(task.problem.items.ids))
    return Answer(repaired(task.problem, choice), -float(solver.getInfo().objective_function_value))


def _loaded(program: Linear, limit: float) -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - the package's own signature
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", limit)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = program.cost.size, program.low.size
    model.col_cost_, model.col_lower_, model.col_upper_ = program.cost, np.zeros(program.cost.size), program.upper
    model.row_lower_, model.row_upper_ = program.low, program.high
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = program.start, program.row
    model.a_matrix_.value_ = program.value
    solver.passModel(model)
    return solver
