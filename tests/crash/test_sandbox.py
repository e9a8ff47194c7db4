"""The same promises over real HTTP: the Salesforce connector at the sandbox, which fails on request."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.core.model import RowState
from sync_worker.store import holds, upgrade
from tests.crash.office import Office, rows_for, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(accounts=120, reps=10, seed=7) as running:
        yield running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    store_url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(store_url)
    opened = Office(store_url, sandbox.url, sandbox.client_id, sandbox.client_secret)
    yield opened
    opened.close()


def run(office: Office) -> None:
    with office.lease() as lease:
        office.recover(lease)
        office.apply("plan-1", lease)
        office.verify("plan-1", lease)


def states(office: Office) -> list[RowState]:
    return [row.state for row in office.plan("plan-1").rows]


def test_a_plan_is_written_and_verified_within_the_budget(office: Office, sandbox: Sandbox) -> None:
    office.crm.describe()
    rows = rows_for(sandbox, owners=60, priorities=60)
    office.approved(rows)
    sandbox.reset_calls()
    with office.lease() as lease:
        office.apply("plan-1", lease)
        office.verify("plan-1", lease)
    assert set(states(office)) == {RowState.VERIFIED}
    kinds = sandbox.calls["by_kind"]
    assert isinstance(kinds, dict)
    assert kinds["row_patch"] == 60
    assert kinds["collections"] == ceil(60 / 200)
    assert kinds["graph"] == 2  # before the first ten, and before the rest
    assert kinds["query"] == 2  # before the priorities, and for verification
    assert sandbox.calls["total"] == 60 + 1 + 2 + 2


def test_a_person_who_moves_an_account_between_plan_and_apply_keeps_it(office: Office, sandbox: Sandbox) -> None:
    rows = rows_for(sandbox, owners=5, priorities=0)
    office.approved(rows)
    dana = sandbox.company.user_id("Dana Whitfield")
    sandbox.company.edit("Account", rows[1].account, dana, OwnerId=dana)
    run(office)
    assert states(office) == [RowState.VERIFIED, RowState.CONFLICT, *[RowState.VERIFIED] * 3]
    assert sandbox.company.get("Account", rows[1].account)["OwnerId"] == dana  # type: ignore[index]
    with office.store.read() as tx:
        (held,) = holds.current(tx, utc_now())
    assert held.account == rows[1].account
    assert f"{dana} moved it from" in held.reason  # names come from pulled users, of which there are none here


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"on": "row_patch", "call": 2, "fault": "lost_reply"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "reset"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "server_error"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "html_200"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "unavailable"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "row_lock"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "expire_token"}, RowState.VERIFIED),
        ({"on": "row_patch", "call": 2, "fault": "validation_rule"}, RowState.FAILED),
        ({"on": "row_patch", "call": 2, "fault": "delete"}, RowState.GONE),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else "",
)
def test_i4_i5_one_fault_leaves_one_effect_at_most_and_a_true_state(
    office: Office, sandbox: Sandbox, fault: dict[str, object], state: RowState
) -> None:
    rows = rows_for(sandbox, owners=4, priorities=0)
    office.approved(rows)
    sandbox.faults(fault)
    run(office)
    assert states(office) == [RowState.VERIFIED, state, RowState.VERIFIED, RowState.VERIFIED]
    moved = [str(effect["id"]) for effect in sandbox.effects if effect["field"] == "OwnerId"]
    assert sorted(moved) == sorted(r.account for r in rows if state is RowState.VERIFIED or r is not rows[1])


@pytest.mark.parametrize("fault", ["missing_rows", "reordered_rows", "lost_reply", "reset", "server_error", "truncate"])
def test_i5_a_batch_of_priorities_with_a_broken_answer_ends_truthfully(
    office: Office, sandbox: Sandbox, fault: str
) -> None:
    rows = rows_for(sandbox, owners=0, priorities=20)
    office.approved(rows)
    sandbox.faults({"on": "collections", "call": 1, "fault": fault})
    run(office)
    assert set(states(office)) == {RowState.VERIFIED}
    scores = [effect for effect in sandbox.effects if effect["field"] == "Priority_Score__c"]
    assert len(scores) == len(rows)


def test_a_day_without_calls_left_ends_the_run_and_the_next_one_finishes_it(office: Office, sandbox: Sandbox) -> None:
    rows = rows_for(sandbox, owners=20, priorities=0)
    office.approved(rows)
    sandbox.faults({"on": "row_patch", "call": 14, "fault": "request_limit"})
    with office.lease() as lease:
        report = office.apply("plan-1", lease)
    assert report.stopped is not None
    assert report.resumable
    sandbox.faults()
    later = Office(office.store_url, sandbox.url, sandbox.client_id, sandbox.client_secret)
    run(later)
    assert {row.state for row in later.plan("plan-1").rows} == {RowState.VERIFIED}
    assert len([effect for effect in sandbox.effects if effect["field"] == "OwnerId"]) == 20
    later.close()


def test_a_request_that_lands_after_we_gave_up_has_one_effect(sandbox: Sandbox, office: Office) -> None:
    rows = rows_for(sandbox, owners=2, priorities=0)
    office.approved(rows)
    hasty = Office(office.store_url, sandbox.url, sandbox.client_id, sandbox.client_secret, timeout_read=0.5)
    sandbox.faults({"on": "row_patch", "call": 1, "fault": "late_write", "seconds": 0.3})
    run(hasty)
    hasty.close()
    assert set(states(office)) == {RowState.VERIFIED}
    assert len([effect for effect in sandbox.effects if effect["field"] == "OwnerId"]) == 2


def test_owners_through_composite_calls_keep_their_conditions(sandbox: Sandbox, office: Office) -> None:
    rows = rows_for(sandbox, owners=60, priorities=0)
    office.approved(rows)
    together = Office(office.store_url, sandbox.url, sandbox.client_id, sandbox.client_secret, composite=True)
    together.crm.describe()
    sandbox.reset_calls()
    dana = sandbox.company.user_id("Dana Whitfield")
    edit = {"target": rows[40].account, "set": {"OwnerId": dana}}
    sandbox.faults({"on": "composite", "call": 3, "fault": "person_edit", **edit})
    run(together)
    together.close()
    kinds = sandbox.calls["by_kind"]
    assert isinstance(kinds, dict)
    assert kinds["composite"] == 3  # ten, and then twenty-five at a time
    assert "row_patch" not in kinds
    found = states(office)
    assert found[40] is RowState.CONFLICT
    assert set(found[:40] + found[41:]) == {RowState.VERIFIED}
