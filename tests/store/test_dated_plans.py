"""Plans that take effect on a later day, on both engines: nothing is written before, and no other plan ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from sync_worker.core.model import PlanState
from sync_worker.store import outbox, plans
from sync_worker.store.plans import PlanRefused
from sync_worker.store.schema import plan as plan_table
from tests.store.plan_rows import approve, plan

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.core.model import Plan
    from sync_worker.store import Store
    from sync_worker.store.plans import StoredPlan


def save(store: Store, wanted: Plan, now: datetime) -> str:
    with store.begin() as tx:
        return plans.save(tx, wanted, now=now)


def get(store: Store, plan_id: str) -> StoredPlan:
    with store.read() as tx:
        return plans.get(tx, plan_id)


def due(store: Store, now: datetime) -> str | None:
    with store.read() as tx:
        return plans.next_due(tx, now)


def test_it_waits_for_its_day_and_lives_on_from_there(store: Store, now: datetime) -> None:
    day = now + timedelta(days=9)
    sealed = plan(now, "later", day=day)
    save(store, sealed, now)
    approve(store, "later", now)
    stored = get(store, "later")
    assert stored.plan == sealed
    with pytest.raises(PlanRefused, match=r"takes effect on .*: nothing of it is written before"):
        plans.check_due(stored, day - timedelta(seconds=1))
    plans.check_due(stored, day)
    assert due(store, day - timedelta(seconds=1)) is None
    assert due(store, day) == "later"


def test_the_plans_of_each_day_leave_it_alone_and_it_leaves_them(store: Store, now: datetime) -> None:
    save(store, plan(now, "today"), now)
    save(store, plan(now, "later", after="cleo", day=now + timedelta(days=9)), now)
    save(store, plan(now, "other-day", after="cleo", day=now + timedelta(days=10)), now)
    save(store, plan(now + timedelta(hours=1), "newer", after="dan"), now + timedelta(hours=1))
    states = {name: get(store, name).state for name in ("today", "later", "other-day", "newer")}
    waits = PlanState.PLANNED
    assert states == {"today": PlanState.SUPERSEDED, "later": waits, "other-day": waits, "newer": waits}


def test_a_newer_plan_for_the_same_day_takes_its_place(store: Store, now: datetime) -> None:
    day = now + timedelta(days=9)
    save(store, plan(now, "first", day=day), now)
    save(store, plan(now, "second", after="cleo", day=day), now)
    assert get(store, "first").state is PlanState.SUPERSEDED


def test_an_interrupted_run_ends_no_plan_of_another_day(store: Store, now: datetime) -> None:
    save(store, plan(now, "later", day=now + timedelta(days=9)), now)
    save(store, plan(now, "today", after="cleo"), now)
    with store.begin() as tx:
        plans.supersede_older(tx, now)
    assert get(store, "later").state is PlanState.PLANNED


def test_the_same_moves_for_another_day_are_another_plan(store: Store, now: datetime) -> None:
    """… so that what was approved for December never goes out in November."""
    save(store, plan(now, "later", day=now + timedelta(days=9)), now)
    assert save(store, plan(now, "today"), now) == "today"
    assert get(store, "today").plan.hash != get(store, "later").plan.hash


def test_whoever_changes_its_day_in_the_store_breaks_its_seal(store: Store, now: datetime) -> None:
    save(store, plan(now, "later", day=now + timedelta(days=9)), now)
    with store.begin() as tx:
        tx.execute(update(plan_table).values(effective_from=now))
    with pytest.raises(PlanRefused, match="not what was sealed"):
        plans.check_current(get(store, "later"), now=now, rules_version="r1", config_digest="c1")


def test_what_is_due_goes_the_earliest_day_first_and_then_the_plan_of_the_day(store: Store, now: datetime) -> None:
    for days in (2, 1):
        save(store, plan(now, f"in-{days}", after=f"rep-{days}", day=now + timedelta(days=days)), now)
        approve(store, f"in-{days}", now)
    later = now + timedelta(days=2, hours=1)
    save(store, plan(later, "today"), later)
    approve(store, "today", later)
    found = []
    while (one := due(store, later)) is not None:
        found.append(one)
        with store.begin() as tx:
            outbox.begin_run(tx, one, epoch=1, now=later)
    assert found == ["in-2", "today"], "the one of the day before has expired"
