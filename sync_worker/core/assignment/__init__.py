"""Books filled near the optimum, with the proof. A small library of its own: arrays in, a choice and its prices out.

It knows no CRM, no rules and no clock, and gives the same bytes on every machine.
"""

from sync_worker.core.assignment.construction import NoPlan
from sync_worker.core.assignment.problem import NOBODY, Arcs, Effort, Evenness, Items, Prices, Problem, Reps, Solved
from sync_worker.core.assignment.solve import NORMAL, QUICK, THOROUGH, solve

__all__ = [
    "NOBODY",
    "NORMAL",
    "QUICK",
    "THOROUGH",
    "Arcs",
    "Effort",
    "Evenness",
    "Items",
    "NoPlan",
    "Prices",
    "Problem",
    "Reps",
    "Solved",
    "solve",
]
