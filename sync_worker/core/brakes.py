"""When a run that is already writing has to stop (I7): too many failures, too many conflicts, no answers. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sync_worker.core.model import RowState

FAILURES = 0.05
CONFLICTS = 0.20
AT_LEAST = 20
"""Shares mean little before this many rows have ended."""
SILENCE = 5
"""So many writes in a row without an answer mean that the CRM is down: every further one would be a riddle more."""


@dataclass(slots=True)
class Tally:
    """What has become of this run's rows so far. The one mutable value of the core: it only counts."""

    ended: int = 0
    failures: int = 0
    conflicts: int = 0
    silent: int = 0
    """Writes without an answer since the last answer."""
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, state: RowState, code: str = "") -> None:
        """Count one row that a check or an answer of the CRM has moved to ``state``."""
        self.silent = self.silent + 1 if state is RowState.UNKNOWN else 0
        if state is RowState.APPROVED:  # it was locked, and will be tried again
            return
        self.ended += 1
        if state in {RowState.FAILED, RowState.UNKNOWN}:
            self.failures += 1
            self.codes[code or "no answer"] += 1
        elif state is RowState.CONFLICT:
            self.conflicts += 1

    def verdict(self) -> str | None:
        """Why the run must not go on, with both figures; None while it may."""
        if self.silent >= SILENCE:
            return f"{self.silent} writes in a row got no answer"
        if self.ended < AT_LEAST:
            return None
        if self.failures > FAILURES * self.ended:
            code, count = self.codes.most_common(1)[0]
            most = f", {count:,} of them with {code}" if len(self.codes) > 1 or code != "no answer" else ""
            return f"{self.failures:,} of {self.ended:,} rows failed{most}; the limit is {FAILURES:.0%}"
        if self.conflicts >= CONFLICTS * self.ended:
            return f"{self.conflicts:,} of {self.ended:,} rows had been changed by others; the limit is {CONFLICTS:.0%}"
        return None
