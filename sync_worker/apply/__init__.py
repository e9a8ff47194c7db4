"""Executes a sealed plan: reads, writes, records, and decides nothing that the plan has not decided.

``apply_plan`` sends what was approved, ``recover`` settles what an earlier life left open, and ``verify_plan`` looks a
second time. The promises that they keep are in docs/safety.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.apply.outset import begin
from sync_worker.apply.phases import Run, phases_of
from sync_worker.apply.recovering import recover_all
from sync_worker.apply.settling import settle_plan
from sync_worker.apply.values import ApplyReport, Fresh, RecoverReport, Tools, VerifyReport
from sync_worker.apply.verifying import verify_rows, wait_to_settle
from sync_worker.apply.watch import Watch
from sync_worker.core.lifecycle import OPEN, TRIES
from sync_worker.core.model import PlanState, RowState
from sync_worker.store import outbox, plans
from sync_worker.store.lease import LeaseLost

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from connectors.port import Connector
    from sync_worker.apply.phases import Phase
    from sync_worker.config import ApplyConfig
    from sync_worker.parts import Progress
    from sync_worker.store import Store
    from sync_worker.store.lease import Lease

__all__ = ["ApplyReport", "Fresh", "RecoverReport", "VerifyReport", "apply_plan", "recover", "verify_plan"]

BACK_OFF_SECONDS = 1.0
"""Before rows that were locked are tried again; twice as long before the last try."""


def apply_plan(  # noqa: PLR0913 - the run's tools, each by name
    plan_id: str,
    *,
    store: Store,
    connectors: Mapping[str, Connector],
    lease: Lease,
    fresh: Fresh,
    settings: ApplyConfig,
    settle: Mapping[str, float],
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    stop: threading.Event,
    progress: Callable[[Progress], None],
    allowed: Collection[str],
) -> ApplyReport:
    """Send an approved plan, CRM by CRM: owners first, then priorities, each row after a pre-read of its own.

    ``allowed``: the fields that the worker may write besides the owner (I8). Raises PlanRefused before anything is
    sent, StoreError when the store fails; a CRM that fails ends the run, and the report says why.
    """
    tools = Tools(store, connectors, settings, settle, clock, monotonic, stop, progress, lease)
    stored = begin(tools, plan_id, fresh, allowed)
    spent = tools.spent()
    watch = Watch(tools)
    try:
        _rounds(Run(tools, watch, stored, fresh))
        _close(tools, stored.plan.id, watch)
    except (LeaseLost, outbox.RowMoved) as error:
        # The plan is another worker's now, or nobody's: its state is for the next ``recover``.
        watch.stop(str(error))
    with store.read() as tx:
        counts = plans.counts(tx, stored.plan.id)
    halt = watch.halt
    return ApplyReport(
        stored.plan.id,
        counts,
        stopped=halt.reason if halt else None,
        resumable=bool(halt and halt.resumable and counts.keys() & {RowState.APPROVED, *OPEN}),
        calls=tools.spent() - spent,
    )


def recover(  # noqa: PLR0913 - the run's tools, each by name
    *,
    store: Store,
    connectors: Mapping[str, Connector],
    lease: Lease,
    settings: ApplyConfig,
    settle: Mapping[str, float],
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    stop: threading.Event,
    progress: Callable[[Progress], None],
) -> RecoverReport:
    """Settle what an earlier life left open (I19). Runs before anything is planned or applied."""
    return recover_all(Tools(store, connectors, settings, settle, clock, monotonic, stop, progress, lease))


def verify_plan(  # noqa: PLR0913 - the run's tools, each by name
    plan_id: str,
    *,
    store: Store,
    connectors: Mapping[str, Connector],
    lease: Lease,
    settings: ApplyConfig,
    settle: Mapping[str, float],
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    stop: threading.Event,
    progress: Callable[[Progress], None],
) -> VerifyReport:
    """Read what the plan's run confirmed a second time, ``settle`` seconds after each CRM's last confirmation."""
    tools = Tools(store, connectors, settings, settle, clock, monotonic, stop, progress, lease)
    with store.read() as tx:
        found = plans.get(tx, plan_id).plan.id
        rows = outbox.rows(tx, found, {RowState.CONFIRMED})
    wait_to_settle(tools, rows)
    return verify_rows(tools, found, rows)


def _rounds(run: Run) -> None:
    """CRM by CRM, all owners, then all priorities. Each: send, settle what got no answer, try again what may be.

    An account's score is written after its owner is settled: the write would move the version on, by which alone an
    owner change without an answer can be told from one that somebody has put back. A CRM that fails ends the whole
    run: a plan is one decision, and what another CRM would still take waits with it.
    """
    for crm, connector in run.tools.connectors.items():
        run.watch.begin_crm()
        for phase in phases_of(crm, connector):
            _send_and_settle(run, phase)
            if run.watch.halted():
                return


def _send_and_settle(run: Run, phase: Phase) -> None:
    for tried in range(TRIES):
        run.send_phase(phase)
        _settle(run, phase.crm)
        if run.watch.halted() or not run.left(phase):
            return
        if run.tools.stop.wait(BACK_OFF_SECONDS * 2**tried):
            return


def _settle(run: Run, crm: str) -> None:
    if run.watch.halt is not None and not run.watch.halt.readable:
        return
    if error := settle_plan(run.tools, run.plan_id, crm):
        run.watch.crm_failed(error)


def _close(tools: Tools, plan_id: str, watch: Watch) -> PlanState:
    halt = watch.halt
    with tools.writing() as tx:
        resumable = halt is None or halt.resumable
        reason = halt.reason if halt else ""
        return outbox.end_run(tx, plan_id, stopped=reason, resumable=resumable, now=tools.clock())
