"""A first touch is due by its owner's clock; a miss goes to somebody else who is there and has room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.calendars import Absence, Calendars, Hours
from sync_worker.core.model import SERVICE_LEVEL, Decision, Rep
from sync_worker.core.service_levels import (
    Levels,
    Owned,
    ServiceLevel,
    Span,
    State,
    Successors,
    first_touches,
    reassign,
)
from sync_worker.core.steps import Position

if TYPE_CHECKING:
    from collections.abc import Mapping

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = (((540, 1020),),) * 5 + ((),) * 2
WORKING = Span(timedelta(hours=4), working=True, text="4 working hours")
CLOCK = Span(timedelta(hours=8), working=False, text="8 hours")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
"""Ten in the morning, in the first hour of four."""
TEAM = frozenset({"ann", "bob", "eve"})


def rep(id_: str, capacity: Mapping[str, int] | None = None, crm: str = "salesforce") -> Rep:
    return Rep(id_, id_.capitalize(), {crm: id_}, capacity or {})


REPS = {id_: rep(id_) for id_ in ("ann", "bob", "eve", "joe")}


def account(id_: str = "a1", owner: str | None = "ann", **more: object) -> Decision:
    found = Decision(id_, "salesforce", id_, owner, "all", None, None, None, {}, fields={SERVICE_LEVEL: "first"})
    return replace(found, **more)  # type: ignore[arg-type] # fields by their names


def levels(  # noqa: PLR0913 - one for each thing that a test is about
    now: datetime,
    *,
    span: Span = WORKING,
    remind: Span | None = None,
    successors: Successors | None = None,
    owned: Mapping[str, Owned] | None = None,
    reps: Mapping[str, Rep] = REPS,
    away: Mapping[str, tuple[Absence, ...]] | None = None,
) -> Levels:
    level = ServiceLevel("first", "A visitor waits", span, remind, successors or Successors(TEAM, by_turn=True))
    hours = {id_: Hours(BERLIN, OFFICE, absences=(away or {}).get(id_, ())) for id_ in REPS}
    about = {"a1": Owned(MONDAY, None)} if owned is None else owned
    return Levels({"first": level}, about, Calendars(Hours(UTC, OFFICE), hours), reps, now)


def position(*decisions: Decision) -> Position:
    return Position(decisions, {}, "pool")


def away(first: int, last: int) -> tuple[Absence, ...]:
    """Days of November 2026."""
    return (Absence(date(2026, 11, first), date(2026, 11, last)),)


@pytest.mark.parametrize(
    ("hours", "state"), [(1, State.RUNNING), (2, State.REMINDED), (3.99, State.REMINDED), (4, State.MISSED)]
)
def test_a_touch_is_awaited_reminded_of_and_missed(hours: float, state: State) -> None:
    remind = Span(timedelta(hours=2), working=True, text="2 working hours")
    (found,) = first_touches(levels(MONDAY + timedelta(hours=hours), remind=remind), [account()])
    assert (found.state, found.due) == (state, MONDAY + timedelta(hours=4))


def test_time_of_the_clock_runs_by_night_and_stands_still_while_the_owner_is_away() -> None:
    (found,) = first_touches(levels(MONDAY, span=CLOCK), [account()])
    assert found.due == MONDAY + timedelta(hours=8)
    (found,) = first_touches(levels(MONDAY, span=CLOCK, away={"ann": away(23, 24)}), [account()])
    assert found.due == datetime(2026, 11, 25, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("last", "waits"),
    [
        (None, True),
        (MONDAY - timedelta(seconds=1), True),
        (MONDAY, False),
        (datetime(2026, 11, 23, tzinfo=UTC), False),
        (datetime(2026, 11, 22, tzinfo=UTC), True),
    ],
)
def test_a_touch_since_the_owner_has_it_ends_the_wait_and_a_day_counts_as_a_whole(
    *, last: datetime | None, waits: bool
) -> None:
    found = first_touches(levels(MONDAY, owned={"a1": Owned(MONDAY, last)}), [account()])
    assert bool(found) == waits


@pytest.mark.parametrize("more", [{"protect": "new"}, {"held": "moved by a person"}])
def test_what_is_protected_or_held_is_told_and_stays(more: dict[str, str]) -> None:
    found, stays = levels(MONDAY + timedelta(hours=5)), account(**more)
    assert reassign(found, position(stays)) == ()
    (told,) = first_touches(found, [stays])
    assert told.state is State.MISSED
    assert next(iter(more.values())) in told.stays


def test_what_is_out_of_scope_or_of_no_level_or_whose_history_is_unknown_waits_for_nobody() -> None:
    found = levels(MONDAY + timedelta(hours=5))
    others = [account(scope=None), account("a1", None), account(fields={SERVICE_LEVEL: None}), account("a2")]
    assert first_touches(found, others) == ()


def test_the_next_owner_is_whose_turn_is_longest_ago_and_turns_of_one_run_count() -> None:
    turns = {"bob": MONDAY - timedelta(days=1), "eve": MONDAY - timedelta(days=2)}
    ids = [f"a{number}" for number in range(4)]
    found = levels(
        MONDAY + timedelta(hours=4),
        successors=Successors(TEAM, by_turn=True, turns=turns),
        owned={id_: Owned(MONDAY - timedelta(minutes=number), None) for number, id_ in enumerate(ids)},
    )
    changes = reassign(found, position(*map(account, ids)))
    assert [change.after for change in changes] == ["eve", "bob", "eve", "bob"], "ann has them"
    assert {change.rule for change in changes} == {"service:first"}


def test_the_emptiest_book_is_next_where_the_level_says_so() -> None:
    full = [account(f"b{number}", "bob", fields={}) for number in range(3)]
    found = levels(MONDAY + timedelta(hours=4), successors=Successors(TEAM, by_turn=False))
    (change,) = reassign(found, position(account(), *full))
    assert change.after == "eve"


def test_nobody_gets_it_back_unless_nobody_else_is_free_and_then_it_says_so() -> None:
    owned = {"a1": Owned(MONDAY, None, frozenset({"bob"}))}
    late = MONDAY + timedelta(hours=4)
    (change,) = reassign(levels(late, owned=owned), position(account()))
    assert change.after == "eve"
    assert "again" not in change.reason
    assert "nobody else" not in change.reason
    (change,) = reassign(levels(late, owned=owned, away={"eve": away(23, 23)}), position(account()))
    assert change.after == "bob"
    assert change.reason.endswith("it goes to Bob, who had it before, since nobody else is free")
    absent = {"eve": away(23, 23), "bob": away(23, 23)}
    assert reassign(levels(late, owned=owned, away=absent), position(account())) == ()


def test_the_reason_tells_when_it_was_due_by_the_owners_clock_and_is_the_same_an_hour_later() -> None:
    (change,) = reassign(levels(MONDAY + timedelta(hours=4)), position(account()))
    (later,) = reassign(levels(MONDAY + timedelta(hours=5)), position(account()))
    assert change == later
    by = "not touched by 2026-11-23 14:00 (Europe/Berlin), 4 working hours after Ann got it"
    assert change.reason.startswith(f"A visitor waits: {by}; it goes to ")


def test_a_full_book_and_another_crm_keep_a_rep_from_it() -> None:
    reps = {"ann": REPS["ann"], "bob": rep("bob", {"emea": 1}), "eve": rep("eve", crm="hubspot")}
    owned = [account("b1", "bob", fields={})]
    found = levels(MONDAY + timedelta(hours=4), reps=reps)
    assert reassign(found, position(account(book="emea"), *owned)) == ()
    (change,) = reassign(found, position(account(book="emea")))
    assert change.after == "bob"


def test_whom_a_fixed_book_names_keeps_it_and_a_miss_is_only_told() -> None:
    found, named = levels(MONDAY + timedelta(hours=4)), account(book="named", named_owner="ann@example.com")
    assert reassign(found, position(named)) == ()
    (told,) = first_touches(found, [named])
    assert (told.state, told.stays) == (State.MISSED, "the book named names its owner")


def test_a_level_may_give_back_to_the_pool_or_only_tell() -> None:
    found = levels(MONDAY + timedelta(hours=4))
    level = found.levels["first"]
    to_pool = replace(found, levels={"first": replace(level, successors=None, to_pool=True)})
    (change,) = reassign(to_pool, position(account()))
    assert (change.after, change.rest_days) == ("pool", 1)
    assert change.reason.endswith("it goes back to the pool")
    assert reassign(replace(found, levels={"first": replace(level, successors=None)}), position(account())) == ()


@given(
    order=st.permutations(range(8)),
    since=st.lists(st.integers(0, 2), min_size=8, max_size=8),
    by_turn=st.booleans(),
)
def test_the_order_of_accounts_and_reps_changes_nothing(*, order: list[int], since: list[int], by_turn: bool) -> None:
    owned = {f"a{number}": Owned(MONDAY - timedelta(minutes=ago), None) for number, ago in enumerate(since)}
    decisions = [account(id_, "joe") for id_ in owned]
    found = levels(MONDAY + timedelta(hours=9), owned=owned, successors=Successors(TEAM, by_turn=by_turn))
    mixed = replace(found, reps=dict(sorted(REPS.items(), reverse=True)))
    assert reassign(found, position(*decisions)) == reassign(mixed, position(*(decisions[at] for at in order)))


@given(st.integers(1, 30))
def test_turns_go_round_evenly(count: int) -> None:
    owned = {f"a{number}": Owned(MONDAY, None) for number in range(count)}
    changes = reassign(
        levels(MONDAY + timedelta(days=1), owned=owned), position(*(account(id_, "joe") for id_ in owned))
    )
    given_to = [sum(change.after == one for change in changes) for one in TEAM]
    assert sum(given_to) == count
    assert max(given_to) - min(given_to) <= 1
