"""``rollback`` as it is typed: what it says, what it answers as JSON, how it exits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, update

from sync_worker.core.model import RowState
from sync_worker.store import schema

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ADMIN = "admin@acme.example"


@pytest.fixture
def plan(desk: Desk) -> dict[str, Any]:
    """A plan that was applied."""
    made: dict[str, Any] = desk.ask("plan")["plan"]
    desk.ask("approve", made["id"])
    desk.ask("apply", made["id"])
    return made


def moves(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in plan["rows"] if row["kind"] == "owner"]


def test_from_an_applied_plan_to_everything_back_where_it_was(desk: Desk, plan: dict[str, Any]) -> None:
    assert f"sync-worker rollback {plan['id']}" in desk.type("show", plan["id"]).out, "show offers it"
    told = desk.type("rollback", plan["id"], "--by", "Dana", "--note", "wrong territory")
    made = desk.ask("show")["plan"]
    assert told.code == 0
    assert f"undoes {len(made['rows'])} owner changes of plan {plan['id']}" in told.out
    assert f"Undo of plan {plan['id']}" in told.out
    assert f"sync-worker approve {made['id']}" in told.out
    desk.ask("approve", made["id"])
    assert desk.ask("apply", made["id"])["rows"] == {"verified": len(made["rows"])}
    owners = {row["account"]: row["before"]["owner"] for row in moves(plan)}
    for row in made["rows"]:
        shown = desk.sandbox.company.get("Account", row["account"])
        assert shown is not None
        assert shown["OwnerId"] == owners[row["account"]]
    again = desk.ask("plan")["plan"]
    assert again is None or not {row["account"] for row in again["rows"]} & owners.keys()


def test_the_answer_lists_what_is_left_and_why(desk: Desk, plan: dict[str, Any]) -> None:
    first, second = moves(plan)[-2:]
    desk.sandbox.company.edit("Account", first["account"], ADMIN, OwnerId=desk.sandbox.company.user_id(ADMIN))
    answer = desk.ask("rollback", plan["id"], "--row", str(first["number"]), "--row", str(second["number"]))
    assert answer["undoes"] == plan["id"]
    assert answer["changes"] == len(answer["plan"]["rows"]) == 1
    [left] = answer["left"]
    assert (left["number"], left["account"], left["back"]) == (first["number"], first["account"], False)
    told = desk.type("rollback", plan["id"])
    assert "Left as it is" in told.out
    assert left["why"] in told.out


def test_nothing_that_can_be_undone_is_a_failure_and_nothing_left_to_undo_is_none(
    desk: Desk, plan: dict[str, Any]
) -> None:
    row = moves(plan)[-1]
    desk.sandbox.company.edit("Account", row["account"], ADMIN, OwnerId=desk.sandbox.company.user_id(ADMIN))
    none = desk.type("rollback", plan["id"], "--row", str(row["number"]))
    assert (none.code, "no plan was made" in none.out) == (1, True)
    desk.sandbox.company.edit("Account", row["account"], ADMIN, OwnerId=row["before"]["owner"])
    back = desk.type("rollback", plan["id"], "--row", str(row["number"]), "--format", "json")
    assert (back.code, back.json["plan"], back.json["left"][0]["back"]) == (0, None, True)


def test_what_cannot_be_asked_for_is_refused_with_a_way_out(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]
    never = desk.type("rollback", plan["id"])
    assert never.code == 7
    assert "nothing of plan" in never.err
    assert f"sync-worker reject {plan['id']}" in never.err
    desk.ask("reject", plan["id"])
    assert "sync-worker history" in desk.type("rollback", plan["id"]).err
    plan = desk.ask("plan")["plan"]
    desk.ask("approve", plan["id"])
    desk.ask("apply", plan["id"])
    unknown = desk.type("rollback", plan["id"], "--row", "9999")
    assert (unknown.code, "has no row 9999" in unknown.err) == (2, True)
    assert desk.type("rollback", plan["id"], "--row", "0").code == 2
    assert desk.type("rollback", plan["id"], "--overwrote").code == 7


def test_show_offers_to_put_back_what_a_write_replaced(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]
    desk.ask("approve", plan["id"])
    store = create_engine(f"sqlite:///{desk.folder / 'sync-worker.db'}")
    row, wanted = moves(plan)[-1], desk.sandbox.company.user_id(ADMIN)
    with store.begin() as tx:
        r = schema.plan_row
        tx.execute(
            update(r)
            .where((r.c.plan_id == plan["id"]) & (r.c.number == row["number"]))
            .values(state=RowState.OVERWROTE.value, replaced={"owner": wanted})
        )
    store.dispose()
    offer = f"sync-worker rollback {plan['id']} --overwrote"
    assert offer in desk.type("show", plan["id"]).out
    applied = desk.type("apply", plan["id"])
    assert applied.code == 5
    assert offer in applied.out
