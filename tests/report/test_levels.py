"""How first touches and covers are shown: by the owner's clock, missed ones first, long lists cut for people alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sync_worker.core.service_levels import FirstTouch, State
from sync_worker.levels import Away, Covered, LookedAfter, Touch
from sync_worker.report.encode import answer
from sync_worker.report.levels import SHOWN, reminded, stood
from sync_worker.report.text import plain

AT = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Berlin"))


def touch(number: int, state: State, next_: str = "") -> Touch:
    due = AT + timedelta(hours=number)
    return Touch(f"a{number}", f"Acme {number}", "inbound", "u1", "Ann Lee", state, AT, due, None, None, next_)


def test_the_missed_come_first_with_what_comes_next_and_all_are_counted() -> None:
    touches = [touch(number, State.RUNNING) for number in range(SHOWN + 2)]
    touches.append(touch(99, State.MISSED, "the next plan gives it to Bob Kim"))
    found = LookedAfter(AT, ("inbound", "other"), tuple(touches), (), ())
    document, payload = stood(found)
    lines = plain(document).splitlines()
    assert lines[0] == "inbound: 22 running, 0 reminded, 1 missed"
    assert lines[3].split("  ")[0] == "Acme 99"
    assert "2026-11-27 12:00 CET" in lines[3]
    assert lines[3].endswith("the next plan gives it to Bob Kim")
    assert "… and 3 more first touches" in lines
    assert "other: 0 running, 0 reminded, 0 missed" in lines
    assert answer(payload).count('"account"') == len(touches)


def test_who_is_away_and_who_looks_after_what_is_shown() -> None:
    away = (Away("u1", "Ann Lee", date(2026, 12, 1), 12), Away("u2", "Eve Fox", None, 0))
    covered = (
        Covered("a1", "Acme", "u1", "Ann Lee", "u3", "Bob Kim", ""),
        Covered("a2", "Beta", "u1", "Ann Lee", "", "", "protected by customers"),
    )
    document, _ = stood(LookedAfter(AT, (), (), away, covered))
    lines = [" ".join(line.split()) for line in plain(document).splitlines()]
    assert {"Ann Lee 2026-12-01 12", "Eve Fox until further notice 0"} <= set(lines)
    assert "Accounts of absent reps: 1 account covered" in lines
    assert {"Acme Ann Lee Bob Kim", "Beta Ann Lee nobody protected by customers"} <= set(lines)


def test_where_there_is_neither_it_says_where_to_read() -> None:
    document, payload = stood(LookedAfter(AT, (), (), (), ()))
    assert "docs/rules.md" in plain(document)
    assert payload["touches"] == ()


def test_who_is_reminded_is_told_with_the_plan() -> None:
    due = AT.astimezone(UTC)
    one = FirstTouch("a1", "Acme", "inbound", "u1", due, State.REMINDED, due, due)
    blocks, told = reminded([one], {"u1": "Ann Lee"})
    lines = [" ".join(line.split()) for line in plain(blocks).splitlines()]
    assert lines[0] == "1 account to be touched soon"
    assert "Acme Ann Lee inbound 2026-11-23 08:00" in lines
    assert told == [{"account": "a1", "name": "Acme", "level": "inbound", "owner": "u1", "due": due}]
    assert reminded([], {}) == ((), [])
