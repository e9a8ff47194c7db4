"""Takes the rows of a plan through pre-read, check and sending, in windows that are never staler than five seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply import holds
from sync_worker.apply.reading import FRESH_SECONDS, in_air, key, read, traces
from sync_worker.apply.sending import NEVER_LEFT, Ready, Sender
from sync_worker.core.lifecycle import Ending, Premises, Seen, before_sending, shows
from sync_worker.core.model import RowKind, RowState
from sync_worker.parts import Progress
from sync_worker.store import outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.port import Connector
    from sync_worker.apply.values import Fresh, Tools
    from sync_worker.apply.watch import Watch
    from sync_worker.core.traces import Trace
    from sync_worker.store.plans import StoredPlan, StoredRow

CANARY = 10
"""So many owner changes go out first and are read again; only then the rest (I7)."""


NOTHING_KNOWN = frozenset({RowState.APPROVED, RowState.UNKNOWN})
"""States after a try that says nothing of how the CRM takes the plan: others go first in place of such rows."""


@dataclass(frozen=True, slots=True)
class Phase:
    """How one kind of row is sent to one CRM."""

    crm: str
    kind: RowKind
    step: str
    window: int
    """Rows in one reading."""
    batch: int
    """Rows whose intents are committed together; without a condition they leave in one call."""
    conditional: bool
    """Bound to a version, rows leave one by one, so that their pace decides how many fit a window."""


def phases_of(crm: str, connector: Connector) -> tuple[Phase, Phase]:
    """Owners, then priorities. Where nothing is bound to a version, as many rows as fit one call in each of them."""
    most = 200 if connector.conditional else 100
    return (
        Phase(crm, RowKind.OWNER, "owners", most, 25 if connector.conditional else most, connector.conditional),
        Phase(crm, RowKind.PRIORITY, "priorities", most, most, conditional=False),
    )


class Run:
    """One run over one plan: what its phases share."""

    def __init__(self, tools: Tools, watch: Watch, stored: StoredPlan, fresh: Fresh) -> None:
        self.tools = tools
        self.watch = watch
        self.plan_id = stored.plan.id
        self.plan_hash = stored.plan.hash
        self.premises = Premises(fresh.read_sets, fresh.active_owners)

    def send_phase(self, phase: Phase) -> None:
        """Send every approved row of one kind, until none is left or the run has to end."""
        queue = deque(self._approved(phase))
        with self.tools.store.read() as tx:
            unsettled = outbox.open_elsewhere(tx, self.plan_id)
        Windows(self, phase, queue, unsettled).run()

    def left(self, phase: Phase) -> bool:
        """Whether rows of this kind are still approved."""
        return bool(self._approved(phase))

    def _approved(self, phase: Phase) -> list[StoredRow]:
        with self.tools.store.read() as tx:
            rows = outbox.rows(tx, self.plan_id, {RowState.APPROVED}, phase.kind)
        return [row for row in rows if row.row.crm == phase.crm]


class Windows:
    """The windows of one phase. Each is one reading and what may be sent on the strength of it."""

    def __init__(self, run: Run, phase: Phase, queue: deque[StoredRow], unsettled: frozenset[str]) -> None:
        self._run = run
        self._phase = phase
        self._crm = run.tools.at(phase.crm)
        self._sender = Sender(run.tools, self._crm, run.watch, run.plan_hash)
        self._queue = queue
        self._unsettled = unsettled
        self._total = len(queue)
        self._size = phase.window
        self._pace = 0.0
        self._canary = CANARY if phase.kind is RowKind.OWNER and len(queue) > CANARY else 0
        """How many rows are still to go out before the rest may."""
        self._checking: list[StoredRow] = []
        """Canary rows that the CRM has confirmed and the next reading must show."""
        self._moved: list[tuple[StoredRow, Seen]] = []

    def run(self) -> None:
        """Work the queue off. Ends early when the run has to; then the rest stays approved."""
        watch = self._run.watch
        try:
            while self._queue and not watch.halted():
                self._window()
        except CrmError as error:
            watch.crm_failed(error)
        if self._moved and (watch.halt is None or watch.halt.readable):
            holds.tell_who(self._run.tools, self._phase.crm, self._moved)

    def _window(self) -> None:
        tools, left = self._run.tools, len(self._queue)
        count = max(1, min(left, self._size - len(self._checking)))
        asked = [self._queue.popleft() for _ in range(count)]
        began = tools.monotonic()
        seen = read(self._crm, [*asked, *self._checking], versions=self._phase.conditional)
        self._pace = self._pace or tools.monotonic() - began  # a write takes no longer than a reading of many
        if not self._canary_lives(seen):
            return
        ready = self._sort(asked, seen)
        rest = self._send(ready, began + FRESH_SECONDS)
        self._queue.extendleft(reversed(rest))
        tools.progress(Progress(self._phase.step, self._total - len(self._queue), self._total))
        if len(self._queue) == left:
            self._shrink(tools.monotonic() - began)

    def _sort(self, asked: Sequence[StoredRow], seen: Mapping[str, Seen]) -> list[Ready]:
        """End the rows that must not be sent; the others, with their versions."""
        ready: list[Ready] = []
        endings: list[tuple[StoredRow, Ending]] = []
        found = self._looked_up(asked)
        for row in asked:
            shown = seen.get(row.row.account)
            ending = self._check(row, shown)
            if row.unbound:
                ending = self._check_again(row, ending, found.get(key(row)))
            if ending is not None:
                endings.append((row, ending))
            elif shown is not None:
                ready.append(Ready(row, self._version(shown)))
        self._end(endings, seen)
        return ready

    def _check(self, row: StoredRow, shown: Seen | None) -> Ending | None:
        if row.row.account in self._unsettled:
            message = "an earlier write to this account is not settled yet; it will be planned again"
            return Ending(RowState.SUPERSEDED, message=message)
        return before_sending(row.row, shown, self._run.premises, token=row.version)

    def _looked_up(self, rows: Sequence[StoredRow]) -> Mapping[tuple[str, int], Trace]:
        return traces(self._run.tools, self._phase.crm, [row for row in rows if row.unbound])

    def _check_again(self, row: StoredRow, ending: Ending | None, found: Trace | None) -> Ending | None:
        """A second try leaves only where the history shows that nothing has happened since the first one.

        And while the first one may still land, nothing else ends the row either.
        """
        quiet = found is not None and found.quiet
        if quiet and (ending is None or not in_air(row, found, self._run.tools.clock())):
            return ending
        why = ending.message if ending else "somebody has changed its owner since"
        return Ending(RowState.UNKNOWN, message=f"an earlier try got no answer and may still land; {why}")

    def _version(self, shown: Seen) -> str:
        if not self._phase.conditional:
            return ""
        if not shown.version:
            self._run.watch.stop("the CRM gave no version for a record, so its owner cannot be changed safely")
        return shown.version or ""

    def _end(self, endings: Sequence[tuple[StoredRow, Ending]], seen: Mapping[str, Seen]) -> None:
        tools = self._run.tools
        if not endings:
            return
        with tools.writing() as tx:
            now = tools.clock()
            ended = []
            for row, ending in endings:
                self._run.watch.count(ending)
                ended.append((row, ending))
                if ending.state is RowState.CONFIRMED:
                    holds.start_rest(tx, row, now)
                elif ending.state is RowState.CONFLICT and row.row.kind is RowKind.OWNER:
                    shown = seen[row.row.account]
                    holds.keep_away(tx, row, shown, days=tools.settings.hold_days, now=now)
                    self._moved.append((row, shown))
                    ended[-1] = row, replace(ending, message=holds.in_names(tx, ending.message))
            outbox.end(tx, ended, epoch=tools.lease.epoch, now=now)

    def _send(self, ready: list[Ready], deadline: float) -> list[StoredRow]:
        """Send batch by batch while the reading is fresh; the rows that did not leave."""
        most = self._canary or len(ready)
        rest = ready[:most]
        after: list[StoredRow] = []
        while rest and (count := self._fits(deadline)) and not self._run.watch.halted():
            batch, rest = rest[:count], rest[count:]
            after += self._timed(batch, deadline)
        unsent = [row for row in after if _never_left(row)]
        if self._canary:
            self._note_canary([row for row in after if row.state not in NOTHING_KNOWN])
        return [*unsent, *(later.row for later in [*rest, *ready[most:]])]

    def _note_canary(self, sent: Sequence[StoredRow]) -> None:
        self._canary -= len(sent)
        self._checking += [row for row in sent if row.state is RowState.CONFIRMED]
        if sent and all(row.state is RowState.FAILED for row in sent):
            self._run.watch.stop(f"the CRM refused all of the first {len(sent)} changes", resumable=False)

    def _timed(self, batch: Sequence[Ready], deadline: float) -> list[StoredRow]:
        began = self._run.tools.monotonic()
        after = self._sender.send(batch, deadline)
        self._pace = (self._run.tools.monotonic() - began) / len(batch)
        return after

    def _fits(self, deadline: float) -> int:
        """How many rows leave before the reading is too old, at the pace of the latest batch."""
        left = deadline - self._run.tools.monotonic()
        if left <= 0:
            return 0
        if not self._phase.conditional or not self._pace:
            return self._phase.batch
        return min(self._phase.batch, max(1, int(0.8 * left / self._pace)))

    def _canary_lives(self, seen: Mapping[str, Seen]) -> bool:
        """Whether the first changes are in the CRM as it confirmed them; if not, no more are sent."""
        checked, self._checking = self._checking, []
        lost = [row for row in checked if (found := seen.get(row.row.account)) and not shows(found, row.row.after)]
        if lost:
            message = f"{len(lost)} of the first {len(checked)} changes were confirmed, but the CRM shows other values"
            self._run.watch.stop(message, resumable=False)
        return not lost

    def _shrink(self, seconds: float) -> None:
        """Nothing left in this window: read less next time, so that the rest is fresher."""
        if self._size == 1:
            self._run.watch.stop(f"reading one record took {seconds:.1f} s: too slow to write on the strength of it")
        self._size = max(1, self._size // 4)
        self._pace = 0.0


def _never_left(row: StoredRow) -> bool:
    return row.state is RowState.APPROVED and row.code == NEVER_LEFT
