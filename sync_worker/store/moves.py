"""What the worker has moved already: for limits and guards that look back. Changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.store.schema import plan, plan_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

MOVED = (
    RowState.SENT,
    RowState.UNKNOWN,
    RowState.CONFIRMED,
    RowState.VERIFIED,
    RowState.OVERWRITTEN,
    RowState.OVERWROTE,
)
"""What may have landed counts: a limit is kept even while an answer is awaited."""


def moves_since(tx: Connection, rule: str, since: datetime) -> Mapping[str, int]:
    """How many accounts the rule has moved since, by the rep who lost (a return) or gained them (a book)."""
    side = "before" if rule.startswith("return:") else "after"
    row = plan_row.c
    wanted = select(row[side]).where(
        row.kind == RowKind.OWNER.value,
        row.rule == rule,
        row.state.in_([state.value for state in MOVED]),
        row.sent_at >= since,
    )
    return Counter(str(values["owner"]) for values in tx.scalars(wanted))


def applied_summaries(tx: Connection, since: datetime) -> list[Mapping[str, object]]:
    """The summaries of the plans that were made since and applied, the oldest first."""
    p = plan.c
    wanted = select(p.summary).where(p.created_at >= since, p.state == PlanState.APPLIED.value).order_by(p.created_at)
    return list(tx.scalars(wanted))
