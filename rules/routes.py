"""Routes as values: who gets an account at once, in which turn, and within which caps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.model import Condition
    from rules.problems import Mark


@dataclass(frozen=True, slots=True)
class RouteCap:
    """At most so many accounts for each rep of a route."""

    most: int
    every: str = ""
    """``day``, ``week`` or ``month``, in UTC; empty where another key says what is counted."""
    within_days: int = 0
    holding: bool = False
    """Whether it counts what a rep owns."""
    when: Condition | None = None
    """Which accounts count as held; None: all."""


@dataclass(frozen=True, slots=True)
class Route:
    """Who gets an inbound account, and by which turn. The first match wins."""

    id: str
    when: Condition
    team: str
    """Reps of this team; empty where ``reps`` says who, or the owner gets it."""
    reps: Condition | None
    by: str
    """How a rep is chosen among them: ``round robin``, ``weighted``, ``value``, ``least loaded``, ``named``; or
    ``owner``, who has its parent."""
    because: str
    mark: Mark
    rep: str = ""
    """The address of the one rep who is named, in small letters."""
    weight: str = ""
    """The rep field that says how large a share each gets; empty: all the same."""
    value: str = ""
    """A score's id or an account field: what an account is worth."""
    sticky_days: int = 0
    caps: tuple[RouteCap, ...] = ()
    absence: str = "reset"
    """``catch up``, ``hold place`` or ``reset``."""
    working_hours: bool = False
    """Whether reps have turns in their working hours only."""
    nobody: str = "hold"
    """``hold``, ``pool`` or ``ignore absence``; ``rep`` where ``stand_in`` says who."""
    stand_in: str = ""
    """The address of the rep who stands in, in small letters."""
