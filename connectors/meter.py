"""What replies tell of the CRM's limits and its time: counts calls, refuses those over the budget, keeps the clock."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.port import Budget, LimitReached

BEFORE_FIRST_REPLY = 1_000
"""Calls allowed while the CRM has not yet named its limit."""


@dataclass(slots=True)
class Meter:
    """Counts calls and says how many are left. ``used`` and ``limit`` are the org's own figures."""

    share_org: float
    share_run: float
    calls_per_run: int | None = None
    used: int | None = None
    limit: int | None = None
    by_kind: dict[str, int] = field(default_factory=dict)
    _untold: int = 0
    """Calls since a reply has last told the org's figures: not every reply does."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spent(self) -> int:
        """Calls of this process so far, repeated ones included."""
        return sum(self.by_kind.values())

    @property
    def ceiling(self) -> int:
        """Calls that one run may make."""
        if self.calls_per_run is not None:
            return self.calls_per_run
        return BEFORE_FIRST_REPLY if self.limit is None else int(self.limit * self.share_run)

    def allowed(self) -> int:
        """Calls still allowed: the run's rest or the org's rest, whichever is less."""
        run = self.ceiling - self.spent
        if self.used is None or self.limit is None:
            return max(run, 0)
        return max(min(run, int(self.limit * self.share_org) - self.used - self._untold), 0)

    def admit(self, kind: str) -> None:
        """Count one call, or raise LimitReached before it leaves."""
        with self._lock:
            if self.allowed() < 1:
                raise LimitReached(self._refusal(), hint=self._way_out())
            self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
            self._untold += 1

    def tell(self, used: int, limit: int) -> None:
        """Take over what a reply says of the org's calls, this one included."""
        with self._lock:
            self.used, self.limit, self._untold = used, limit, 0

    def budget(self) -> Budget:
        """The figures as the port gives them out."""
        with self._lock:
            return Budget(self.used, self.limit, self.spent, self.allowed(), dict(self.by_kind))

    def _refusal(self) -> str:
        if self.spent >= self.ceiling:
            return f"this run has made {self.spent} of its {self.ceiling} API calls"
        return f"the org has used {self.used} of its {self.limit} API calls, over the allowed {self.share_org:.0%}"

    def _way_out(self) -> str:
        if self.spent >= self.ceiling:
            return "raise the run's share of calls, or let the next run go on from here"
        return "wait until the rolling 24 hours move on, find what else uses the calls, or raise call_share_org"


class ServerClock:
    """The CRM's time, from the Date header of its latest reply. It never runs ahead of the CRM."""

    def __init__(self) -> None:
        self._latest: tuple[datetime, float] | None = None

    def note(self, date: str | None) -> None:
        """Take over a Date header; one that cannot be read is passed over."""
        try:
            said = parsedate_to_datetime(date or "")
        except ValueError:
            return
        self._latest = (said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC), time.monotonic())

    def now(self) -> datetime | None:
        """UTC, at most a second or so behind the CRM; None before the first reply."""
        if self._latest is None:
            return None
        date, seen = self._latest
        return date + timedelta(seconds=time.monotonic() - seen)
