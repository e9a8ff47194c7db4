"""What comes in between two plans: to the best by the last plan's prices, or to the pool for those that bring more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.ledger import ledger
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import NOBODY, Prices
from sync_worker.core.assignment.quote import Incoming, quote

PRICES = Prices(np.array([4.0, 1.0, 0.0]), np.zeros(3), np.array([0.0, 0.01, 0.0]), 2.0)
ROOM = np.array([5, 5, 5], dtype=np.int64)


def incoming(*worth: float, **other: int) -> Incoming:
    usual = Incoming(np.arange(len(worth)), np.array(worth), size=1, workload=0, potential=100)
    return replace(usual, **other)  # type: ignore[arg-type] # tests name its fields


def test_the_highest_net_of_prices_gets_it() -> None:
    assert quote(PRICES, incoming(9.0, 8.0, 4.0), ROOM) == 1
    assert quote(PRICES, incoming(9.0, 6.5, 4.0), ROOM) == 0


def test_what_brings_less_than_its_place_stays_in_the_pool() -> None:
    assert quote(PRICES, incoming(3.0, 1.5), ROOM) == NOBODY
    assert quote(PRICES, incoming(), ROOM) == NOBODY
    assert quote(PRICES, replace(incoming(9.0), pool=6.0), ROOM) == NOBODY


def test_a_rep_without_room_for_all_of_it_is_passed_over() -> None:
    assert quote(PRICES, incoming(19.0, 8.0, 4.0), np.array([0, 5, 5])) == 1
    assert quote(PRICES, incoming(19.0, 18.0, 4.0, size=2), np.array([1, 5, 5])) == 1
    assert quote(PRICES, incoming(19.0, 8.0, 4.0), np.array([0, 0, 0])) == NOBODY


def test_a_quote_is_what_the_ledger_calls_best() -> None:
    problem = made(setting(accounts=60, reps=3, variant="all unowned"))
    prices = price(problem).prices
    for item in range(len(problem.items.ids)):
        span = slice(int(problem.arcs.first[item]), int(problem.arcs.first[item + 1]))
        found = ledger(problem, problem.items.owner, prices, item)
        asked = Incoming(
            problem.arcs.rep[span].astype(np.int64), problem.arcs.worth[span], int(problem.items.size[item]),
            int(problem.items.workload[item]), int(problem.items.potential[item]),
        )  # fmt: skip
        rep = quote(prices, asked, np.full(3, 99))
        best = found.lines[0]
        assert rep == NOBODY if best.net <= 0 else problem.reps.ids[rep] == best.rep


def test_workload_and_potential_are_paid_for() -> None:
    dear = replace(PRICES, workload=np.array([0.0, 0.1, 0.0]))
    assert quote(dear, incoming(9.0, 20.0, 4.0, workload=100), ROOM) == 1
    assert quote(dear, incoming(9.0, 15.0, 4.0, workload=100), ROOM) == 0
