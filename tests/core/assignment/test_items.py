"""From accounts to a problem: families, locks, owners who left, targets, and no account by the order it came in."""

from __future__ import annotations

import random
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.items import Account, Built, Conflict, Seat, Terms, build
from sync_worker.core.assignment.problem import NOBODY, Prices

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = {"r": 1.0, "s": 1.0}
SEATS = (Seat("r", 10, 1.0), Seat("s", 10, 1.0))
SEEDS = st.integers(0, 2**32 - 1)


def account(id_: str, owner: str | None = None, **other: object) -> Account:
    """An account on its own with a score of 10 that both reps may have."""
    usual = Account(id_, owner, 10.0, 1000, 100, id_, locked=False, forced=False, reps=BOTH)
    return replace(usual, **other)  # type: ignore[arg-type] # tests name its fields


def arcs(built: Built, id_: str) -> dict[str, float]:
    """Who may have this item, and what it is worth there."""
    problem, item = built.problem, built.problem.items.ids.index(id_)
    span = range(int(problem.arcs.first[item]), int(problem.arcs.first[item + 1]))
    return {problem.reps.ids[problem.arcs.rep[arc]]: float(problem.arcs.worth[arc]) for arc in span}


def column(built: Built, name: str, id_: str) -> int:
    return int(getattr(built.problem.items, name)[built.problem.items.ids.index(id_)])


def made_up(seed: int) -> tuple[list[Account], list[Seat]]:
    """Any accounts and reps: families across owners, locks, owners who have left or are in no book."""
    draw = random.Random(seed)  # noqa: S311 - made-up accounts, not a secret
    seats = [Seat(f"r{n}", draw.randint(0, 6), draw.choice([0.0, 0.5, 1.0])) for n in range(draw.randint(0, 4))]
    names = [seat.id for seat in seats]
    found = []
    for number in range(draw.randint(0, 14)):
        owner = draw.choice([None, *names, "gone"])
        reps = {rep: draw.choice([0.5, 1.0, 1.2]) for rep in names if draw.random() < 0.7}
        left = owner is not None and (owner == "gone" or owner not in reps)
        found.append(
            Account(
                id=f"a{number:02d}",
                owner=owner,
                worth=draw.choice([0.0, 1.0, draw.lognormvariate(2, 1)]),
                potential=draw.randint(0, 500),
                workload=draw.randint(0, 300),
                family=f"a{draw.randint(0, number):02d}" if draw.random() < 0.5 else f"a{number:02d}",
                locked=draw.random() < 0.2,
                forced=left and draw.random() < 0.8,
                reps=reps,
            )
        )
    return found, seats


def terms(seed: int) -> Terms:
    draw = random.Random(seed)  # noqa: S311 - made-up terms, not a secret
    return Terms(
        keep=draw.choice([0.0, 1.0]),
        workload=draw.choice([0.0, 1.0]),
        most_moves=draw.choice([None, 0, 1, 3]),
        may_pool=draw.random() < 0.5,
        frozen=draw.random() < 0.4,
    )


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_whatever_is_asked_all_may_stay_where_it_is(seed: int) -> None:
    accounts, seats = made_up(seed)
    problem = build(accounts, seats, terms(seed)).problem
    stays = np.array([
        owner if owner in problem.arcs.rep[problem.arcs.first[item] : problem.arcs.first[item + 1]] else NOBODY
        for item, owner in enumerate(problem.items.owner.tolist())
    ], dtype=np.int64)  # fmt: skip
    none = np.zeros(len(seats))
    assert certify(problem, stays, Prices(none, none, none, 0.0)).faults == ()


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_the_order_of_accounts_and_reps_changes_nothing(seed: int) -> None:
    accounts, seats = made_up(seed)
    one = build(accounts, seats, terms(seed))
    random.Random(seed).shuffle(accounts)  # noqa: S311 - an order, not a secret
    other = build([replace(a, reps=dict(reversed(list(a.reps.items())))) for a in accounts], seats[::-1], terms(seed))
    assert (one.members, one.conflicts, one.targets) == (other.members, other.conflicts, other.targets)
    assert list(bits(one.problem)) == list(bits(other.problem))


def bits(value: object) -> Iterator[object]:
    """All that a problem holds, down to the last bit."""
    if isinstance(value, np.ndarray):
        yield value.tobytes()
    elif is_dataclass(value):
        for each in fields(value):
            yield from bits(getattr(value, each.name))
    else:
        yield value


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_every_account_is_in_one_item_and_no_family_loses_one(seed: int) -> None:
    accounts, seats = made_up(seed)
    built = build(accounts, seats, terms(seed))
    assert sorted(id_ for some in built.members for id_ in some) == sorted(one.id for one in accounts)
    assert built.problem.items.size.tolist() == [len(some) for some in built.members]
    assert int(built.problem.items.potential.sum()) == sum(one.potential for one in accounts)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_what_is_locked_and_what_is_frozen_has_no_way_but_its_own(seed: int) -> None:
    accounts, seats = made_up(seed)
    wanted = terms(seed)
    built = build(accounts, seats, wanted)
    for item, some in enumerate(built.members):
        for one in (a for a in accounts if a.id in some):
            if one.locked or (wanted.frozen and one.owner is not None):
                mine = {one.owner} if one.owner in {seat.id for seat in seats} else set()
                assert set(arcs(built, built.problem.items.ids[item])) == mine


def test_a_move_costs_a_share_of_the_worth_and_the_owner_fits_a_little_better() -> None:
    worths = arcs(build([account("a", "r")], SEATS, Terms(fixed_price=0.2)), "a")
    assert worths["r"] == pytest.approx(10 * 1.04, rel=1e-6)
    assert worths["s"] == pytest.approx(10 - 0.03 * 10 - 0.2, rel=1e-6)


def test_without_keep_the_owner_is_one_rep_of_many() -> None:
    worths = arcs(build([account("a", "r")], SEATS, Terms(keep=0.0)), "a")
    assert worths["r"] == pytest.approx(worths["s"], rel=1e-6)
    assert worths["r"] != worths["s"]


def test_an_account_whose_owner_left_moves_for_nothing() -> None:
    built = build([account("a", "r", forced=True, reps={"s": 1.0}), account("b", "x", forced=True)], SEATS, Terms())
    assert (column(built, "charged", "a"), column(built, "owner", "a")) == (0, 0)
    assert (column(built, "charged", "b"), column(built, "owner", "b")) == (0, NOBODY)
    assert arcs(built, "a") == {"s": pytest.approx(10.0, rel=1e-6)}
    assert built.problem.items.may_pool.all()
    assert set(arcs(build([account("a", "r", forced=True)], SEATS, Terms()), "a")) == {"s"}


def test_an_account_of_somebody_outside_the_book_stays_there() -> None:
    built = build([account("a", "x")], SEATS, Terms())
    assert (arcs(built, "a"), column(built, "owner", "a")) == ({}, NOBODY)


def test_what_a_rep_has_goes_to_the_pool_only_where_that_is_said() -> None:
    assert not build([account("a", "r")], SEATS, Terms()).problem.items.may_pool[0]
    pooled = build([account("a", "r")], SEATS, Terms(may_pool=True, fixed_price=0.2)).problem.items
    assert pooled.may_pool[0]
    assert pooled.pool[0] == pytest.approx(-0.5)
    assert build([account("a")], SEATS, Terms()).problem.items.pool[0] == 0


def test_a_family_is_one_item_of_whoever_has_most_of_it() -> None:
    family = [account("p", "r"), account("q", "s", family="p", worth=15.0), account("u", None, family="p")]
    built = build(family, SEATS, Terms(most_moves=1))
    assert (built.problem.items.ids, built.members, built.conflicts) == (("p",), (("p", "q", "u"),), ())
    assert [column(built, name, "p") for name in ("size", "owner", "charged")] == [3, 1, 1]
    # Bringing p to s is the one move that there was.
    assert built.problem.most_moves == 0


def test_a_family_for_which_no_moves_are_left_stays_apart_and_is_named() -> None:
    small = [account("p", "r"), account("q", "s", family="p")]
    large = [account("x", "r", worth=90.0), account("y", "s", family="x", worth=80.0)]
    built = build(small + large, SEATS, Terms(most_moves=1))
    assert built.members == (("p",), ("q",), ("x", "y"))
    assert built.conflicts == (Conflict("p", ("r", "s"), "no moves are left to bring it together"),)
    assert (set(arcs(built, "p")), set(arcs(built, "q"))) == ({"r"}, {"s"})


def test_a_family_for_which_its_rep_has_no_room_stays_apart_and_is_named() -> None:
    family = [account("p", "r"), account("q", None, family="p"), account("u", "s", family="p", worth=5.0)]
    seats = (Seat("r", 2, 1.0), Seat("s", 9, 1.0))
    built = build([*family, account("z")], seats, Terms())
    assert built.members == (("p",), ("q",), ("u",), ("z",))
    why = "whoever has most of it has no room for the rest"
    assert built.conflicts == (Conflict("p", ("r", "s"), why),)
    assert built.problem.reps.capacity.tolist() == [2, 9]
    assert build([*family, account("z")], (Seat("r", 3, 1.0), SEATS[1]), Terms()).members == (("p", "q", "u"), ("z",))


def test_a_family_whose_rep_may_not_have_its_parent_stays_apart_and_costs_no_hidden_moves() -> None:
    family = [account("p", None, reps={"s": 1.0}), account("q", "r", family="p")]
    built = build(family, SEATS, Terms(most_moves=0))
    assert built.conflicts == (Conflict("p", ("r",), "the rep who has most of it may not have all of it"),)
    assert [set(arcs(built, id_)) for id_ in ("p", "q")] == [set(), {"r"}]


def test_who_may_have_the_ultimate_parent_may_have_the_family() -> None:
    family = [account("p", reps={"r": 1.2}), account("q", family="p", worth=30.0, reps={"s": 1.0})]
    assert arcs(build(family, SEATS, Terms()), "p") == {"r": pytest.approx(40 * (1.2 * 0.25 + 0.75), rel=1e-6)}
    orphans = [account("q", family="p"), account("u", family="p", reps={"s": 1.0})]
    assert set(arcs(build(orphans, SEATS, Terms()), "q")) == {"s"}


def test_a_lock_holds_the_whole_family() -> None:
    built = build([account("p", "r", locked=True), account("q", "s", family="p", worth=99.0)], SEATS, Terms())
    assert (set(arcs(built, "p")), built.problem.items.may_pool.tolist()) == ({"r"}, [False])


def test_locks_with_two_owners_are_a_conflict_and_nobody_is_moved() -> None:
    family = [account("p", "r", locked=True), account("q", "s", family="p", locked=True), account("u", family="p")]
    built = build(family, SEATS, Terms())
    assert built.conflicts == (Conflict("p", ("r", "s"), "its accounts are locked with different owners"),)
    assert [set(arcs(built, id_)) for id_ in ("p", "q", "u")] == [{"r"}, {"s"}, set()]


def test_a_family_that_reaches_out_of_the_book_is_left_alone() -> None:
    built = build([account("p", "x"), account("q", None, family="p")], SEATS, Terms())
    assert [conflict.family for conflict in built.conflicts] == ["p"]
    assert built.problem.arcs.rep.size == 0


def test_a_refill_gives_a_family_in_the_pool_to_whoever_has_the_rest() -> None:
    accounts = [account("p", "r"), account("q", None, family="p"), account("u", None, family="p"), account("z")]
    built = build(accounts, SEATS, Terms(frozen=True, most_moves=0))
    assert built.members == (("p",), ("q", "u"), ("z",))
    assert [set(arcs(built, id_)) for id_ in ("p", "q", "z")] == [{"r"}, {"r"}, {"r", "s"}]
    assert built.problem.items.may_pool.tolist() == [False, True, True]


def test_a_rep_with_too_many_accounts_keeps_them_and_gets_none() -> None:
    accounts = [account("a", "r"), account("b", "r"), account("c")]
    built = build(accounts, [Seat("r", 1, 1.0), Seat("s", 1, 1.0)], Terms())
    assert built.problem.reps.capacity.tolist() == [2, 1]
    assert [set(arcs(built, id_)) for id_ in ("a", "b", "c")] == [{"r", "s"}, {"r", "s"}, {"s"}]


def test_a_target_is_a_share_of_the_best_that_fits() -> None:
    accounts = [account(f"a{n}", potential=n * 100) for n in range(1, 6)]
    built = build(accounts, [Seat("r", 2, 3.0), Seat("s", 1, 1.0)], Terms())
    assert built.targets == {"r": pytest.approx(0.96 * 1200 * 0.75), "s": pytest.approx(0.96 * 1200 * 0.25)}
    # 50 points for a potential of 15: away from the target, 15 % of that for each unit, in hundredths.
    assert built.problem.reps.potential.slope == pytest.approx(0.15 * 50 / 1500)
    assert built.problem.reps.workload.steep == 0


def test_equal_reps_share_equal_accounts_by_hash() -> None:
    built = build([account(f"a{n}") for n in range(400)], SEATS, Terms())
    first = sum(arcs(built, f"a{n}")["r"] > arcs(built, f"a{n}")["s"] for n in range(400))
    assert 150 < first < 250


@pytest.mark.parametrize(
    ("accounts", "seats", "fault"),
    [
        ([account("a"), account("a")], SEATS, "account a is there twice"),
        ([account("a", worth=float("nan"))], SEATS, "account a has the worth nan"),
        ([account("a", potential=-1)], SEATS, "potential -1"),
        ([account("a")], (*SEATS, Seat("r", 1, 1.0)), "rep r is there twice"),
        ([account("a")], (Seat("r", -1, 1.0),), "rep r has the capacity -1"),
    ],
)
def test_what_cannot_be_is_refused(accounts: list[Account], seats: tuple[Seat, ...], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        build(accounts, seats, Terms())
