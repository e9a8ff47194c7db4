"""Whether a run may go on: asked between any two rows. It stops a run and never starts one again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.brakes import Tally
from sync_worker.core.lifecycle import TRIES
from sync_worker.store import settings

if TYPE_CHECKING:
    from connectors.port import CrmError
    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Ending

PAUSE_SECONDS = 1.0
"""How often the pause is looked up while rows go out; before each batch it always is. I13 allows five seconds."""

REST_SECONDS = 5.0
"""How long no call leaves after one that the CRM has put off. HubSpot counts the calls of any ten seconds."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run ended early, and whether what it did not send may be sent by a later run."""

    reason: str
    resumable: bool
    readable: bool = True
    """Whether the CRM may still be read: to settle what got no answer."""


class Watch:
    """Remembers why the run has to end, once there is a reason."""

    def __init__(self, tools: Tools) -> None:
        self.tally = Tally()
        self.halt: Halt | None = None
        self._tools = tools
        self._asked = float("-inf")
        self._put_off = 0

    def begin_crm(self) -> None:
        """Count anew: what one CRM has taken well says nothing of the next one."""
        self.tally = Tally()

    def halted(self, *, ask: bool = False) -> bool:
        """Whether no new row may be sent. ``ask`` looks the pause up whenever it was looked up last."""
        if self.halt is None:
            self.halt = self._reason(ask=ask)
        return self.halt is not None

    def stop(self, reason: str, *, resumable: bool = True) -> None:
        """End the run. The first reason stands."""
        self.halt = self.halt or Halt(reason, resumable)

    def crm_failed(self, error: CrmError) -> None:
        """End the run because a call failed as a whole."""
        reason = f"{error} ({error.hint})" if error.hint else str(error)
        self.halt = self.halt or Halt(reason, resumable=True, readable=False)

    def count(self, ending: Ending) -> None:
        """Count what became of a row; too many bad ones end the run (I7)."""
        self.tally.add(ending.state, ending.code)

    def count_silence(self) -> None:
        """Count a call that got no answer; several in a row end the run."""
        self.tally.add_silence()

    def count_busy(self, *, busy: bool) -> None:
        """Count a call that the CRM has put off as a whole; several in a row end the run."""
        self._put_off = self._put_off + 1 if busy else 0
        if self._put_off >= TRIES:
            self.stop(f"the CRM was too busy for {self._put_off} calls in a row")

    def rest(self) -> None:
        """Leave the CRM alone for a while, longer each time."""
        if self.halt is None:
            self._tools.stop.wait(REST_SECONDS * self._put_off)

    def _reason(self, *, ask: bool) -> Halt | None:
        if self._tools.stop.is_set():
            return Halt("the worker was told to stop", resumable=True, readable=False)
        if bad := self.tally.verdict():
            return Halt(bad.reason, resumable=not bad.for_good)
        self._tools.lease.keep()
        if not self._tools.lease.usable():
            return Halt("less than half of the lease was left", resumable=True)
        return self._paused(ask=ask)

    def _paused(self, *, ask: bool) -> Halt | None:
        now = self._tools.monotonic()
        if not ask and now - self._asked < PAUSE_SECONDS:
            return None
        self._asked = now
        with self._tools.store.read() as tx:
            pause = settings.paused(tx)
        return None if pause is None else Halt(f"paused by {pause.by}: {pause.reason}", resumable=True)
