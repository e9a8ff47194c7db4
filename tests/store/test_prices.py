"""Prices of books, on both engines: kept with their plan, and taken up again once that plan was applied."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from sync_worker.core.model import PlanState
from sync_worker.core.remembered import BookPrices, Remembered
from sync_worker.store import plans, prices, schema, tenure
from tests.store.plan_rows import plan

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store

EMEA = BookPrices(
    "emea",
    rebalance=True,
    problem="ab" * 32,
    value=0.1 + 0.2,
    bound=1 / 3,
    prices=Remembered(1e-17, {"ann": [0.1, 0.2, -0.3]}),
)


def planned(store: Store, now: datetime, plan_id: str, found: BookPrices, state: PlanState = PlanState.APPLIED) -> None:
    with store.begin() as tx:
        plans.save(tx, plan(now, plan_id, after=plan_id), now=now)
        prices.keep(tx, plan_id, [found])
        tx.execute(update(schema.plan).where(schema.plan.c.id == plan_id).values(state=state.value))


def test_prices_come_back_to_the_last_digit(store: Store, now: datetime) -> None:
    planned(store, now, "plan-1", EMEA)
    with store.read() as tx:
        assert prices.of_plan(tx, "plan-1") == {"emea": EMEA}
        assert prices.latest(tx, "emea") == EMEA
        assert prices.latest(tx, "amer") is None


def test_a_plan_that_only_waits_leaves_the_next_one_the_prices_that_it_began_with(store: Store, now: datetime) -> None:
    """… or the same plan, made again, might differ from what somebody has approved."""
    later = BookPrices("emea", rebalance=False, problem="cd" * 32, value=1.0, bound=1.0, prices=Remembered(0.0, {}))
    planned(store, now, "plan-1", EMEA)
    planned(store, now + timedelta(hours=1), "plan-2", later, PlanState.APPROVED)
    with store.read() as tx:
        assert prices.latest(tx, "emea") == EMEA
    with store.begin() as tx:
        tx.execute(update(schema.plan).values(state=PlanState.APPLIED.value))
    with store.read() as tx:
        assert prices.latest(tx, "emea") == later


def test_a_plan_that_is_renewed_keeps_the_prices_that_it_had(store: Store, now: datetime) -> None:
    planned(store, now, "plan-1", EMEA, PlanState.PLANNED)
    with store.begin() as tx:
        prices.keep(tx, "plan-1", [EMEA, BookPrices("amer", False, "", 0.0, 0.0, Remembered(0.0, {}))])  # noqa: FBT003 - nothing to tell
    with store.read() as tx:
        assert list(prices.of_plan(tx, "plan-1")) == ["amer", "emea"]
        assert prices.of_plan(tx, "plan-1")["emea"] == EMEA


def test_what_was_made_or_changed_hands_since_is_young(store: Store, now: datetime) -> None:
    since = now - timedelta(days=90)
    made = {"old": "2020-01-01T00:00:00Z", "new": f"{now - timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}", "unknown": None}
    with store.begin() as tx:
        for id_, day in made.items():
            values = {"stream": "accounts", "id": id_, "crm": "salesforce", "fields": {"created_at": day}}
            tx.execute(insert(schema.record).values(modified=now, deleted=False, sequence=1, **values))
        for id_, days in (("sold", 9), ("kept", 100)):
            tx.execute(insert(schema.owner_history).values(account_id=id_, at=now - timedelta(days=days), after="ann"))
    with store.read() as tx:
        assert tenure.owned_since(tx, since) == {"new", "sold"}
