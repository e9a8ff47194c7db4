"""While a rep is away somebody else has the accounts that should not wait; on return they come back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.calendars import Absence, Calendars, Hours, leave_around
from sync_worker.core.covers import Cover, Covered, Covers, Outcome, cover, covering
from sync_worker.core.model import COVER, Decision, Rep
from sync_worker.core.steps import Position, assign

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFICE = (((540, 1020),),) * 5 + ((),) * 2
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
"""A Wednesday."""
DEALS = Cover("deals", "A deal is open", least_days=3, named_first=True, protected=False)
RUNNING = {"a1": Covered("deals", "ann", "bob", datetime(2026, 11, 20, tzinfo=UTC))}


def rep(id_: str, room: int = 0) -> Rep:
    return Rep(id_, id_.capitalize(), {"salesforce": id_}, {"emea": room} if room else {})


def account(owner: str = "ann", id_: str = "a1", **more: object) -> Decision:
    found = Decision(id_, "salesforce", id_, owner, "all", None, None, "emea", {}, fields={COVER: "deals"})
    return replace(found, **more)  # type: ignore[arg-type] # fields by their names


def away(first: int, last: int, by: str = "") -> Absence:
    """Days of November 2026."""
    return Absence(date(2026, 11, first), date(2026, 11, last), by)


def covers(
    absences: Mapping[str, tuple[Absence, ...]],
    *,
    policy: Cover = DEALS,
    running: Mapping[str, Covered] | None = None,
    reps: Mapping[str, Rep] | None = None,
) -> Covers:
    staff = reps or {id_: rep(id_) for id_ in ("ann", "bob", "eve", "joe")}
    hours = {id_: Hours(UTC, OFFICE, absences=found) for id_, found in absences.items()}
    teams = {"ann": "EMEA", "bob": "EMEA", "eve": "EMEA", "joe": "APAC"}
    return Covers({policy.id: policy}, running or {}, Calendars(Hours(UTC, OFFICE), hours), staff, teams, NOW)


def outcomes(found: Covers, *decisions: Decision) -> list[Outcome]:
    return list(cover(found, Position(decisions, found.reps, "pool")))


def moved(found: Covers, *decisions: Decision) -> list[tuple[str, str]]:
    """To whom, and by which rule."""
    return [(one.change.after, one.change.rule) for one in outcomes(found, *decisions) if one.change]


def test_whom_the_absence_names_covers_and_else_the_emptiest_of_the_team() -> None:
    assert moved(covers({"ann": (away(24, 27, "joe"),)}), account()) == [("joe", "cover:deals")]
    bobs = account("bob", "b1")
    assert moved(covers({"ann": (away(24, 27),)}), account(), bobs) == [("eve", "cover:deals")]
    named_away = covers({"ann": (away(24, 27, "joe"),), "joe": (away(25, 25),)})
    assert moved(named_away, account(), bobs) == [("eve", "cover:deals")]
    by_team = covers({"ann": (away(24, 27, "joe"),)}, policy=replace(DEALS, named_first=False))
    assert moved(by_team, account(), bobs) == [("eve", "cover:deals")]


def test_an_absence_counts_with_those_that_follow_it_and_short_ones_are_not_covered() -> None:
    assert moved(covers({"ann": (away(25, 26, "bob"),)}), account()) == []
    two = covers({"ann": (away(25, 26, "bob"), away(27, 27))})
    assert moved(two, account()) == [("bob", "cover:deals")]
    (began,) = outcomes(two, account())
    assert began.change is not None
    assert began.change.reason == "Ann is away until 2026-11-27; Bob looks after it: A deal is open"
    forever = covers({"ann": (Absence(date(2026, 11, 25), date.max, "bob"),)})
    (began,) = outcomes(forever, account())
    assert began.change is not None
    assert "until further notice" in began.change.reason


def test_it_goes_back_when_the_rep_is_back_whatever_protects_it_by_then() -> None:
    (ended,) = outcomes(covers({}, running=RUNNING), account("bob", protect="settling-in"))
    assert ended.change is not None
    assert (ended.change.after, ended.change.rule) == ("ann", "cover-end:deals")
    assert ended.change.reason == "Ann is back; Bob looked after it since 2026-11-20"


def test_what_is_held_or_whose_rep_has_left_stays_with_the_cover_and_says_so() -> None:
    (held,) = outcomes(covers({}, running=RUNNING), account("bob", held="marked do-not-move"))
    assert (held.change, held.because) == (None, "Ann is back, and nothing may move it: marked do-not-move")
    (gone,) = outcomes(covers({}, running=RUNNING, reps={"bob": rep("bob")}), account("bob"))
    assert gone.because == "ann may not own accounts any more"


def test_a_cover_whose_rep_has_left_keeps_an_account_from_no_later_step() -> None:
    left = covers({}, running=RUNNING, reps={"bob": rep("bob")})
    assert not covering(left)(Position((account("bob"),), left.reps, "pool")).kept


@pytest.mark.parametrize(("protected", "count"), [(True, 1), (False, 0)])
def test_a_protected_account_is_covered_only_where_the_cover_says_so(*, protected: bool, count: int) -> None:
    found = covers({"ann": (away(24, 27, "bob"),)}, policy=replace(DEALS, protected=protected))
    assert len(moved(found, account(protect="open-deal"))) == count
    assert moved(found, account(protect="open-deal", held="moved by a person")) == []


def test_no_cover_goes_over_a_books_capacity() -> None:
    staff = {"ann": rep("ann", 5), "bob": rep("bob", 1), "eve": rep("eve", 2)}
    found = covers({"ann": (away(24, 27, "bob"),)}, reps=staff)
    five = [account("ann", f"a{number}") for number in range(5)]
    assert sorted(after for after, _ in moved(found, *five)) == ["bob", "eve", "eve"]
    stays = [one.because for one in outcomes(found, *five) if not one.change]
    assert stays == ["nobody of the team is there and has room"] * 2


def test_an_account_goes_on_to_a_third_when_the_cover_is_away_too_and_back_to_the_first() -> None:
    absences = {"ann": (away(20, 30),), "bob": (away(24, 27, "joe"),)}
    on = covers(absences, running=RUNNING)
    assert moved(on, account("bob")) == [("joe", "cover:deals")]
    third = {"a1": Covered("deals", "ann", "joe", RUNNING["a1"].since)}
    assert moved(covers({"bob": absences["bob"]}, running=third), account("joe")) == [("ann", "cover-end:deals")]


def test_a_running_cover_stays_out_of_reach_of_later_steps_even_without_its_rule() -> None:
    found = replace(covers({"ann": (away(20, 30),)}, running=RUNNING), covers={})
    start = Position((account("bob"),), found.reps, "pool")
    assert assign(start, [covering(found)]).kept == {"a1"}
    assert moved(found, account("bob")) == []


def test_what_no_cover_is_for_and_the_pool_are_left_alone() -> None:
    found = covers({"ann": (away(24, 27, "bob"),), "pool": (away(24, 27),)})
    others = [account(fields={COVER: None}), account("pool"), account(scope=None), account("eve")]
    assert outcomes(found, *others) == []


@given(st.permutations(range(6)))
def test_the_order_of_accounts_and_reps_changes_nothing(order: list[int]) -> None:
    staff = {id_: rep(id_, 2) for id_ in ("ann", "bob", "eve", "joe")}
    found = covers({"ann": (away(24, 27),)}, reps=staff)
    mixed = replace(found, reps=dict(sorted(staff.items(), reverse=True)))
    accounts = [account("ann", f"a{number}") for number in range(6)]
    assert outcomes(found, *accounts) == outcomes(mixed, *(accounts[at] for at in order))


@given(
    owners=st.lists(st.sampled_from(("ann", "bob", "eve", "joe", "pool")), max_size=12),
    rooms=st.tuples(*[st.integers(1, 4)] * 4),
    absent=st.sets(st.sampled_from(("ann", "bob", "eve", "joe"))),
    held=st.sets(st.integers(0, 11)),
)
def test_no_cover_goes_to_an_absent_rep_or_over_a_capacity_or_moves_what_is_held(
    *, owners: list[str], rooms: tuple[int, ...], absent: set[str], held: set[int]
) -> None:
    staff = {id_: rep(id_, room) for id_, room in zip(("ann", "bob", "eve", "joe"), rooms, strict=True)}
    found = covers({id_: (away(24, 27, "joe"),) for id_ in absent}, reps=staff)
    accounts = [
        account(owner, f"a{number}", held="a person moved it" if number in held else "")
        for number, owner in enumerate(owners)
    ]
    load = Counter(owners)
    for one in outcomes(found, *accounts):
        if one.change:
            assert one.change.after not in absent
            assert one.change.before in absent
            assert int(one.account[1:]) not in held
            load[one.change.after] += 1
    assert all(load[id_] <= max(owners.count(id_), one.capacity["emea"]) for id_, one in staff.items())


@given(st.sets(st.integers(1, 30), min_size=1), st.integers(1, 30))
def test_a_leave_is_all_the_days_around_that_are_absent(days: set[int], today: int) -> None:
    absences = tuple(away(day, day) for day in days)
    found = leave_around(absences, date(2026, 11, today))
    if today not in days:
        assert found is None
        return
    first, last = today, today
    while first - 1 in days:
        first -= 1
    while last + 1 in days:
        last += 1
    assert found == (date(2026, 11, first), date(2026, 11, last))
