"""What each job does: claim its slot, open a worker, run one of its methods, say how it ended. One at a time.

A job opens its own worker, so that it sees the store, the CRM and the rules as they are now; nothing that a broken
connection or an edited file left behind reaches the next one. No exception leaves a job.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, Self
from zoneinfo import ZoneInfo

import structlog

from connectors.port import LimitReached, Unauthorized
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.daemon.schedule import daily_slot, parse_time, period_slot
from sync_worker.daemon.tries import Try, next_try
from sync_worker.store import cycles, outbox, settings, slots
from sync_worker.store.audit import read_checkpoint, verify
from sync_worker.tally import warnings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sync_worker.config import Config
    from sync_worker.daemon.heartbeat import Heartbeat
    from sync_worker.daemon.metrics import Metrics
    from sync_worker.store import Store
    from sync_worker.store.audit import Head
    from sync_worker.store.cycles import Cycle

log = structlog.get_logger(__name__)

REFUSED_REST = timedelta(hours=1)
"""How long no job calls the CRM after it refused the credentials or the limit was spent: asking on locks users out."""

OK, FAILED, STOPPED = "ok", "failed", "stopped"

JOBS = ("recover", "cycle", "pull", "apply", "audit")
"""Every job that /readyz tells of."""


class AuditBroken(Exception):
    """The audit chain does not hold: somebody or something has changed what was recorded."""

    hint = "copy the store aside before anything else, then see 'sync-worker audit verify' and docs/operations.md"


class JobWorker(Protocol):
    """What jobs need of a worker; ``app.Worker`` is one. A method gives None when there was nothing to do."""

    @property
    def store(self) -> Store:
        """Where slots and runs are recorded."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def cycle(self) -> object:
        """One whole cycle."""

    def pull(self) -> object:
        """Bring the store up to date."""

    def recover(self) -> object:
        """Settle what an earlier life left open."""

    def apply_approved(self) -> object:
        """Write the plan that somebody has approved."""


@dataclass(slots=True)
class Jobs:
    """The daemon's jobs. They run in one thread, one after the other."""

    config: Config
    open_worker: Callable[[], JobWorker]
    clock: Callable[[], datetime]
    heartbeat: Heartbeat
    metrics: Metrics
    stop: threading.Event
    idle: threading.Event = field(default_factory=threading.Event)
    """Set while no job runs."""
    problems: dict[str, str] = field(default_factory=dict)
    """What went wrong in the latest run of each job; a run that goes well takes its entry away."""
    _quiet_until: datetime | None = None
    _audited: Head | None = None

    def __post_init__(self) -> None:
        self.idle.set()

    def tick(self) -> None:
        """Show that the work loop is alive."""
        self.heartbeat.tick()

    def recover(self) -> None:
        """Settle what an earlier life left open, before anything else is done (I19)."""
        self._run("recover", None, lambda worker: worker.recover())

    def daily(self) -> None:
        """Run the cycle if its slot is due and not done: on time, made up for after a stop, or tried again."""
        schedule = self.config.schedule
        slot = daily_slot(self.clock(), parse_time(schedule.daily), ZoneInfo(schedule.time_zone))

        def name(worker: JobWorker) -> str | None:
            with worker.store.read() as tx:
                claims = slots.tries(tx, "cycle", slot)
            tries = [Try(claim.started_at, claim.ended_at, claim.outcome or "") for claim in claims]
            return next_try(slot, tries, self.clock())

        self._run("cycle", name, lambda worker: worker.cycle())

    def pull(self) -> None:
        """Bring the records up to date, once in each period."""
        slot = period_slot(self.clock(), self.config.schedule.pull_every_minutes)
        self._run("pull", lambda _: slot, lambda worker: worker.pull())

    def apply(self) -> None:
        """Write the plan that somebody has approved, if there is one; else look again at writes without an end.

        Plans have states of their own: no slot.
        """

        def write(worker: JobWorker) -> object:
            with worker.store.read() as tx:
                paused = settings.paused(tx)
                oldest = outbox.oldest_unended(tx)
            overdue = oldest is not None and self.clock() - oldest >= LANDS_WITHIN
            # Not a failure each few minutes: /readyz, the metrics and the status say that somebody has paused.
            done = None if paused else worker.apply_approved()
            return worker.recover() if done is None and overdue else done

        self._run("apply", None, write)

    def audit(self) -> None:
        """Recompute the audit chain, at least as far as the checkpoint file, or else the last check, remembers."""

        def check(worker: JobWorker) -> object:
            file = self.config.audit.checkpoint
            with worker.store.read() as tx:
                found = verify(tx, read_checkpoint(file) if file else self._audited)
            if not found.ok:
                raise AuditBroken(found.message)
            self._audited = found.head
            return found

        self._run("audit", None, check)

    # How a job runs ---------------------------------------------------------------------------------------------

    def _run(
        self, job: str, slot: Callable[[JobWorker], str | None] | None, work: Callable[[JobWorker], object]
    ) -> None:
        self.idle.clear()
        self.heartbeat.tick()
        try:
            # Asked only now: whoever sets the signal and then waits for 'idle' must not overlook this job.
            if self.stop.is_set() or self._resting():
                return
            with structlog.contextvars.bound_contextvars(job=job):
                outcome = self._attempt(job, slot, work)
            if outcome:
                self.metrics.jobs.labels(job, outcome).inc()
        finally:
            self.heartbeat.tick()
            self.idle.set()

    def _attempt(
        self, job: str, slot: Callable[[JobWorker], str | None] | None, work: Callable[[JobWorker], object]
    ) -> str | None:
        """Do the job once; how it ended, or None when there was nothing to do."""
        try:
            with self.open_worker() as worker:
                if slot is None:
                    return self._work(job, worker, work)
                name = slot(worker)
                if name is None or not self._claim(worker, job, name):
                    return None
                outcome = self._work(job, worker, work)
                with worker.store.begin() as tx:
                    slots.finish(tx, job, name, outcome or OK, self.clock())
                return outcome
        except Exception as error:  # noqa: BLE001 - the store is away; the daemon lives on and says so
            return self._failed(job, error)

    def _claim(self, worker: JobWorker, job: str, name: str) -> bool:
        with worker.store.begin() as tx:
            return slots.claim(tx, job, name, self.clock())

    def _work(self, job: str, worker: JobWorker, work: Callable[[JobWorker], object]) -> str | None:
        before = _latest(worker, job)
        try:
            done = work(worker)
        except Exception as error:  # noqa: BLE001 - a job's failure is an outcome: it is logged, counted and shown
            return self._failed(job, error)
        finally:
            self._tell(before, _latest(worker, job))
        self.problems.pop(job, None)
        for warning in warnings(done):
            log.warning("left open", reason=warning)
        return OK if done is not None else None

    def _tell(self, before: Cycle | None, after: Cycle | None) -> None:
        """Log what the run's own record says, and count the calls that it cost."""
        if after is None or (before is not None and after.id == before.id):
            return
        for kind, count in after.calls.items():
            self.metrics.calls.labels(kind).inc(count)
        log.info("run ended", run=after.id, outcome=after.outcome, counts=after.counts, calls=after.calls)

    def _failed(self, job: str, error: Exception) -> str:
        if self.stop.is_set():
            log.info("stopped before its end", reason=str(error))
            return STOPPED
        self.problems[job] = str(error)
        hint = getattr(error, "hint", None)
        if hint is None and not hasattr(error, "problems") and not hasattr(error, "exit_code"):
            log.error("failed as nobody foresaw: please report this", error=str(error), exc_info=error)
            return FAILED
        if isinstance(error, (Unauthorized, LimitReached)):
            self._quiet_until = self.clock() + REFUSED_REST
        log.error("failed", kind=type(error).__name__, error=str(error), hint=hint or "")
        return FAILED

    def _resting(self) -> bool:
        return self._quiet_until is not None and self.clock() < self._quiet_until


def _latest(worker: JobWorker, job: str) -> Cycle | None:
    with worker.store.read() as tx:
        return cycles.latest(tx, job)
