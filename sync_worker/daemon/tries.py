"""Whether a daily cycle is due, after what became of the earlier tries of its slot. Pure.

A cycle that could not reach its end (the CRM was away, the process was killed) is made up for on the same day, a few
times and ever more slowly; each try is a slot of its own, claimed once, so that two workers never share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120))
"""How long to wait after each failed try; after the last one, the slot is given up."""

AT_WORK = timedelta(hours=1)
"""A try without an end counts as under way for this long: another worker may be at it."""


@dataclass(frozen=True, slots=True)
class Try:
    """One claimed try. ``ended_at`` is None while it runs, and stays None when its process was killed."""

    started_at: datetime
    ended_at: datetime | None
    outcome: str


def next_try(slot: str, tries: Sequence[Try], now: datetime) -> str | None:
    """The name of the try to claim now; None when the slot is done, given up, under way or not yet to be retried."""
    if not tries:
        return slot
    latest = tries[-1]
    if any(one.outcome == "ok" for one in tries) or len(tries) > len(PAUSES):
        return None
    due = latest.ended_at + PAUSES[len(tries) - 1] if latest.ended_at else latest.started_at + AT_WORK
    return f"{slot} #{len(tries) + 1}" if due <= now else None
