"""Routes as a step: who may have an account, caps, absence, nobody, and that the order of the input says nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.books import BookPolicy, refilling
from sync_worker.core.model import OwnerChange
from sync_worker.core.routing import Bar, By, Cap, Desk, Member, Nobody, routing
from sync_worker.core.routing.step import routed
from sync_worker.core.steps import Position, assign
from tests.core.routing.team import NOW, POOL, Days, Office, account, arrived, members, rep, route

TODAY = NOW.date()
LONG = (TODAY - timedelta(days=3), date(2026, 12, 3))


def test_only_accounts_of_the_pool_that_may_move_and_that_a_route_matches_are_given() -> None:
    days = Days(route())
    found = days.run(
        [
            account("in"),
            account("out-of-scope", scope=None),
            account("protected", protect="customer"),
            account("held", held="a person moved it"),
            account("resting", resting=True),
            account("unmatched", route=None),
            account("of-another-route", route="other"),
            account("owned", owner="ann"),
            account("of-a-fixed-book", named_owner="ann@example.com"),
        ]
    )
    (change,) = found.changes
    assert (change.account, change.rule, change.before) == ("in", "route:in", POOL)
    assert not found.unassigned
    assert not found.kept


def test_what_an_earlier_step_moved_or_left_is_not_routed() -> None:
    done = OwnerChange("taken", POOL, "cem", "service:x", "x")
    position = Position((account("taken"), account("left")), {}, POOL).after([done], frozenset({"left"}))
    desk = Desk({"in": route()}, Office(), NOW)
    assert not routing(desk)(position).changes


def test_accounts_are_given_in_the_order_in_which_they_came_and_the_best_first_of_one_day() -> None:
    accounts = [account("a", value=1), account("b", value=5), account("c", value=9), account("unseen", value=99)]
    came = {"a": arrived(3), "b": arrived(1), "c": arrived(1)}
    changes = Days(route()).run(accounts, arrivals=came).changes
    assert [change.account for change in changes] == ["a", "c", "b", "unseen"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(By)[:4]))
def test_the_order_of_accounts_and_members_changes_nothing(seed: int, by: By) -> None:
    team = members(ann=1.0, bob=0.5, cem=2.0, dan=1.0)
    accounts = [account(f"a{at}", value=at % 7) for at in range(25)]
    found = Days(route(by, team, score="priority")).run(accounts)
    chance = random.Random(seed)  # noqa: S311 - a shuffle, seeded
    shuffled, mixed = chance.sample(accounts, len(accounts)), chance.sample(team, len(team))
    assert Days(route(by, mixed, score="priority")).run(shuffled) == found


def test_a_second_run_goes_on_where_the_ledger_stands() -> None:
    """Turns of one run for each account are those of one run for all."""
    accounts = [account(f"a{at}") for at in range(12)]
    came = {one.account: arrived(30 - at) for at, one in enumerate(accounts)}
    at_once = [change.after for change in Days(route()).run(accounts, arrivals=came).changes]
    assert Days(route()).each(accounts) == at_once


def test_a_plan_that_was_not_applied_gives_its_turns_back() -> None:
    days = Days(route())
    first = days.look([account("a"), account("b")])
    assert days.look([account("a"), account("b")]) == first


# Who may have an account


def test_members_who_cannot_have_it_are_told_with_what_keeps_them() -> None:
    full = replace(rep("ann"), capacity={"emea": 0})
    team = [Member(full), Member(rep("bob")), Member(rep("cem"), 0.0), Member(replace(rep("dan"), users={})),
            Member(rep("eve"))]  # fmt: skip
    office = Office({"bob": [LONG]})
    cap = Cap(5, "5 a day", {"eve": 5})
    policy = route(team=[*team, Member(rep("fay"))], caps=(cap,))
    position = Position((account("a", book="emea"),), {}, POOL)
    (given_,) = routed(Desk({"in": policy}, office, NOW), position)
    told = {one.rep: one.barred and (one.barred.bar, one.barred.because) for one in given_.candidates}
    assert told["fay"] is None
    assert told["eve"] == (Bar.CAP, "at the cap of 5 a day")
    assert told["ann"] == (Bar.FULL, "full, with 0 of 0 accounts")
    assert told["bob"] == (Bar.AWAY, "away until 2026-12-03")
    assert told["cem"] == (Bar.WEIGHT, "without a share: the weight is 0 or empty")
    assert told["dan"] == (Bar.CRM, "no active user of salesforce who may own accounts")


def test_the_reason_says_the_turn_what_is_due_and_who_is_away() -> None:
    days = Days(route(because="Enquiries are answered in turn"), Office({"bob": [LONG]}))
    days.run([account("a"), account("b")])
    (change,) = days.run([account("c")]).changes
    assert change.reason == (
        f"Enquiries are answered in turn: turn of {change.after.title()} (1.0 of 1.5 entitled); "
        "Bob is away until 2026-12-03"
    )


def test_many_absent_reps_are_counted_and_not_listed() -> None:
    office = Office({id_: [(TODAY, date.max)] for id_ in ("bob", "cem", "dan", "eve")})
    (change,) = Days(route(team=members("ann", "bob", "cem", "dan", "eve")), office).run([account("a")]).changes
    assert change.reason.endswith(
        "; Bob is away until further notice; Cem is away until further notice; 2 more are away"
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob", "cem"]), st.integers(0, 20), st.integers(0, 9)), max_size=5),
    st.sampled_from(list(By)[:4]),
    st.sampled_from(list(Nobody)[:2]),
)
def test_an_absent_rep_gets_nothing(absences: list[tuple[str, int, int]], by: By, nobody: Nobody) -> None:
    office = Office()
    for who, start, length in absences:
        first = TODAY + timedelta(days=start)
        office.absences.setdefault(who, []).append((first, first + timedelta(days=length)))
    days = Days(route(by, nobody=nobody, score="priority"), office)
    for day in range(25):
        away = {who for who in ("ann", "bob", "cem") if office.away(who, days.now)}
        found = days.run(account(f"a{day}-{at}") for at in range(2))
        assert not away & {change.after for change in found.changes}
        assert len(found.changes) == (0 if len(away) == 3 else 2)
        days.sleep()


def test_capacity_of_the_accounts_book_is_never_exceeded_and_other_books_do_not_count() -> None:
    team = [Member(rep("ann", {"emea": 2})), Member(rep("bob", {"emea": 1})), Member(rep("cem", {"apac": 0}))]
    days = Days(route(team=team))
    found = days.run(account(f"a{at}", book="emea") for at in range(12))
    given_ = [change.after for change in found.changes]
    assert (given_.count("ann"), given_.count("bob")) == (2, 1)
    assert given_.count("cem") == 9


def test_in_working_hours_only_means_nobody_at_night() -> None:
    days = Days(route(working_hours=True), Office(night=True))
    found = days.run([account("a")])
    assert found.kept == {"a"}
    assert found.unassigned[0].because.startswith("nobody of the route in is free: Ann is outside working hours")
    assert Days(route(), Office(night=True)).run([account("a")]).changes


# By


def test_least_loaded_is_who_has_fewest_by_weight() -> None:
    days = Days(route(By.LEAST_LOADED, members(ann=1.0, bob=2.0)))
    given_ = [change.after for change in days.run(account(f"a{at}") for at in range(9)).changes]
    assert (given_.count("ann"), given_.count("bob")) == (3, 6)
    assert all(left != right or left == "bob" for left, right in pairwise(given_))


def test_named_is_always_the_one_rep_and_takes_no_turns() -> None:
    days = Days(route(By.NAMED, members("ann")))
    found = days.run([account("a"), account("b")])
    assert [change.after for change in found.changes] == ["ann", "ann"]
    assert [dict(turn.shares) for turn in found.turns] == [{}, {}]
    assert found.changes[0].reason == "in: Ann"


def test_by_owner_is_the_owner_of_the_nearest_parent_that_has_one() -> None:
    days = Days(route(By.OWNER, members("ann", "bob")))
    accounts = [
        account("child"),
        account("orphan"),
        account("parent", route=None),
        account("grandparent", owner="bob", route=None),
    ]
    parents = {"child": "parent", "parent": "grandparent", "grandparent": None, "orphan": None}
    found = days.run(accounts, parents=parents)
    assert [(change.account, change.after, change.reason) for change in found.changes] == [
        ("child", "bob", "in: Bob, who owns its parent")
    ]
    assert [(one.account, one.because) for one in found.unassigned] == [
        ("orphan", "the route in gives it to the owner of its parent, and it has none")
    ]


def test_an_account_without_value_counts_as_the_average_so_that_one_rep_does_not_get_all_of_them() -> None:
    days = Days(route(By.VALUE, score="priority"))
    days.run(account(f"a{at}", value=30.0) for at in range(3))
    found = days.run(account(f"b{at}", value=0.0) for at in range(30))
    assert {change.after: 0 for change in found.changes}.keys() == {"ann", "bob", "cem"}
    assert {turn.value for turn in found.turns} == {30.0}
    by_rep = [change.after for change in found.changes]
    assert [by_rep.count(one) for one in ("ann", "bob", "cem")] == [10, 10, 10]


# Who had it before


def test_it_does_not_go_back_to_the_previous_owner() -> None:
    days = Days(route(team=members("ann", "bob")))
    accounts = [account(f"a{at}", previous_owner="ann") for at in range(6)]
    found = days.run(accounts)
    assert {change.after for change in found.changes} == {"bob"}
    told = {one.rep: one.barred.bar if one.barred else None for one in found.turns[0].candidates}
    assert told == {"ann": Bar.PREVIOUS, "bob": None}
    assert all("ann" not in turn.shares for turn in found.turns), "nobody is due what they may not have"


def test_it_goes_back_to_the_previous_owner_if_nobody_else_is_free_and_says_so() -> None:
    days = Days(route(team=members("ann", "bob")), Office({"bob": [LONG]}))
    (change,) = days.run([account("a")], arrivals={"a": arrived(2, before="ann")}).changes
    assert change.after == "ann"
    assert "; Ann had it before, and nobody else is free; Bob is away" in change.reason


@pytest.mark.parametrize(("days_ago", "sticks"), [(0, True), (90, True), (91, False)])
def test_a_sticky_route_gives_it_back_to_who_had_it_for_so_many_days(days_ago: int, sticks: bool) -> None:  # noqa: FBT001 - a case
    days = Days(route(sticky_days=90))
    (change,) = days.run([account("a")], arrivals={"a": arrived(days_ago, before="cem")}).changes
    assert (change.after == "cem") is sticks
    if sticks:
        until = (NOW - timedelta(days=days_ago)).date()
        assert change.reason == f"in: back to Cem, who had it until {until}"


def test_a_sticky_route_brings_nothing_back_that_a_service_level_took_away() -> None:
    days = Days(route(sticky_days=90, team=members("ann", "cem")))
    missed = replace(arrived(1, before="cem"), missed=True)
    (change,) = days.run([account("a")], arrivals={"a": missed}).changes
    assert change.after == "ann"


def test_a_sticky_route_does_not_wait_for_somebody_who_is_away() -> None:
    days = Days(route(sticky_days=90), Office({"cem": [LONG]}))
    (change,) = days.run([account("a")], arrivals={"a": arrived(1, before="cem")}).changes
    assert change.after != "cem"


# Caps


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(0, 9), min_size=3, max_size=9))
def test_caps_are_never_exceeded(most: int, within: int, holding: int, arrivals: list[int]) -> None:
    """A cap on the window's days, one on what is held of the large accounts, run for run."""
    days, sent = Days(route()), list[tuple[int, str]]()
    for day, number in enumerate(arrivals):
        used = {who: sum(1 for at, one in sent if at > day - 3 and one == who) for who in ("ann", "bob", "cem")}
        large = {f"a{at}-{one}" for at in range(day + 1) for one in range(0, 10, 2)}
        caps = (Cap(most, f"{most} a run"), Cap(within, "within 3 days", used),
                Cap(holding, "held", holding=True, among=large))  # fmt: skip
        days.policy = route(caps=caps)
        found = days.run(account(f"a{day}-{at}") for at in range(number))
        got = [change.after for change in found.changes]
        sent += [(day, one) for one in got]
        for who in ("ann", "bob", "cem"):
            assert got.count(who) <= most
            assert sum(1 for at, one in sent if at > day - 3 and one == who) <= within
            assert sum(owner == who and id_ in large for id_, owner in days.owned.items()) <= holding
        days.sleep()


def test_a_cap_on_what_is_held_bars_only_accounts_that_count() -> None:
    cap = Cap(1, "1 held where tier = 'A'", holding=True, among={"a1", "a2", "held"})
    days = Days(route(team=members("ann"), caps=(cap,)))
    days.owned["held"] = "ann"
    found = days.run([account("a1"), account("small")])
    assert [change.account for change in found.changes] == ["small"]
    assert found.unassigned[0].because == (
        "nobody of the route in is free: Ann is at the cap of 1 held where tier = 'A'"
    )


# Nobody


def test_when_nobody_is_free_the_account_is_held_back_from_the_books() -> None:
    office = Office({id_: [LONG] for id_ in ("ann", "bob", "cem")})
    for nobody, owner in ((Nobody.HOLD, None), (Nobody.POOL, "dan")):
        policy = route(nobody=nobody)
        desk = Desk({"in": policy}, office, NOW)
        position = Position((account("a", book="emea"),), {"dan": rep("dan", {"emea": 5})}, POOL)
        found = assign(position, (routing(desk), refilling([BookPolicy("emea", "priority")])))
        assert [change.after for change in found.changes] == ([owner] if owner else [])
        assert [one.account for one in found.unassigned] == ([] if owner else ["a"])


def test_ignoring_absence_gives_it_to_somebody_who_is_away_and_says_so() -> None:
    office = Office({id_: [LONG] for id_ in ("ann", "bob", "cem")})
    days = Days(route(nobody=Nobody.IGNORE_ABSENCE), office)
    changes = days.run(account(f"a{at}") for at in range(3)).changes
    assert sorted(change.after for change in changes) == ["ann", "bob", "cem"]
    assert all("; nobody who may have it is there, so absence is ignored" in change.reason for change in changes)


def test_a_fallback_stands_in_only_within_the_caps_and_while_present() -> None:
    office = Office({id_: [LONG] for id_ in ("ann", "bob", "cem")})
    policy = route(fallback=rep("kim"), caps=(Cap(2, "2 a day"),))
    found = Days(policy, office).run(account(f"a{at}") for at in range(3))
    assert [change.after for change in found.changes] == ["kim", "kim"]
    assert found.changes[0].reason.startswith("in: Kim stands in; nobody of the route in is free: Ann is away until")
    (left,) = found.unassigned
    assert left.because.endswith("; Kim, who stands in, is at the cap of 2 a day")
    office.absences["kim"] = [LONG]
    assert not Days(policy, office).run([account("a")]).changes


def test_a_route_without_members_says_so() -> None:
    (left,) = Days(route(team=())).run([account("a")]).unassigned
    assert left.because == "no active rep belongs to the route in"


def test_a_stand_in_whom_nobody_knows_is_told() -> None:
    office = Office({id_: [LONG] for id_ in ("ann", "bob", "cem")})
    (left,) = Days(route(unknown="kim@example.com"), office).run([account("a")]).unassigned
    assert left.because.endswith("; no rep who may own accounts has the address kim@example.com of who stands in")
