"""The life of single rows, on both engines: only forward, only from where the writer saw them, and never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError

from sync_worker.core.lifecycle import NEXT, Ending
from sync_worker.core.model import TERMINAL, RowState
from sync_worker.store import audit, outbox, plans, schema
from sync_worker.store.outbox import Intent, RowMoved
from tests.store.plan_rows import approve, plan

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store
    from sync_worker.store.plans import StoredRow


@pytest.fixture
def waiting(store: Store, now: datetime) -> list[StoredRow]:
    """Three approved rows."""
    with store.begin() as tx:
        plans.save(tx, plan(now), now=now)
    approve(store, "plan-1", now)
    with store.read() as tx:
        return outbox.rows(tx, "plan-1", {RowState.APPROVED})


def intend(store: Store, rows: list[StoredRow], now: datetime, epoch: int = 1) -> list[StoredRow]:
    with store.begin() as tx:
        intents = [Intent(stored, f"v{stored.row.number}") for stored in rows]
        return outbox.intend(tx, intents, epoch=epoch, plan_hash="h", now=now)


def end(store: Store, row: StoredRow, ending: Ending, now: datetime, epoch: int = 1) -> StoredRow:
    with store.begin() as tx:
        return outbox.end(tx, [(row, ending)], epoch=epoch, now=now)[0]


def test_an_intent_says_what_is_about_to_be_sent(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    sent = intend(store, waiting, now)
    with store.read() as tx:
        stored = outbox.rows(tx, "plan-1", {RowState.SENT})
        entries = audit.search(tx, account="acc-1")
    assert stored == sent
    assert [(row.version, row.tries, row.epoch, row.sent_at) for row in stored[:1]] == [("v1", 1, 1, now)]
    assert entries[-1].kind == "row.intent"
    assert entries[-1].entry == {
        "kind": "owner", "plan_hash": "h", "rule": "book:emea", "version": "v1", "epoch": 1, "try": 1
    }  # fmt: skip


def test_a_row_cannot_be_sent_twice(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    intend(store, waiting[:1], now)
    with pytest.raises(RowMoved, match="1 rows of plan plan-1 have been changed by another process"):
        intend(store, waiting, now)
    with store.read() as tx:
        assert len(outbox.rows(tx, "plan-1", {RowState.SENT})) == 1  # the other two are untouched as well


def test_a_worker_of_an_earlier_epoch_cannot_end_a_row(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    (sent,) = intend(store, waiting[:1], now, epoch=1)
    with store.begin() as tx:
        assert outbox.adopt(tx, epoch=2, now=now) == 1
    with pytest.raises(RowMoved):
        end(store, sent, Ending(RowState.CONFIRMED), now, epoch=1)
    with store.read() as tx:
        (unknown,) = outbox.rows(tx, "plan-1", {RowState.UNKNOWN})
    assert unknown.epoch == 2
    with pytest.raises(RowMoved):  # not even with the state that it has now
        end(store, unknown, Ending(RowState.CONFIRMED), now, epoch=1)
    assert end(store, unknown, Ending(RowState.CONFIRMED), now, epoch=2).state is RowState.CONFIRMED


def test_a_row_goes_only_where_the_diagram_leads(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    for then in set(RowState) - NEXT[RowState.APPROVED]:
        with pytest.raises(ValueError, match="a row may not go from 'approved'"):
            end(store, waiting[0], Ending(then), now)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_the_database_keeps_ended_rows_as_they_are(
    store: Store, now: datetime, waiting: list[StoredRow], state: RowState
) -> None:
    del waiting, now
    row = schema.plan_row.c.number == 1
    with store.begin() as tx:
        tx.execute(update(schema.plan_row).where(row).values(state=state.value))
    with pytest.raises(DatabaseError), store.begin() as tx:
        tx.execute(update(schema.plan_row).where(row).values(state="approved"))


def test_a_try_that_wrote_nothing_leaves_no_token(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    first, second, _ = intend(store, waiting, now)
    assert end(store, first, Ending(RowState.APPROVED, nothing_written=True), now).version is None
    assert end(store, second, Ending(RowState.UNKNOWN), now).version == "v2"


def test_a_run_that_may_go_on_leaves_its_rest_approved(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    with store.begin() as tx:
        assert outbox.begin_run(tx, "plan-1", epoch=1, now=now)
        assert not outbox.begin_run(tx, "plan-1", epoch=1, now=now)
        assert outbox.plans_applying(tx) == ["plan-1"]
    (sent,) = intend(store, waiting[:1], now)
    end(store, sent, Ending(RowState.CONFIRMED), now)
    with store.begin() as tx:
        assert outbox.end_run(tx, "plan-1", stopped="paused", resumable=True, now=now) == "approved"
        assert plans.counts(tx, "plan-1") == {RowState.APPROVED: 2, RowState.CONFIRMED: 1}
        outbox.begin_run(tx, "plan-1", epoch=1, now=now)
        assert outbox.end_run(tx, "plan-1", stopped="too many failures", resumable=False, now=now) == "applied"
        assert plans.counts(tx, "plan-1") == {RowState.CANCELLED: 2, RowState.CONFIRMED: 1}


def test_a_run_stopped_for_good_is_over_even_while_an_answer_is_awaited(
    store: Store, now: datetime, waiting: list[StoredRow]
) -> None:
    with store.begin() as tx:
        outbox.begin_run(tx, "plan-1", epoch=1, now=now)
    (sent,) = intend(store, waiting[:1], now)
    end(store, sent, Ending(RowState.UNKNOWN), now)
    with store.begin() as tx:
        assert outbox.end_run(tx, "plan-1", stopped="too many failures", resumable=False, now=now) == "applied"
        assert not outbox.plan_lives(tx, "plan-1", now)  # so it is settled, and never sent again


def test_open_rows_are_counted_and_dated(store: Store, now: datetime, waiting: list[StoredRow]) -> None:
    with store.read() as tx:
        assert outbox.oldest_open(tx) is None
    intend(store, waiting[:2], now)
    with store.read() as tx:
        assert outbox.oldest_open(tx) == now
        assert outbox.by_state(tx) == {RowState.APPROVED: 1, RowState.SENT: 2}
        assert outbox.open_elsewhere(tx, "another plan") == {"acc-1", "acc-2"}
        assert outbox.open_elsewhere(tx, "plan-1") == frozenset()
