"""Counts over the whole store for those who watch it. Reads only; names no account and no person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sync_worker.store.schema import audit, cycle, hold, plan, plan_row, quarantine, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

WAITING = ("planned", "held", "approved", "applying")
"""Plan states that somebody or something is still to act on."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that /metrics shows of the store. Times are UTC; counts under keys that do not occur are left out."""

    records: Mapping[str, int]
    """Live records by stream."""
    quarantined: Mapping[str, int]
    """By stream."""
    cycles: Mapping[tuple[str, str], int]
    """Ended runs by kind and outcome."""
    last_success: Mapping[str, datetime]
    """When the latest good run of each kind ended."""
    rows: Mapping[str, int]
    """Plan rows by state."""
    plans_waiting: Mapping[str, int]
    """By state."""
    held: Mapping[str, int]
    """Accounts that the worker stays away from, by kind of hold."""
    oldest_sent: datetime | None
    """Since when the oldest row has been sent without an end (I6)."""
    audit_entries: int


def figures(tx: Connection, now: datetime) -> Figures:
    """Count. Each statement runs on an index or on a small table."""
    ended = cycle.c.outcome.is_not(None)
    good = select(cycle.c.kind, func.max(cycle.c.ended_at)).where(cycle.c.outcome == "ok").group_by(cycle.c.kind)
    kinds = select(cycle.c.kind, cycle.c.outcome, func.count()).where(ended).group_by(cycle.c.kind, cycle.c.outcome)
    unsettled = plan_row.c.state.in_(("sent", "unknown"))
    return Figures(
        records=_counts(tx, _by(record.c.stream).where(record.c.deleted.is_(False))),
        quarantined=_counts(tx, _by(quarantine.c.stream)),
        cycles={(kind, outcome): count for kind, outcome, count in tx.execute(kinds)},
        last_success=dict(tx.execute(good).all()),
        rows=_counts(tx, _by(plan_row.c.state)),
        plans_waiting=_counts(tx, _by(plan.c.state).where(plan.c.state.in_(WAITING))),
        held=_counts(tx, _by(hold.c.kind).where(hold.c.until > now)),
        oldest_sent=tx.scalar(select(func.min(plan_row.c.sent_at)).where(unsettled)),
        audit_entries=tx.scalar(select(func.coalesce(func.max(audit.c.number), 0))) or 0,
    )


def _by(column: ColumnElement[str]) -> Select[str, int]:
    return select(column, func.count()).group_by(column)


def _counts(tx: Connection, query: Select[str, int]) -> dict[str, int]:
    return dict(tx.execute(query).all())
