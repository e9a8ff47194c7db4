"""Counts for those who watch, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from sync_worker.store import cycles, schema
from sync_worker.store.figures import Figures, figures

if TYPE_CHECKING:
    from sync_worker.store import Store


def row(number: int, state: str, sent_at: datetime | None = None) -> dict[str, object]:
    """A plan row with all that the table asks for."""
    texts = ("crm", "account_id", "account_name", "rule", "reason", "read_set")
    return {
        "plan_id": "p",
        "number": number,
        "kind": "owner",
        "before": {},
        "after": {},
        "rest_days": 0,
        "tries": 0,
        "adopted": False,
        "state": state,
        "sent_at": sent_at,
    } | dict.fromkeys(texts, "x")


def test_an_empty_store_has_figures(store: Store, now: datetime) -> None:
    with store.read() as tx:
        assert figures(tx, now) == Figures({}, {}, {}, {}, {}, {}, {}, None, 0)


def test_runs_are_counted_by_outcome_and_the_latest_good_one_is_dated(store: Store, now: datetime) -> None:
    later = now + timedelta(hours=1)
    with store.begin() as tx:
        for kind, outcome, at in (("cycle", "ok", now), ("cycle", "ok", later), ("cycle", "failed", later)):
            cycles.finish(tx, cycles.start(tx, kind, at), outcome, {}, {}, None, at)
        cycles.start(tx, "pull", now)
    with store.read() as tx:
        found = figures(tx, later)
    assert found.cycles == {("cycle", "ok"): 2, ("cycle", "failed"): 1}
    assert found.last_success == {"cycle": later}


def test_rows_plans_holds_and_records_are_counted_by_state(store: Store, now: datetime) -> None:
    plan = {
        "id": "p",
        "hash": "h",
        "created_at": now,
        "expires_at": now,
        "state": "applying",
        "rules_version": "r",
        "config_digest": "c",
        "worker_version": "w",
        "guards": [],
        "summary": {},
    }
    states = [(1, "verified", now), (2, "verified", now), (3, "sent", now - timedelta(minutes=5)), (4, "unknown", now)]
    hold = {"kind": "person", "since": now, "reason": "somebody moved it"}
    record = {"crm": "salesforce", "fields": {}, "modified": now, "sequence": 1}
    with store.begin() as tx:
        tx.execute(insert(schema.plan), [plan, plan | {"id": "q", "state": "applied"}])
        tx.execute(insert(schema.plan_row), [row(*state) for state in states])
        over, on = now - timedelta(days=1), now + timedelta(days=1)
        tx.execute(
            insert(schema.hold), [hold | {"account_id": "a", "until": on}, hold | {"account_id": "b", "until": over}]
        )
        live = [record | {"stream": "accounts", "id": str(number), "deleted": number == 0} for number in range(3)]
        tx.execute(insert(schema.record), live)
    with store.read() as tx:
        found = figures(tx, now)
    assert found.rows == {"verified": 2, "sent": 1, "unknown": 1}
    assert found.plans_waiting == {"applying": 1}
    assert found.held == {"person": 1}
    assert found.records == {"accounts": 2}
    assert found.oldest_sent == now - timedelta(minutes=5)
