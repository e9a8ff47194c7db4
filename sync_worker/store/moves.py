"""What the worker has moved already: for limits and guards that look back. Changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.undoing import RULE
from sync_worker.store.schema import plan, plan_row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select

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


def lost_since(tx: Connection, since: datetime) -> Mapping[str, int]:
    """How many accounts each user has lost to the worker since, whatever the rule; what it undid does not count."""
    row = plan_row.c
    wanted = select(row.before).where(
        row.kind == RowKind.OWNER.value,
        row.rule.not_like(f"{RULE}:%"),
        row.state.in_([state.value for state in MOVED]),
        row.sent_at >= since,
    )
    return Counter(str(values["owner"]) for values in tx.scalars(wanted))


def promised(tx: Connection, besides: datetime | None = None) -> Mapping[str, int]:
    """How many accounts each user is to get by plans that are agreed and wait for a day of their own.

    ``besides``: not those that wait for this day, since a plan for the same day takes their place.
    """
    row, agreed = plan_row.c, (PlanState.APPROVED.value, PlanState.APPLYING.value)
    wanted = (
        select(row.after)
        .join(plan, plan.c.id == row.plan_id)
        .where(plan.c.effective_from.is_not(None), plan.c.state.in_(agreed))
        .where(row.kind == RowKind.OWNER.value, row.state == RowState.APPROVED.value)
    )
    if besides is not None:
        wanted = wanted.where(plan.c.effective_from != besides)
    return Counter(str(values["owner"]) for values in tx.scalars(wanted))


def applied_summaries(tx: Connection, since: datetime) -> list[Mapping[str, object]]:
    """The summaries of the plans that were made since and applied, the oldest first."""
    p = plan.c
    wanted = select(p.summary).where(p.created_at >= since, p.state == PlanState.APPLIED.value).order_by(p.created_at)
    return list(tx.scalars(wanted))


def fields_written(tx: Connection, wanted: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of these fields (CRM and worker name) the ones that a priority row has written before.

    Every priority row of a CRM writes all its fields, so one row of each plan tells, the latest plan first.
    """
    found: set[tuple[str, str]] = set()
    ids = tx.scalars(select(plan.c.id).where(plan.c.state.in_(_BEGUN)).order_by(plan.c.created_at.desc()))
    for plan_id in ids if wanted else ():
        for crm in {crm for crm, _ in wanted}:
            after: Mapping[str, object] = tx.scalar(_one_priority(plan_id, crm)) or {}
            found.update((crm, name) for name in after)
        if found.issuperset(wanted):
            break
    return frozenset(found.intersection(wanted))


_BEGUN = (PlanState.APPLYING.value, PlanState.APPLIED.value)


def _one_priority(plan_id: str, crm: str) -> Select[tuple[Mapping[str, object]]]:
    row = plan_row.c
    ours = (row.plan_id == plan_id, row.crm == crm, row.kind == RowKind.PRIORITY.value)
    return select(row.after).where(*ours, row.state.in_([state.value for state in MOVED])).limit(1)
