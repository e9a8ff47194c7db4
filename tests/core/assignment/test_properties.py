"""What no plan may ever do, told by accounts and reps and not by arrays: each is read off the plan by plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.items import Account, Seat, Terms, build
from sync_worker.core.assignment.problem import NOBODY, Arcs, Effort, Evenness, Prices, Problem
from sync_worker.core.assignment.solve import solve
from tests.core.assignment.drawn import drawn, optimum, problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.core.assignment.problem import Floats

LITTLE = Effort(search_rounds=10, ruin_rounds=2)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Book:
    """Accounts, reps and terms, as a person would give them."""

    accounts: tuple[Account, ...]
    seats: tuple[Seat, ...]
    terms: Terms

    def plan(self) -> dict[str, str | None]:
        """Who has each account afterwards; None: the pool, or whoever outside the book had it."""
        built = build(self.accounts, self.seats, self.terms)
        solved = solve(built.problem, effort=LITTLE)
        assert certify(built.problem, solved.choice, solved.prices).faults == ()
        owners = {account.id: account.owner for account in self.accounts}
        seats, forced = {seat.id for seat in self.seats}, {one.id for one in self.accounts if one.forced}
        found: dict[str, str | None] = {}
        for members, rep in zip(built.members, solved.choice.tolist(), strict=True):
            for one in members:
                stays = owners[one] not in seats and one not in forced
                found[one] = built.problem.reps.ids[rep] if rep != NOBODY else owners[one] if stays else None
        return found

    @property
    def apart(self) -> set[str]:
        """Families that the product says are not kept together."""
        return {conflict.family for conflict in build(self.accounts, self.seats, self.terms).conflicts}


@st.composite
def books(draw: Callable[[st.SearchStrategy[int]], int]) -> Book:
    """Small books with every odd corner: few slots, locks, owners who left or are of another book, families."""
    seed = draw(st.integers(0, 2**32 - 1))
    return book(Random(seed), scattered=seed % 2 == 0)  # noqa: S311 - nothing here is secret


def book(random: Random, *, scattered: bool = False) -> Book:
    """A book made up. ``scattered``: the accounts of one family may have several owners, and differ in who may."""
    count, reps = random.randint(1, 24), random.randint(1, 5)
    names = [f"rep{number}" for number in range(reps)]
    accounts: list[Account] = []
    for number in range(count):
        one = account(random, f"acc{number:02d}", names)
        if accounts and random.random() < 0.3:
            mate = random.choice(accounts)
            alike = one if scattered else replace(mate, id=one.id, worth=one.worth, potential=one.potential)
            one = replace(alike, family=mate.family)
        accounts.append(one)
    seats = tuple(Seat(name, random.randint(0, 2 + 2 * count // reps), random.uniform(0.4, 1.2)) for name in names)
    most = random.choice([None, 0, 1, 3, 10])
    terms = Terms(most_moves=most, may_pool=random.random() < 0.3, frozen=random.random() < 0.25)
    return Book(tuple(accounts), seats, terms)


def account(random: Random, name: str, reps: list[str]) -> Account:
    owner = random.choice([None, *reps, *reps, "somebody else"])
    able = {rep: random.uniform(0.7, 1.3) for rep in reps if random.random() < 0.7}
    forced = owner is not None and random.random() < 0.1
    locked = owner is not None and not forced and random.random() < 0.15
    if owner in reps and not forced:
        able.setdefault(str(owner), 1.0)
    worth = round(random.lognormvariate(2, 1), 2)
    return Account(name, owner, worth, int(worth * 100), 100, name, locked, forced, able)


@given(books())
@SLOW
def test_nobody_gets_more_than_capacity_and_who_has_more_gets_nothing(book: Book) -> None:
    before, after = Counter(one.owner for one in book.accounts), Counter(book.plan().values())
    for seat in book.seats:
        assert after[seat.id] <= max(seat.capacity, before[seat.id]), seat


@given(books())
@SLOW
def test_nobody_gets_an_account_that_is_not_for_them(book: Book) -> None:
    """A family goes where its ultimate parent may go, or where each of its accounts may, if that is not among them.

    Where one of its accounts is locked, it goes there.
    """
    plan, known = book.plan(), {one.id: one for one in book.accounts}
    locks = {(one.family, one.owner) for one in book.accounts if one.locked}
    for one in book.accounts:
        parts = book.terms.frozen or one.family in book.apart
        root = one if parts else known.get(one.family, one)
        rep = plan[one.id]
        assert rep in {None, one.owner, *root.reps} or (not parts and (one.family, rep) in locks)


@given(books())
@SLOW
def test_what_is_locked_stays_and_so_does_all_that_has_an_owner_in_a_refill(book: Book) -> None:
    plan = book.plan()
    for one in book.accounts:
        if one.locked:
            assert plan[one.id] == one.owner
        if book.terms.frozen and not one.forced:
            assert one.owner is None or plan[one.id] == one.owner


@given(books())
@SLOW
def test_a_family_has_one_owner_unless_the_plan_says_why_not(book: Book) -> None:
    owners = defaultdict(set)
    plan = book.plan()
    for one in book.accounts:
        if not book.terms.frozen and one.family not in book.apart:
            owners[one.family].add(plan[one.id])
    assert all(len(found) == 1 for found in owners.values()), owners


@given(books())
@SLOW
def test_no_more_accounts_leave_their_owners_than_may(book: Book) -> None:
    plan = book.plan()
    left = [one for one in book.accounts if one.owner is not None and not one.forced and plan[one.id] != one.owner]
    assert book.terms.most_moves is None or len(left) <= book.terms.most_moves


@given(books(), st.integers(0, 2**32 - 1))
@SLOW
def test_shuffling_accounts_reps_and_their_pairs_changes_nothing(book: Book, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - nothing here is secret
    accounts = [replace(one, reps=dict(random.sample(list(one.reps.items()), len(one.reps)))) for one in book.accounts]
    other = Book(
        tuple(random.sample(accounts, len(accounts))), tuple(random.sample(book.seats, len(book.seats))), book.terms
    )
    assert book.plan() == other.plan()


@given(problems(most_items=30, most_reps=5), st.integers(0, 2**32 - 1))
@SLOW
def test_room_and_a_rep_without_a_target_never_lower_the_bound_of_any_prices(problem: Problem, seed: int) -> None:
    """The bound is the dual at some prices: one more slot adds its price, one more rep adds choices.

    Neither can be below 0. A rep with a target is another matter: to be far from it costs something.
    """
    random = np.random.default_rng(seed)
    prices = some_prices(problem, random)
    bound = bound_of(problem, prices)
    wider = replace(problem.reps, capacity=problem.reps.capacity + random.integers(0, 4, len(problem.reps.ids)))
    assert bound_of(replace(problem, reps=wider), prices) >= bound
    assert bound_of(joined(problem, random), with_one_more(prices)) >= bound


def test_a_slot_or_a_rep_more_never_lowers_the_optimum_nor_what_is_proven_of_it() -> None:
    for seed in range(25):
        problem = drawn(3 + seed % 4, 1 + seed % 3, seed, seed % 6)
        wider = replace(problem, reps=replace(problem.reps, capacity=problem.reps.capacity + 1))
        larger = joined(problem, np.random.default_rng(seed))
        most = optimum(problem)
        for other in (wider, larger):
            assert optimum(other) >= most - 1e-9
            assert solve(other).bound >= most - 1e-9


def some_prices(problem: Problem, random: np.random.Generator) -> Prices:
    reps = len(problem.reps.ids)
    terms, move = problem.reps, 0.0 if problem.most_moves is None else float(random.uniform(0, 5))

    def uneven(cost: Evenness) -> Floats:
        found: Floats = np.where(cost.target > 0, random.uniform(-cost.steep, cost.steep, reps), 0.0)
        return found

    return Prices(random.uniform(0, 5, reps), uneven(terms.workload), uneven(terms.potential), move)


def bound_of(problem: Problem, prices: Prices) -> float:
    """The bound that the certificate finds, of the plan in which everything stays where it is."""
    stays = problem.items.owner.copy()
    first, rep = problem.arcs.first, problem.arcs.rep
    for item, owner in enumerate(stays):
        if owner not in rep[first[item] : first[item + 1]]:
            stays[item] = NOBODY
    found = certify(problem, stays, prices)
    assert found.faults == ()
    return found.bound


def joined(problem: Problem, random: np.random.Generator) -> Problem:
    """The same book with one more rep, who may have some of what is not locked."""
    reps, arcs, count = problem.reps, problem.arcs, len(problem.reps.ids)
    able = problem.items.may_pool & (random.random(len(problem.items.ids)) < 0.7)
    ends = arcs.first[1:][able]
    first = arcs.first + np.concatenate(([0], np.cumsum(able)))
    worth = np.insert(arcs.worth, ends, random.lognormal(1.0, 1.0, ends.size))
    rep = np.insert(arcs.rep, ends, count).astype(np.int32)

    def wider(cost: Evenness) -> Evenness:
        return replace(cost, target=np.append(cost.target, 0.0))

    more = replace(
        reps,
        ids=(*reps.ids, "r99"),
        capacity=np.append(reps.capacity, 3),
        potential=wider(reps.potential),
        workload=wider(reps.workload),
    )
    return replace(problem, reps=more, arcs=Arcs(first, rep, worth))


def with_one_more(prices: Prices) -> Prices:
    return Prices(
        np.append(prices.slot, 1.0), np.append(prices.workload, 0.0), np.append(prices.potential, 0.0), prices.move
    )
