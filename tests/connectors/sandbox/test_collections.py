"""Many records in one call: each with its own result, in order, all or none if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.sandbox.conftest import Client


def ids(sandbox: Sandbox, count: int) -> list[str]:
    return list(sandbox.company.tables["Account"])[:count]


def record(id_: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "id": id_, **fields}


def patch(crm: Client, records: list[dict[str, Any]], *, all_or_none: bool = False) -> Any:
    return crm("PATCH", "/composite/sobjects", json={"allOrNone": all_or_none, "records": records})


def test_results_come_in_the_order_of_the_request(sandbox: Sandbox, crm: Client) -> None:
    chosen = ids(sandbox, 3)[::-1]
    reply = patch(crm, [record(id_, Priority_Score__c=at) for at, id_ in enumerate(chosen)])
    assert reply.status_code == 200
    assert reply.json() == [{"id": id_, "success": True, "errors": []} for id_ in chosen]


def test_a_refused_row_leaves_the_others_alone(sandbox: Sandbox, crm: Client) -> None:
    one, two = ids(sandbox, 2)
    reply = patch(crm, [record(one, Priority_Tier__c="Z"), record(two, Priority_Tier__c="A")])
    failed, done = reply.json()
    assert (failed["id"], failed["success"], failed["errors"][0]["statusCode"], failed["errors"][0]["fields"]) == (
        one, False, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Priority_Tier__c"],
    )  # fmt: skip
    assert done["success"]
    assert [effect["id"] for effect in sandbox.effects] == [two]


def test_all_or_none_takes_everything_back(sandbox: Sandbox, crm: Client) -> None:
    one, two, three = ids(sandbox, 3)
    before = {id_: sandbox.company.tables["Account"][id_] for id_ in (one, two, three)}
    rows = [record(one, Phone="1"), record(two, Name=None), record(three, Phone="3")]
    results = patch(crm, rows, all_or_none=True).json()
    assert [result["errors"][0]["statusCode"] for result in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING", "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]  # fmt: skip
    assert sandbox.effects == []
    assert {id_: sandbox.company.tables["Account"][id_] for id_ in before} == before


def test_rows_that_cannot_be_found_are_told_apart(sandbox: Sandbox, crm: Client) -> None:
    gone, kept = ids(sandbox, 2)
    sandbox.company.delete("Account", gone)
    contact = next(iter(sandbox.company.tables["Contact"]))
    rows = [
        record(gone, Phone="1"), record("0015g00000ZZZZZ", Phone="1"), record("bad", Phone="1"),
        record(contact, Phone="1"), {"attributes": {"type": "Account"}, "Phone": "1"},
        record(kept, Phone="1"), record(kept[:15], Phone="2"),
    ]  # fmt: skip
    results = patch(crm, rows).json()
    assert [result["errors"][0]["statusCode"] if result["errors"] else "" for result in results] == [
        "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY",
        "MISSING_ARGUMENT", "", "DUPLICATE_VALUE",
    ]  # fmt: skip


def test_a_malformed_call_is_refused_as_a_whole_before_anything_is_written(sandbox: Sandbox, crm: Client) -> None:
    one, two = ids(sandbox, 2)
    for rows, code in (
        ([record(one, Phone="1"), record(two, Nope=1)], "INVALID_FIELD"),
        ([record(one, Phone="1"), record(two, NumberOfEmployees="x")], "JSON_PARSER_ERROR"),
        ([record(one, Phone="1"), {"id": two}], "INVALID_INPUT"),
        ([record(one, Phone=str(at)) for at in range(201)], "EXCEEDED_MAX_SIZE_REQUEST"),
    ):
        reply = patch(crm, rows)
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)
    assert crm("PATCH", "/composite/sobjects", data=b"{").json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    assert sandbox.effects == []


def test_more_than_ten_changes_of_object_are_too_many(sandbox: Sandbox, crm: Client) -> None:
    contact = next(iter(sandbox.company.tables["Contact"]))
    pair = [record(ids(sandbox, 1)[0], Phone="1"), {"attributes": {"type": "Contact"}, "id": contact, "Phone": "1"}]
    assert patch(crm, pair * 6).status_code == 400


def test_records_are_made_and_deleted_in_one_call(crm: Client) -> None:
    made = crm("POST", "/composite/sobjects", json={"records": [
        {"attributes": {"type": "Account"}, "Name": "One"}, {"attributes": {"type": "Account"}},
    ]}).json()  # fmt: skip
    assert [result["success"] for result in made] == [True, False]
    gone = crm("DELETE", f"/composite/sobjects?ids={made[0]['id']},0015g00000ZZZZZ&allOrNone=false").json()
    assert [result["success"] for result in gone] == [True, False]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_collection_is_read_in_order_with_null_for_what_is_gone(sandbox: Sandbox, crm: Client, method: str) -> None:
    one, gone, three = ids(sandbox, 3)
    sandbox.company.delete("Account", gone)
    wanted = [three, gone, "0015g00000ZZZZZ", one[:15]]
    path = "/composite/sobjects/Account"
    if method == "GET":
        reply = crm.get(path, ids=",".join(wanted), fields="Name,OwnerId")
    else:
        reply = crm("POST", path, json={"ids": wanted, "fields": ["Name", "OwnerId"]})
    assert [row and row["Id"] for row in reply.json()] == [three, None, None, one]
    assert set(reply.json()[0]) == {"attributes", "Id", "Name", "OwnerId"}


def test_up_to_2000_records_are_read_in_one_call(crm: Client) -> None:
    path = "/composite/sobjects/Account"
    assert len(crm("POST", path, json={"ids": ["0015g00000ZZZZZ"] * 2000, "fields": ["Id"]}).json()) == 2000
    over = crm("POST", path, json={"ids": ["0015g00000ZZZZZ"] * 2001, "fields": ["Id"]})
    assert over.json()[0]["errorCode"] == "EXCEEDED_MAX_SIZE_REQUEST"
    assert crm.get(path, ids="0015g0000000001", fields="Nope").json()[0]["errorCode"] == "INVALID_FIELD"
