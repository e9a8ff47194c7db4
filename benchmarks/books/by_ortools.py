"""The book by OR-tools: as flows, as a linear program by two of its solvers, and as a whole by CP-SAT."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from ortools.linear_solver.python.model_builder_helper import ModelBuilderHelper, ModelSolverHelper, SolveStatus
from scipy.sparse import csc_matrix

from benchmarks.books.formulation import linear
from benchmarks.books.method import Answer
from benchmarks.books.shelf import Shelf, repaired
from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from benchmarks.books.formulation import Linear
    from benchmarks.books.method import Task
    from sync_worker.core.assignment.problem import Evenness, Floats, Ints, Problem

FINE = 10_000
"""Flows count in whole numbers: so many parts of one unit of worth."""


def flow(task: Task) -> Answer:
    """One unit for each item, and slots; blind to evenness, families and moves, which repair sees."""
    problem = task.problem
    items, count = problem.items, len(problem.items.ids)
    network = _Network(problem)
    network.options(np.ones(count, dtype=np.int64), problem.arcs.worth, items.pool)
    network.out(np.arange(len(problem.reps.ids)), problem.reps.capacity, np.zeros(len(problem.reps.ids)))
    return network.solved(np.ones(count, dtype=np.int64))


def flow_by_value(task: Task) -> Answer:
    """Potential flows, and convex costs keep it even; blind to slots and moves, which repair sees."""
    problem = task.problem
    items = problem.items
    amount = np.maximum(items.potential // 10, 1)
    network = _Network(problem)
    per_arc = np.repeat(amount, np.diff(problem.arcs.first))
    network.options(amount, problem.arcs.worth / per_arc, items.pool / amount)
    evenness = problem.reps.potential
    slopes = np.array([-evenness.steep, -evenness.slope, 0.0, evenness.slope, evenness.steep])
    widths = _widths(evenness, int(amount.sum()))
    for slope, width in zip(slopes, widths, strict=True):
        network.out(np.arange(width.size), width, np.full(width.size, -slope * 10))
    return network.solved(amount)


def glop(task: Task) -> Answer:
    """The linear program by simplex, then repair."""
    return _relaxed(task, "glop", proves=True)


def pdlp(task: Task) -> Answer:
    """The linear program by a first-order method, then repair. Its optimum is no proven bound."""
    return _relaxed(task, "pdlp", proves=False)


def sat(task: Task) -> Answer:
    """CP-SAT on one thread until the limit, begun with what a greedy hand would do."""
    program = linear(task.problem)
    model = _model(program)
    for column in range(program.options):
        model.set_var_integrality(column, True)  # noqa: FBT003 - the package's own signature
    shelf = Shelf(task.problem)
    shelf.fill(evenly=True)
    for hinted in np.flatnonzero(shelf.choice[program.item] == program.rep):
        model.add_hint(int(hinted), 1.0)
    solver = ModelSolverHelper("sat")
    solver.set_solver_specific_parameters("num_workers: 1")
    solver.set_time_limit_in_seconds(task.limit)
    solver.solve(model)
    return _told(task, program, solver, proves=False)


class _Network:
    """Items, reps and a sink; the pool is an arc straight to the sink."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.count = len(problem.items.ids)
        self.sink = self.count + len(problem.reps.ids)
        self.flow = SimpleMinCostFlow()
        self.item = np.repeat(np.arange(self.count), np.diff(problem.arcs.first))

    def options(self, amount: Ints, worth: Floats, pool: Floats) -> None:
        """The arcs of all items: to reps first, then to the pool."""
        arcs, fine = self.problem.arcs, FINE if bool((amount == 1).all()) else FINE * 100
        add = self.flow.add_arcs_with_capacity_and_unit_cost
        add(self.item, arcs.rep + self.count, amount[self.item], -np.round(worth * fine).astype(np.int64))
        free = np.flatnonzero(self.problem.items.may_pool)
        add(free, np.full(free.size, self.sink), amount[free], -np.round(pool[free] * fine).astype(np.int64))
        self.fine = fine

    def out(self, reps: Ints, width: Ints, worth: Floats) -> None:
        """Arcs from reps to the sink."""
        cost = -np.round(worth * self.fine).astype(np.int64)
        self.flow.add_arcs_with_capacity_and_unit_cost(reps + self.count, np.full(reps.size, self.sink), width, cost)

    def solved(self, amount: Ints) -> Answer:
        """The flow at its optimum, repaired to a plan."""
        self.flow.set_nodes_supplies(np.arange(self.count), amount)
        self.flow.set_nodes_supplies(np.array([self.sink]), np.array([-int(amount.sum())]))
        if (state := self.flow.solve()) != SimpleMinCostFlow.OPTIMAL:
            return Answer(None, None, f"no plan: {state}")
        flows = self.flow.flows(np.arange(self.item.size))
        most = np.zeros(self.count, dtype=np.int64)
        np.maximum.at(most, self.item, flows)
        best = np.flatnonzero((flows == most[self.item]) & (flows * 2 > amount[self.item]))
        wanted = np.full(self.count, NOBODY, dtype=np.int64)
        wanted[self.item[best]] = self.problem.arcs.rep[best]
        return Answer(repaired(self.problem, wanted))


def _widths(evenness: Evenness, endless: int) -> list[Ints]:
    """How much potential each rep may have at each slope of the cost of evenness, in tenths as flows count it."""
    edges = [1 - evenness.far, 1 - evenness.near, 1 + evenness.near, 1 + evenness.far]
    at = [np.zeros(evenness.target.size, dtype=np.int64)]
    at += [np.round(edge * evenness.target / 10).astype(np.int64) for edge in edges]
    return [after - before for before, after in pairwise(at)] + [np.full(at[0].size, endless)]


def _model(program: Linear) -> ModelBuilderHelper:
    model = ModelBuilderHelper()
    matrix = csc_matrix((program.value, program.row, program.start), shape=(program.low.size, program.cost.size))
    nothing = np.zeros(program.cost.size)
    model.fill_model_from_sparse_data(nothing, program.upper, program.cost, program.low, program.high, matrix.tocsr())
    return model


def _relaxed(task: Task, name: str, *, proves: bool) -> Answer:
    program = linear(task.problem)
    solver = ModelSolverHelper(name)
    solver.set_time_limit_in_seconds(task.limit)
    solver.solve(_model(program))
    return _told(task, program, solver, proves=proves)


def _told(task: Task, program: Linear, solver: ModelSolverHelper, *, proves: bool) -> Answer:
    state = solver.status()
    if state not in {SolveStatus.OPTIMAL, SolveStatus.FEASIBLE}:
        return Answer(None, None, f"no plan: {state.name.lower()}")
    choice = program.chosen(np.array(solver.variable_values()), len(task.problem.items.ids))
    bound = -float(solver.objective_value()) if proves and state == SolveStatus.OPTIMAL else None
    return Answer(repaired(task.problem, choice), bound, state.name.lower())
