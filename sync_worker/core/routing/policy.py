"""A route as far as giving accounts goes, and what its turns rest on. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sync_worker.core.routing.turns import Absent, Measure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from sync_worker.core.calendars import Presence
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.routing.caps import Cap
    from sync_worker.core.routing.turns import Ledger


class By(StrEnum):
    """How one of a route's reps is chosen."""

    ROUND_ROBIN = "round robin"
    WEIGHTED = "weighted"
    VALUE = "value"
    LEAST_LOADED = "least loaded"
    NAMED = "named"
    OWNER = "owner"

    @property
    def measure(self) -> Measure:
        """What the turns are fair in."""
        return Measure.VALUE if self is By.VALUE else Measure.COUNT

    @property
    def takes_turns(self) -> bool:
        """Whether members are entitled to a share of what the route gives."""
        return self not in {By.NAMED, By.OWNER}


class Nobody(StrEnum):
    """What becomes of an account when no member may have it."""

    HOLD = "hold"
    """It stays in the pool, out of reach of the books, until a member may have it."""
    POOL = "pool"
    """It stays in the pool, and books may give it out."""
    IGNORE_ABSENCE = "ignore absence"
    """A member gets it who is away."""


class Bar(StrEnum):
    """What keeps a member from an account, in the order in which it is looked at."""

    CRM = "crm"
    """The rep is no user of the account's CRM who may own accounts."""
    WEIGHT = "weight"
    """The rep's weight is 0 or empty."""
    AWAY = "away"
    HOURS = "hours"
    """It is not the rep's working time, and the route goes by it."""
    FULL = "full"
    """The rep's book of the account is full."""
    CAP = "cap"
    PREVIOUS = "previous"
    """The rep had it before it came to the pool, and somebody else is free."""


ABSENT = frozenset({Bar.AWAY, Bar.HOURS})
"""What 'ignore absence' ignores."""


@dataclass(frozen=True, slots=True)
class Barred:
    """What keeps one member from one account."""

    bar: Bar
    because: str
    """In words, to be read after the rep's name and 'is'."""


Bars = dict[str, Barred | None]
"""By member; None where nothing keeps the rep from the account."""


@dataclass(frozen=True, slots=True)
class Member:
    """A rep whom a route may choose, with the rep's weight: 1 is usual."""

    rep: Rep
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """A route. ``members`` of a route by owner are all reps there are."""

    id: str
    by: By
    members: tuple[Member, ...]
    because: str = ""
    score: str = ""
    """The score that is an account's value; empty where ``values`` says it, or nothing does."""
    values: Mapping[str, float] = field(default_factory=dict)
    """An account's value by its id, where a field says it."""
    sticky_days: int = 0
    """An account that came to the pool within so many days goes back to the rep who had it."""
    caps: tuple[Cap, ...] = ()
    absent: Absent = Absent.RESET
    working_hours: bool = False
    """Whether a rep has turns only in the rep's working hours."""
    nobody: Nobody = Nobody.HOLD
    fallback: Rep | None = None
    """Who gets it when no member may, instead of what ``nobody`` says."""
    unknown: str = ""
    """The address of who was to stand in, where no rep who may own accounts has it."""

    def value(self, decision: Decision) -> float:
        """What the account is worth to this route; 0 where nothing says it."""
        if self.score:
            return max(decision.scores[self.score].total, 0.0)
        return max(self.values.get(decision.account, 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When an account came to the pool (or into the CRM), and who had it before."""

    at: datetime
    since: timedelta
    """How long that is ago."""
    before: str = ""
    """A rep's id; empty where nobody had it."""
    missed: bool = False
    """Whether a service level took it away: then no route is to bring it back."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All routes, and what their turns rest on besides the position."""

    routes: Mapping[str, RoutePolicy]
    presence: Presence
    now: datetime
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    """What each route's turns have given until now. Read, never changed."""
    arrivals: Mapping[str, Arrival] = field(default_factory=dict)
    """By account; those without one come last."""
    parents: Mapping[str, str | None] = field(default_factory=dict)
    """Each account's parent, where a route goes by owner."""
