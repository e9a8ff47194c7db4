"""Undoing a plan against a CRM over HTTP: accounts go back by a plan of their own, and the next run leaves them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.undoing import undoes
from sync_worker.store import audit, schema
from sync_worker.store.plans import PlanNotFound, PlanRefused

if TYPE_CHECKING:
    from connectors.port import Value
    from sync_worker.app import Worker
    from sync_worker.core.model import PlanRow
    from sync_worker.rollback import RollbackReport
    from sync_worker.store.plans import StoredPlan
    from tests.cycle.office import Office

ADMIN = "admin@acme.example"


@pytest.fixture
def size() -> tuple[int, int]:
    """A company that is small, and yet has moves of every kind."""
    return 200, 8


def applied(office: Office) -> StoredPlan:
    """A plan that was approved and applied."""
    with office.worker() as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id)
        return worker.plan_of(plan.plan.id)


def undone(office: Office, plan: StoredPlan) -> StoredPlan:
    """The plan that undid it, approved and applied."""
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan")
        worker.apply(made.plan.id)
        return worker.plan_of(made.plan.id)


def asked(report: RollbackReport) -> StoredPlan:
    """The plan that a rollback made."""
    assert report.plan is not None
    return report.plan


def moves(plan: StoredPlan) -> dict[str, PlanRow]:
    """The plan's owner changes by account."""
    return {row.row.account: row.row for row in plan.rows if row.row.kind is RowKind.OWNER}


def a_move(plan: StoredPlan, office: Office, rule: str = "book:") -> PlanRow:
    """One of the plan's owner changes, away from somebody who still may own accounts."""
    able = {user["Id"] for user in office.users() if user["IsActive"]}
    return next(row for row in moves(plan).values() if row.rule.startswith(rule) and row.before["owner"] in able)


def owner_effects(office: Office) -> Counter[tuple[object, ...]]:
    """What the CRM itself says of changed owners."""
    logged = (effect for effect in office.sandbox.effects if effect["field"] == "OwnerId")
    return Counter((effect["id"], effect["before"], effect["after"]) for effect in logged)


def as_effects(rows: dict[str, PlanRow]) -> Counter[tuple[object, ...]]:
    return Counter((row.account, row.before["owner"], row.after["owner"]) for row in rows.values())


def why_left(report: RollbackReport, account: str) -> str:
    return next(left.why for left in report.left if left.account == account)


def somebody_else(office: Office, *besides: Value) -> str:
    """A rep who is none of these."""
    able = (str(user["Id"]) for user in office.users() if user["IsActive"] and user.get("Book_Capacity__c"))
    return next(user for user in able if user not in besides)


def test_every_account_goes_back_once_and_the_next_plan_leaves_it_there(office: Office) -> None:
    plan = applied(office)
    first = moves(plan)
    back = undone(office, plan)
    assert {row.state for row in back.rows} == {RowState.VERIFIED}
    assert all(office.account(account)["OwnerId"] == first[account].before["owner"] for account in moves(back))
    assert owner_effects(office) == as_effects(first) + as_effects(moves(back))
    office.ahead = timedelta(days=29)
    with office.worker() as worker:
        later = worker.plan().plan
    assert later is None or not moves(later).keys() & moves(back).keys()


def test_a_second_plan_has_nothing_to_say_of_what_was_undone(office: Office) -> None:
    """No owner, and no priority either: an undo leaves score, tier and reasons as the rules want them."""
    plan = applied(office)
    back = undone(office, plan)
    with office.worker() as worker:
        again = worker.plan().plan
    assert again is None or not {row.row.account for row in again.rows} & moves(back).keys()


def test_what_was_undone_is_held_in_the_name_of_who_approved_it(office: Office) -> None:
    plan = applied(office)
    back = undone(office, plan)
    with office.worker() as worker:
        held = {hold.account: hold for hold in worker.status().holds}
        explained = worker.explain(a_move(back, office, "rollback:").account)
    assert held.keys() == moves(back).keys()
    assert all(
        hold.reason.startswith("undone by Rita Morgan on ") and f"(plan {plan.plan.id})" in hold.reason
        for hold in held.values()
    )
    assert "undone by Rita Morgan" in explained.verdict


def test_an_undone_return_does_not_rest_any_more(office: Office) -> None:
    plan = applied(office)
    returned = a_move(plan, office, "return:")
    with office.worker() as worker:
        assert worker.explain(returned.account).resting
    undone(office, plan)
    with office.worker() as worker:
        assert not worker.explain(returned.account).resting


def test_rows_say_what_they_undo_and_rest_on_the_inputs_of_now(office: Office) -> None:
    plan = applied(office)
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
    first = moves(plan)
    for account, row in moves(made).items():
        assert undoes(row.rule) == plan.plan.id
        assert row.reason == f"undoes row {first[account].number} of plan {plan.plan.id}: {first[account].reason}"
        assert (row.before, row.after) == (first[account].after, first[account].before)
        assert row.read_set != first[account].read_set
    assert [row.row.number for row in made.rows] == list(range(1, len(made.rows) + 1))
    into_the_pool = [row.row.after["owner"] == office_pool(office) for row in made.rows]
    assert into_the_pool == sorted(into_the_pool, reverse=True), "books are emptied before they are filled"


def office_pool(office: Office) -> Value:
    return next(user["Id"] for user in office.users() if user["Name"] == "Account Pool")


def test_an_account_that_a_person_has_moved_since_stays_where_it_is(office: Office) -> None:
    plan = applied(office)
    moved = a_move(plan, office)
    taker = somebody_else(office, *moved.before.values(), *moved.after.values())
    office.sandbox.company.edit("Account", moved.account, ADMIN, OwnerId=taker)
    with office.worker() as worker:
        report = worker.rollback(plan.plan.id, by="Dana")
    assert moved.account not in moves(asked(report))
    assert "moved it from" in why_left(report, moved.account)
    undone(office, plan)
    assert office.account(moved.account)["OwnerId"] == taker


def test_an_account_that_people_have_moved_away_and_back_stays_where_it_is(office: Office) -> None:
    """The CRM shows what the plan wrote, and yet it is a person who wants it so."""
    plan = applied(office)
    moved = a_move(plan, office)
    for owner in (somebody_else(office, *moved.after.values()), moved.after["owner"]):
        office.sandbox.company.edit("Account", moved.account, ADMIN, OwnerId=owner)
        with office.worker() as worker:
            worker.pull()
    with office.worker() as worker:
        report = worker.rollback(plan.plan.id, by="Dana")
    assert moved.account not in moves(asked(report))
    assert why_left(report, moved.account)


def test_a_person_who_moves_an_account_after_the_undo_was_planned_wins(office: Office) -> None:
    plan = applied(office)
    moved = a_move(plan, office)
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan")
        taker = somebody_else(office, *moved.before.values(), *moved.after.values())
        office.sandbox.company.edit("Account", moved.account, ADMIN, OwnerId=taker)
        counts = worker.apply(made.plan.id)[0].counts
    assert counts == {RowState.CONFIRMED: len(made.rows) - 1, RowState.CONFLICT: 1}
    assert office.account(moved.account)["OwnerId"] == taker


def test_nothing_is_given_to_who_may_own_no_accounts_any_more(office: Office) -> None:
    plan = applied(office)
    moved = a_move(plan, office, "return:")
    office.sandbox.company.edit("User", str(moved.before["owner"]), ADMIN, IsActive=False)
    with office.worker() as worker:
        report = worker.rollback(plan.plan.id, by="Dana")
    assert "no longer an active user" in why_left(report, moved.account)
    assert moved.before["owner"] not in {row.after["owner"] for row in moves(asked(report)).values()}


def test_a_ticked_box_and_a_deleted_account_are_left_alone(office: Office) -> None:
    plan = applied(office)
    marked, deleted = list(moves(plan).values())[-2:]
    office.sandbox.company.edit("Account", marked.account, ADMIN, Do_Not_Move__c=True)
    office.sandbox.company.delete("Account", deleted.account, ADMIN)
    with office.worker() as worker:
        report = worker.rollback(plan.plan.id, by="Dana")
    assert "do-not-move" in why_left(report, marked.account)
    assert "deleted" in why_left(report, deleted.account)


def test_what_a_later_plan_has_moved_is_that_plans_to_undo(office: Office) -> None:
    plan = applied(office)
    undone(office, plan)
    with office.worker() as worker:
        again = worker.rollback(plan.plan.id, by="Dana")
    assert again.plan is None
    able = {left.account for left in again.left if left.back}
    assert able == {row.account for row in moves(plan).values()} - {
        left.account for left in again.left if not left.back
    }


def test_an_undo_can_be_undone(office: Office) -> None:
    plan = applied(office)
    back = undone(office, plan)
    forth = undone(office, back)
    assert {row.state for row in forth.rows} == {RowState.VERIFIED}
    assert moves(forth).keys() == moves(back).keys()
    assert all(
        office.account(row.account)["OwnerId"] == moves(plan)[row.account].after["owner"]
        for row in moves(forth).values()
    )
    with office.worker() as worker:
        assert {hold.kind for hold in worker.status().holds} == {"person"}, "what people ask for is no flapping"


def test_single_rows_can_be_undone(office: Office) -> None:
    plan = applied(office)
    one, other = list(moves(plan).values())[-2:]
    priority = next(row.row for row in plan.rows if row.row.kind is RowKind.PRIORITY)
    with office.worker() as worker:
        report = worker.rollback(plan.plan.id, by="Dana", rows=[one.number, other.number, priority.number])
    assert moves(asked(report)).keys() == {one.account, other.account}
    assert [left.number for left in report.left] == [priority.number]
    assert "follow the rules" in report.left[0].why


def test_a_big_undo_is_held_by_the_guards_like_any_plan(office: Office) -> None:
    plan = applied(office)
    with office.worker(office.config(owner_moves=0.01)) as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        assert made.state is PlanState.HELD
        with pytest.raises(PlanRefused, match="owner_moves"):
            worker.approve(made.plan.id, by="Rita Morgan")


def test_an_automatic_policy_does_not_approve_an_undo(office: Office) -> None:
    config = office.config(policy="automatic")
    with office.worker(config) as worker:
        plan = worker.cycle().planned.plan
        assert plan is not None
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        assert made.state is PlanState.PLANNED
        assert worker.apply_approved() is None


def test_who_asked_is_audited_and_the_run_is_recorded(office: Office) -> None:
    plan = applied(office)
    row = a_move(plan, office)
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana", rows=[row.number], note="wrong territory"))
        with worker.store.read() as tx:
            entries = {entry.kind: entry for entry in audit.search(tx, plan=made.plan.id)}
        run = worker.status().runs[0]
    who = entries["rollback.asked"]
    assert who.values == {"by": "Dana", "note": "wrong territory"}
    assert (who.entry["undoes"], who.entry["rows"]) == (plan.plan.id, [row.number])
    assert entries["plan.saved"].number < who.number
    assert (run.kind, run.outcome) == ("rollback", "ok")


def test_asking_twice_keeps_one_plan_and_its_approval(office: Office) -> None:
    plan = applied(office)
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan")
        again = asked(worker.rollback(plan.plan.id, by="Dana"))
    assert (again.plan.id, again.state) == (made.plan.id, PlanState.APPROVED)


def test_a_plan_that_was_never_applied_cannot_be_undone(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
        calls = office.sandbox.calls["total"]
        with pytest.raises(PlanRefused, match="was ever written: there is nothing to undo"):
            worker.rollback(plan.plan.id, by="Dana")
        assert office.sandbox.calls["total"] == calls, "that is known without asking the CRM"
        assert worker.plan_of(plan.plan.id).state is PlanState.APPROVED
        with pytest.raises(PlanNotFound):
            worker.rollback("nothing", by="Dana")


def test_a_row_that_the_plan_does_not_have_is_said(office: Office) -> None:
    plan = applied(office)
    with office.worker() as worker:
        with pytest.raises(PlanRefused, match=f"no row 9999: its rows are 1 to {len(plan.rows)}") as refused:
            worker.rollback(plan.plan.id, by="Dana", rows=[1, 9999])
        assert refused.value.exit_code == 2
        with pytest.raises(PlanRefused, match="replaced no change of a person's"):
            worker.rollback(plan.plan.id, by="Dana", overwrote=True)


def test_a_plan_that_is_being_applied_is_left_to_its_run(office: Office) -> None:
    plan = applied(office)
    with office.worker() as worker:
        with worker.store.begin() as tx:
            tx.execute(update(schema.plan).values(state=PlanState.APPLYING.value))
        with pytest.raises(PlanRefused, match="is being applied"):
            worker.rollback(plan.plan.id, by="Dana")


def test_what_our_write_replaced_can_be_put_back(office: Office) -> None:
    """The state in which a CRM without conditional writes leaves a row: a person had just given the account away."""
    with office.worker() as worker:
        plan = office.approved(worker)
        moved = a_move(plan, office)
        wanted = somebody_else(office, *moved.before.values(), *moved.after.values())
        worker.apply(
            plan.plan.id, progress=lambda at: overwrote(worker, moved, wanted) if at.step == "owners" else None
        )
        made = asked(worker.rollback(plan.plan.id, by="Dana", overwrote=True))
        [row] = moves(made).values()
        assert (row.account, row.before, row.after) == (moved.account, moved.after, {"owner": wanted})
        assert row.reason == f"puts back what row {moved.number} of plan {plan.plan.id} replaced"
        whole = asked(worker.rollback(plan.plan.id, by="Dana"))
        assert moves(whole)[moved.account].after == {"owner": wanted}, (
            "the person's wish, not the owner before the plan"
        )
        worker.approve(whole.plan.id, by="Rita Morgan")
        worker.apply(whole.plan.id)
    assert office.account(moved.account)["OwnerId"] == wanted


def overwrote(worker: Worker, row: PlanRow, wanted: str) -> None:
    """Let a row that was confirmed end as one that replaced a person's change."""
    r = schema.plan_row
    confirmed = (r.c.account_id == row.account) & (r.c.kind == RowKind.OWNER.value) & (r.c.state == "confirmed")
    with worker.store.begin() as tx:
        tx.execute(update(r).where(confirmed).values(state=RowState.OVERWROTE.value, replaced={"owner": wanted}))
