"""Accounts that come in one by one between two plans: what yesterday's prices make of them, beside other ways.

    python -m benchmarks.books.inbound [--accounts 10000] [--reps 100] [--seed 1]

The accounts of a book that nobody has come in, in random order, and each is given at once and for good. The prices
are those of a book in which every score was up to 40 % higher or lower. What counts is the share of the uplift that a
plan made in hindsight could have at most, in two books: a refill, and one in which nobody has anything yet and half of
it fits. Ends with exit code 1 when the prices reach less than 90 % in either.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.books.instances import made, setting
from benchmarks.books.shelf import Shelf
from sync_worker.core.assignment.metrics import standing
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import NOBODY
from sync_worker.core.assignment.quote import Incoming, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sync_worker.core.assignment.problem import Floats, Ints, Prices, Problem

    Chooser = Callable[[Shelf, int], int]

CHANGED = 0.4
"""By how much every score was another when the prices were made, at most, as a share of it."""
ASKED = 0.90
PRICES = "yesterday's prices"
BOOKS: dict[str, dict[str, float | bool]] = {"refill": {}, "half the room": {"owned": 0.0, "room": 0.44}}
"""Name → how the book differs from a refill."""


def book(name: str, accounts: int, reps: int, seed: int) -> Problem:
    """One of the books of that size."""
    return made(replace(setting("refill", accounts=accounts, reps=reps, seed=seed), **BOOKS[name]))  # type: ignore[arg-type] # keys are its own fields


def captured(problem: Problem, seed: int) -> dict[str, float]:
    """For each way to choose the share of the possible uplift that it reaches. The bound is that of today's scores."""
    random = np.random.default_rng(seed)
    prices = price(_earlier(problem, random)).prices
    bound = price(problem).bound
    before = standing(problem, problem.items.owner).value
    order = random.permutation(np.flatnonzero(problem.items.owner == NOBODY))
    ways: dict[str, Chooser] = {
        "round robin": _Turns(),
        "greedy": _greedy,
        "greedy, evenly": _evenly,
        PRICES: _by(prices),
        f"{PRICES}, evenness counted again": _twice(prices),
    }
    return {name: (_after(problem, order, choose) - before) / (bound - before) for name, choose in ways.items()}


def _after(problem: Problem, order: Ints, choose: Chooser) -> float:
    """The value of the book when all have come in."""
    shelf = Shelf(problem)
    for item in order:
        shelf.put(int(item), choose(shelf, int(item)))
    return standing(problem, shelf.choice).value


def _earlier(problem: Problem, random: np.random.Generator) -> Problem:
    """The book as it was when the prices were made."""
    items, arcs = problem.items, problem.arcs
    times = random.uniform(1 - CHANGED, 1 + CHANGED, len(items.ids))
    potential = np.maximum(np.round(items.potential * times), 1).astype(np.int64)
    worth = arcs.worth * np.repeat(times, np.diff(arcs.first))
    return replace(problem, items=replace(items, potential=potential), arcs=replace(arcs, worth=worth))


def _by(prices: Prices) -> Chooser:
    def choose(shelf: Shelf, item: int) -> int:
        return quote(prices, _incoming(shelf, item), shelf.problem.reps.capacity - shelf.count)

    return choose


def _twice(prices: Prices) -> Chooser:
    def choose(shelf: Shelf, item: int) -> int:
        incoming = _incoming(shelf, item)
        worth = incoming.worth - shelf.uneven(item, incoming.rep.astype(np.int32))
        return quote(prices, replace(incoming, worth=worth), shelf.problem.reps.capacity - shelf.count)

    return choose


def _incoming(shelf: Shelf, item: int) -> Incoming:
    items, (reps, worth, _) = shelf.problem.items, shelf.options(item)
    return Incoming(
        reps.astype(np.int64), worth, int(items.size[item]), int(items.workload[item]), int(items.potential[item]),
        float(items.pool[item]),
    )  # fmt: skip


def _greedy(shelf: Shelf, item: int) -> int:
    reps, worth, room = shelf.options(item)
    return _best(reps.astype(np.int64), worth, room)


def _evenly(shelf: Shelf, item: int) -> int:
    reps, worth, room = shelf.options(item)
    return _best(reps.astype(np.int64), worth - shelf.uneven(item, reps), room)


def _best(reps: Ints, net: Floats, room: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    if not room.any():
        return NOBODY
    best = int(np.argmax(np.where(room, net, -np.inf)))
    return int(reps[best]) if net[best] > 0 else NOBODY


class _Turns:
    """Whoever may have it, has room and has waited longest."""

    def __init__(self) -> None:
        self.last: dict[int, int] = {}
        self.turn = 0

    def __call__(self, shelf: Shelf, item: int) -> int:
        reps, _, room = shelf.options(item)
        able = [int(rep) for rep in reps[room]]
        if not able:
            return NOBODY
        self.turn += 1
        rep = min(able, key=lambda one: (self.last.get(one, 0), one))
        self.last[rep] = self.turn
        return rep


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each way captures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    books = {name: captured(book(name, asked.accounts, asked.reps, asked.seed), asked.seed) for name in BOOKS}
    print(f"{'':45} " + " ".join(f"{name:>12}" for name in BOOKS))
    for way in books["refill"]:
        print(f"{way:45} " + " ".join(f"{found[way]:12.1%}" for found in books.values()))
    return 0 if all(found[PRICES] >= ASKED for found in books.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
