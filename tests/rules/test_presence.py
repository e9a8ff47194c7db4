"""Absences, holidays, service levels and covers: what a folder says of them, and what it is told where it is wrong."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import ColumnKind, compile_accounts, compile_reps
from rules.absences import unknown_people
from rules.hours import DAYS, USUAL, BadHours, week_of
from rules.presence import Span
from tests.rules.stores import LANDMARK, NOW

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Row, Store

LEVELS = """version: 1
absences: [away.csv]
holidays: [free.csv]
service_levels:
  - id: inbound
    when: lead_source = 'Web'
    first_touch: 4 working hours
    remind: 2 working hours
    reassign: {team: Inbound, by: round robin}
    because: A visitor waits
  - {id: events, when: lead_source = 'Event', first_touch: 2 days, reassign: pool}
  - {id: rest, when: "true", first_touch: 30 days, reassign: {reps: capacity > 5, by: least loaded}}
covers:
  - {id: deals, when: open_opportunities > 0, least: 3 days, by: cover, protected: yes, because: A deal is open}
  - {id: large, when: employees > 1000, least: 2 weeks, by: team}
"""
AWAY = """email,from,until,cover,reason
Ann@x.example,2026-12-01,2026-12-03,bob@x.example,leave
bob@x.example,2026-12-05,,,
"""
FREE = "calendar,date,name\nDE,2026-12-25,Christmas\nDE,2026-12-26,\nUS,2026-12-25,Christmas\n"


def test_a_folder_says_who_is_away_which_days_are_free_what_is_due_and_who_covers(folder: Folder) -> None:
    found = folder.write(rules_yaml=LEVELS, away_csv=AWAY, free_csv=FREE).load()
    assert [(row.email, row.first, row.last, row.cover, row.reason) for row in found.absences] == [
        ("ann@x.example", date(2026, 12, 1), date(2026, 12, 3), "bob@x.example", "leave"),
        ("bob@x.example", date(2026, 12, 5), date.max, "", ""),
    ]
    assert [(free.calendar, str(free.day), free.name) for free in found.holidays] == [
        ("DE", "2026-12-25", "Christmas"),
        ("DE", "2026-12-26", "holiday"),
        ("US", "2026-12-25", "Christmas"),
    ]
    inbound, events, rest = found.service_levels
    assert (inbound.first_touch, inbound.remind) == (
        Span("4 working hours", 240, working=True),
        Span("2 working hours", 120, working=True),
    )
    assert events.first_touch == Span("2 days", 2880, working=False)
    told = [(one.reassign.whom, one.reassign.by) for one in (inbound, events, rest) if one.reassign]
    assert told == [("the team Inbound", "round robin"), ("the pool", ""), ("capacity > 5", "least loaded")]
    deals, large = found.covers
    assert (deals.least_days, deals.by, deals.protected) == (3, "cover", True)
    assert (large.least_days, large.by, large.protected) == (14, "team", False)


def test_the_first_level_and_the_first_cover_that_match_decide(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=LEVELS, away_csv=AWAY, free_csv=FREE).load()
    accounts: list[Row] = [
        {"lead_source": "Web", "employees": 2000, "open_opportunities": 0},
        {"open_opportunities": 1},
    ]
    judged = [(row["service_level"], row["cover"]) for row in store.judge(ruleset, accounts)]
    assert judged == [("inbound", "large"), ("rest", "deals")]


def test_a_level_reads_since_when_an_account_is_owned_and_touched_whatever_its_condition_says(folder: Folder) -> None:
    from rules import needs  # noqa: PLC0415 - only here

    ruleset = folder.write(rules_yaml=LEVELS, away_csv=AWAY, free_csv=FREE).load()
    assert {"owned_since", "last_touch"} <= {column.name for column in needs(ruleset)}


def test_without_levels_and_covers_there_is_no_answer_of_any(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml="version: 1\nscope: [{id: x, when: true}]\n").load()
    compiled = compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK)
    assert compiled.of(ColumnKind.SERVICE_LEVEL) == compiled.of(ColumnKind.COVER) == ()


def test_the_rules_say_which_reps_may_take_a_missed_account(folder: Folder, store: Store) -> None:
    ruleset = folder.write(rules_yaml=LEVELS, away_csv=AWAY, free_csv=FREE).load()
    compiled = compile_reps(ruleset, store.dialect, now=NOW)
    assert [column.rule for column in compiled.of(ColumnKind.ELIGIBLE)] == ["inbound", "rest"]


LEVEL = "version: 1\nservice_levels: [{{id: a, when: in_pool, first_touch: {}}}]\n"
COVER = "version: 1\ncovers: [{{id: a, when: in_pool, {}}}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LEVEL.format("soon"), "2:54: 'soon' is not a time — write 4 working hours"),
        (LEVEL.format("4 hrs"), "2:54: '4 hrs' is not a time — write 4 working hours"),
        (LEVEL.format("2 working days"), "2:54: '2 working days' does not say how long a working day is"),
        (LEVEL.format("0 hours"), "2:54: 0 hours is out of range"),
        (LEVEL.format("95 days"), "2:54: 95 days is out of range"),
        (LEVEL.format("1 hour, remind: 1 hour"), "2:18: the reminder after 1 hour comes no sooner than the end"),
        (LEVEL.format("1 hour, reassign: Inbound"), "2:72: 'Inbound' is not possible here — known: pool"),
        (LEVEL.format("1 hour, reassign: {team: A}"), "2:72: the key 'by' is missing here"),
        (LEVEL.format("1 hour, reassign: {by: round robin}"), "2:72: nobody is named here — say who"),
        (LEVEL.format("1 hour, reassign: {team: A, reps: true, by: round robin}"), "2:72: 'team' and 'reps' both"),
        (LEVEL.format("1 hour, reassign: {teem: A, by: round robin}"), "2:73: unknown key 'teem'"),
        (LEVEL.format("1 hour, remimd: 1 hour"), "2:62: unknown key 'remimd' — did you mean 'remind'?"),
        ("version: 1\nservice_levels: [{id: a, when: in_pool}]\n", "2:18: the key 'first_touch' is missing here — say"),
        (COVER.format("least: 3 days"), "2:10: the key 'by' is missing here"),
        (COVER.format("by: cover"), "2:10: the key 'least' is missing here — say from how many days on"),
        (COVER.format("least: 3 days, by: nobody"), "2:52: 'nobody' is not possible here — known: cover, team"),
        (COVER.format("least: 3 days, by: team, protected: maybe"), "2:69: 'maybe' is not possible here"),
        ("version: 1\nscope: [{id: a, when: true}]\ncovers: [{id: a, when: true, least: 1 day, by: team}]\n",
         "3:15: the id 'a' is taken"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(folder: Folder, text: str, told: str) -> None:
    found = folder.problems(rules_yaml=text)
    assert any(one.startswith(f"rules.yaml:{told}") for one in found), found


@pytest.mark.parametrize(
    ("away", "told"),
    [
        ("email,from\n", "1:1: the column 'until' is missing — the header is email,from,until,cover,reason"),
        ("email,from,untill\n", "1:12: 'untill' is no column of such a file — did you mean 'until'?"),
        ("email,from,until\nann,2026-12-01,2026-12-02\n", "2:1: 'ann' is no e-mail address"),
        ("email,from,until\n,2026-12-01,2026-12-02\n", "2:1: the row has no e-mail address"),
        ("email,from,until\na@b.c,1.12.2026,2026-12-02\n", "2:7: '1.12.2026' is no date — write year-month-day"),
        ("email,from,until\na@b.c,,2026-12-02\n", "2:7: the date is missing"),
        ("email,from,until\na@b.c,2026-12-03,2026-12-02\n", "2:18: the absence ends on 2026-12-02, before it begins"),
        ("email,from,until,cover\na@b.c,2026-12-01,2026-12-02,A@b.c\n", "2:29: 'a@b.c' cannot cover for themselves"),
        ("email,from,until\na@b.c,2026-12-01\n", "2:1: the row has 2 cells, the header has 3"),
    ],
)
def test_a_mistake_in_a_file_of_absences_is_told_at_its_cell(folder: Folder, away: str, told: str) -> None:
    found = folder.problems(rules_yaml="version: 1\nabsences: [away.csv]\n", away_csv=away)
    assert any(one.startswith(f"away.csv:{told}") for one in found), found


def test_mistakes_in_a_file_of_holidays_are_told_at_their_cells(folder: Folder) -> None:
    free = "calendar,date\n,2026-12-25\nDE,2026-13-01\nDE,2026-12-25\nDE,2026-12-25\n"
    found = folder.problems(rules_yaml="version: 1\nholidays: [free.csv]\n", free_csv=free)
    assert [one.split(" — ")[0] for one in found] == [
        "free.csv:2:1: the row names no calendar",
        "free.csv:3:4: '2026-13-01' is no date",
        "free.csv:5:4: 2026-12-25 is in the calendar 'DE' twice",
    ]


def test_the_calendar_no_is_norways_and_hours_are_text(folder: Folder) -> None:
    hours = "email,time_zone,working_hours,calendar\na@b.c,UTC,Mon 09:00-17:00,NO\nd@e.f,UTC,Mon 09:00-17:00,\n"
    rows = folder.write(rules_yaml="version: 1\nreps: [hours.csv]\n", hours_csv=hours).load().reps.rows
    assert [row.values.get("calendar") for row in rows] == ["NO", None]


def test_a_file_that_nothing_lists_is_told_where_it_belongs_and_one_listed_twice_is_wrong(folder: Folder) -> None:
    found = folder.write(rules_yaml="version: 1\n", away_csv=AWAY, free_csv=FREE).load()
    assert [warning.hint for warning in found.warnings] == [
        "add it: absences: [away.csv]",
        "add it: holidays: [free.csv]",
    ]
    told = folder.problems(rules_yaml="version: 1\nabsences: [away.csv]\nreps: [away.csv]\nholidays: [free.csv]\n")
    assert "rules.yaml:2:12: 'away.csv' is a rep file, too — it is listed at rules.yaml:3:8; keep one" in told


def test_rows_about_nobody_and_covers_that_nobody_is_are_told(folder: Folder) -> None:
    rows = folder.write(rules_yaml=LEVELS, away_csv=AWAY, free_csv=FREE).load().absences
    others = {f"{number}@y.example" for number in range(20)}
    assert [str(one) for one in unknown_people(rows, {"anne@x.example", *others})] == [
        "away.csv:2:1: no user of the CRM has the address 'ann@x.example' — did you mean 'anne@x.example'?",
        "away.csv:2:1: no user of the CRM has the cover's address 'bob@x.example' — the rest of the team covers",
        "away.csv:3:1: no user of the CRM has the address 'bob@x.example' — nothing in the row has an effect",
    ]
    assert unknown_people(rows, {"ann@x.example", "bob@x.example"}) == ()


def test_working_hours_are_days_and_times() -> None:
    assert week_of(USUAL) == (((540, 1020),),) * 5 + ((),) * 2
    assert week_of("Fri-Mon 10:00-12:00") == (((600, 720),), (), (), (), *(((600, 720),),) * 3)
    assert week_of("Sun-Thu 9:00-12:30, 13:30-18:00; Fri 09:00-13:00")[4:6] == (((540, 780),), ())
    assert week_of("mon,wed 22:00-24:00 00:00-02:00")[0] == ((0, 120), (1320, 1440))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is neither days nor times"),
        ("9-5", "'9-5' is neither days nor times"),
        ("09:00-17:00", "no day stands before '09:00-17:00'"),
        ("Mon-Fri", "'Fri' has no times"),
        ("Mon 09:00-17:60", "'09:00-17:60' is no time of a day"),
        ("Mon 09:00-25:00", "'09:00-25:00' is no time of a day"),
        ("Mon 22:00-06:00", "'22:00-06:00' does not end after it begins"),
        ("Mon 09:00-13:00 12:00-14:00", "times of 'Mon' overlap"),
        ("Mon-Fri 09:00-12:00 Tue 11:00-13:00", "times of 'Tue' overlap"),
    ],
)
def test_what_is_no_working_hours_is_told(text: str, told: str) -> None:
    with pytest.raises(BadHours, match="^" + told):
        week_of(text)


@given(
    st.sets(st.sampled_from(range(7)), min_size=1), st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True)
)
def test_hours_that_are_written_are_those_that_are_read(days: set[int], minutes: list[int]) -> None:
    at = sorted(minutes)
    ranges = tuple(zip(at[::2], at[1::2], strict=False))
    times = " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in ranges)
    text = ", ".join(DAYS[day] for day in sorted(days)) + " " + times
    assert week_of(text) == tuple(ranges if day in days else () for day in range(7))
