"""The whole way of an admin, typed command by command against a real HTTP server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import time_machine

from sync_worker.core.model import RowState

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def test_from_doctor_to_a_second_plan_that_is_empty(desk: Desk) -> None:
    assert desk.type("doctor").code == 0
    assert desk.ask("pull")["streams"]["accounts"]["pulled"] == 150
    planned = desk.type("plan", "--check", "--format", "json")
    assert planned.code == 3
    plan = planned.json["plan"]
    assert desk.type("approve", plan["id"], "--by", "Dana").code == 0
    applied = desk.ask("apply", plan["id"])
    assert applied["complete"]
    assert applied["rows"] == {"verified": len(plan["rows"])}
    assert desk.ask("plan") == {"schema_version": 1, "plan": None, "changes": 0, "reminders": []}
    assert desk.type("plan", "--check").code == 0


def test_a_plan_tells_what_a_person_must_know_before_apply(desk: Desk) -> None:
    answer = desk.type("plan")
    plan = desk.ask("show")["plan"]
    moves = [row for row in plan["rows"] if row["kind"] == "owner"]
    for word in (plan["id"], plan["hash"], "expires", f"sync-worker approve {plan['id']}", "BOOK", "BEFORE", "AFTER"):
        assert word in answer.out
    for row in moves:
        line = next(line for line in answer.out.split("\n") if line.startswith(f"{row['account_name']}  "))
        assert row["from"] in line
        assert row["to"] in line
        assert row["reason"] in line


def test_every_row_is_shown_when_asked_for(desk: Desk) -> None:
    desk.type("plan")
    rows = desk.ask("show")["plan"]["rows"]
    some, every = desk.type("show"), desk.type("show", "--all")
    priority = next(row for row in rows if row["kind"] == "priority" and row["after"]["reasons"])
    assert priority["after"]["reasons"] in every.out
    assert priority["after"]["reasons"] not in some.out


def test_apply_refuses_a_plan_that_nobody_approved(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    refused = desk.type("apply", plan)
    assert refused.code == 7
    assert f"sync-worker approve {plan}" in refused.err
    assert not desk.sandbox.effects


def test_apply_refuses_a_rejected_plan(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    assert desk.type("reject", plan, "--by", "Dana", "--note", "not now").code == 0
    assert desk.type("apply", plan).code == 7
    assert desk.type("approve", plan).code == 7


def test_a_guard_stops_a_plan_until_it_is_named(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("owner_moves = 1.0", "owner_moves = 0"))
    told = desk.type("plan")
    plan = desk.ask("show")["plan"]
    assert plan["state"] == "held"
    assert f"sync-worker approve {plan['id']} --override owner_moves" in told.out
    assert desk.type("apply", plan["id"]).code == 6
    stopped = desk.type("approve", plan["id"])
    assert stopped.code == 6
    assert "--override owner_moves" in stopped.err
    assert desk.type("approve", plan["id"], "--override", "rep_moves").code == 6
    assert not desk.sandbox.effects
    assert desk.type("approve", plan["id"], "--override", "owner_moves").code == 0
    assert desk.type("apply", plan["id"]).code == 0


def test_a_plan_is_stale_once_the_rules_have_changed(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    (desk.folder / "rules" / "later.yaml").write_text("version: 1\n")
    refused = desk.type("approve", plan)
    assert refused.code == 7
    assert "rules have changed" in refused.err


def test_a_plan_is_stale_once_the_config_has_changed(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    desk.type("approve", plan)
    desk.config.write_text(desk.config.read_text().replace("owner_moves = 1.0", "owner_moves = 0.9"))
    assert desk.type("apply", plan).code == 7
    assert not desk.sandbox.effects


def test_a_plan_that_is_older_than_a_day_is_stale(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    desk.type("approve", plan)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        refused = desk.type("apply", plan)
    assert refused.code == 7
    assert "expired" in refused.err
    assert "sync-worker plan" in refused.err
    assert not desk.sandbox.effects


def test_what_a_person_changed_meanwhile_is_left_alone_and_said(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]
    row = next(row for row in plan["rows"] if row["kind"] == "owner")
    admin = "admin@acme.example"
    desk.type("approve", plan["id"])
    desk.sandbox.company.edit("Account", row["account"], admin, OwnerId=desk.sandbox.company.user_id(admin))
    applied = desk.type("apply", plan["id"], "--format", "json")
    assert applied.code == 5
    ended = {left["account"]: left["state"] for left in applied.json["not_as_planned"]}
    assert ended[row["account"]] in {RowState.CONFLICT, RowState.SUPERSEDED}
    assert row["account"] in {hold["account"] for hold in desk.ask("status")["status"]["holds"]}
    assert desk.ask("history", row["account"])["ownership"]["changes"][0]["plan"] == ""


def test_everything_that_was_done_can_be_looked_up(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]
    desk.type("approve", plan["id"], "--by", "Dana", "--note", "agreed")
    desk.type("apply", plan["id"])
    moved = next(row for row in plan["rows"] if row["kind"] == "owner" and row["rule"].startswith("book:"))

    shown = desk.ask("show", plan["id"])["plan"]
    assert (shown["decided_by"], shown["note"]) == ("Dana", "agreed")
    assert {row["state"] for row in shown["rows"]} == {"verified"}

    explained = desk.ask("explain", moved["account"])["explanation"]
    assert explained["owner"]
    sections = {rule["section"] for rule in explained["rules"]}
    assert sections - {"affinity"} == {"scope", "protect", "return", "book"}, "a book may have affinities, too"

    desk.type("pull")
    [change] = desk.ask("history", moved["account"])["ownership"]["changes"]
    assert (change["before"], change["after"], change["plan"]) == (moved["from"], moved["to"], plan["id"])
    assert change["because"] == moved["reason"]
    assert desk.ask("history")["plans"][0]["id"] == plan["id"]

    assert desk.ask("audit", "verify")["ok"]
    kinds = [
        entry["kind"] for entry in desk.ask("audit", "search", "--plan", plan["id"], "--limit", "100000")["entries"]
    ]
    assert {"plan.saved", "plan.approved"} < set(kinds)
    whole = desk.folder / "audit.jsonl"
    assert desk.ask("audit", "export", str(whole))["entries"] == len(whole.read_text().splitlines())
    assert all(json.loads(line) for line in whole.read_text().splitlines())
    again = desk.type("audit", "export", str(whole))
    assert again.code == 1
    assert "already there" in again.err


def test_pause_keeps_everything_from_being_written_until_resume(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]["id"]
    desk.type("approve", plan)
    assert desk.type("pause", "--reason", "quarter end", "--by", "Dana").code == 0
    assert "quarter end" in desk.type("status").out
    assert desk.type("health").code == 1
    assert desk.type("apply", plan).code != 0
    assert not desk.sandbox.effects
    assert desk.type("resume").code == 0
    assert "nothing was paused" in desk.type("resume").out
    assert desk.type("health").code == 0
    assert desk.type("apply", plan).code == 0


def test_status_counts_the_calls_as_the_crm_does(desk: Desk) -> None:
    desk.type("pull")
    status = desk.ask("status")["status"]
    calls = desk.sandbox.calls
    assert sum(status["calls_today"].values()) == calls["total"]
    assert status["org_used"] is not None


def test_the_demo_config_is_what_init_writes(desk: Desk) -> None:
    shown = {setting["name"]: setting for setting in desk.ask("config", "show")["settings"]}
    assert shown["salesforce.client_secret"]["value"] == "***"
    assert shown["salesforce.url"]["value"] == desk.sandbox.url
    assert str(desk.config) in shown["salesforce.url"]["origin"]


def test_the_schema_of_rule_files_knows_the_orgs_own_words(desk: Desk) -> None:
    file = desk.folder / "rules.schema.json"
    assert desk.ask("rules", "schema", "--output", str(file)) == {"schema_version": 1, "schema": str(file)}
    text = file.read_text()
    assert json.loads(text)["$schema"].endswith("draft-07/schema#")
    for word in ("segment", "Mid-Market", "cybersecurity", "web_form", "capacity"):
        assert word in text
    assert json.loads(desk.type("rules", "schema").out) == json.loads(text)


def test_what_a_file_tells_of_reps_is_checked_against_the_crms_users(desk: Desk) -> None:
    """… once they were pulled; and editors are told of its fields."""
    rep = desk.sandbox.reps[0].email
    (desk.folder / "rules" / "reps.csv").write_text(f"email,tenure\n{rep},3\nx{rep},4\nnobody@else.example,5\n")
    assert desk.ask("rules", "check")["warnings"] == []
    desk.type("pull")
    checked = desk.ask("rules", "check")
    assert checked["sections"]["reps"] == ["tenure"]
    assert [(one["file"], one["line"], one["hint"]) for one in checked["warnings"]] == [
        ("reps.csv", 3, f"did you mean '{rep}'?"),
        ("reps.csv", 4, "nothing in the row has an effect"),
    ]
    assert "no user of the CRM has the address 'nobody@else.example'" in desk.type("rules", "check").out
    assert "- tenure (number)" in desk.type("rules", "schema").out


def test_a_capacity_in_a_file_goes_before_the_crms(desk: Desk) -> None:
    seats = desk.sandbox.reps
    (desk.folder / "rules" / "reps.csv").write_text("email,capacity\n" + "".join(f"{one.email},1\n" for one in seats))
    rows = desk.ask("plan")["plan"]["rows"]
    assert any(row["rule"].startswith("return:") for row in rows)
    assert not [row for row in rows if row["rule"].startswith("book:")]


def test_an_account_can_be_explained_before_any_plan_and_after_the_rules_have_changed(desk: Desk) -> None:
    assert desk.type("explain", "x").code == 1
    desk.type("pull")
    account = str(desk.sandbox.company.rows("Account")[0]["Id"])
    assert desk.ask("explain", account)["explanation"]["rules"]
    assert desk.ask("explain", account[:15])["explanation"]["account"] == account
    (desk.folder / "rules" / "more.yaml").write_text(
        "version: 1\nprotect:\n  - {id: rated, when: rating = 'Hot' and touches(17) > 0, because: Rated hot}\n"
    )
    rules = desk.ask("explain", account)["explanation"]["rules"]
    assert {"rating", "touches(17)"} == set(next(rule for rule in rules if rule["id"] == "rated")["values"])


def test_an_explanation_follows_the_latest_pull(desk: Desk) -> None:
    desk.type("plan")
    account = str(desk.sandbox.company.rows("Account")[0]["Id"])
    admin = desk.sandbox.company.user_id("admin@acme.example")
    desk.sandbox.company.edit("Account", account, admin, Industry="Mining", OwnerId=admin)
    desk.type("pull")
    found = desk.ask("explain", account)["explanation"]
    seen = {name: value for term in found["terms"] for name, value in term["values"].items()}
    assert seen["industry"] == "Mining"
    assert found["held"]
    assert found["owners"][0]["plan"] == ""


def test_a_plan_tells_what_a_rule_saw_in_the_words_of_rules(desk: Desk) -> None:
    (desk.folder / "rules" / "more.yaml").write_text(
        "version: 1\nreturn:\n  - {id: idle, when: not in_pool and touches(1) = 0, reason: idle}\n"
    )
    why = {row["reason"] for row in desk.ask("plan")["plan"]["rows"] if row["rule"] == "return:idle"}
    assert why == {"idle: touches(1) 0"}
