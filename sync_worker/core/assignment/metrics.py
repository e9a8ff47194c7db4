"""What a plan does to the books, in figures for people: evenness, coverage, moves and worth, before and after.

Measures only; it decides nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.assignment.problem import Evenness, Floats, Ints, Problem


@dataclass(frozen=True, slots=True)
class Spread:
    """How far apart reps are, each measured against what is fair for that rep. 0 reps: all figures are 0 or None."""

    reps: int
    variation: float
    """The coefficient of variation: standard deviation (of all reps, not of a sample) over mean."""
    gini: float
    """Gini's coefficient, by the sorted form Σ(2i - n - 1)x / (n Σx): 0 where all have the same."""
    largest_to_smallest: float | None
    """None where the smallest is 0."""
    high_to_low: float | None
    """The 90th percentile over the 10th, by nearest rank. None where the latter is 0."""
    on_target: float
    """The share of reps who are no further from their target than the book calls far (15 % unless it says so)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the books stand at one moment."""

    potential: Spread
    workload: Spread
    covered_accounts: float
    """The share of accounts that a rep has."""
    covered_potential: float
    """The same of potential."""
    filled: float
    """Accounts that reps have, over the capacity of all."""
    full: int
    """Reps who have as many accounts as their capacity, or more."""
    worth: float
    """The worth of all chosen arcs and of what stays in the pool. An owner who may not have an account adds nothing."""
    value: float
    """What was maximised: ``worth`` less what unevenness costs."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What changes hands. Counts are accounts, not families; potential is in hundredths."""

    given: int
    """From the pool to a rep."""
    chosen: int
    """Away from an owner who might have kept them, to a rep or to the pool. These count against the most moves."""
    forced: int
    """Away from an owner who may not have them any more."""
    to_pool: int
    """Of chosen and forced: how many nobody gets."""
    chosen_potential: int
    forced_potential: int
    share: float
    """``chosen`` over all accounts that have an owner."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A plan in figures."""

    before: Standing
    after: Standing
    moves: Moves

    def captured(self, bound: float) -> float:
        """The share of the possible gain that the plan reaches, by a proven bound; 1 where nothing is to be gained."""
        possible = bound - self.before.value
        return (self.after.value - self.before.value) / possible if possible > 0 else 1.0


def measure(problem: Problem, choice: Ints) -> Measured:
    """The plan in figures. ``choice`` is feasible, or figures may be beyond what they can be (fill above 1)."""
    return Measured(standing(problem, problem.items.owner), standing(problem, choice), _moves(problem, choice))


def standing(problem: Problem, choice: Ints) -> Standing:
    """How the books stand under a choice: for each item the index of a rep, or NOBODY."""
    items, reps = problem.items, problem.reps
    held = _by_rep(problem, choice, items.size)
    potential = _by_rep(problem, choice, items.potential)
    workload = _by_rep(problem, choice, items.workload)
    worth = _worth(problem, choice)
    cost = math.fsum((*_costs(reps.potential, potential), *_costs(reps.workload, workload)))
    return Standing(
        potential=spread(potential, reps.potential.target, reps.potential.far),
        workload=spread(workload, reps.workload.target, reps.workload.far),
        covered_accounts=_share(int(held.sum()), int(items.size.sum())),
        covered_potential=_share(int(potential.sum()), int(items.potential.sum())),
        filled=_share(int(held.sum()), int(reps.capacity.sum())),
        full=int(((held >= reps.capacity) & (reps.capacity > 0)).sum()),
        worth=worth,
        value=worth - cost,
    )


def spread(amounts: Ints | Floats, fair: Floats, far: float) -> Spread:
    """How far apart reps are: ``amounts`` over what is ``fair`` for each. Who is due nothing is left out."""
    counted = fair > 0
    shares = sorted(float(share) for share in amounts[counted] / fair[counted])
    total = math.fsum(shares)
    if not shares or total <= 0:
        return Spread(len(shares), 0.0, 0.0, None, None, 0.0)
    mean = total / len(shares)
    return Spread(
        reps=len(shares),
        variation=math.sqrt(math.fsum((share - mean) ** 2 for share in shares) / len(shares)) / mean,
        gini=_gini(shares, total),
        largest_to_smallest=shares[-1] / shares[0] if shares[0] > 0 else None,
        high_to_low=_rank(shares, 9) / _rank(shares, 1) if _rank(shares, 1) > 0 else None,
        on_target=sum(abs(share - 1.0) <= far for share in shares) / len(shares),
    )


def _gini(ascending: Sequence[float], total: float) -> float:
    count = len(ascending)
    return math.fsum((2 * rank - count - 1) * share for rank, share in enumerate(ascending, 1)) / (count * total)


def _rank(ascending: Sequence[float], tenths: int) -> float:
    """The value at so many tenths, by nearest rank."""
    return ascending[-(-len(ascending) * tenths // 10) - 1]


def _by_rep(problem: Problem, choice: Ints, amounts: Ints) -> Ints:
    """The sum of whole numbers by rep. Exact: doubles hold whole numbers up to 2^53."""
    mine = choice != NOBODY
    return np.bincount(choice[mine], amounts[mine], len(problem.reps.ids)).astype(np.int64)


def _worth(problem: Problem, choice: Ints) -> float:
    found = arcs_of(problem, choice)
    reached = problem.arcs.worth[found[found >= 0]]
    return math.fsum((math.fsum(reached), math.fsum(problem.items.pool[choice == NOBODY])))


def arcs_of(problem: Problem, choice: Ints) -> Ints:
    """For each item the index of the arc to its rep; -1 for the pool, and where there is no such arc.

    All items are looked up at once, by halving: an item's arcs are in the order of reps.
    """
    arcs = problem.arcs
    low, end = np.asarray(arcs.first[:-1], dtype=np.int64), np.asarray(arcs.first[1:], dtype=np.int64)
    high = end
    while bool((open_ := low < high).any()):
        middle = (low + high) // 2
        below = arcs.rep[np.where(open_, middle, 0)] < choice
        low, high = np.where(open_ & below, middle + 1, low), np.where(open_ & ~below, middle, high)
    there = low < end
    same = np.zeros(choice.size, dtype=bool)
    same[there] = arcs.rep[low[there]] == choice[there]
    return np.where(same & (choice != NOBODY), low, -1)


def _costs(evenness: Evenness, amounts: Ints) -> list[float]:
    """What each rep's distance from the target costs."""
    costs = []
    for target, amount in zip(evenness.target, amounts, strict=True):
        away = abs(float(amount) - float(target))
        near, far = evenness.near * float(target), evenness.far * float(target)
        cost = evenness.slope * max(0.0, min(away, far) - near) + evenness.steep * max(0.0, away - far)
        costs.append(cost if target > 0 else 0.0)
    return costs


def _moves(problem: Problem, choice: Ints) -> Moves:
    items = problem.items
    owned = items.owner != NOBODY
    left = owned & (choice != items.owner)
    forced, chosen = left & (items.charged == 0), left & (items.charged > 0)
    return Moves(
        given=int(items.size[~owned & (choice != NOBODY)].sum()),
        chosen=int(items.size[chosen].sum()),
        forced=int(items.size[forced].sum()),
        to_pool=int(items.size[left & (choice == NOBODY)].sum()),
        chosen_potential=int(items.potential[chosen].sum()),
        forced_potential=int(items.potential[forced].sum()),
        share=_share(int(items.size[chosen].sum()), int(items.size[owned].sum())),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
