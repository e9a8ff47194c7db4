"""Working hours as people write them, such as ``Mon-Fri 09:00-17:00``. It knows no reps, no time zones and no clock."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USUAL = "Mon-Fri 09:00-17:00"
"""The hours of a rep of whom nothing else is said."""
HINT = "write days and times: Mon-Fri 09:00-17:00, or Sun-Wed 09:00-12:30 13:30-18:00; Thu 09:00-13:00"
_DAY = "(?:" + "|".join(DAYS) + ")"
_TOKEN = re.compile(rf"({_DAY})(?:-({_DAY}))?|(\d\d?):(\d\d)-(\d\d?):(\d\d)", re.ASCII | re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;]+")
_MIDNIGHT = 24 * 60

Range = tuple[int, int]
Week = tuple[tuple[Range, ...], ...]


class BadHours(ValueError):
    """A text that is no working hours. The message says why."""


class _Said(NamedTuple):
    """The days of one group, and the ranges that hold on each of them."""

    days: list[int]
    ranges: list[Range]


def week_of(text: str) -> Week:
    """Ranges in minutes after midnight for each day from Monday, in order. Raises BadHours.

    Days come before their times. A day that is not named is free; one that is named twice has both times.
    """
    found: dict[int, list[Range]] = {}
    for group in _groups(text):
        if not group.ranges:
            raise BadHours(f"'{DAYS[group.days[-1]]}' has no times")
        for day in group.days:
            found.setdefault(day, []).extend(group.ranges)
    return tuple(_apart(found.get(day, ()), day) for day in range(len(DAYS)))


def _groups(text: str) -> list[_Said]:
    groups: list[_Said] = []
    for token in _SEPARATORS.split(text.strip()):
        found = _TOKEN.fullmatch(token)
        if not found:
            raise BadHours(f"'{token[:40]}' is neither days nor times")
        if found[1]:
            if not groups or groups[-1].ranges:
                groups.append(_Said([], []))
            groups[-1].days.extend(_days(found[1], found[2] or found[1]))
        elif groups:
            groups[-1].ranges.append(_range(token, *(int(figure) for figure in found.groups()[2:])))
        else:
            raise BadHours(f"no day stands before '{token[:40]}'")
    return groups


def _days(first: str, last: str) -> list[int]:
    """The days from one to the other; from Friday to Monday they go over Sunday."""
    start, end = DAYS.index(first.capitalize()), DAYS.index(last.capitalize())
    return [day % len(DAYS) for day in range(start, end + 1 if end >= start else end + 1 + len(DAYS))]


def _range(token: str, *figures: int) -> Range:
    hour, minute, last_hour, last_minute = figures
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if max(minute, last_minute) >= 60 or end > _MIDNIGHT:  # noqa: PLR2004 - minutes of an hour
        raise BadHours(f"'{token[:40]}' is no time of a day")
    if start >= end:
        raise BadHours(
            f"'{token[:40]}' does not end after it begins: write a night as two days, until 24:00 and from 00:00"
        )
    return start, end


def _apart(ranges: list[Range] | tuple[()], day: int) -> tuple[Range, ...]:
    ordered = sorted(ranges)
    for before, after in pairwise(ordered):
        if after[0] < before[1]:
            raise BadHours(f"times of '{DAYS[day]}' overlap")
    return tuple(ordered)
