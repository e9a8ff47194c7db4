"""A plan for a book judged by itself: whether it may be, what it is worth, and how far from the best it is at most.

It shares no code with what made the plan, and adds with ``math.fsum``: what it finds rests on the problem alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sync_worker.core.assignment.problem import Evenness, Ints, Prices, Problem, Solved

CLOSE = 1e-9
"""How far a figure may be from what is found here, as a share of it."""
BLOCK = 20_000
"""Items that are looked at together."""
TOLD = 20
"""Faults that are listed one by one; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found. With faults, the figures say nothing."""

    faults: tuple[str, ...]
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the value is below the bound, as a share of it; 0 where the bound is 0."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


def check(problem: Problem, solved: Solved) -> Certificate:
    """The certificate of a plan that states its value and its bound: both have to be what is found here."""
    found = certify(problem, solved.choice, solved.prices)
    if found.faults:
        return found
    stated = (("value", solved.value, found.value), ("bound", solved.bound, found.bound))
    wrong = [f"the {name} is {real!r}, not {told!r} as stated" for name, told, real in stated if not _close(told, real)]
    return Certificate(tuple(wrong), found.value, found.bound)


def certify(problem: Problem, choice: Ints, prices: Prices) -> Certificate:
    """Recompute everything that a plan claims. Never raises for what a plan may hold: it lists the faults."""
    if faults := [*_malformed_problem(problem), *_malformed(problem, choice, prices)]:
        return Certificate(_few(faults), math.nan, math.nan)
    chosen = [int(rep) for rep in choice]
    placed = _placed(problem, choice)
    if faults := list(_infeasible(problem, chosen, placed)):
        return Certificate(_few(faults), math.nan, math.nan)
    value, bound = _value(problem, chosen, placed), _bound(problem, prices)
    if value > bound and not _close(value, bound):
        faults = [f"the value {value!r} is above the bound {bound!r}, which nothing can be"]
    return Certificate(tuple(faults), value, bound)


def _malformed_problem(problem: Problem) -> Iterator[str]:
    items, arcs, reps = problem.items, problem.arcs, problem.reps
    count, people = len(items.ids), len(reps.ids)
    of_items = (items.size, items.workload, items.potential, items.owner, items.pool, items.may_pool, items.charged)
    of_reps = (reps.capacity, reps.potential.target, reps.workload.target)
    if any(len(column) != count for column in of_items) or any(len(column) != people for column in of_reps):
        yield "the problem's columns are not all as long as its items and reps"
        return
    steps = np.diff(arcs.first)
    if len(steps) != count or arcs.first[0] != 0 or arcs.first[-1] != len(arcs.rep) or (steps < 0).any():
        yield "the arcs do not belong to the items one after the other"
        return
    if len(arcs.worth) != len(arcs.rep) or ((arcs.rep < 0) | (arcs.rep >= people)).any():
        yield "an arc leads to a rep that there is not"
    item = np.repeat(np.arange(count), steps)
    if ((arcs.rep[1:] <= arcs.rep[:-1]) & (item[1:] == item[:-1])).any():
        yield "an item's arcs are not in the order of reps"
    if ((items.owner < NOBODY) | (items.owner >= people)).any():
        yield "an item has an owner that there is not"
    if ((items.charged > 0) & (items.owner == NOBODY)).any():
        yield "an item that nobody has costs moves"
    if not all(_convex(cost) for cost in (reps.workload, reps.potential)):
        yield "what unevenness costs does not rise with the distance from a target"
    floats = (items.pool, arcs.worth, reps.potential.target, reps.workload.target)
    if not all(_finite(column) for column in floats):
        yield "the problem holds a number that is none, or without end"


def _convex(cost: Evenness) -> bool:
    return 0 <= cost.slope <= cost.steep < math.inf and 0 <= cost.near <= cost.far < math.inf


def _malformed(problem: Problem, choice: Ints, prices: Prices) -> Iterator[str]:
    count, people = len(problem.items.ids), len(problem.reps.ids)
    if len(choice) != count:
        yield f"{len(choice)} items have a choice, of {count}"
    elif choice.dtype.kind not in "iu" or ((choice < NOBODY) | (choice >= people)).any():
        yield "an item goes to a rep that there is not"
    columns = (prices.slot, prices.workload, prices.potential)
    if any(len(column) != people for column in columns):
        yield f"prices are not those of {people} reps"
    elif not all(_finite(column) for column in columns) or not math.isfinite(prices.move):
        yield "a price is no number, or without end"
    else:
        yield from _beyond_limits(problem, prices)


def _beyond_limits(problem: Problem, prices: Prices) -> Iterator[str]:
    """Prices that prove nothing."""
    if prices.move < 0 or (prices.slot < 0).any():
        yield "the price of a slot or of a move is below 0"
    if prices.move > 0 and problem.most_moves is None:
        yield "a move has a price where any number is allowed"
    for name, cost, column in _evenness(problem, prices):
        if (np.abs(column) > np.where(cost.target > 0, cost.steep, 0.0)).any():
            yield f"a price of {name} is steeper than what unevenness costs"


def _placed(problem: Problem, choice: Ints) -> list[int]:
    """Where each item's arc stands; -1 where it goes to the pool, or there is no such arc."""
    places = np.full(len(choice), -1, dtype=np.int64)
    for items, arcs, item in _blocks(problem):
        hits = np.flatnonzero(problem.arcs.rep[arcs] == choice[items][item])
        places[items.start + item[hits]] = arcs.start + hits
    return places.tolist()


def _infeasible(problem: Problem, chosen: list[int], placed: list[int]) -> Iterator[str]:
    items, moves = problem.items, 0
    slots = [0] * len(problem.reps.ids)
    for item, rep in enumerate(chosen):
        moves += int(items.charged[item]) if rep != items.owner[item] else 0
        if rep == NOBODY and not items.may_pool[item]:
            yield f"{items.ids[item]} may not go to the pool"
        elif rep != NOBODY and placed[item] < 0:
            yield f"{items.ids[item]} may not go to {problem.reps.ids[rep]}"
        elif rep != NOBODY:
            slots[rep] += int(items.size[item])
    for rep, (taken, there) in enumerate(zip(slots, problem.reps.capacity.tolist(), strict=True)):
        if taken > there:
            yield f"{problem.reps.ids[rep]} would have {taken} accounts and has room for {there}"
    if problem.most_moves is not None and moves > problem.most_moves:
        yield f"{moves} accounts would leave their owners, and {problem.most_moves} may"


def _value(problem: Problem, chosen: list[int], placed: list[int]) -> float:
    """What the choice is worth, less what its unevenness costs."""
    items, terms = problem.items, []
    workload, potential = [0] * len(problem.reps.ids), [0] * len(problem.reps.ids)
    for item, (rep, arc) in enumerate(zip(chosen, placed, strict=True)):
        terms.append(float(items.pool[item] if arc < 0 else problem.arcs.worth[arc]))
        if rep != NOBODY:
            workload[rep] += int(items.workload[item])
            potential[rep] += int(items.potential[item])
    for cost, amounts in ((problem.reps.workload, workload), (problem.reps.potential, potential)):
        terms += [-_uneven(cost, float(cost.target[rep]), amount) for rep, amount in enumerate(amounts)]
    return math.fsum(terms)


def _uneven(cost: Evenness, target: float, amount: float) -> float:
    if target <= 0:
        return 0.0
    away = abs(amount - target)
    return cost.slope * max(0.0, away - cost.near * target) + (cost.steep - cost.slope) * max(
        0.0, away - cost.far * target
    )


def _bound(problem: Problem, prices: Prices) -> float:
    """The dual at these prices: what each item would choose for itself, and what all room is worth."""
    terms = [best for part in _item_bounds(problem, prices) for best in part]
    terms += [float(slot) * int(room) for slot, room in zip(prices.slot, problem.reps.capacity, strict=True)]
    for _, cost, column in _evenness(problem, prices):
        terms += [_most_of(cost, float(t), float(p)) for t, p in zip(cost.target, column, strict=True)]
    return math.fsum([*terms, prices.move * (problem.most_moves or 0)])


def _item_bounds(problem: Problem, prices: Prices) -> Iterator[list[float]]:
    """What the best option of each item is worth, less the prices of what it takes."""
    all_items = problem.items
    for items, arcs, item in _blocks(problem):
        rep, leaving = problem.arcs.rep[arcs], all_items.charged[items] * prices.move
        net = problem.arcs.worth[arcs] - leaving[item] * (rep != all_items.owner[items][item])
        net -= all_items.size[items][item] * prices.slot[rep]
        net -= all_items.workload[items][item] * prices.workload[rep]
        net -= all_items.potential[items][item] * prices.potential[rep]
        pool = all_items.pool[items] - leaving * (all_items.owner[items] != NOBODY)
        best = np.where(all_items.may_pool[items], pool, -np.inf)
        np.maximum.at(best, item, net)
        yield best.tolist()


def _blocks(problem: Problem) -> Iterator[tuple[slice, slice, Ints]]:
    """Some items, their arcs, and for each of these arcs which of these items it belongs to."""
    first = problem.arcs.first
    for start in range(0, len(first) - 1, BLOCK):
        stop = min(start + BLOCK, len(first) - 1)
        counts = np.diff(first[start : stop + 1])
        yield slice(start, stop), slice(int(first[start]), int(first[stop])), np.repeat(np.arange(stop - start), counts)


def _most_of(cost: Evenness, target: float, price: float) -> float:
    """The most that any amount is worth at this price, less its cost: it is at a corner, since both are straight."""
    corners = [target * (1 + away) for away in (-cost.far, -cost.near, 0.0, cost.near, cost.far)]
    return max(price * amount - _uneven(cost, target, amount) for amount in corners)


def _evenness(problem: Problem, prices: Prices) -> Iterator[tuple[str, Evenness, NDArray[np.float64]]]:
    yield "workload", problem.reps.workload, prices.workload
    yield "potential", problem.reps.potential, prices.potential


def _finite(column: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(column).all())


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def _few(faults: list[str]) -> tuple[str, ...]:
    more = [f"{len(faults) - TOLD} more faults"] if len(faults) > TOLD else []
    return (*faults[:TOLD], *more)
