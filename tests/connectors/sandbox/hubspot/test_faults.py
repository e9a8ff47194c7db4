"""Each fault of a plan does to a HubSpot account what docs/sandbox.md says of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connectors.sandbox import FaultPlanError, Sandbox
from tests.connectors.sandbox.hubspot.conftest import Account, category, codes, companies, company, other_owner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIST = "/crm/v3/objects/companies"
UPDATE = "/crm/v3/objects/companies/batch/update"


def cities(ids: list[str], city: str = "Oslo") -> dict[str, Any]:
    return {"inputs": [{"id": id_, "properties": {"city": city}} for id_ in ids]}


REPLIES: list[tuple[str, int, str | None]] = [
    ("burst_429", 429, "TEN_SECONDLY_ROLLING"),
    ("daily_429", 429, "DAILY"),
    ("request_limit", 429, "DAILY"),
    ("server_error", 500, "INTERNAL_ERROR"),
    ("migration_477", 477, "MIGRATION_IN_PROGRESS"),
    ("expire_token", 401, "EXPIRED_AUTHENTICATION"),
    ("unavailable", 503, None),
    ("http_420", 420, None),
    ("http_502", 502, None),
    ("http_504", 504, None),
    ("html_200", 200, None),
]


@pytest.mark.parametrize(("fault", "status", "word"), REPLIES, ids=[fault for fault, *_ in REPLIES])
def test_an_error_comes_instead_of_an_answer_and_nothing_is_done(
    sandbox: Sandbox, hub: Account, fault: str, status: int, word: str | None
) -> None:
    sandbox.faults({"on": "batch_update", "fault": fault})
    reply = hub("POST", UPDATE, json=cities(companies(sandbox, 2)))
    assert reply.status_code == status
    if word is None:
        assert reply.headers["Content-Type"].startswith("text/html")
    else:
        body = reply.json()
        assert word in {body.get("category"), body.get("policyName")}
    assert sandbox.effects == []


def test_a_paging_cursor_may_be_lost(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults({"on": "list", "call": 2, "fault": "lost_locator"})
    after = hub.get(LIST)["paging"]["next"]["after"]
    assert category(hub("GET", LIST, params={"after": after})) == (400, "VALIDATION_ERROR")


def test_a_limit_may_say_when_to_come_again(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults({"on": "list", "fault": "burst_429"}, {"on": "owners", "fault": "burst_429", "retry_after": 7},
                   {"on": "properties", "fault": "migration_477", "retry_after": 9})  # fmt: skip
    assert "Retry-After" not in hub("GET", LIST).headers
    assert hub("GET", "/crm/v3/owners").headers["Retry-After"] == "7"
    assert hub("GET", "/crm/v3/properties/companies").headers["Retry-After"] == "9"


def test_part_of_a_batch_fails(sandbox: Sandbox, hub: Account) -> None:
    ids = companies(sandbox, 5)
    sandbox.faults(
        {"on": "batch_update", "fault": "partial_207", "rows": 2, "category": "RATE_LIMITS", "message": "later"}
    )
    body = hub.post(UPDATE, cities(ids), 207)
    assert [row["id"] for row in body["results"]] == ids[2:]
    assert [(e["context"]["ids"], e["category"], e["message"]) for e in body["errors"]] == [
        ([id_], "RATE_LIMITS", "later") for id_ in ids[:2]
    ]
    assert [effect["id"] for effect in sandbox.effects] == ids[2:]


def test_a_locked_row_fails_alone(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    sandbox.faults({"on": "batch_update", "fault": "row_lock", "id": two}, {"on": "update", "fault": "row_lock"})
    body = hub.post(UPDATE, cities([one, two]), 207)
    assert [error["context"]["ids"] for error in body["errors"]] == [[two]]
    assert category(hub.patch(one, city="Bergen")) == (423, "LOCKED")


def test_validation_rules_hold_for_the_newest_version_only(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    rule = {"fault": "validation_rule", "id": two, "every": 1, "fields": ["industry"], "message": "Say what they do"}
    sandbox.faults({"on": "update", **rule}, {"on": "batch_update", **rule})
    for version in ("v3", "2026-03"):
        assert hub.patch(two, version=version, city=f"Oslo {version}").status_code == 200
    refused = hub.patch(two, version="2026-09", city="Bergen")
    assert category(refused) == (400, "VALIDATION_ERROR")
    assert refused.json()["errors"][0]["context"] == {"propertyName": ["industry"]}
    assert hub.patch(one, version="2026-09", city="Bergen").status_code == 200
    count = len(sandbox.effects)
    batch = hub("POST", "/crm/objects/2026-09/companies/batch/update", json=cities([one, two], "Ushuaia"))
    assert category(batch) == (400, "VALIDATION_ERROR")
    assert len(sandbox.effects) == count


def test_pages_and_replies_lose_or_turn_their_rows(sandbox: Sandbox, hub: Account) -> None:
    ids = companies(sandbox, 10)
    sandbox.faults(
        {"on": "list", "call": 1, "fault": "short_page", "rows": 3},
        {"on": "list", "call": 2, "fault": "missing_rows"},
        {"on": "list", "call": 3, "fault": "reordered_rows"},
    )
    short, missing, turned = (hub.get(LIST) for _ in range(3))
    assert [row["id"] for row in short["results"]] == ids[:3]
    assert short["paging"]["next"]["after"] == ids[2]
    assert [row["id"] for row in missing["results"]] == ids[:9]
    assert [row["id"] for row in turned["results"]] == ids[::-1]


def test_a_lost_reply_has_its_effect_and_a_reset_has_none(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    sandbox.faults(
        {"on": "batch_update", "call": 1, "fault": "lost_reply"}, {"on": "batch_update", "call": 2, "fault": "reset"}
    )
    for id_ in (one, two):
        with pytest.raises(requests.ConnectionError):
            hub("POST", UPDATE, json=cities([id_]))
    assert [effect["id"] for effect in sandbox.effects] == [one]


HAPPENINGS: list[tuple[dict[str, Any], str]] = [
    ({"fault": "person_edit", "set": {"city": "Oslo"}, "actor": "Dana Whitfield"}, "city"),
    ({"fault": "late_commit", "set": {"city": "Oslo"}, "seconds": 600}, "city"),
    ({"fault": "delete"}, "archived"),
    ({"fault": "hard_delete"}, "hs_object_id"),
    ({"fault": "merge", "into": "second"}, "hs_object_id"),
    ({"fault": "merge_chain", "via": "second", "into": "third"}, "hs_object_id"),
    ({"fault": "deactivate_user", "target": "admin@acme.example"}, "archived"),
]


@pytest.mark.parametrize(("fault", "field"), HAPPENINGS, ids=[str(fault["fault"]) for fault, _ in HAPPENINGS])
def test_something_happens_in_the_account_before_a_call(
    sandbox: Sandbox, hub: Account, fault: Mapping[str, Any], field: str
) -> None:
    one, two, three = companies(sandbox, 3)
    ids = {"second": two, "third": three}
    told = {"object": "companies", "target": one, **fault}
    sandbox.faults({"on": "owners", **{key: ids.get(str(value), value) for key, value in told.items()}})
    hub.get("/crm/v3/owners")
    assert sandbox.effects
    assert {effect["field"] for effect in sandbox.effects} == {field}


def test_a_late_commit_says_that_it_is_older_than_it_is(sandbox: Sandbox, hub: Account) -> None:
    start = sandbox.portal.now()
    sandbox.portal.commit_late("companies", company(sandbox), 600, city="Oslo")
    shown = hub.get(f"{LIST}/{company(sandbox)}", properties="city")
    assert (shown["properties"]["city"], shown["updatedAt"] < start) == ("Oslo", True)


def test_a_person_may_come_in_between_a_read_and_a_write(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    theirs = other_owner(sandbox, id_)
    sandbox.faults(
        {"on": "batch_update", "fault": "person_edit", "set": {"hubspot_owner_id": theirs}, "actor": "Dana Whitfield"}
    )
    hub.post(UPDATE, cities([id_]))
    assert [(e["field"], e["actor"] == "integration") for e in sandbox.effects] == [
        ("hubspot_owner_id", False), ("city", True),
    ]  # fmt: skip


def test_rows_and_properties_can_be_hidden(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults({"on": "owners", "fault": "hide_rows", "object": "companies", "rows": 5},
                   {"on": "owners", "fault": "hide_field", "object": "companies", "field": "segment"})  # fmt: skip
    hub.get("/crm/v3/owners")
    assert len(hub.everything("companies")) == 55
    assert "segment" not in hub.get(LIST, properties="segment")["results"][0]["properties"]


def test_an_object_type_can_be_out_of_scope_and_a_property_read_only(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults(
        {"on": "owners", "fault": "hide_object", "object": "contacts"},
        {"on": "owners", "fault": "read_only_field", "object": "companies", "field": "city"},
    )
    hub.get("/crm/v3/owners")
    assert category(hub("GET", "/crm/v3/objects/contacts")) == (403, "MISSING_SCOPES")
    assert category(hub("POST", "/crm/v3/objects/contacts/search", json={})) == (403, "MISSING_SCOPES")
    assert codes(hub.patch(company(sandbox), city="Oslo")) == ["READ_ONLY_VALUE"]


def test_part_of_a_batch_of_new_records_fails(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults({"on": "batch_create", "fault": "partial_207", "rows": 1})
    new = [{"properties": {"name": name}, "objectWriteTraceId": name} for name in ("One", "Two")]
    body = hub.post(f"{LIST}/batch/create", {"inputs": new}, 207)
    assert [row["properties"]["name"] for row in body["results"]] == ["Two"]
    assert body["errors"][0]["context"] == {"objectWriteTraceId": ["One"]}


def test_a_plan_for_another_crm_is_refused_with_all_its_mistakes(sandbox: Sandbox) -> None:
    with pytest.raises(FaultPlanError) as told:
        sandbox.faults({"on": "row_patch", "fault": "row_lock"}, {"on": "search", "fault": "precondition_lost"})
    assert "'on' is no kind of call of hubspot: 'row_patch'" in str(told.value)
    assert "hubspot has no fault 'precondition_lost'" in str(told.value)
    with (
        Sandbox(accounts=5, reps=5) as salesforce,
        pytest.raises(FaultPlanError, match="no kind of call of salesforce"),
    ):
        salesforce.faults({"on": "batch_update", "fault": "reset"})


def test_a_plan_that_names_the_unknown_says_so(sandbox: Sandbox, hub: Account) -> None:
    sandbox.faults({"on": "list", "fault": "delete", "target": "5"})
    refused = hub("GET", LIST)
    assert category(refused) == (500, "FAULT_PLAN")
    assert "companies has no record '5'" in refused.json()["message"]


# Under /sandbox


def test_the_sandboxs_own_addresses_work_for_hubspot(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    assert hub.get("/sandbox")["crm"] == "hubspot"
    person = hub.post("/sandbox/tokens", {"username": "admin@acme.example"})
    assert person["user_id"] == sandbox.portal.owner_named("Dana Whitfield").id
    edit = {"object": "companies", "id": id_, "actor": "Dana Whitfield", "set": {"city": "Oslo"}}
    assert hub.post("/sandbox/edit", edit) == {"changed": True}
    assert hub.post("/sandbox/edit", {**edit, "set": {"nonsense": 1}}, 400)["error"]
    (effect,) = hub.get("/sandbox/effects")
    assert (effect["object"], effect["id"], effect["after"]) == ("companies", id_, "Oslo")
    hub.get(LIST)
    assert hub.get("/sandbox/calls") == {"total": 1, "by_kind": {"list": 1}}
    assert hub.post("/sandbox/faults", [{"on": "list", "fault": "reset"}])[0]["matched"] == 0
    assert hub.post("/sandbox/faults", [{"on": "query", "fault": "reset"}], 400)["error"]
    hub.post("/sandbox/clock", {"advance_seconds": 3600})


def test_it_is_served_as_a_process_of_its_own(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('[{"on": "owners", "fault": "burst_429"}]', encoding="utf-8")
    switches = ("--crm", "hubspot", "--accounts", "20", "--reps", "5", "--burst-limit", "3", "--search-lag", "0",
                "--daily-limit", "9", "--faults", str(plan))  # fmt: skip
    command = [sys.executable, "-m", "connectors.sandbox", "serve", *switches]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['access_token']}"}
        reply = requests.get(told["url"] + LIST, headers=headers, timeout=10)
        limited = requests.get(told["url"] + "/crm/v3/owners", headers=headers, timeout=10)
        process.terminate()
    assert process.returncode == 0
    assert (told["crm"], len(reply.json()["results"]), limited.status_code) == ("hubspot", 10, 429)
    assert reply.headers["X-HubSpot-RateLimit-Max"] == "3"
    assert reply.headers["X-HubSpot-RateLimit-Daily"] == "9"


def test_the_effect_log_is_on_disk_with_the_call_that_did_it(tmp_path: Any) -> None:
    log = tmp_path / "effects.jsonl"
    with Sandbox(crm="hubspot", accounts=20, reps=5, effects_file=log) as running:
        account = Account(running)
        owner = other_owner(running, company(running))
        reply = account.patch(company(running), hubspot_owner_id=owner, name=None)
        account.close()
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["field"], line["after"], line["actor"]) for line in lines] == [
        ("hubspot_owner_id", owner, "integration"), ("name", None, "integration"),
    ]  # fmt: skip
    assert {line["request_id"] for line in lines} == {reply.headers["X-Request-Id"]}
