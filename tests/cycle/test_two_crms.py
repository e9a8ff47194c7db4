"""Salesforce and HubSpot at once: one home for each account, one book for each rep, each row where it belongs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors.sandbox import Sandbox
from sync_worker.core.model import RowKind, RowState
from sync_worker.history import AccountNotFound
from sync_worker.parts import Stopped
from sync_worker.store.schema import twin
from tests.cycle.branches import Branches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.app import Worker
    from sync_worker.store.plans import StoredPlan


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Branches]:
    """The same company of 150 accounts in both CRMs."""
    with (
        Sandbox(seed=7, accounts=150, reps=8) as salesforce,
        Sandbox(crm="hubspot", seed=7, accounts=150, reps=8, search_lag=0, burst_limit=100_000) as hubspot,
    ):
        both = Branches(salesforce, hubspot, tmp_path)
        both.settle_in()
        yield both


def homes(worker: Worker) -> dict[str, str]:
    """Home by twin."""
    with worker.store.read() as tx:
        return {row.account_id: row.home_id for row in tx.execute(select(twin))}


def by_crm(plan: StoredPlan) -> Counter[str]:
    return Counter(row.row.crm for row in plan.rows)


@pytest.mark.parametrize(("home", "other"), [("salesforce", "hubspot"), ("hubspot", "salesforce")])
def test_an_account_that_both_have_is_planned_at_its_home_alone(branches: Branches, home: str, other: str) -> None:
    with branches.worker(f"home.crm={home}") as worker:
        plan = branches.approved(worker)
        twins = homes(worker)
    assert len(twins) > 100, "the sandboxes share most sites"
    planned = {row.row.account for row in plan.rows}
    assert not planned & twins.keys()
    assert {row.row.crm for row in plan.rows if row.row.account in set(twins.values())} == {home}
    elsewhere = {row.row.account for row in plan.rows if row.row.crm == other}
    assert len(elsewhere) <= 150 - len(twins), "what has no site is an account in each"


def test_each_row_is_written_to_its_own_crm_once_and_a_second_plan_is_empty(branches: Branches) -> None:
    with branches.worker() as worker:
        plan = branches.approved(worker)
        applied, verified = worker.apply(plan.plan.id)
        again = worker.plan().plan
    assert applied.counts == {RowState.CONFIRMED: len(plan.rows)}
    assert verified.verified == len(plan.rows)
    assert again is None
    for crm, sandbox in (("salesforce", branches.salesforce), ("hubspot", branches.hubspot)):
        planned = {row.row.account for row in plan.rows if row.row.crm == crm}
        assert {str(effect["id"]) for effect in sandbox.effects} == planned
    owners = [row.row for row in plan.rows if row.row.kind is RowKind.OWNER]
    assert all(str(row.after["owner"]).isdecimal() == (row.crm == "hubspot") for row in owners), "a user of its own CRM"


def test_what_reps_did_in_the_other_crm_proves_that_the_account_is_worked(branches: Branches) -> None:
    with branches.worker() as worker:
        plan = worker.plan().plan
        twins = {home: account for account, home in homes(worker).items()}
    assert plan is not None
    lost = next(row.row for row in plan.rows if row.row.rule == "return:unworked" and row.row.account in twins)
    portal = branches.hubspot.portal
    company = twins[lost.account]
    called = portal.create(
        "calls",
        {"hs_timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "hs_call_status": "COMPLETED"},
        portal.author(""),
    )
    portal.link(("calls", called), ("companies", company), 182)
    with branches.worker() as worker:
        told = worker.explain(lost.account) if worker.pull() else None
        later = worker.plan().plan
    assert told is not None
    assert told.told.return_ is None, "the call in HubSpot is a touch"
    assert later is not None
    assert lost.account not in {row.row.account for row in later.rows if row.row.kind is RowKind.OWNER}


def test_a_crm_that_fails_stops_the_run_and_the_rest_can_be_applied_later(branches: Branches) -> None:
    with branches.worker("home.crm=hubspot") as worker:
        plan = branches.approved(worker)
        assert by_crm(plan)["hubspot"]
        branches.hubspot.faults({"on": "batch_update", "fault": "daily_429", "every": 1})
        applied, _ = worker.apply(plan.plan.id)
        assert applied.stopped
        assert applied.resumable
    branches.hubspot.faults()
    with branches.worker("home.crm=hubspot") as worker:
        applied, _ = worker.apply(plan.plan.id)
        rows = worker.plan_of(plan.plan.id).rows
    assert applied.stopped is None
    assert {row.state for row in rows} == {RowState.VERIFIED}
    effects = Counter((str(e["id"]), str(e["field"])) for e in branches.hubspot.effects)
    assert set(effects.values()) == {1}, "each change once"


@pytest.mark.parametrize(("left", "gone"), [("salesforce", "hubspot"), ("hubspot", "salesforce")])
def test_the_accounts_of_a_crm_that_the_config_names_no_more_are_left_alone(
    branches: Branches, left: str, gone: str
) -> None:
    with branches.worker(f"home.crm={gone}") as worker:
        before = worker.plan().plan
        lost = next(iter(homes(worker).values()))
    branches.forget(gone)
    with branches.worker() as worker:
        after = worker.plan()
        with pytest.raises(AccountNotFound, match=f"an account of {gone}, which the config does not name"):
            worker.explain(lost)
    assert before is not None
    assert by_crm(before)[gone], "they were planned before"
    assert after.plan is not None
    assert by_crm(after.plan).keys() == {left}
    assert {decision.crm for decision in after.decided.decisions} == {left}
    assert after.decided.reps.keys() <= after.decided.people.users.keys(), "nor do its users fill books"
    assert not any(gone in rep.users for rep in after.decided.reps.values())


def test_a_crm_that_came_into_the_config_is_pulled_before_anything_is_explained(branches: Branches) -> None:
    file = branches.folder / "work" / "config.toml"
    both = file.read_text()
    branches.forget("hubspot")
    with branches.worker() as worker:
        worker.pull()
    file.write_text(both)
    account = str(branches.salesforce.company.rows("Account")[0]["Id"])
    with branches.worker() as worker:
        with pytest.raises(Stopped, match="no user of hubspot yet") as stopped:
            worker.explain(account)
        assert "sync-worker pull" in stopped.value.hint
        worker.pull()
        assert worker.explain(account)


def test_progress_says_which_crm_is_being_read(branches: Branches) -> None:
    told: list[str] = []
    with branches.worker() as worker:
        worker.pull(progress=lambda progress: told.append(progress.step))
    assert {"users of salesforce", "users of hubspot", "accounts of salesforce", "accounts of hubspot"} <= set(told)


def test_doctor_and_status_look_at_both(branches: Branches) -> None:
    with branches.worker() as worker:
        checks = worker.doctor()
        worker.pull()
        status = worker.status()
    assert all(check.ok is not False for check in checks)
    assert {crm for crm in ("salesforce", "hubspot") if any(crm in check.name.lower() for check in checks)} == {
        "salesforce",
        "hubspot",
    }
    assert status.records["accounts"] == 300


def test_status_tells_how_many_accounts_both_have_and_which_cannot_be_told_apart(branches: Branches) -> None:
    with branches.worker() as worker:
        worker.plan()
        before = worker.status()
    site = next(row["Website"] for row in branches.salesforce.company.rows("Account") if row.get("Website"))
    branches.salesforce.company.create("Account", {"Name": "A branch", "Website": site}, actor="admin@acme.example")
    with branches.worker() as worker:
        worker.plan()
        after = worker.status()
    assert (before.twins > 100, before.doubtful_twins) == (True, 0)
    assert (after.twins, after.doubtful_twins) == (before.twins - 1, 3)


@pytest.mark.parametrize("home", ["salesforce", "hubspot"])
def test_a_hold_names_whoever_moved_the_account_not_whoever_touched_it_last(branches: Branches, home: str) -> None:
    """A record of HubSpot's names nobody, and Salesforce's whoever changed anything last: the history is asked."""
    with branches.worker(f"home.crm={home}") as worker:
        plan = branches.approved(worker)
        row = next(row.row for row in plan.rows if row.row.crm == home and row.row.kind is RowKind.OWNER)
        owners = {row.before["owner"], row.after["owner"]}
        users = (user for user in worker.parts.connectors[home].users() if user.active and user.can_own)
        taker, name = next((user.id, user.fields["name"]) for user in users if user.id not in owners)
        if home == "salesforce":
            branches.salesforce.company.edit("Account", row.account, "admin@acme.example", OwnerId=taker)
            branches.salesforce.company.edit("Account", row.account, "pool@acme.example", Industry="Banking")
        else:
            branches.hubspot.portal.edit("companies", row.account, "Dana Whitfield", hubspot_owner_id=taker)
            branches.hubspot.portal.edit("companies", row.account, "Account Pool", industry="Banking")
        worker.pull()
        (held,) = worker.status().holds
    assert held.account == row.account
    assert held.reason.startswith("Dana Whitfield moved it from ")
    assert f" to {name} on " in held.reason


def test_each_crm_is_asked_of_its_own_accounts_alone_who_moved_them(branches: Branches) -> None:
    with branches.worker() as worker:
        rows = [row.row for row in branches.approved(worker).rows if row.row.kind is RowKind.OWNER]
        moved = {crm: next(row for row in rows if row.crm == crm) for crm in ("salesforce", "hubspot")}
        takers = {}
        for crm, row in moved.items():
            users = worker.parts.connectors[crm].users()
            others = (user.id for user in users if user.active and user.can_own and user.id not in row.before.values())
            takers[crm] = next(user for user in others if user not in row.after.values())
        branches.salesforce.company.edit(
            "Account", moved["salesforce"].account, "admin@acme.example", OwnerId=takers["salesforce"]
        )
        branches.hubspot.portal.edit(
            "companies", moved["hubspot"].account, "Dana Whitfield", hubspot_owner_id=takers["hubspot"]
        )
        now = datetime.now(UTC)
        worker.parts.clock = lambda: now  # both holds begin at one moment
        worker.pull()
        held = {hold.account: hold.reason for hold in worker.status().holds}
    assert held.keys() == {row.account for row in moved.values()}
    assert not any(reason.startswith("somebody") for reason in held.values())
