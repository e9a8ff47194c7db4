"""A thousand plans that somebody has tampered with: the certificate takes none of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.certificate import check
from sync_worker.core.assignment.problem import NOBODY, Prices
from sync_worker.core.assignment.solve import QUICK, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.core.assignment.problem import Ints, Problem, Solved

    Tamper = Callable[[Random, Problem, Solved], Solved]


@cache
def honest() -> tuple[Problem, Solved]:
    problem = made(setting(accounts=200, reps=6, seed=3))
    return problem, solve(problem, effort=QUICK)


def test_the_plan_as_it_was_made_is_taken() -> None:
    problem, solved = honest()
    assert check(problem, solved).faults == ()


def test_a_thousand_plans_that_were_tampered_with_are_refused() -> None:
    problem, solved = honest()
    taken: Counter[str] = Counter()
    for seed in range(1_000):
        tamper = WAYS[seed % len(WAYS)]
        found = check(problem, tamper(Random(seed), problem, solved))  # noqa: S311 - nothing here is secret
        taken[tamper.__name__] += not found.faults
    assert taken.total() == 0, taken


def given_away(random: Random, problem: Problem, solved: Solved) -> Solved:
    """An account goes to any other rep, who may not have it or for whom it is worth something else."""
    item = random.randrange(len(solved.choice))
    reps = [rep for rep in range(len(problem.reps.ids)) if rep != solved.choice[item]]
    return replace(solved, choice=changed(solved.choice, item, random.choice(reps)))


def swapped(random: Random, problem: Problem, solved: Solved) -> Solved:
    """Two reps exchange an account each."""
    pairs = [
        (one, other)
        for one in range(len(solved.choice))
        for other in range(one)
        if solved.choice[one] != solved.choice[other] and problem.items.size[one] == problem.items.size[other]
    ]
    one, other = random.choice(pairs)
    choice = changed(solved.choice, one, int(solved.choice[other]))
    return replace(solved, choice=changed(choice, other, int(solved.choice[one])))


def dropped(random: Random, _: Problem, solved: Solved) -> Solved:
    """An account is kept back in the pool."""
    item = random.choice(np.flatnonzero(solved.choice != NOBODY).tolist())
    return replace(solved, choice=changed(solved.choice, item, NOBODY))


def unlocked(random: Random, problem: Problem, solved: Solved) -> Solved:
    """What is locked goes elsewhere, with the value it would have."""
    item = random.choice(np.flatnonzero(~problem.items.may_pool).tolist())
    rep = random.choice([NOBODY, *(rep for rep in range(len(problem.reps.ids)) if rep != solved.choice[item])])
    return replace(solved, choice=changed(solved.choice, item, rep))


def better_told(random: Random, _: Problem, solved: Solved) -> Solved:
    """The value is told as a little more than it is."""
    return replace(solved, value=solved.value * (1 + random.uniform(1e-8, 1e-2)))


def nearer_told(random: Random, _: Problem, solved: Solved) -> Solved:
    """The bound is told as a little less than it is, so that the gap looks smaller."""
    return replace(solved, bound=solved.bound * (1 - random.uniform(1e-8, 1e-2)))


def other_prices(random: Random, _: Problem, solved: Solved) -> Solved:
    """A price that many accounts pay is another, and the bound is that of before."""
    dear = np.flatnonzero(solved.prices.slot > solved.prices.slot.mean()).tolist()
    slot = solved.prices.slot.copy()
    slot[random.choice(dear)] *= random.choice([0.0, 0.5, 2.0, 10.0])
    return replace(solved, prices=replace(solved.prices, slot=slot))


def free_prices(random: Random, _: Problem, solved: Solved) -> Solved:
    """Prices that prove nothing: below 0, none at all, without end, or steeper than what unevenness costs."""
    slot, potential = solved.prices.slot.copy(), solved.prices.potential.copy()
    slot[random.randrange(slot.size)] = random.choice([-1e-6, -1.0, np.nan, np.inf])
    potential[random.randrange(potential.size)] = random.choice([-1.0, 1.0, np.nan])
    prices = random.choice([
        replace(solved.prices, slot=slot),
        replace(solved.prices, potential=potential),
        replace(solved.prices, move=random.choice([-1.0, np.nan, np.inf])),
    ])  # fmt: skip
    return replace(solved, prices=prices)


def torn(random: Random, problem: Problem, solved: Solved) -> Solved:
    """What is not even a plan of this book: too short, too long, with reps that there are not."""
    item, reps = random.randrange(len(solved.choice)), len(problem.reps.ids)
    prices = solved.prices
    short = Prices(prices.slot[:-1], prices.workload[:-1], prices.potential[:-1], prices.move)
    halves: Any = solved.choice + 0.5
    return random.choice([
        replace(solved, choice=solved.choice[:-1]),
        replace(solved, choice=np.append(solved.choice, NOBODY)),
        replace(solved, choice=changed(solved.choice, item, reps)),
        replace(solved, choice=changed(solved.choice, item, -2)),
        replace(solved, choice=halves),
        replace(solved, prices=short),
        replace(solved, value=float("nan")),
        replace(solved, bound=float("inf")),
    ])  # fmt: skip


def crowded(random: Random, problem: Problem, solved: Solved) -> Solved:
    """Everything that a rep may have goes there, room or not."""
    rep, first = random.randrange(len(problem.reps.ids)), problem.arcs.first
    choice = solved.choice.copy()
    for item in range(len(choice)):
        if rep in problem.arcs.rep[first[item] : first[item + 1]] and random.random() < 0.9:
            choice[item] = rep
    return replace(solved, choice=choice)


def restless(random: Random, problem: Problem, solved: Solved) -> Solved:
    """More accounts leave their owners than may, for the pool, where there is always room."""
    leaving = np.flatnonzero((problem.items.charged > 0) & problem.items.may_pool).tolist()
    choice = solved.choice.copy()
    choice[random.sample(leaving, len(leaving) // 2)] = NOBODY
    return replace(solved, choice=choice)


WAYS: tuple[Tamper, ...] = (
    given_away, swapped, dropped, unlocked, better_told, nearer_told, other_prices, free_prices, torn, crowded,
    restless,
)  # fmt: skip


def changed(choice: Ints, item: int, rep: int) -> Ints:
    other = choice.copy()
    other[item] = rep
    return other
