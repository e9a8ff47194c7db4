"""Each fault does what its name says, when it is asked to, and no more often."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connectors.sandbox import FaultPlanError, Sandbox, load_faults, read_faults
from connectors.sandbox.words import BODY, COMPANY, NAMES, REPLY, ROW, WIRE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.connectors.sandbox.conftest import Client

COUNT = "SELECT COUNT() FROM Account"


def first(sandbox: Sandbox, entity: str = "Account") -> str:
    return next(iter(sandbox.company.tables[entity]))


def patch(crm: Client, id_: str, **fields: Any) -> requests.Response:
    return crm("PATCH", f"/sobjects/Account/{id_}", json=fields)


# Which call is struck


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({}, [1]),
        ({"call": 3}, [3]),
        ({"call": 2, "times": 2}, [2, 3]),
        ({"calls": [1, 4]}, [1, 4]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"times": 2}, [1, 2]),
    ],
)
def test_a_fault_strikes_the_calls_it_names(
    sandbox: Sandbox, crm: Client, when: dict[str, Any], struck: list[int]
) -> None:
    sandbox.faults({"on": "query", "fault": "server_error", **when})
    statuses = [crm.get("/query", q=COUNT).status_code for _ in range(6)]
    assert [at for at, status in enumerate(statuses, start=1) if status == 500] == struck
    assert crm.get("/limits").status_code == 200


def test_a_fault_can_name_a_path_an_object_and_a_record(sandbox: Sandbox, crm: Client) -> None:
    one, two = list(sandbox.company.tables["Account"])[:2]
    sandbox.faults(
        {"on": "/services/data/*/limits", "fault": "server_error"},
        {"on": "row_get", "object": "Contact", "fault": "unavailable"},
        {"on": "row_patch", "id": two[:15], "fault": "server_error"},
    )
    assert crm.get("/limits").status_code == 500
    assert crm.get(f"/sobjects/Account/{one}").status_code == 200
    assert crm.get(f"/sobjects/Contact/{first(sandbox, 'Contact')}").status_code == 503
    assert [patch(crm, id_, Phone="1").status_code for id_ in (one, two)] == [204, 500]
    assert [each["struck"] for each in sandbox.org.faults.struck()] == [1, 1, 1]


def test_a_fault_can_name_the_object_of_a_query_a_collection_or_a_job(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "*", "object": "Contact", "every": 1, "fault": "server_error"})
    assert crm.get("/query", q="SELECT Id FROM Account").status_code == 200
    assert crm.get("/query", q="SELECT Id FROM Contact").status_code == 500
    assert crm("POST", "/jobs/ingest", json={"object": "Contact", "operation": "update"}).status_code == 500
    assert crm("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Contact"}).status_code == 500
    records = [{"attributes": {"type": "Contact"}, "id": first(sandbox, "Contact"), "Phone": "1"}]
    assert crm("PATCH", "/composite/sobjects", json={"records": records}).status_code == 500
    assert crm.get("/limits").status_code == 200


# Replies


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "request_limit"}, 403, "REQUEST_LIMIT_EXCEEDED"),
        ({"fault": "server_error"}, 500, "UNKNOWN_EXCEPTION"),
        ({"fault": "query_timeout"}, 400, "QUERY_TIMEOUT"),
        ({"fault": "lost_locator"}, 400, "INVALID_QUERY_LOCATOR"),
        ({"fault": "expire_token"}, 401, "INVALID_SESSION_ID"),
    ],
)
def test_an_error_reply_is_salesforces(
    sandbox: Sandbox, crm: Client, fault: dict[str, Any], status: int, code: str
) -> None:
    sandbox.faults({"on": "query", **fault})
    reply = crm.get("/query", q=COUNT)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


@pytest.mark.parametrize(("fault", "status"), [("http_420", 420), ("unavailable", 503), ("html_200", 200)])
def test_a_page_of_html_stands_where_json_should(sandbox: Sandbox, crm: Client, fault: str, status: int) -> None:
    sandbox.faults({"on": "row_patch", "fault": fault, "retry_after": 7})
    reply = patch(crm, first(sandbox), Phone="1")
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "text/html; charset=UTF-8")
    assert reply.headers["Retry-After"] == "7"
    assert b"<html>" in reply.content
    assert sandbox.effects == []


def test_an_expired_token_stays_expired(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "query", "fault": "expire_token"})
    assert [crm.get("/query", q=COUNT).status_code for _ in range(2)] == [401, 401]
    crm.session.headers["Authorization"] = f"Bearer {sandbox.access_token}"
    assert crm.get("/query", q=COUNT).status_code == 200


# The wire


def test_a_reset_comes_before_anything_is_done(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "row_patch", "fault": "reset"})
    with pytest.raises(requests.ConnectionError, match="reset"):
        patch(crm, first(sandbox), Phone="1")
    assert sandbox.effects == []


def test_a_lost_reply_comes_after_the_write_took_effect(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "row_patch", "fault": "lost_reply"})
    with pytest.raises(requests.ConnectionError, match="reset"):
        patch(crm, first(sandbox), Phone="1")
    assert [effect["after"] for effect in sandbox.effects] == ["1"]


def test_a_late_write_takes_effect_after_the_client_has_given_up(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "row_patch", "fault": "late_write", "seconds": 0.2})
    with pytest.raises(requests.Timeout):
        crm("PATCH", f"/sobjects/Account/{first(sandbox)}", json={"Phone": "1"}, timeout=0.3)
    assert sandbox.effects == []
    until = time.monotonic() + 5
    while not sandbox.effects and time.monotonic() < until:
        time.sleep(0.02)
    assert [effect["after"] for effect in sandbox.effects] == ["1"]


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_a_stall_waits_before_or_after_the_write(sandbox: Sandbox, crm: Client, when: str, effects: int) -> None:
    sandbox.faults({"on": "row_patch", "fault": "stall", "seconds": 30, "when": when})
    with pytest.raises(requests.Timeout):
        crm("PATCH", f"/sobjects/Account/{first(sandbox)}", json={"Phone": "1"}, timeout=0.3)
    assert len(sandbox.effects) == effects
    assert crm.get("/limits").status_code == 200, "others are served meanwhile"


def test_a_reset_mid_body_leaves_half_an_answer(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "query", "fault": "reset_mid_body"})
    reply = crm("GET", "/query", params={"q": "SELECT Id, Name FROM Account"}, stream=True)
    assert reply.status_code == 200
    with pytest.raises(requests.RequestException):
        reply.content  # noqa: B018 - reading is what fails


def test_a_truncated_body_breaks_its_length_or_its_json(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults(
        {"on": "query", "fault": "truncate", "call": 1}, {"on": "query", "fault": "truncate", "how": "body", "call": 2}
    )
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        crm.get("/query", q=COUNT)
    reply = crm.get("/query", q=COUNT)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        reply.json()
    assert crm.get("/query", q=COUNT).json()["totalSize"] == 60


def test_a_slow_drip_gives_the_whole_answer_in_time(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "query", "fault": "slow_drip", "seconds": 0.4})
    start = time.monotonic()
    assert crm.get("/query", q=COUNT).json()["totalSize"] == 60
    assert time.monotonic() - start >= 0.35


def test_the_sandbox_ends_at_once_even_while_a_call_stalls(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults(
        {"on": "query", "fault": "stall", "seconds": 60}, {"on": "row_patch", "fault": "late_write", "seconds": 60}
    )
    for method, path in (("GET", f"/query?q={COUNT}"), ("PATCH", f"/sobjects/Account/{first(sandbox)}")):
        with pytest.raises(requests.Timeout):
            crm(method, path, json={"Phone": "1"}, timeout=0.1)
    start = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - start < 2
    assert sandbox.effects == []


# Answers


def test_a_short_page_is_not_the_end(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "query", "fault": "short_page", "rows": 7})
    body = crm.get("/query", q="SELECT Id FROM Account").json()
    assert (len(body["records"]), body["totalSize"], body["done"]) == (7, 60, False)
    assert len(crm.rows("SELECT Id FROM Account")) == 60


def test_rows_of_a_collection_get_lost_or_change_places(sandbox: Sandbox, crm: Client) -> None:
    ids = list(sandbox.company.tables["Account"])[:4]
    body = {"ids": ids, "fields": ["Id"]}
    sandbox.faults(
        {"on": "collection_read", "fault": "missing_rows", "rows": 2, "call": 1},
        {"on": "collection_read", "fault": "reordered_rows", "call": 2},
    )
    path = "/composite/sobjects/Account"
    assert [row["Id"] for row in crm("POST", path, json=body).json()] == ids[:2]
    assert [row["Id"] for row in crm("POST", path, json=body).json()] == ids[::-1]
    sandbox.faults({"on": "query", "fault": "missing_rows", "rows": 5})
    assert len(crm.get("/query", q="SELECT Id FROM Account").json()["records"]) == 55


# Rows


def test_a_row_is_refused_by_a_lock_a_rule_or_a_lost_race(sandbox: Sandbox, crm: Client) -> None:
    one = first(sandbox)
    sandbox.faults(
        {"on": "row_patch", "fault": "row_lock", "call": 1},
        {"on": "row_patch", "fault": "validation_rule", "call": 2, "message": "Not now.", "fields": ["Phone"]},
        {"on": "row_patch", "fault": "precondition_lost", "call": 3},
    )
    replies = [patch(crm, one, Phone=str(at)) for at in range(4)]
    assert [reply.status_code for reply in replies] == [400, 400, 412, 204]
    assert replies[0].json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert replies[1].json() == [
        {"message": "Not now.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Phone"]}
    ]
    assert [effect["after"] for effect in sandbox.effects] == ["3"]


@pytest.mark.parametrize(("which", "failed"), [({}, [0, 1, 2]), ({"rows": 2}, [0, 1]), ({"id": "SECOND"}, [1])])
def test_rows_of_a_collection_are_refused_all_some_or_one(
    sandbox: Sandbox, crm: Client, which: dict[str, Any], failed: list[int]
) -> None:
    ids = list(sandbox.company.tables["Account"])[:3]
    named = {key: ids[1] if value == "SECOND" else value for key, value in which.items()}
    sandbox.faults({"on": "collections", "fault": "row_lock", **named})
    records = [{"attributes": {"type": "Account"}, "id": id_, "Phone": "5"} for id_ in ids]
    results = crm("PATCH", "/composite/sobjects", json={"records": records}).json()
    assert [at for at, result in enumerate(results) if not result["success"]] == failed


def test_a_fault_reaches_the_parts_of_a_composite(sandbox: Sandbox, crm: Client) -> None:
    one, two = list(sandbox.company.tables["Account"])[:2]
    sandbox.faults({"on": "row_patch", "id": two, "fault": "row_lock"})
    parts = [
        {
            "method": "PATCH",
            "url": f"/services/data/v66.0/sobjects/Account/{id_}",
            "referenceId": f"r{at}",
            "body": {"Phone": "1"},
        }
        for at, id_ in enumerate((one, two))
    ]
    told = crm("POST", "/composite", json={"compositeRequest": parts}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in told] == [204, 400]


# The company


def test_a_person_edits_just_before_or_just_after_a_call(sandbox: Sandbox, crm: Client) -> None:
    one = first(sandbox)
    tag = crm.get(f"/sobjects/Account/{one}").headers["ETag"]
    sandbox.faults(
        {"on": "row_patch", "fault": "person_edit", "set": {"Phone": "1"}, "actor": "Dana Whitfield", "call": 1},
        {"on": "row_patch", "fault": "person_edit", "set": {"Phone": "3"}, "call": 2, "when": "after"},
    )
    stale = crm("PATCH", f"/sobjects/Account/{one}", json={"Phone": "x"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert patch(crm, one, Phone="2").status_code == 204
    assert [effect["after"] for effect in sandbox.effects] == ["1", "2", "3"]


def test_records_are_merged_deleted_and_wiped_between_calls(sandbox: Sandbox, crm: Client) -> None:
    a, b, c, d, e = list(sandbox.company.tables["Account"])[:5]
    sandbox.faults(
        {"on": "query", "fault": "merge_chain", "object": "Account", "target": a, "via": b, "into": c, "call": 1},
        {"on": "query", "fault": "merge", "object": "Account", "target": d, "into": c, "call": 2},
        {"on": "query", "fault": "undelete", "object": "Account", "target": d, "call": 3},
        {"on": "query", "fault": "delete", "object": "Account", "target": e, "call": 4},
        {"on": "query", "fault": "hard_delete", "object": "Account", "target": e, "call": 5},
    )
    seen = [len(crm.rows("SELECT Id FROM Account")) for _ in range(5)]
    assert seen == [58, 57, 58, 57, 57]
    rows = sandbox.company.tables["Account"]
    assert (rows[a]["MasterRecordId"], rows[b]["MasterRecordId"]) == (b, c)
    assert e not in rows


def test_a_late_commit_shows_up_below_what_was_seen_before(sandbox: Sandbox, crm: Client) -> None:
    one = first(sandbox)
    now = crm.rows("SELECT SystemModstamp FROM Account ORDER BY SystemModstamp DESC LIMIT 1")[0]["SystemModstamp"]
    sandbox.faults(
        {
            "on": "limits",
            "fault": "late_commit",
            "object": "Account",
            "target": one,
            "set": {"Phone": "9"},
            "seconds": 300,
        }
    )
    crm.get("/limits")
    late = crm.get(f"/sobjects/Account/{one}").json()
    assert late["Phone"] == "9"
    written = time.strptime(late["SystemModstamp"][:19], "%Y-%m-%dT%H:%M:%S")
    assert 290 <= time.mktime(time.gmtime()) - time.mktime(written) <= 320
    assert late["SystemModstamp"] > now


def test_users_fields_and_rows_go_out_of_sight(sandbox: Sandbox, crm: Client) -> None:
    rep, ids = sandbox.company.seeding.reps[0], list(sandbox.company.tables["Account"])
    seen, last = ids[10], ids[-1]
    sandbox.faults(
        {"on": "limits", "fault": "deactivate_user", "target": rep, "call": 1},
        {"on": "limits", "fault": "hide_field", "object": "Account", "field": "Industry", "call": 2},
        {"on": "limits", "fault": "remove_field", "object": "Account", "field": "Rating", "call": 3},
        {"on": "limits", "fault": "hide_rows", "object": "Account", "rows": 6, "call": 4},
        {"on": "limits", "fault": "hide_rows", "object": "Account", "target": last, "call": 5},
    )  # fmt: skip
    for _ in range(5):
        assert crm.get("/limits").status_code == 200
    assert sandbox.company.tables["User"][rep]["IsActive"] is False
    for field in ("Industry", "Rating"):
        assert crm.get("/query", q=f"SELECT {field} FROM Account").json()[0]["errorCode"] == "INVALID_FIELD"
        assert patch(crm, seen, **{field: "x"}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert len(crm.rows("SELECT Id FROM Account")) == 53
    assert crm.get(f"/sobjects/Account/{first(sandbox)}").status_code == 404


def test_a_permission_is_taken_away(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults(
        {"on": "limits", "fault": "read_only_field", "object": "Account", "field": "OwnerId", "call": 1},
        {"on": "limits", "fault": "hide_object", "object": "Task", "call": 2},
    )
    assert [crm.get("/limits").status_code for _ in range(2)] == [200, 200]
    fields = {field["name"]: field for field in crm.get("/sobjects/Account/describe").json()["fields"]}
    assert fields["OwnerId"]["updateable"] is False
    refused = patch(crm, first(sandbox), OwnerId=sandbox.company.seeding.reps[0]).json()[0]
    assert (refused["errorCode"], refused["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["OwnerId"])
    assert crm.get("/query", q="SELECT Id FROM Task").json()[0]["errorCode"] == "INVALID_TYPE"
    assert "Task" not in {each["name"] for each in crm.get("/sobjects").json()["sobjects"]}


def test_a_fault_that_names_the_unknown_says_so(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "limits", "fault": "delete", "object": "Account", "target": "nobody"})
    reply = crm.get("/limits")
    assert reply.status_code == 500
    assert "'nobody'" in reply.json()[0]["message"]


# Plans


def test_every_fault_has_one_place() -> None:
    assert sum(len(part) for part in (REPLY, WIRE, BODY, ROW, COMPANY)) == len(NAMES)


def test_all_mistakes_of_a_plan_are_told_at_once() -> None:
    with pytest.raises(FaultPlanError) as wrong:
        read_faults(
            [
                {"on": "qery", "fault": "reset"},
                {"on": "query", "fault": "rest"},
                {"on": "query", "fault": "reset", "cal": 3},
                {"on": "query", "fault": "merge"},
                {"on": "query", "fault": "reset", "call": 0},
                {"on": "query", "fault": "reset", "call": 1, "every": 2},
                {"fault": "reset"},
                {"on": "graph", "fault": "row_lock"},
            ]
        )
    assert str(wrong.value).splitlines() == [
        "fault 1: 'on' is no kind of call: 'qery' (did you mean 'query'?)",
        "fault 2: unknown fault 'rest' (did you mean 'reset'?)",
        "fault 3: unknown key 'cal' (did you mean 'call'?)",
        "fault 4: merge needs 'object' and 'into'",
        "fault 5: call: Input should be greater than or equal to 1",
        "fault 6: give one of 'call', 'calls' and 'every'",
        "fault 7: on: Field required",
        (
            "fault 8: row_lock does nothing to graph: "
            "plan it on bulk_ingest_close, collections, row_delete, row_patch, row_post"
        ),
    ]


def test_a_plan_is_read_from_json_and_from_lines(tmp_path: Path) -> None:
    faults = [{"on": "query", "fault": "reset", "calls": [1, 2]}, {"on": "*", "fault": "stall", "seconds": 1}]
    listed, lines = tmp_path / "plan.json", tmp_path / "plan.jsonl"
    listed.write_text(json.dumps(faults), encoding="utf-8")
    lines.write_text("\n".join(json.dumps(fault) for fault in faults) + "\n\n", encoding="utf-8")
    assert load_faults(listed).struck() == load_faults(lines).struck()
    assert [each["fault"] for each in load_faults(lines).struck()] == ["reset", "stall"]


def test_a_mistake_in_a_file_has_its_line(tmp_path: Path) -> None:
    lines = tmp_path / "plan.jsonl"
    lines.write_text('{"on": "query", "fault": "reset"}\n\n{"on": "query", "fault": "rset"}\n', encoding="utf-8")
    with pytest.raises(FaultPlanError, match=r"plan\.jsonl:3: unknown fault 'rset'"):
        load_faults(lines)
    lines.write_text('{"on": \n', encoding="utf-8")
    with pytest.raises(FaultPlanError, match=r"plan\.jsonl:1: not JSON"):
        load_faults(lines)
