"""What a way to fill a book is, for the comparison: a problem in, a plan out, and a bound where it proves one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Ints, Prices, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A book to fill, and what the one who fills it may know and spend."""

    problem: Problem
    yesterday: Prices | None
    """Prices of a like book, where the comparison is about one day after another."""
    limit: float
    """Seconds after which a package that would go on has to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A feasible plan, or none; a bound that no plan exceeds, where the way there proved it."""

    choice: Ints | None
    bound: float | None = None
    note: str = ""
    prices: Prices | None = None
    """What proves the bound, where that can be checked by itself."""


Way = Callable[[Task], Answer]


@dataclass(frozen=True, slots=True)
class Method:
    """One line of the table. ``largest``: how many accounts it is tried with, and why no more."""

    name: str
    place: str
    """module:function, so that each process imports its own package and no other."""
    largest: int = 1_000_000
    why: str = ""

    @property
    def ours(self) -> bool:
        """True for the product itself."""
        return self.place.startswith("ours:")

    def way(self) -> Way:
        """The function behind the name. Raises ImportError where the package is not installed."""
        module, _, function = self.place.partition(":")
        way: Way = getattr(import_module(f"benchmarks.books.{module}"), function)
        return way


METHODS = (
    Method("round robin", "plain:round_robin"),
    Method("deficit round robin", "plain:deficit_round_robin"),
    Method("greedy", "plain:greedy"),
    Method("greedy, evenly", "plain:greedy_evenly"),
    Method("greedy from scratch, cut", "plain:greedy_cut"),
    Method(
        "scipy linear_sum_assignment", "by_scipy:assignment", 1_000, "a dense matrix of items by slots: 330 s at 10k"
    ),
    Method("scipy linprog + repair", "by_scipy:relaxed", 10_000, "the LP does not end in 1,000 s"),
    Method("scipy milp", "by_scipy:whole", 1_000, "at 10k it had no plan after 107 CPU s and did not heed its limit"),
    Method("HiGHS simplex + repair", "by_highs:simplex", 10_000, "the LP does not end in 1,000 s"),
    Method("HiGHS IPM + repair", "by_highs:interior", 10_000, "50 s at 10k, and it grows faster than the book"),
    Method("HiGHS PDLP + repair", "by_highs:first_order", 10_000, "at 10k it had not come near in 58 CPU s"),
    Method("HiGHS MILP", "by_highs:whole", 10_000, "its root LP does not end in 1,000 s"),
    Method("OR-tools flow, unit", "by_ortools:flow"),
    Method("OR-tools flow, by value", "by_ortools:flow_by_value"),
    Method("OR-tools GLOP + repair", "by_ortools:glop", 10_000, "39 s at 10k, and it grows faster than the book"),
    Method("OR-tools PDLP + repair", "by_ortools:pdlp", 100_000, "32 s at 10k"),
    Method("OR-tools CP-SAT", "by_ortools:sat", 10_000, "at 10k it had no plan after 57 CPU s"),
    Method("ours, quick", "ours:quick"),
    Method("ours, normal", "ours:normal"),
    Method("ours, thorough", "ours:thorough"),
    Method("ours, patient", "ours:patient", 10_000, "for small books"),
)
