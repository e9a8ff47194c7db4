"""Single records: what a read shows, which writes are refused and how, and the conditions that a write may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.sandbox.conftest import Client


def first(sandbox: Sandbox, entity: str = "Account") -> str:
    return next(iter(sandbox.company.tables[entity]))


def other_rep(sandbox: Sandbox, account: str) -> str:
    owner = sandbox.company.tables["Account"][account]["OwnerId"]
    return next(rep for rep in sandbox.company.seeding.reps if rep != owner)


def error(reply: Any) -> tuple[int, str, list[str]]:
    told = reply.json()[0]
    return reply.status_code, told["errorCode"], told.get("fields", [])


def test_a_read_shows_every_field_the_etag_and_when_it_changed(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    reply = crm.get(f"/sobjects/Account/{id_}")
    described = {field["name"] for field in crm.get("/sobjects/Account/describe").json()["fields"]}
    assert set(reply.json()) == described | {"attributes"}
    assert reply.json()["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{id_}"}
    assert reply.headers["ETag"].startswith('"')
    assert reply.headers["Last-Modified"].endswith("GMT")
    assert reply.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_only_accounts_have_an_etag(sandbox: Sandbox, crm: Client) -> None:
    assert "ETag" not in crm.get(f"/sobjects/Contact/{first(sandbox, 'Contact')}").headers


def test_a_read_can_name_its_fields(sandbox: Sandbox, crm: Client) -> None:
    shown = crm.get(f"/sobjects/Account/{first(sandbox)[:15]}", fields="Name,ownerid").json()
    assert list(shown) == ["attributes", "Name", "OwnerId"]


def test_a_read_of_the_unknown_is_404(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    assert error(crm.get("/sobjects/Account/nonsense"))[:2] == (404, "NOT_FOUND")
    assert error(crm.get("/sobjects/Account/0015g00000ZZZZZ"))[:2] == (404, "NOT_FOUND")
    assert error(crm.get(f"/sobjects/Nothing/{id_}"))[:2] == (404, "NOT_FOUND")
    assert error(crm.get("/nowhere"))[:2] == (404, "NOT_FOUND")
    assert error(crm("PUT", f"/sobjects/Account/{id_}"))[:2] == (405, "METHOD_NOT_ALLOWED")
    sandbox.company.delete("Account", id_)
    assert error(crm.get(f"/sobjects/Account/{id_}"))[:2] == (404, "ENTITY_IS_DELETED")


def test_a_write_is_204_and_moves_the_etag_and_the_stamps(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    before = crm.get(f"/sobjects/Account/{id_}")
    reply = crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "+1 1"})
    after = crm.get(f"/sobjects/Account/{id_}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json()["SystemModstamp"] > before.json()["SystemModstamp"]
    assert after.json()["LastModifiedById"] == sandbox.company.seeding.integration


def test_a_write_of_the_same_value_has_no_effect_and_keeps_the_etag(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    before = crm.get(f"/sobjects/Account/{id_}")
    assert crm("PATCH", f"/sobjects/Account/{id_}", json={"Name": before.json()["Name"]}).status_code == 204
    after = crm.get(f"/sobjects/Account/{id_}")
    assert sandbox.effects == []
    assert after.headers["ETag"] == before.headers["ETag"]
    assert after.json()["SystemModstamp"] > before.json()["SystemModstamp"]


REFUSED: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"Foo": 1}, "INVALID_FIELD", []),
    ({"Id": "0015g0000000001AAA"}, "INVALID_FIELD", ["Id"]),
    ({"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
    ({"LastActivityDate": "2026-01-01"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["LastActivityDate"]),
    ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR", []),
    ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", []),
    ({"AnnualRevenue": True}, "JSON_PARSER_ERROR", []),
    ({"Name": {"first": "x"}}, "JSON_PARSER_ERROR", []),
    ({"Protected_Until__c": "soon"}, "JSON_PARSER_ERROR", []),
    ({"Owner_Since__c": "2026-13-01T00:00:00Z"}, "JSON_PARSER_ERROR", []),
    ({"Do_Not_Move__c": "perhaps"}, "JSON_PARSER_ERROR", []),
    ({"Do_Not_Move__c": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["Do_Not_Move__c"]),
    ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
    ({"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
    ({"Priority_Reasons__c": "x" * 1001}, "STRING_TOO_LONG", ["Priority_Reasons__c"]),
    ({"Priority_Tier__c": "E"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Priority_Tier__c"]),
    ({"Priority_Score__c": 1e7}, "NUMBER_OUTSIDE_VALID_RANGE", ["Priority_Score__c"]),
    ({"OwnerId": "somebody"}, "MALFORMED_ID", ["OwnerId"]),
    ({"OwnerId": "0055g00000ZZZZZ"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
    ({"OwnerId": "00G5g0000000001"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
    ({"ParentId": "0035g0000000001"}, "INVALID_CROSS_REFERENCE_KEY", ["ParentId"]),
]


@pytest.mark.parametrize(("given", "code", "fields"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_wrong_write_is_refused_in_salesforces_words(
    still: Sandbox, reader: Client, given: dict[str, Any], code: str, fields: list[str]
) -> None:
    reply = reader("PATCH", f"/sobjects/Account/{first(still)}", json=given)
    assert error(reply) == (400, code, fields)
    assert still.effects == []


def test_values_are_taken_in_every_form_that_json_clients_use(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    given = {
        "numberofemployees": "12",
        "AnnualRevenue": 5,
        "Owner_Since__c": "2026-11-04T11:00:00+01:00",
        "Protected_Until__c": "2026-12-01",
        "Do_Not_Move__c": "true",
        "Phone": "",
        "Priority_Tier__c": None,
        "attributes": {"type": "Account"},
    }
    assert crm("PATCH", f"/sobjects/Account/{id_}", json=given).status_code == 204
    shown = crm.get(f"/sobjects/Account/{id_}").json()
    assert shown["NumberOfEmployees"] == 12
    assert shown["AnnualRevenue"] == 5.0
    assert shown["Owner_Since__c"] == "2026-11-04T10:00:00.000+0000"
    assert (shown["Protected_Until__c"], shown["Do_Not_Move__c"], shown["Phone"]) == ("2026-12-01", True, None)


def test_nobody_inactive_and_no_outsider_may_own_an_account(sandbox: Sandbox, crm: Client) -> None:
    id_, users = first(sandbox), sandbox.company.tables["User"]
    leaver = next(key for key, user in users.items() if not user["IsActive"])
    outsider = next(key for key, user in users.items() if user["UserType"] == "CsnOnly")
    assert error(crm("PATCH", f"/sobjects/Account/{id_}", json={"OwnerId": leaver})) == (
        400, "INACTIVE_OWNER_OR_USER", ["OwnerId"],
    )  # fmt: skip
    assert error(crm("PATCH", f"/sobjects/Account/{id_}", json={"OwnerId": outsider})) == (
        400, "OP_WITH_INVALID_USER_TYPE_EXCEPTION", ["OwnerId"],
    )  # fmt: skip


def test_a_queue_may_own_a_lead(sandbox: Sandbox, crm: Client) -> None:
    lead, queue = first(sandbox, "Lead"), first(sandbox, "Group")
    assert crm("PATCH", f"/sobjects/Lead/{lead}", json={"OwnerId": queue}).status_code == 204


def test_a_locked_row_refuses_writes_until_it_is_free(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    sandbox.company.locked.add(id_)
    assert error(crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "1"}))[1] == "UNABLE_TO_LOCK_ROW"
    sandbox.company.locked.clear()
    assert crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "1"}).status_code == 204


# Conditions


def test_a_write_with_the_current_etag_lands_and_with_an_old_one_does_not(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    tag = crm.get(f"/sobjects/Account/{id_}").headers["ETag"]
    one, two = list(sandbox.company.seeding.reps)[:2]
    owner = one if sandbox.company.tables["Account"][id_]["OwnerId"] == two else two
    assert (
        crm("PATCH", f"/sobjects/Account/{id_}", json={"OwnerId": owner}, headers={"If-Match": tag}).status_code == 204
    )
    reply = crm("PATCH", f"/sobjects/Account/{id_}", json={"OwnerId": one}, headers={"If-Match": tag})
    assert (reply.status_code, reply.content) == (412, b"")
    assert len([effect for effect in sandbox.effects if effect["field"] == "OwnerId"]) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "*"}, 204),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": '"other", TAG'}, 204),
        ({"If-Match": "W/TAG"}, 204),
        ({"If-None-Match": "TAG"}, 412),
        ({"If-None-Match": '"other"'}, 204),
        ({"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}, 412),
        ({"If-Unmodified-Since": "Tue, 01 Jan 2047 00:00:00 GMT"}, 204),
        ({"If-Modified-Since": "Tue, 01 Jan 2047 00:00:00 GMT"}, 412),
        ({"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}, 204),
        ({"If-Unmodified-Since": "long ago"}, 400),
    ],
)
def test_conditions_of_a_write(sandbox: Sandbox, crm: Client, headers: dict[str, str], status: int) -> None:
    id_ = first(sandbox)
    tag = crm.get(f"/sobjects/Account/{id_}").headers["ETag"]
    sent = {name: value.replace("TAG", tag) for name, value in headers.items()}
    assert crm("PATCH", f"/sobjects/Account/{id_}", json={"Phone": "9"}, headers=sent).status_code == status
    assert bool(sandbox.effects) is (status == 204)


def test_a_read_of_what_the_client_has_already_is_304(sandbox: Sandbox, crm: Client) -> None:
    id_ = first(sandbox)
    tag = crm.get(f"/sobjects/Account/{id_}").headers["ETag"]
    reply = crm("GET", f"/sobjects/Account/{id_}", headers={"If-None-Match": tag})
    assert (reply.status_code, reply.content) == (304, b"")
    since = {"If-Modified-Since": "Tue, 01 Jan 2047 00:00:00 GMT"}
    assert crm("GET", f"/sobjects/Contact/{first(sandbox, 'Contact')}", headers=since).status_code == 304


# Making, deleting, external keys


def test_a_record_is_made_read_and_deleted(sandbox: Sandbox, crm: Client) -> None:
    made = crm("POST", "/sobjects/Account", json={"Name": "New Ltd"})
    assert made.status_code == 201
    id_ = made.json()["id"]
    assert made.json() == {"id": id_, "success": True, "errors": []}
    assert crm.get(f"/sobjects/Account/{id_}").json()["OwnerId"] == sandbox.company.seeding.integration
    assert crm("DELETE", f"/sobjects/Account/{id_}").status_code == 204
    assert crm.rows(f"SELECT Id FROM Account WHERE Id = '{id_}'") == []
    kept = crm.get("/queryAll", q=f"SELECT Id, IsDeleted FROM Account WHERE Id = '{id_}'").json()["records"]
    assert kept[0]["IsDeleted"] is True


def test_a_record_without_its_required_fields_is_not_made(crm: Client) -> None:
    assert error(crm("POST", "/sobjects/Contact", json={"FirstName": "Ada"})) == (
        400, "REQUIRED_FIELD_MISSING", ["LastName"],
    )  # fmt: skip


def test_an_external_key_finds_changes_and_makes_records(sandbox: Sandbox, crm: Client) -> None:
    path = "/sobjects/Account/External_Key__c/k-1"
    assert crm.get(path).status_code == 404
    made = crm("PATCH", path, json={"Name": "Keyed"})
    again = crm("PATCH", path, json={"Name": "Renamed"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert crm.get(path).json()["Name"] == "Renamed"
    assert error(crm.get("/sobjects/Account/Name/x"))[:2] == (404, "NOT_FOUND")
    assert [effect["id"] for effect in sandbox.effects if effect["field"] == "Name"] == [made.json()["id"]] * 2


def test_an_activity_belongs_to_the_account_of_what_or_whom_it_is_about(sandbox: Sandbox, crm: Client) -> None:
    contact = first(sandbox, "Contact")
    made = crm("POST", "/sobjects/Task", json={"WhoId": contact, "Subject": "Call", "Status": "Completed"}).json()
    shown = crm.get(f"/sobjects/Task/{made['id']}").json()
    assert shown["AccountId"] == sandbox.company.tables["Contact"][contact]["AccountId"]
    assert (shown["IsClosed"], shown["CompletedDateTime"] is None) == (True, False)


def test_the_history_tells_who_changed_an_owner_once_with_names_and_once_with_ids(
    sandbox: Sandbox, crm: Client
) -> None:
    def name_of(user: str) -> object:
        return sandbox.company.tables["User"][user]["Name"]

    id_ = first(sandbox)
    before, after = str(sandbox.company.tables["Account"][id_]["OwnerId"]), other_rep(sandbox, id_)
    crm("PATCH", f"/sobjects/Account/{id_}", json={"OwnerId": after, "Rating": "Hot"})
    told = crm.rows(
        "SELECT AccountId, Field, OldValue, NewValue, CreatedById, CreatedDate FROM AccountHistory "
        f"WHERE AccountId = '{id_}' AND Field = 'Owner'"
    )
    assert [(row["OldValue"], row["NewValue"], row["CreatedById"]) for row in told] == [
        (name_of(before), name_of(after), sandbox.company.seeding.integration),
        (before, after, sandbox.company.seeding.integration),
    ]


def test_a_person_edits_under_a_token_of_their_own(sandbox: Sandbox, crm: Client) -> None:
    from tests.connectors.sandbox.conftest import Client  # noqa: PLC0415 - a second client, with another token

    admin = Client(sandbox, sandbox.user_token("admin@acme.example"))
    admin("PATCH", f"/sobjects/Account/{first(sandbox)}", json={"Phone": "77"})
    admin.session.close()
    assert sandbox.effects[0]["actor"] == sandbox.company.seeding.admin
    assert crm.get(f"/sobjects/Account/{first(sandbox)}").json()["LastModifiedById"] == sandbox.company.seeding.admin
