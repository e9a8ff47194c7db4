"""Values of a rules folder that are about time: who is away, how soon an account is to be touched, who covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from rules.model import Condition
    from rules.problems import Mark


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """What an absence file says of one rep: away from the first to the last day, in the rep's own time zone."""

    email: str
    """In small letters, as is ``cover``."""
    first: date
    last: date
    """``date.max``: until further notice."""
    cover: str
    """The address of whoever looks after the accounts; empty where nobody is named."""
    reason: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which nobody works whose field ``calendar`` names this calendar."""

    calendar: str
    day: date
    name: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, as written and in minutes: of the clock, or of the owner's working time."""

    text: str
    minutes: int
    working: bool


@dataclass(frozen=True, slots=True)
class Successors:
    """Who gets an account whose owner has not touched it in time. ``reps`` is None for the pool."""

    reps: Condition | None
    by: str
    """How one of them is chosen: ``round robin`` or ``least loaded``; empty for the pool."""
    whom: str
    """In words: the team, or the condition."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """How soon an account is to be touched, from when its owner got it. The first match wins."""

    id: str
    when: Condition
    first_touch: Span
    remind: Span | None
    reassign: Successors | None
    """None: a missed first touch is told, and nothing else."""
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Cover:
    """Which accounts somebody else looks after while their owner is away. The first match wins."""

    id: str
    when: Condition
    least_days: int
    """Shorter absences are not covered. Absences that follow each other count as one."""
    by: str
    """``cover``: whom the absence names, and else the team; ``team``: the one of the team with the emptiest book."""
    protected: bool
    """Whether accounts are covered that a protect rule keeps from moving."""
    because: str
    mark: Mark
