"""When each rep works and is away, from users, rep files and absences. Reads the store, not the CRM."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.hours import USUAL, BadHours, week_of
from sync_worker.core.calendars import Absence, Calendars, Hours
from sync_worker.store import lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from connectors.port import User, Value
    from rules import RepRow, Ruleset
    from rules.problems import Mark
    from sync_worker.core.people import People
    from sync_worker.parts import Parts

TIME_ZONE, WORKING_HOURS, CALENDAR = "time_zone", "working_hours", "calendar"
"""The rep fields that hours are read from, wherever they come from: the CRM, or the rep files, which go first."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about reps' hours that is probably not meant. ``mark`` is None for what the CRM says."""

    message: str
    hint: str
    mark: Mark | None = None
    wrong: bool = True
    """Whether something cannot be read; else it is only missing."""


@dataclass(frozen=True, slots=True)
class Known:
    """One rep's users' fields, the first user's first, and where a rep file says them."""

    fields: Mapping[str, Value]
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What a field says; empty where it says nothing."""
        return str(self.fields.get(name) or "").strip()


def presence(tx: Connection, parts: Parts, rules: Ruleset, everybody: People) -> Calendars:
    """The calendars of all reps. What cannot be read of a rep counts as nothing said; ``doubts`` tells it."""
    usual = Hours(ZoneInfo(parts.config.schedule.time_zone), week_of(USUAL))
    return Calendars(usual, _hours(usual, rules, known(lookup.users(tx), rules, everybody)))


def known_alone(users: Iterable[User], rules: Ruleset) -> dict[str, Known]:
    """What is known of each user, by the user's id, whoever else is the same person."""
    filed = {row.email: row for row in rules.reps.rows}
    return {user.id: _known([user], filed) for user in users}


def known(users: Collection[User], rules: Ruleset, everybody: People) -> dict[str, Known]:
    """What is known of each rep, by the rep's id: the rep files before the CRM, the first CRM's user before others."""
    filed = {row.email: row for row in rules.reps.rows}
    by_id = {user.id: user for user in users}
    found = {}
    for rep in sorted({everybody.rep(user.id) or user.id for user in users}):
        ids = (everybody.users.get(rep) or {"": rep}).values()
        own = [by_id[id_] for id_ in ids if id_ in by_id]
        found[rep] = _known(own, filed)
    return found


def _known(users: Sequence[User], filed: Mapping[str, RepRow]) -> Known:
    fields = {name: value for user in reversed(users) for name, value in user.fields.items() if value is not None}
    row = filed.get(str(fields.get("email") or "").lower())
    if row is None:
        return Known(fields)
    return Known({**fields, **row.values}, dict.fromkeys(row.values, row.mark))


def doubts(rules: Ruleset, people: Mapping[str, Known], usual: str) -> Iterator[Doubt]:
    """What cannot be read of reps' hours, and how many have none. ``usual`` is the time zone of ``[schedule]``."""
    calendars = {holiday.calendar for holiday in rules.holidays}
    for one in people.values():
        who = one.text("email") or one.text("name")
        zone, hours, calendar = one.text(TIME_ZONE), one.text(WORKING_HOURS), one.text(CALENDAR)
        if zone and _zone(zone) is None:
            hint = "write a name such as Europe/Berlin"
            yield Doubt(f"'{zone[:60]}', the time zone of {who}, is not known", hint, one.marks.get(TIME_ZONE))
        if hours and (told := _unreadable(hours)):
            hint = f"write days and times: {USUAL}, or Mon-Thu 09:00-12:30 13:30-18:00, Fri 09:00-13:00"
            yield Doubt(f"the working hours of {who} cannot be read: {told}", hint, one.marks.get(WORKING_HOURS))
        if calendar and calendars and calendar not in calendars:
            hint = f"known: {', '.join(sorted(calendars))}"
            yield Doubt(
                f"no file of holidays has the calendar '{calendar[:60]}' of {who}", hint, one.marks.get(CALENDAR)
            )
    for name, instead in ((TIME_ZONE, usual), (WORKING_HOURS, USUAL)):
        if missing := sum(not one.text(name) for one in people.values()):
            yield Doubt(
                f"{missing:,} of {len(people):,} users who may own accounts have no {name}: {instead} counts for them",
                f"map the field under [fields.users], or head a column of a rep file '{name}'",
                wrong=False,
            )


def _hours(usual: Hours, rules: Ruleset, people: Mapping[str, Known]) -> dict[str, Hours]:
    free: dict[str, dict[date, str]] = {}
    for holiday in rules.holidays:
        free.setdefault(holiday.calendar, {})[holiday.day] = holiday.name
    away = _away(rules, {one.text("email").lower(): rep for rep, one in people.items()})
    return {
        rep: Hours(
            _zone(one.text(TIME_ZONE)) or usual.zone,
            _week(one.text(WORKING_HOURS)) or usual.week,
            free.get(one.text(CALENDAR), {}),
            away.get(rep, ()),
        )
        for rep, one in people.items()
    }


def _away(rules: Ruleset, reps: Mapping[str, str]) -> dict[str, tuple[Absence, ...]]:
    """Absences by rep; a row that names no user is about nobody. ``reps``: rep by address."""
    found: dict[str, tuple[Absence, ...]] = {}
    for row in sorted(rules.absences, key=lambda one: (one.first, one.last, one.cover)):
        if rep := reps.get(row.email):
            absence = Absence(row.first, row.last, reps.get(row.cover, ""), row.reason)
            found[rep] = (*found.get(rep, ()), absence)
    return found


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _week(text: str) -> tuple[tuple[tuple[int, int], ...], ...] | None:
    try:
        return week_of(text) if text else None
    except BadHours:
        return None


def _unreadable(text: str) -> str:
    try:
        week_of(text)
    except BadHours as wrong:
        return str(wrong)
    return ""
