"""What the worker has written before, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind, RowState
from sync_worker.store import outbox, plans
from sync_worker.store.moves import fields_written, promised
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


def test_what_is_agreed_for_a_later_day_keeps_its_places(store: Store, now: datetime) -> None:
    day = now + timedelta(days=3)
    with store.begin() as tx:
        plans.save(tx, plan(now, "today", after="eve"), now=now)
        plans.save(tx, plan(now, "later", day=day, rows=[row(1), row(2), scored(row(3))]), now=now)
        assert not promised(tx), "nobody has agreed"
    approve(store, "today", now)
    approve(store, "later", now)
    with store.begin() as tx:
        assert promised(tx) == {"ben": 2}
        assert promised(tx, besides=now) == {"ben": 2}
        assert not promised(tx, besides=day), "a plan for the same day takes its place"
        assert outbox.begin_run(tx, "later", epoch=1, now=now)
        rows = outbox.rows(tx, "later", {RowState.APPROVED}, RowKind.OWNER)
        outbox.intend(tx, [Intent(rows[0], "v1")], epoch=1, plan_hash="h", now=now)
        assert promised(tx) == {"ben": 1}
