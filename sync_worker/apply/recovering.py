"""Settles what an earlier life of the worker left open, before anything new is planned (I19)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply.settling import settle
from sync_worker.apply.values import RecoverReport
from sync_worker.apply.verifying import verify_rows
from sync_worker.core.model import PlanState, RowState
from sync_worker.store import outbox, plans

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sync_worker.apply.values import Tools, VerifyReport

WARN_AFTER = timedelta(hours=1)
ALERT_AFTER = timedelta(days=1)
"""A write whose outcome nobody knows may not be forgotten (I6)."""


def recover_all(tools: Tools) -> RecoverReport:
    """Adopt, settle, verify, close, expire; see ``recover``."""
    spent = tools.connector.budget().spent
    with tools.writing() as tx:
        interrupted = outbox.adopt(tx, epoch=tools.lease.epoch, now=tools.clock())
        unknown = outbox.rows_in(tx, {RowState.UNKNOWN})
    settled: Mapping[RowState, int] = {}
    warnings: list[str] = []
    try:
        settled = settle(tools, unknown)
    except CrmError as error:
        warnings.append(f"the CRM cannot be read, so open rows stay unknown: {error}")
    verified = _verify(tools)
    resumable, expired = _close(tools)
    with tools.store.read() as tx:
        unreadable = len(outbox.rows_in(tx, {RowState.UNKNOWN}))
        warnings += _old(outbox.oldest_open(tx), tools.clock())
    return RecoverReport(
        interrupted,
        settled,
        unreadable,
        verified.verified,
        verified.overwritten,
        expired,
        resumable,
        tuple(warnings),
        calls=tools.connector.budget().spent - spent,
    )


def _verify(tools: Tools) -> VerifyReport:
    """Look again at what an earlier life confirmed and never read a second time."""
    settled_by = tools.clock() - timedelta(seconds=tools.settings.settle_seconds)
    with tools.store.read() as tx:
        rows = outbox.rows_in(tx, {RowState.CONFIRMED})
    return verify_rows(tools, "", [row for row in rows if row.ended_at is None or row.ended_at <= settled_by])


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
