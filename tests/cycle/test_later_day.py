"""A plan for a later day, against a CRM over HTTP: it waits, goes out on its day, and leaves out what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.rebalance import Cap, Rebalance, Wanted
from sync_worker.store import upgrade

if TYPE_CHECKING:
    from tests.cycle.office import Office

ADMIN = "admin@acme.example"


def test_it_goes_out_on_its_day_and_rows_whose_accounts_have_changed_stay_behind(office: Office) -> None:
    books = office.rules / "books.yaml"
    books.write_text(books.read_text().replace(", tenure: 90 days", ""))
    with office.worker() as worker:
        day = worker.parts.clock() + timedelta(seconds=120)
        asked = Wanted(Rebalance(cap=Cap(share=0.1)), effective_from=day)
        plan = worker.plan(wanted=asked).plan
        assert plan is not None
        moves = [
            row.row for row in plan.rows if row.row.kind is RowKind.OWNER and row.row.rule.startswith("rebalance:")
        ]
        worker.approve(plan.plan.id, by="Rita Morgan", overrides=[guard.name for guard in plan.plan.guards])
        assert worker.apply_approved() is None, "its day has not come"
        daily = worker.plan().plan
        assert daily is not None
        assert daily.plan.id != plan.plan.id
        assert worker.plan_of(plan.plan.id).state is PlanState.APPROVED
        worker.reject(daily.plan.id, by="Rita Morgan", note="the other one is to come first")
    changed = moves[0].account
    office.sandbox.company.edit("Account", changed, actor=ADMIN, Type="Customer")
    office.ahead = timedelta(seconds=150)
    with office.worker() as worker:
        done = worker.apply_approved()
        assert done is not None
        stored = worker.plan_of(plan.plan.id)
    states = {row.row.account: row.state for row in stored.rows if row.row.kind is RowKind.OWNER}
    assert stored.state is PlanState.APPLIED
    assert states.pop(changed) is RowState.SUPERSEDED
    assert set(states.values()) == {RowState.VERIFIED}
    assert all(office.account(row.account)["OwnerId"] == row.after["owner"] for row in moves[1:])
    assert office.account(changed)["OwnerId"] == moves[0].before["owner"]


def test_the_same_moves_asked_for_twice_are_one_plan(office: Office) -> None:
    """… though prices differ by where they begin: a plan that waits leaves the next one the beginning that it had."""
    with office.worker() as worker:
        asked = Wanted(Rebalance())
        one, other = worker.plan(wanted=asked).plan, worker.plan(wanted=asked).plan
        later = worker.plan(wanted=replace(asked, effective_from=worker.parts.clock() + timedelta(days=9))).plan
    assert one is not None
    assert other is not None
    assert later is not None
    assert (other.plan.id, other.plan.hash) == (one.plan.id, one.plan.hash)
    assert later.plan.rows == one.plan.rows
    assert later.plan.hash != one.plan.hash


def test_a_rebalance_says_the_same_on_postgresql(office: Office, postgres_database: str) -> None:
    upgrade(postgres_database)
    other = replace(office, store=postgres_database)
    plans = []
    for each in (office, other):
        with each.worker() as worker:
            plans.append(worker.plan(wanted=Wanted(Rebalance(cap=Cap(share=0.1)))).plan)
    one, two = plans
    assert one is not None
    assert two is not None
    assert one.plan.rows == two.plan.rows
    assert one.plan.summary["priced"] == two.plan.summary["priced"]
