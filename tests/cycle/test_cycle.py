"""A whole cycle against a CRM over HTTP: what is planned is written, once; what a person does is never overwritten."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

import pytest

from sync_worker.config import load
from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.parts import Stopped
from sync_worker.store import upgrade
from sync_worker.store.plans import PlanRefused

if TYPE_CHECKING:
    from sync_worker.store.plans import StoredPlan
    from tests.cycle.office import Office


def owner_rows(plan: StoredPlan) -> list[str]:
    """The accounts whose owner the plan changes."""
    return [row.row.account for row in plan.rows if row.row.kind is RowKind.OWNER]


def planned_changes(plan: StoredPlan) -> Counter[tuple[str, str, object, object]]:
    """Each field that the plan changes, by the CRM's names, as the sandbox logs effects."""
    crm_names = {
        "owner": "OwnerId",
        "score": "Priority_Score__c",
        "tier": "Priority_Tier__c",
        "reasons": "Priority_Reasons__c",
    }
    return Counter(
        (stored.row.account, crm_names[name], stored.row.before[name], value)
        for stored in plan.rows
        for name, value in stored.row.after.items()
        if stored.row.before[name] != value
    )


def effects(office: Office) -> Counter[tuple[str, str, object, object]]:
    """What the CRM itself says was changed."""
    return Counter((str(e["id"]), str(e["field"]), e["before"], e["after"]) for e in office.sandbox.effects)


def test_the_crm_shows_exactly_the_plan_each_change_once_and_a_second_cycle_changes_nothing(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
    with office.worker() as worker:
        applied, verified = worker.apply(plan.plan.id)
    assert applied.counts == {RowState.CONFIRMED: len(plan.rows)}
    assert verified.verified == len(plan.rows)
    assert effects(office) == planned_changes(plan)
    with office.worker() as worker:
        again = worker.plan()
    assert again.plan is None
    assert again.pulled.held == 0


def test_calls_stay_within_the_budget(office: Office) -> None:
    """ceil(n/2000) queries for n accounts; n owner changes n + 2·ceil(n/200); n priorities ceil(n/200); quiet: 20."""
    with office.worker() as worker:
        plan = office.approved(worker)
    first = office.sandbox.calls["by_kind"]
    assert isinstance(first, dict)
    assert first["query"] + first.get("query_more", 0) <= 8
    owners, priorities = len(owner_rows(plan)), len(plan.rows) - len(owner_rows(plan))
    office.sandbox.reset_calls()
    with office.worker() as worker:
        worker.apply(plan.plan.id)
    spent = office.sandbox.calls["by_kind"]
    assert isinstance(spent, dict)
    assert spent["row_patch"] + spent["graph"] <= owners + 2 * ceil(owners / 200)
    assert spent["collections"] == ceil(priorities / 200)
    office.sandbox.reset_calls()
    with office.worker() as worker:
        worker.cycle()
    quiet = office.sandbox.calls["total"]
    assert isinstance(quiet, int)
    assert quiet <= 20


def test_owner_changes_through_composite_requests_cost_a_call_for_25(office: Office) -> None:
    config = office.config(salesforce="composite_owner_writes = true")
    with office.worker(config) as worker:
        plan = office.approved(worker)
    office.sandbox.reset_calls()
    with office.worker(config) as worker:
        applied, _ = worker.apply(plan.plan.id)
    spent = office.sandbox.calls["by_kind"]
    owners = len(owner_rows(plan))
    assert isinstance(spent, dict)
    assert applied.counts == {RowState.CONFIRMED: len(plan.rows)}
    assert "row_patch" not in spent
    assert (
        spent["composite"] + spent["graph"] <= ceil(owners / 25) + 2 * ceil(owners / 200) + 1
    )  # the canary's own call
    assert effects(office) == planned_changes(plan)


def test_a_persons_change_between_plan_and_apply_is_kept_told_and_held(office: Office) -> None:
    """I2, I12: the row ends as a conflict, the account is held, and no later plan touches its owner."""
    with office.worker() as worker:
        plan = office.approved(worker)
    account = owner_rows(plan)[0]
    planned = next(row.row for row in plan.rows if row.row.account == account)
    taken_by = next(
        str(user["Id"])
        for user in office.users()
        if user["IsActive"] and user.get("Book_Capacity__c") and user["Id"] not in planned.after.values()
    )
    office.sandbox.company.edit("Account", account, actor="admin@acme.example", OwnerId=taken_by)
    with office.worker() as worker:
        applied, _ = worker.apply(plan.plan.id)
        status = worker.status()
        after = worker.plan_of(plan.plan.id)
    assert applied.counts[RowState.CONFLICT] == 1
    ended = next(row for row in after.rows if row.row.account == account)
    assert ended.state is RowState.CONFLICT
    name = next(str(user["Name"]) for user in office.users() if user["Id"] == taken_by)
    assert f"owner is now {name}, the plan expected " in ended.message, "told in names"
    assert office.account(account)["OwnerId"] == taken_by
    assert [hold.account for hold in status.holds] == [account]
    office.ahead = timedelta(days=29)
    with office.worker() as worker:
        later = worker.plan().plan
    assert later is None or account not in owner_rows(later)


def test_an_explanation_after_an_apply_is_of_what_the_apply_left(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
        won = next(row.row for row in plan.rows if row.row.rule.startswith("book:"))
        worker.apply(plan.plan.id)
        told = worker.explain(won.account)
    (tried,) = [rule for rule in told.rules if rule.id == "settling-in"]
    assert tried.values["in_pool"] is False


def test_an_account_that_a_person_puts_back_before_the_next_pull_is_held(office: Office) -> None:
    """I12: the pull finds the owner that it knew; only the verified change in between tells that somebody acted."""
    with office.worker() as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id)
    returned = next(row.row for row in plan.rows if row.row.rule == "return:unworked")
    before = str(returned.before["owner"])
    office.sandbox.company.edit("Account", returned.account, actor="admin@acme.example", OwnerId=before)
    with office.worker() as worker:
        worker.pull()
        told = worker.explain(returned.account)
        held = [hold.account for hold in worker.status().holds]
    assert held == [returned.account]
    assert [one.plan for one in told.owners] == ["", plan.plan.id], "the person's change, and ours before it"


def test_a_change_of_the_inputs_lets_a_row_be_planned_again_instead_of_applied(office: Office) -> None:
    """I3: an opportunity is opened between plan and apply; the account is protected now."""
    with office.worker() as worker:
        plan = office.approved(worker)
    account = owner_rows(plan)[0]
    office.sandbox.company.create(
        "Opportunity",
        {"AccountId": account, "Name": "New", "StageName": "Prospecting", "CloseDate": "2027-01-01"},
        actor="admin@acme.example",
    )
    owner = office.account(account)["OwnerId"]
    with office.worker() as worker:
        worker.apply(plan.plan.id)
        rows = {row.row.kind: row.state for row in worker.plan_of(plan.plan.id).rows if row.row.account == account}
    assert rows[RowKind.OWNER] is RowState.SUPERSEDED
    assert office.account(account)["OwnerId"] == owner


def test_a_plan_over_a_guard_waits_for_the_named_override(office: Office) -> None:
    config = office.config(owner_moves=0.01)
    with office.worker(config) as worker:
        plan = worker.plan().plan
        assert plan is not None
        assert plan.state is PlanState.HELD
        with pytest.raises(PlanRefused) as refused:
            worker.apply(plan.plan.id)
        assert refused.value.exit_code == 6
        with pytest.raises(PlanRefused):
            worker.approve(plan.plan.id, by="Rita Morgan", overrides=["rep_moves"])
        assert not office.sandbox.effects
        worker.approve(plan.plan.id, by="Rita Morgan", overrides=["owner_moves"])
        applied, _ = worker.apply(plan.plan.id)
    assert applied.counts == {RowState.CONFIRMED: len(plan.rows)}


def test_a_plan_is_stale_after_24_hours_or_when_the_rules_change(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
    rule_file = office.rules / "returns.yaml"
    text = rule_file.read_text()
    rule_file.write_text(text + "# changed\n")
    with office.worker() as worker, pytest.raises(PlanRefused, match="rules have changed") as refused:
        worker.apply(plan.plan.id)
    assert refused.value.exit_code == 7
    rule_file.write_text(text)
    office.ahead = timedelta(hours=24)
    with office.worker() as worker, pytest.raises(PlanRefused, match="expired") as refused:
        worker.apply(plan.plan.id)
    assert refused.value.exit_code == 7
    assert not office.sandbox.effects


def test_an_automatic_policy_writes_what_no_guard_holds(office: Office) -> None:
    with office.worker(office.config(policy="automatic")) as worker:
        report = worker.cycle()
    assert report.applied is not None
    assert set(report.applied.counts) == {RowState.CONFIRMED}
    with office.worker(office.config(policy="automatic", owner_moves=0.01)) as worker:
        assert worker.cycle().applied is None


def test_a_ticked_box_keeps_the_worker_away_whatever_the_rules_say(office: Office) -> None:
    """F53: do-not-move is honoured even where no rule names it, and even after the plan was made."""
    scope = office.rules / "scope.yaml"
    scope.write_text(scope.read_text().replace("    when: do_not_move\n", "    when: name = 'nobody'\n"))
    with office.worker() as worker:
        plan = office.approved(worker)
    account = owner_rows(plan)[0]
    office.sandbox.company.edit("Account", account, actor="admin@acme.example", Do_Not_Move__c=True)
    with office.worker() as worker:
        worker.apply(plan.plan.id)
        again = worker.plan().plan
        explained = worker.explain(account)
    assert not any(e["id"] == account and e["field"] == "OwnerId" for e in office.sandbox.effects)
    assert again is None or account not in owner_rows(again)
    assert "do-not-move" in explained.verdict


def test_a_field_that_may_not_be_edited_stops_apply_before_its_first_row(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
    office.sandbox.company.freeze_field("Account", "Priority_Tier__c")
    with office.worker() as worker:
        with pytest.raises(Stopped, match="may not edit Priority_Tier__c"):
            worker.apply(plan.plan.id)
        assert worker.status().rows == {"approved": len(plan.rows)}
    assert not office.sandbox.effects
    office.sandbox.company.show_field("Account", "Priority_Tier__c")
    with office.worker() as worker:
        assert worker.apply(plan.plan.id)[0].counts == {RowState.CONFIRMED: len(plan.rows)}


def test_an_apply_that_ends_early_is_no_success(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id, progress=lambda at: worker.parts.stop.set() if at.step == "owners" else None)
        assert worker.status().runs[0].outcome == "partly"


def test_fewer_users_than_last_time_stop_the_run(office: Office) -> None:
    """I14: a user who is hidden from the worker has not left; their accounts must not be taken for orphans."""
    with office.worker() as worker:
        worker.pull()
        known = worker.status().records["users"]
    office.sandbox.faults({"on": "query", "object": "User", "fault": "hide_rows", "rows": 4})
    with office.worker() as worker:
        with pytest.raises(Stopped, match="users"):
            worker.plan()
        assert worker.status().records["users"] == known


def test_fewer_accounts_than_last_time_stop_the_run_until_it_is_mended(office: Office) -> None:
    """I14: hidden rows are no deleted rows. Nothing is marked deleted, and the next run looks again in full."""
    with office.worker() as worker:
        worker.pull()
        live = worker.status().records["accounts"]
    office.sandbox.faults({"on": "query", "object": "Account", "fault": "hide_rows", "rows": 40})
    with office.worker() as worker:
        for full in (True, False):
            with pytest.raises(Stopped, match="accounts") as stopped:
                worker.pull(full=full)
        assert worker.status().records["accounts"] == live
    assert "pull --set guards.fewer_rows=0.5" in stopped.value.hint
    once = load(office.folder / "config.toml", environ={}, flags=["guards.fewer_rows=0.5"]).config
    with office.worker(once) as worker:
        worker.pull()
    with office.worker() as worker:
        assert office.approved(worker).state is PlanState.APPROVED
        assert worker.status().records["accounts"] == live - 40


def test_explain_tells_the_first_match_and_every_owner(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id)
        worker.pull()
        row = next(row.row for row in plan.rows if row.row.rule == "return:unworked")
        told = worker.explain(row.account)
    assert told.owner == "Account Pool"
    assert told.resting
    assert date.fromisoformat(told.resting_until) > told.at.date()
    assert [(one.before != "Account Pool", one.after, one.because) for one in told.owners] == [
        (True, "Account Pool", row.reason)
    ]
    decides = {rule.section: rule.id for rule in told.rules if rule.decides}
    assert decides["scope"] == "target-market"
    assert all(line.values or line.section == "book" for line in told.rules)


def test_both_stores_make_the_same_plan_byte_for_byte_and_apply_it(office: Office, postgres_database: str) -> None:
    """Same CRM, same rules, same moment: the hash does not depend on the engine that evaluated them."""
    moment = datetime.now(UTC)
    upgrade(postgres_database)
    plans = []
    for store in (office.store, postgres_database):
        office.store = store
        with office.worker() as worker:
            worker.parts.clock = lambda: moment
            plans.append(worker.plan().plan)
    on_sqlite, on_postgresql = plans
    assert on_sqlite is not None
    assert on_postgresql is not None
    assert [row.row for row in on_sqlite.rows] == [row.row for row in on_postgresql.rows]
    assert on_sqlite.plan.hash == on_postgresql.plan.hash
    with office.worker() as worker:
        worker.approve(on_postgresql.plan.id, by="Rita Morgan")
        applied, verified = worker.apply(on_postgresql.plan.id)
    assert applied.counts == {RowState.CONFIRMED: len(on_postgresql.rows)}
    assert verified.verified == len(on_postgresql.rows)
    assert effects(office) == planned_changes(on_postgresql)


def test_a_fact_that_was_overlooked_is_found_by_the_check_and_mended_by_the_next_plan(office: Office) -> None:
    with office.worker() as worker:
        worker.plan()
        sound = worker.astray()
        assert sound is not None
        assert (sound.facts, sound.outcomes) == (0, 0)
        with worker.store.begin() as tx:
            tx.exec_driver_sql("UPDATE fact SET name = 'x' WHERE account_id = (SELECT MIN(account_id) FROM fact)")
        found = worker.astray()
        assert found is not None
        assert (found.facts, found.outcomes) == (1, 0)
        worker.plan()
        assert worker.astray() == sound


def test_nothing_is_compared_before_anything_was_decided(office: Office) -> None:
    with office.worker() as worker:
        assert worker.astray() is None
