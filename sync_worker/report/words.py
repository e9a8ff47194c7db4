"""Small wordings that every view shares: times, people, counts, durations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def instant(at: datetime | None) -> str:
    """``2026-11-22 09:15 UTC``, to the minute."""
    return "never" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """``2026-11-22``, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def person(user: object, names: Mapping[str, str]) -> str:
    """A user's name, or the id where no name is known."""
    return "nobody" if user is None else names.get(str(user)) or str(user)


def count(number: int, word: str) -> str:
    """``1 account``, ``1,204 accounts``."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def seconds(duration: float | None) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    minute, hour, short = 60, 3600, 10
    if duration is None:
        return ""
    if duration < short:
        return f"{duration:.1f} s"
    if duration < minute:
        return f"{duration:.0f} s"
    if duration < hour:
        return f"{duration // minute:.0f} min {duration % minute:.0f} s"
    return f"{duration // hour:.0f} h {duration % hour // minute:.0f} min"


def value(found: object) -> str:
    """A field's value as a person reads it."""
    if found is None:
        return "empty"
    if isinstance(found, bool):
        return "yes" if found else "no"
    return figure(found) if isinstance(found, int | float) else str(found)


def figure(number: float) -> str:
    """``1,204``, ``0.61``, ``67,750,000``: at most two digits behind the point."""
    text = f"{number:,.2f}"
    return text.rstrip("0").rstrip(".")


def amount(number: float) -> str:
    """``7,207,570,000``, ``12.5``: from a thousand on without the digits that nobody reads."""
    least = 1_000
    return f"{number:,.0f}" if abs(number) >= least else figure(number)
