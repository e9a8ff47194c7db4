"""When jobs run, and how their slots are named."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.daemon.schedule import daily_slot, next_period, period_slot

BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_TWO = time(2, 30)


MOMENTS = st.integers(1_735_689_600, 1_830_297_600)  # 2025 to 2027, as seconds since 1970


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_daily_slot_is_the_local_date_of_the_latest_due_moment() -> None:
    at = time(5, 30)
    assert daily_slot(utc("2026-11-22T04:29"), at, BERLIN) == "2026-11-21"
    assert daily_slot(utc("2026-11-22T04:30"), at, BERLIN) == "2026-11-22"
    assert daily_slot(utc("2026-11-22T23:30"), at, BERLIN) == "2026-11-22"


def test_a_cycle_that_gets_its_turn_after_midnight_keeps_its_own_date() -> None:
    assert daily_slot(utc("2026-11-23T00:10"), time(23, 55), ZoneInfo("UTC")) == "2026-11-22"


def test_both_half_past_twos_of_the_night_that_ends_summer_time_are_one_slot() -> None:
    first, second = utc("2026-10-25T00:30"), utc("2026-10-25T01:30")
    assert first.astimezone(BERLIN).time() == second.astimezone(BERLIN).time() == HALF_PAST_TWO
    assert daily_slot(first, HALF_PAST_TWO, BERLIN) == daily_slot(second, HALF_PAST_TWO, BERLIN) == "2026-10-25"


def test_a_time_that_the_clocks_skip_still_has_its_slot() -> None:
    assert daily_slot(utc("2026-03-29T01:29"), HALF_PAST_TWO, BERLIN) == "2026-03-28"
    assert daily_slot(utc("2026-03-29T01:30"), HALF_PAST_TWO, BERLIN) == "2026-03-29"


@given(
    MOMENTS.map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_slots_never_go_back_and_never_skip_a_day(now: datetime, at: time, zone: str) -> None:
    slots = [daily_slot(now + timedelta(hours=hour), at, ZoneInfo(zone)) for hour in range(97)]
    assert slots == sorted(slots)
    days = [datetime.fromisoformat(slot) for slot in dict.fromkeys(slots)]
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


def test_a_period_is_named_by_its_beginning_in_utc() -> None:
    assert period_slot(utc("2026-11-22T08:59:59"), 60) == "2026-11-22T08:00Z"
    assert period_slot(utc("2026-11-22T09:00:00"), 60) == "2026-11-22T09:00Z"
    assert period_slot(utc("2026-11-22T08:14:59"), 15) == "2026-11-22T08:00Z"


@given(MOMENTS.map(lambda second: datetime.fromtimestamp(second, UTC)), st.integers(1, 1440))
def test_the_next_run_falls_into_the_next_period(now: datetime, minutes: int) -> None:
    due = next_period(now, minutes)
    assert now < due
    assert period_slot(due, minutes) > period_slot(now, minutes)
    assert period_slot(due - timedelta(seconds=3), minutes) == period_slot(now, minutes)
