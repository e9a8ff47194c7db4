"""Settles what an earlier life of the worker left open, before anything new is planned (I19)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply.settling import settle
from sync_worker.apply.values import RecoverReport
from sync_worker.apply.verifying import verify_rows
from sync_worker.core.model import PlanState, RowState
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.store import outbox, plans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sync_worker.apply.values import Tools, VerifyReport
    from sync_worker.store.plans import StoredRow

WARN_AFTER = timedelta(hours=1)
ALERT_AFTER = timedelta(days=1)
"""A write whose outcome nobody knows may not be forgotten (I6)."""


def recover_all(tools: Tools) -> RecoverReport:
    """Adopt, settle, verify, close, expire; see ``recover``."""
    spent = tools.spent()
    with tools.writing() as tx:
        interrupted = outbox.adopt(tx, epoch=tools.lease.epoch, now=tools.clock())
        unknown = outbox.rows_in(tx, {RowState.UNKNOWN})
    settled, warnings = _settle(tools, unknown)
    verified = _verify(tools)
    resumable, expired = _close(tools)
    with tools.store.read() as tx:
        unreadable = len(outbox.rows_in(tx, {RowState.UNKNOWN}))
        warnings += _stranded(tools, outbox.rows_in(tx, {RowState.UNKNOWN, RowState.CONFIRMED}))
        warnings += _old(outbox.oldest_open(tx), tools.clock())
    return RecoverReport(
        interrupted,
        settled,
        unreadable,
        verified.verified,
        verified.overwritten,
        verified.overwrote,
        expired,
        resumable,
        tuple(warnings),
        calls=tools.spent() - spent,
    )


def _settle(tools: Tools, rows: Sequence[StoredRow]) -> tuple[Mapping[RowState, int], list[str]]:
    """What the rows turned out to be, and what keeps the others from being known."""
    settled: Counter[RowState] = Counter()
    warnings: list[str] = []
    for crm, mine in tools.by_crm(rows):
        try:
            settled.update(settle(tools, crm, mine))
        except CrmError as error:
            warnings.append(f"{crm} cannot be read, so open rows stay unknown: {error}")
    if waiting := settled.pop(RowState.UNKNOWN, 0):
        minutes = LANDS_WITHIN.total_seconds() / 60
        warnings.append(f"requests without an answer that may land for {minutes:.0f} minutes: {waiting:,}")
    return settled, warnings


def _verify(tools: Tools) -> VerifyReport:
    """Look again at what an earlier life confirmed and never read a second time."""
    now = tools.clock()
    with tools.store.read() as tx:
        rows = outbox.rows_in(tx, {RowState.CONFIRMED})
    settled = [
        row
        for crm, mine in tools.by_crm(rows)
        for row in mine
        if row.ended_at is None or row.ended_at <= now - timedelta(seconds=tools.settle[crm])
    ]
    return verify_rows(tools, "", settled)


def _stranded(tools: Tools, rows: Sequence[StoredRow]) -> list[str]:
    """Rows of a CRM that the config does not name any more: nobody can look at them, and nobody may forget them."""
    lost = Counter(row.row.crm for row in rows if row.row.crm not in tools.connectors)
    return [
        f"rows written to {crm} of which nobody knows the end: {count:,}; put [{crm}] back into the config"
        for crm, count in sorted(lost.items())
    ]


def _close(tools: Tools) -> tuple[tuple[str, ...], int]:
    """End interrupted runs: plans with rows left wait again, unless their time is over or a newer plan was made.

    Step by step, because each transaction takes the audit chain last: in another order two of them could wait for
    each other.
    """
    with tools.store.read() as tx:
        interrupted = outbox.plans_applying(tx)
    for plan_id in interrupted:
        with tools.writing() as tx:
            outbox.end_run(tx, plan_id, stopped="the worker ended", resumable=True, now=tools.clock())
    with tools.writing() as tx:
        expired = plans.expire(tx, tools.clock())
    with tools.writing() as tx:
        plans.supersede_older(tx, tools.clock())
    with tools.store.read() as tx:
        waiting = plans.list_(tx, limit=100, states={PlanState.APPROVED})
    return tuple(head.id for head in waiting), expired


def _old(oldest: datetime | None, now: datetime) -> list[str]:
    if oldest is None or now - oldest < WARN_AFTER:
        return []
    hours = (now - oldest) / timedelta(hours=1)
    urgent = "; look at it today" if now - oldest >= ALERT_AFTER else ""
    return [f"a write sent {hours:,.0f} hours ago still has no known outcome{urgent}"]
