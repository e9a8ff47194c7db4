"""Working time is that of the clock on the rep's wall: it adds up, can be counted backwards, and stops while away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync_worker.core.calendars import Absence, Calendars, Hours, Week, next_present

OFFICE = (((540, 1020),),) * 5 + ((),) * 2
"""Monday to Friday, 9 to 17."""
ALWAYS = (((0, 1440),),) * 7
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def calendars(zone: str, week: Week = OFFICE, *absences: Absence, holidays: tuple[date, ...] = ()) -> Calendars:
    """One rep, ann, who works these hours."""
    hours = Hours(ZoneInfo(zone), week, dict.fromkeys(holidays, "Founders' day"), absences)
    return Calendars(Hours(UTC, OFFICE), {"ann": hours})


def berlin(text: str) -> datetime:
    """A moment by a clock in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def test_four_working_hours_from_a_friday_afternoon_end_on_monday() -> None:
    ann = calendars("Europe/Berlin")
    assert ann.after("ann", berlin("2026-11-20T15:00"), timedelta(hours=4)) == berlin("2026-11-23T11:00")


def test_a_week_may_begin_on_sunday() -> None:
    week = (*OFFICE[:4], (), (), OFFICE[0])
    ann = calendars("Asia/Jerusalem", week)
    at = datetime(2026, 11, 19, 16, tzinfo=ZoneInfo("Asia/Jerusalem"))
    assert ann.after("ann", at, timedelta(hours=2)) == datetime(2026, 11, 22, 10, tzinfo=ZoneInfo("Asia/Jerusalem"))


def test_the_clock_stops_on_holidays_and_while_the_rep_is_away() -> None:
    away = Absence(date(2026, 11, 24), date(2026, 11, 25))
    ann = calendars("Europe/Berlin", OFFICE, away, holidays=(date(2026, 11, 23),))
    assert ann.after("ann", berlin("2026-11-20T16:00"), timedelta(hours=2)) == berlin("2026-11-26T10:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    ann = calendars("Europe/Berlin", ALWAYS)
    end = berlin(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00")
    assert ann.working_time("ann", berlin(f"{day}T00:00"), end) == timedelta(hours=hours)


def test_the_hour_that_a_clock_skips_is_no_working_time_and_the_repeated_one_counts_twice() -> None:
    night = (((60, 180),),) * 7
    ann = calendars("Europe/Berlin", night)
    for day, hours in (("2026-03-29", 1), ("2026-10-25", 3)):
        start = berlin(f"{day}T00:00")
        assert ann.working_time("ann", start, start + timedelta(hours=12)) == timedelta(hours=hours)


def test_a_day_that_a_place_skipped_has_no_working_time() -> None:
    """Samoa went from 29 to 31 December 2011."""
    ann = calendars("Pacific/Apia", ALWAYS)
    start = datetime(2011, 12, 29, tzinfo=ZoneInfo("Pacific/Apia"))
    assert ann.working_time("ann", start, start.replace(day=31)) == timedelta(days=1)


def test_absences_begin_and_end_at_the_reps_own_midnight() -> None:
    ann = calendars("America/New_York", OFFICE, Absence(date(2026, 11, 24), date(2026, 11, 24)))
    midnight = datetime(2026, 11, 24, tzinfo=ZoneInfo("America/New_York"))
    second = timedelta(seconds=1)
    there = [ann.away("ann", at) is None for at in (midnight - second, midnight, midnight + timedelta(days=1))]
    assert there == [True, False, True]
    assert ann.back("ann", midnight) == date(2026, 11, 25)


def test_absences_that_follow_each_other_are_one_and_one_without_an_end_never_ends() -> None:
    leave = (Absence(date(2026, 1, 1), date(2026, 1, 5)), Absence(date(2026, 1, 6), date(2026, 1, 9)))
    assert next_present(leave, date(2026, 1, 3)) == date(2026, 1, 10)
    assert next_present((Absence(date(2026, 1, 1), date.max),), date(2026, 1, 3)) is None
    ann = calendars("UTC", OFFICE, Absence(date(2026, 1, 1), date.max))
    assert ann.after("ann", datetime(2026, 1, 2, tzinfo=UTC), timedelta(minutes=1)) is None


def test_whoever_is_unknown_works_usual_hours() -> None:
    nobody = calendars("Asia/Kolkata")
    assert nobody.working("bob", datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert not nobody.working("bob", datetime(2026, 11, 21, 9, tzinfo=UTC))
    assert nobody.away("bob", datetime(2026, 11, 20, tzinfo=UTC)) is None


moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - the zone is given
days = st.dates(date(2025, 1, 1), date(2027, 1, 1))
absences = st.builds(lambda first, most: Absence(first, first + timedelta(days=most)), days, st.integers(0, 40))
ranges = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted)
weeks = st.tuples(*[ranges.map(lambda at: tuple(zip(at[::2], at[1::2], strict=False)))] * 7)
reps = st.builds(
    lambda zone, week, away, free: calendars(zone, week, *away, holidays=tuple(free)),
    st.sampled_from(ZONES),
    weeks,
    st.lists(absences, max_size=3),
    st.lists(days, max_size=5),
)


@given(reps, st.lists(moments, min_size=3, max_size=3).map(sorted))
def test_working_time_adds_up(ann: Calendars, at: list[datetime]) -> None:
    first, middle, last = at
    whole = ann.working_time("ann", first, last)
    assert whole == ann.working_time("ann", first, middle) + ann.working_time("ann", middle, last)
    assert timedelta() <= whole <= last - first


@given(reps, moments, st.timedeltas(timedelta(), timedelta(days=9)))
@example(calendars("Europe/Berlin", ALWAYS), datetime(2026, 10, 24, 12, tzinfo=UTC), timedelta(hours=20))
def test_the_moment_after_some_working_time_has_exactly_that_much_before_it(
    ann: Calendars, start: datetime, needed: timedelta
) -> None:
    due = ann.after("ann", start, needed)
    if due is not None:
        assert ann.working_time("ann", start, due) == needed
        if needed:
            assert ann.working_time("ann", start, due - timedelta(microseconds=1)) < needed


@given(reps, moments, st.integers(1, 600))
def test_a_minute_counts_exactly_when_the_rep_works_in_it(ann: Calendars, start: datetime, more: int) -> None:
    at = (start + timedelta(hours=more)).replace(second=0, microsecond=0)
    minute = ann.working_time("ann", at, at + timedelta(minutes=1))
    assert minute == (timedelta(minutes=1) if ann.working("ann", at) else timedelta())
