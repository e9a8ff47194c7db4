"""When reps work and when they are away, each by the clocks of the rep's own time zone. Knows no rules and no clock.

Moments are aware datetimes. A rep works at a moment if the clock on the rep's wall stands within the working hours of
that day, the day is no holiday of the rep's calendar, and the rep is not away. So the hour that a clock skips in spring
is no working time, and the one that it repeats in autumn counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Working hours of the seven days from Monday: ranges in minutes after midnight, in order, apart from each other."""

DAY_AND_NIGHT: Week = (((0, 24 * 60),),) * 7
"""The week of whoever always works: time of the clock."""
FAR = 366
"""Days after which a search for working time gives up: nobody waits longer for a first touch."""
_WIDEST = timedelta(hours=26)
"""No time zone is further than this from UTC, with room to spare."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which a rep is away, the last one included, in the rep's own time zone."""

    first: date
    last: date
    """``date.max``: until further notice."""
    cover: str = ""
    """Who looks after the rep's accounts: a rep's id, or the empty text."""
    reason: str = ""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Hours:
    """One rep's week, holidays and absences."""

    zone: tzinfo
    week: Week
    holidays: Mapping[date, str] = field(default_factory=dict)
    """Names of holidays by day."""
    absences: tuple[Absence, ...] = ()


class Presence(Protocol):
    """What routing, service levels and covers ask of calendars."""

    def away(self, rep: str, at: datetime) -> Absence | None:
        """The absence that the moment falls into; None where the rep is there."""

    def working(self, rep: str, at: datetime) -> bool:
        """Whether the moment is working time of the rep's."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """The hours of all reps. A rep of whom nothing is known works ``usual`` hours and is never away."""

    usual: Hours
    reps: Mapping[str, Hours] = field(default_factory=dict)

    def of(self, rep: str) -> Hours:
        """The rep's hours."""
        return self.reps.get(rep, self.usual)

    def today(self, rep: str, at: datetime) -> date:
        """The day that it is for the rep."""
        return at.astimezone(self.of(rep).zone).date()

    def away(self, rep: str, at: datetime) -> Absence | None:
        """The absence that the moment falls into, the one that lasts longest of several; None: the rep is there."""
        day = self.today(rep, at)
        found = [absence for absence in self.of(rep).absences if day in absence]
        return max(
            found, key=lambda absence: (absence.last, absence.first, absence.cover, absence.reason), default=None
        )

    def back(self, rep: str, at: datetime) -> date | None:
        """The first day, from the rep's today on, on which the rep is not away; None: away until further notice."""
        return next_present(self.of(rep).absences, self.today(rep, at))

    def working(self, rep: str, at: datetime) -> bool:
        """Whether the moment is working time of the rep's."""
        hours = self.of(rep)
        local = at.astimezone(hours.zone)
        minute = local.hour * 60 + local.minute
        ranges = hours.week[local.weekday()] if works_on(hours, local.date()) else ()
        return any(start <= minute < end for start, end in ranges)

    def working_time(self, rep: str, start: datetime, end: datetime) -> timedelta:
        """How much of the rep's working time lies between the moments; none where ``end`` is not after ``start``."""
        return sum((stop - begin for begin, stop in spans(self.of(rep), start, end)), timedelta())

    def after(self, rep: str, start: datetime, needed: timedelta) -> datetime | None:
        """The first moment, in UTC, at which so much of the rep's working time has passed since ``start``.

        None where it does not come within ``FAR`` days: the rep is away until further notice, or never works.
        """
        if needed <= timedelta():
            return start.astimezone(UTC)
        for begin, stop in spans(self.of(rep), start, start + timedelta(days=FAR)):
            if stop - begin >= needed:
                return begin + needed
            needed -= stop - begin
        return None


def next_present(absences: tuple[Absence, ...], day: date) -> date | None:
    """The first day from this one on that no absence covers, absences that follow each other taken as one."""
    while found := [absence.last for absence in absences if day in absence]:
        if (last := max(found)) == date.max:
            return None
        day = last + timedelta(days=1)
    return day


def leave_around(absences: tuple[Absence, ...], day: date) -> tuple[date, date] | None:
    """The first and the last day of the leave that a day falls into, absences that follow each other taken as one.

    None where no absence covers the day. The last day is ``date.max`` where the leave has no end yet.
    """
    if not any(day in absence for absence in absences):
        return None
    back = next_present(absences, day)
    first = day
    while before := [absence.first for absence in absences if first in absence or first - timedelta(days=1) in absence]:
        if (earliest := min(before)) >= first:
            break
        first = earliest
    return first, back - timedelta(days=1) if back else date.max


def works_on(hours: Hours, day: date) -> bool:
    """Whether the day is neither a holiday nor one on which the rep is away."""
    return day not in hours.holidays and not any(day in absence for absence in hours.absences)


def spans(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The rep's working time between two moments, as spans in UTC, in order."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    day, last = start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date()
    while day <= last:
        for begin, stop in _of_day(hours, day) if works_on(hours, day) else ():
            if start < stop and begin < end:
                yield max(begin, start), min(stop, end)
        day += timedelta(days=1)


def _of_day(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The working time of one local day, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for since, until, offset in _offsets(hours.zone, midnight):
        for first, last in hours.week[day.weekday()]:
            begin = max(midnight + timedelta(minutes=first) - offset, since)
            stop = min(midnight + timedelta(minutes=last) - offset, until)
            if begin < stop:
                yield begin, stop


def _offsets(zone: tzinfo, midnight: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The offsets from UTC that hold around a day, each with the moments between which it holds."""
    since, until = midnight - _WIDEST, midnight + 2 * _WIDEST
    before, after = _offset(zone, since), _offset(zone, until)
    if before == after:
        yield since, until, before
        return
    low, high = since, until
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    change = high.replace(microsecond=0)
    yield since, change, before
    yield change, until, after


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
