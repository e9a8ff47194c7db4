"""A week in an office over HTTP: a first touch is reminded of and reassigned, an absent rep is covered until back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.core.model import RowKind
from sync_worker.core.service_levels import State
from sync_worker.levels import looked_after
from sync_worker.report.encode import answer
from sync_worker.report.levels import stood
from sync_worker.report.text import plain
from sync_worker.store import upgrade
from tests.cycle.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.app import Worker
    from sync_worker.core.service_levels import FirstTouch
    from sync_worker.levels import LookedAfter

RULES = """version: 1
lists:
  chosen: [{chosen}]
scope:
  - {{id: chosen, when: name in chosen}}
{protect}
scores:
  - id: priority
    max: 10
    parts:
      size: {{max: 10, terms: [{{id: size, scale: employees, from: 0, to: 5000, points: 10, because: Size}}]}}
    tiers: {{A: 0}}
books:
  - {{id: inbound, accounts: "true", reps: team = 'Inbound', capacity: places, rank: priority}}
reps: [reps.csv]
"""
LEVELS = """version: 1
service_levels:
  - id: first
    when: not in_pool
    first_touch: 4 working hours
    remind: 2 working hours
    reassign: {team: Inbound, by: round robin}
    because: A visitor waits
"""
COVERS = """version: 1
absences: [away.csv]
covers:
  - {{id: away, when: "true", least: 2 days, by: cover, protected: {protected}, because: Nobody waits}}
"""
REPS = "email,team,places,time_zone,working_hours\n"


@dataclass
class Week:
    """An office with three inbound reps and accounts of theirs, and a clock that begins on a Monday at nine."""

    office: Office
    worker: Worker
    reps: list[str]
    """Ids of the three, by e-mail address."""
    emails: list[str]
    accounts: list[str]
    """The three that the rules are about at first."""
    pool: list[str]
    """These, and one more."""
    monday: date
    written: list[dict[str, str]] = field(default_factory=list)

    def time(self, days: int, clock: str) -> datetime:
        """A day of the week, counted from Monday, and a time of day."""
        return datetime.combine(self.monday + timedelta(days=days), time.fromisoformat(clock), UTC)

    def at(self, days: int, clock: str) -> Week:
        """Go there."""
        seconds = (self.time(days, clock) - datetime.now(UTC) - self.office.ahead).total_seconds()
        self.office.sandbox.company.clock.advance(seconds)
        self.office.ahead += timedelta(seconds=seconds)
        return self

    def run(self) -> tuple[dict[str, str], tuple[FirstTouch, ...]]:
        """One cycle whose plan is agreed to; the rules of its owner changes by account, and who is reminded."""
        report = self.worker.plan()
        rows = report.plan.rows if report.plan else ()
        if report.plan is not None:
            guards = [guard.name for guard in report.plan.plan.guards]
            self.worker.approve(report.plan.plan.id, by="Rita Morgan", overrides=guards)
            self.worker.apply(report.plan.plan.id)
        moved = {row.row.account: row.row for row in rows if row.row.kind is RowKind.OWNER}
        self.written = [{"account": one.account, "reason": one.reason} for one in moved.values()]
        return {account: row.rule for account, row in moved.items()}, report.decided.reminders

    def stands(self) -> LookedAfter:
        """What the command says, which must be fit to be shown."""
        found = looked_after(self.worker.parts)
        document, payload = stood(found)
        assert plain(document)
        assert answer(payload)
        return found

    def owners(self) -> dict[str, str]:
        """Who has each account in the CRM."""
        return {id_: str(self.office.account(id_)["OwnerId"]) for id_ in self.accounts}

    def touch(self, account: str) -> None:
        """The owner calls."""
        owner, today = self.owners()[account], str(datetime.now(UTC).date() + self.office.ahead)
        deed = {"WhatId": account, "TaskSubtype": "Call", "Type": "Call", "Subject": "Call", "Status": "Completed"}
        self.office.sandbox.company.create(
            "Task", {**deed, "ActivityDate": today, "OwnerId": owner, "IsClosed": True}, actor=owner
        )

    def room(self, **places: int) -> None:
        """Write the file of reps, with how many accounts each has room for."""
        rows = zip(self.emails, places.values(), strict=True)
        lines = [f"{email},Inbound,{room},UTC,Mon-Fri 09:00-17:00\n" for email, room in rows]
        (self.office.rules / "reps.csv").write_text(REPS + "".join(lines))

    def away(self, text: str) -> None:
        """Write the file of absences; days are counted from Monday."""
        days = {f"day{number}": self.monday + timedelta(days=number) for number in range(9)}
        names = dict(zip(("ann", "bob", "eve"), self.emails, strict=True))
        header = "email,from,until,cover,reason\n"
        (self.office.rules / "away.csv").write_text(header + text.format(**days, **names) + "\n")


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    """Three accounts wait in the pool, and three reps with room for three each."""
    (tmp_path / "rules").mkdir()
    store = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(store)
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(seed=7, accounts=60, reps=6))
        office = Office(sandbox, tmp_path, store)
        people = sorted(
            (str(user["Email"]), str(user["Id"])) for user in office.users() if user.get("Book_Capacity__c")
        )
        emails, ids = [email for email, _ in people[:3]], [id_ for _, id_ in people[:3]]
        pool = next(user["Id"] for user in office.users() if user["Name"] == "Account Pool")
        free = [a for a in sandbox.company.rows("Account") if a["OwnerId"] == pool and not a["Do_Not_Move__c"]][:4]
        today = datetime.now(UTC).date()
        chosen = [str(account["Id"]) for account in free]
        worker = stack.enter_context(office.worker(office.config(owner_moves=1.0)))
        week = Week(office, worker, ids, emails, chosen[:3], chosen, today + timedelta(days=7 - today.weekday()))
        week.room(ann=3, bob=3, eve=3)
        write(week)
        yield week.at(0, "09:00")


def write(week: Week, *, protect: str = "", count: int = 3) -> None:
    """The rules that all tests begin with, about so many of the accounts."""
    names = ", ".join(f'"{week.office.account(id_)["Name"]}"' for id_ in week.pool[:count])
    (week.office.rules / "rules.yaml").write_text(RULES.format(chosen=names, protect=protect))


def test_a_first_touch_is_reminded_of_once_and_reassigned_when_it_is_missed(week: Week) -> None:
    (week.office.rules / "levels.yaml").write_text(LEVELS)
    assert set(week.run()[0].values()) == {"book:inbound"}
    first = week.owners()
    assert sorted(first.values()) == sorted(week.reps), "each has one"
    touched, *others = week.accounts
    week.touch(touched)
    moved, reminded = week.at(0, "11:30").run()
    assert moved == {}
    assert {(one.account, one.owner) for one in reminded} == {(id_, first[id_]) for id_ in others}
    told = week.stands()
    assert {(one.account, one.state, bool(one.reminded_at)) for one in told.touches} == {
        (id_, State.REMINDED, True) for id_ in others
    }
    assert all(
        one.due and timedelta() <= one.due - week.time(0, "13:00") < timedelta(minutes=5) for one in told.touches
    )
    assert week.at(0, "11:40").run() == ({}, ()), "once"
    assert {one.next[:26] for one in week.at(0, "13:30").stands().touches} == {"the next plan gives it to "}
    moved, reminded = week.run()
    assert moved == dict.fromkeys(others, "service:first")
    second = week.owners()
    assert second[touched] == first[touched]
    assert all(second[id_] != first[id_] for id_ in others)
    assert week.at(0, "13:40").run() == ({}, ()), "a second run on the same day changes nothing"
    moved, _ = week.at(1, "11:00").run()
    third = week.owners()
    assert moved == dict.fromkeys(others, "service:first")
    assert all(len({first[id_], second[id_], third[id_]}) == 3 for id_ in others), "not back to a previous owner"


def test_the_clock_of_a_first_touch_stops_while_the_owner_is_away_and_over_the_weekend(week: Week) -> None:
    (week.office.rules / "levels.yaml").write_text(LEVELS + "absences: [away.csv]\n")
    week.away("{ann},{day1},{day1},,")
    week.run()
    week.away("{ann},{day0},{day7},,\n{bob},{day0},{day7},,\n{eve},{day0},{day7},,")
    assert week.at(8, "12:59").run()[0] == {}
    assert set(week.at(8, "13:01").run()[0].values()) == {"service:first"}


def test_an_absent_rep_is_covered_from_the_first_day_and_has_the_accounts_back_on_return(week: Week) -> None:
    (week.office.rules / "covers.yaml").write_text(COVERS.format(protected="no"))
    level = "{id: told, when: not in_pool, first_touch: 1 hour}"
    (week.office.rules / "levels.yaml").write_text(f"version: 1\nservice_levels: [{level}]\n")
    week.away("{ann},{day1},{day3},{bob},leave")
    week.run()
    before, (ann, bob, _) = week.owners(), week.reps
    (hers,) = [id_ for id_, owner in before.items() if owner == ann]
    assert week.at(0, "23:00").run()[0] == {}, "she leaves tomorrow"
    assert week.at(1, "00:30").run()[0] == {hers: "cover:away"}
    assert week.owners() == before | {hers: bob}
    assert f"is away until {week.monday + timedelta(days=3)}" in week.written[0]["reason"]
    told = week.stands()
    assert [(one.rep, one.until, one.accounts) for one in told.away] == [(ann, week.monday + timedelta(days=3), 0)]
    assert [(one.account, one.owner, one.by, one.because) for one in told.covered] == [(hers, ann, bob, "")]
    assert {one.account for one in told.touches} == before.keys() - {hers}, "who covers need not touch first"
    assert week.at(1, "00:40").run()[0] == {}, "a second run on the same day changes nothing"
    assert week.at(3, "23:00").run()[0] == {}
    assert week.at(4, "00:30").run()[0] == {hers: "cover-end:away"}
    assert week.owners() == before
    assert week.at(4, "00:40").run()[0] == {}


def test_what_a_person_moved_during_a_cover_stays_with_whom_the_person_chose(week: Week) -> None:
    (week.office.rules / "covers.yaml").write_text(COVERS.format(protected="no"))
    week.away("{ann},{day1},{day3},{bob},")
    week.run()
    ann, _, eve = week.reps
    (hers,) = [id_ for id_, owner in week.owners().items() if owner == ann]
    week.at(1, "09:00").run()
    week.office.sandbox.company.edit("Account", hers, actor="admin@acme.example", OwnerId=eve)
    assert week.at(2, "09:00").run()[0] == {}
    assert week.at(4, "09:00").run()[0] == {}
    assert week.owners()[hers] == eve


def test_a_protected_account_is_covered_where_the_cover_says_so_and_goes_back_all_the_same(week: Week) -> None:
    write(week, protect="protect: [{id: settling-in, when: not in_pool, because: New}]")
    (week.office.rules / "covers.yaml").write_text(COVERS.format(protected="yes"))
    week.away("{ann},{day1},{day3},,")
    week.run()
    (hers,) = [id_ for id_, owner in week.owners().items() if owner == week.reps[0]]
    assert week.at(1, "09:00").run()[0] == {hers: "cover:away"}
    assert week.at(4, "09:00").run()[0] == {hers: "cover-end:away"}


def test_the_place_of_a_covered_account_is_kept_free_until_it_is_back(week: Week) -> None:
    """Ann's one place is kept while she is away; a second one is filled once she is there and has hers back."""
    (week.office.rules / "covers.yaml").write_text(COVERS.format(protected="no"))
    week.away("{ann},{day1},{day3},{bob},")
    week.room(ann=1, bob=2, eve=1)
    week.run()
    (hers,) = [id_ for id_, owner in week.owners().items() if owner == week.reps[0]]
    assert week.at(1, "09:00").run()[0] == {hers: "cover:away"}
    write(week, count=4)
    assert week.at(2, "09:00").run()[0] == {}, "bob and eve are full, and ann's place is taken"
    week.room(ann=2, bob=2, eve=1)
    assert week.at(2, "09:10").run()[0] == {}, "whoever is away gets nothing"
    assert week.at(4, "09:00").run()[0] == {hers: "cover-end:away"}
    assert list(week.at(5, "09:00").run()[0].values()) == ["book:inbound"]
