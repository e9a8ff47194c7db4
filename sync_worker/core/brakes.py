"""When a run that is already writing has to stop (I7): too many failures, too many conflicts, no answers. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sync_worker.core.lifecycle import INACTIVE_OWNER
from sync_worker.core.model import RowState

FAILURES = 0.05
CONFLICTS = 0.20
AT_LEAST = 20
"""Shares mean little before this many rows have ended."""
SILENCE = 5
"""So many calls in a row without an answer mean that the CRM is down: every further one would be a riddle more."""


@dataclass(frozen=True, slots=True)
class Brake:
    """Why the run must not go on. ``for_good``: the plan itself is in doubt, so its rest may not be sent later."""

    reason: str
    for_good: bool


@dataclass(slots=True)
class Tally:
    """What has become of this run's rows so far. The one mutable value of the core: it only counts."""

    ended: int = 0
    failures: int = 0
    conflicts: int = 0
    silent: int = 0
    """Calls without an answer since the last answer."""
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, state: RowState, code: str = "") -> None:
        """Count one row that a check or an answer of the CRM has moved to ``state``.

        Rows that will be looked at again say nothing yet: those without an answer, and those that were locked. Nor do
        rows whose new owner has left since the plan: no call was made for them.
        """
        if state is RowState.UNKNOWN or code == INACTIVE_OWNER:
            return
        self.silent = 0
        if state is RowState.APPROVED:
            return
        self.ended += 1
        if state is RowState.FAILED:
            self.failures += 1
            self.codes[code or "no code"] += 1
        elif state is RowState.CONFLICT:
            self.conflicts += 1

    def add_silence(self) -> None:
        """Count one call that got no answer, however many rows it carried."""
        self.silent += 1

    def verdict(self) -> Brake | None:
        """Why the run must not go on, with both figures; None while it may."""
        if self.silent >= SILENCE:
            return Brake(f"{self.silent} calls in a row got no answer", for_good=False)
        if self.ended < AT_LEAST:
            return None
        if self.failures > FAILURES * self.ended:
            code, count = self.codes.most_common(1)[0]
            told = f"{self.failures:,} of {self.ended:,} rows failed, {count:,} of them with {code}"
            return Brake(f"{told}; the limit is {FAILURES:.0%}", for_good=True)
        if self.conflicts >= CONFLICTS * self.ended:
            told = f"{self.conflicts:,} of {self.ended:,} rows had been changed by others"
            return Brake(f"{told}; the limit is {CONFLICTS:.0%}", for_good=True)
        return None
