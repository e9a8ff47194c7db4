"""When the daemon works: pure time arithmetic. A job runs for a logical slot, and no slot is run twice.

A slot is named by the moment that was due, never by the moment at which the job got its turn: a cycle of 23:55 that
starts after midnight is still yesterday's.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

AFTER_THE_MARK = timedelta(seconds=2)
"""Periodic jobs run this long after their period begins, so that a clock set back a little stays in the period."""


def parse_time(text: str) -> time:
    """Read ``HH:MM``; raises ValueError."""
    return time.fromisoformat(text)


def daily_slot(now: datetime, at: time, zone: ZoneInfo) -> str:
    """The local date of the latest ``at`` that is not after ``now``, as ``2026-11-22``.

    When summer time ends, a local time comes twice and its date is the same: the second turn finds its slot taken.
    When it begins, a time that does not exist counts as the instant that clocks would have shown without the change.
    """
    today = now.astimezone(zone).date()
    return (today if _instant(today, at, zone) <= now else today - timedelta(days=1)).isoformat()


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    # In UTC: two times of one zone are compared by what their clocks show, which is wrong around a change.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def period_slot(now: datetime, minutes: int) -> str:
    """The beginning of the period that holds ``now``, as ``2026-11-22T08:00Z``; periods are counted from 1970."""
    return _period(now, minutes).strftime("%Y-%m-%dT%H:%MZ")


def next_period(now: datetime, minutes: int) -> datetime:
    """When a periodic job is to run next: just after the coming period has begun, UTC."""
    return _period(now, minutes) + timedelta(minutes=minutes) + AFTER_THE_MARK


def _period(now: datetime, minutes: int) -> datetime:
    length = minutes * 60
    return datetime.fromtimestamp(int(now.timestamp()) // length * length, UTC)
