"""What the worker has written before, on both engines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind, RowState
from sync_worker.store import outbox, plans
from sync_worker.store.moves import fields_written
from sync_worker.store.outbox import Intent
from tests.store.plan_rows import approve, plan, row

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.core.model import PlanRow
    from sync_worker.store import Store

WANTED = (("salesforce", "score"), ("salesforce", "grade"), ("hubspot", "score"))


def scored(of: PlanRow) -> PlanRow:
    """A row that writes a score to the same account."""
    return replace(of, kind=RowKind.PRIORITY, before={"score": 3.0}, after={"score": 7.0}, rule="score:priority")


def test_a_field_is_the_workers_own_once_a_row_with_it_has_left_for_that_crm(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        plans.save(tx, plan(now, rows=[scored(row(1))]), now=now)
    approve(store, "plan-1", now)
    with store.begin() as tx:
        assert not fields_written(tx, WANTED)
        assert outbox.begin_run(tx, "plan-1", epoch=1, now=now)
        rows = outbox.rows(tx, "plan-1", {RowState.APPROVED}, RowKind.PRIORITY)
        outbox.intend(tx, [Intent(row, "v1") for row in rows], epoch=1, plan_hash="h", now=now)
        assert fields_written(tx, WANTED) == {("salesforce", "score")}
