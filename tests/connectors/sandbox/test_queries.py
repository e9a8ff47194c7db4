"""Queries over HTTP: pages, cursors, counts, groups, parents, children, deleted rows."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import TODAY, Client

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_long_answer_comes_in_pages_of_the_size_asked_for(reader: Client) -> None:
    headers = {"Sforce-Query-Options": "batchSize=200"}
    body = reader("GET", "/query/", params={"q": "SELECT Id FROM Account ORDER BY Id"}, headers=headers).json()
    assert (body["totalSize"], body["done"], len(body["records"])) == (300, False, 200)
    assert body["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
    assert body["nextRecordsUrl"].endswith("-200")
    following = reader("GET", reader.sandbox.url + body["nextRecordsUrl"]).json()
    assert (following["totalSize"], following["done"], len(following["records"])) == (300, True, 100)
    assert "nextRecordsUrl" not in following
    again = reader("GET", reader.sandbox.url + body["nextRecordsUrl"]).json()
    assert again == following


def test_a_page_has_2000_rows_unless_less_is_asked_for(reader: Client) -> None:
    headers = {"Sforce-Query-Options": "batchSize=5"}
    assert (
        len(reader("GET", "/query", params={"q": "SELECT Id FROM Account"}, headers=headers).json()["records"]) == 200
    )


def test_a_cursor_shows_the_rows_as_they_were_when_it_was_opened(sandbox: Sandbox, crm: Client) -> None:
    sandbox.faults({"on": "query", "fault": "short_page", "rows": 10})
    body = crm.get("/query", q="SELECT Id, Phone FROM Account ORDER BY Id").json()
    last = list(sandbox.company.tables["Account"])[-1]
    sandbox.company.edit("Account", last, Phone="new")
    rows: list[dict[str, object]] = []
    while not body["done"]:
        body = crm("GET", sandbox.url + body["nextRecordsUrl"]).json()
        rows += body["records"]
    assert rows[-1]["Id"] == last
    assert rows[-1]["Phone"] != "new"


def test_an_unknown_cursor_is_refused(reader: Client) -> None:
    for locator in ("01g5g0000000099AAA-2000", "01g", "01g5g0000000099AAA-x"):
        reply = reader.get(f"/query/{locator}")
        assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_count_has_no_records_and_groups_are_aggregate_results(still: Sandbox, reader: Client) -> None:
    assert reader.get("/query", q="SELECT COUNT() FROM Account").json() == {
        "totalSize": 300, "done": True, "records": [],
    }  # fmt: skip
    counted = reader.rows("SELECT Region__c, COUNT(Id) n, MAX(NumberOfEmployees) FROM Account GROUP BY Region__c")
    wanted = Counter(row["Region__c"] for row in still.company.tables["Account"].values())
    assert {row["Region__c"]: row["n"] for row in counted} == wanted
    assert counted[0]["attributes"] == {"type": "AggregateResult"}
    assert "expr0" in counted[0]


def test_having_keeps_the_groups_that_it_describes(still: Sandbox, reader: Client) -> None:
    held = Counter(str(row["OwnerId"]) for row in still.company.tables["Account"].values())
    soql = "SELECT OwnerId, COUNT(Id) n FROM Account GROUP BY OwnerId HAVING COUNT(Id) > 30 AND OwnerId != null"
    assert {row["OwnerId"]: row["n"] for row in reader.rows(soql)} == {
        owner: count for owner, count in held.items() if count > 30
    }
    none = "SELECT Region__c FROM Account GROUP BY Region__c HAVING Region__c IN ('EMEA') AND MAX(CreatedDate) < TODAY"
    assert [row["Region__c"] for row in reader.rows(none)] == ["EMEA"]


def test_parents_are_nested_records_and_null_where_there_is_none(still: Sandbox, reader: Client) -> None:
    rows = reader.rows("SELECT Id, Owner.Name, Owner.Manager.Name, Parent.Name FROM Account")
    users = still.company.tables["User"]
    for row in rows:
        owner = users[str(still.company.tables["Account"][row["Id"]]["OwnerId"])]
        assert row["Owner"]["Name"] == owner["Name"]
        assert row["Owner"]["attributes"]["type"] == "User"
        assert (row["Owner"]["Manager"] is None) is ("ManagerId" not in owner)
    assert any(row["Parent"] for row in rows)
    assert any(row["Parent"] is None for row in rows)


def test_a_parent_of_several_kinds_tells_its_type(reader: Client) -> None:
    rows = reader.rows("SELECT What.Name, What.Type, Who.Type FROM Task WHERE What.Type = 'Account' AND WhoId != null")
    assert {(row["What"]["Type"], row["What"]["attributes"]["type"], row["Who"]["Type"]) for row in rows} == {
        ("Account", "Account", "Contact")
    }


def test_children_come_as_answers_within_the_answer(still: Sandbox, reader: Client) -> None:
    rows = reader.rows("SELECT Id, (SELECT Id, Name FROM Contacts ORDER BY Name LIMIT 2) FROM Account")
    held = Counter(contact["AccountId"] for contact in still.company.tables["Contact"].values())
    for row in rows:
        assert (row["Contacts"]["totalSize"] if row["Contacts"] else 0) == min(held[row["Id"]], 2)


def test_a_semi_join_keeps_the_accounts_that_have_such_children(still: Sandbox, reader: Client) -> None:
    rows = reader.rows("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)")
    won = {deal["AccountId"] for deal in still.company.tables["Opportunity"].values() if deal["IsWon"]}
    assert {row["Id"] for row in rows} == won


def test_a_short_and_a_long_id_name_one_row(still: Sandbox, reader: Client) -> None:
    one, two = list(still.company.tables["Account"])[:2]
    rows = reader.rows(f"SELECT Id FROM Account WHERE Id IN ('{two}', '{one}', '{one[:15]}', '0015g00000ZZZZZ')")
    assert [row["Id"] for row in rows] == [one, two]
    assert reader.rows(f"SELECT Id FROM Account WHERE OwnerId != null AND Id = '{one[:15]}'")[0]["Id"] == one


def test_order_puts_nulls_first_unless_told_otherwise(reader: Client) -> None:
    values = [row["Industry"] for row in reader.rows("SELECT Industry FROM Account ORDER BY Industry")]
    filled = [value for value in values if value]
    assert values == [None] * (len(values) - len(filled)) + sorted(filled)
    last = [row["Industry"] for row in reader.rows("SELECT Industry FROM Account ORDER BY Industry DESC NULLS LAST")]
    assert last == sorted(filled, reverse=True) + [None] * (len(values) - len(filled))


def test_fields_all_shows_everything_up_to_200_rows(reader: Client) -> None:
    shown = reader.rows("SELECT FIELDS(ALL) FROM Account LIMIT 1")[0]
    assert {"Id", "Name", "Priority_Tier__c", "BillingAddress"} <= set(shown)
    assert "Name" not in reader.rows("SELECT FIELDS(CUSTOM) FROM Account LIMIT 1")[0]


def test_deleted_rows_and_the_winner_of_a_merge_are_seen_by_query_all_only(sandbox: Sandbox, crm: Client) -> None:
    winner, loser, wiped = list(sandbox.company.tables["Account"])[:3]
    children = [row["Id"] for row in sandbox.company.tables["Contact"].values() if row.get("AccountId") == loser]
    sandbox.company.merge("Account", winner, loser)
    sandbox.company.delete("Account", wiped)
    sandbox.company.hard_delete("Account", wiped)
    soql = "SELECT Id, IsDeleted, MasterRecordId FROM Account"
    assert loser not in {row["Id"] for row in crm.rows(soql)}
    every = {row["Id"]: row for row in crm.get("/queryAll/", q=soql).json()["records"]}
    assert (every[loser]["IsDeleted"], every[loser]["MasterRecordId"]) == (True, winner)
    assert wiped not in every
    assert all(sandbox.company.tables["Contact"][str(id_)]["AccountId"] == winner for id_ in children)


def test_all_api_versions_that_live_answer_and_retired_ones_are_gone(crm: Client) -> None:
    url = crm.sandbox.url
    for version in ("31.0", "59.0", "68.0"):
        shown = crm("GET", f"{url}/services/data/v{version}/query?q=SELECT+Id+FROM+User+LIMIT+1").json()
        assert shown["records"][0]["attributes"]["url"].startswith(f"/services/data/v{version}/")
    assert crm("GET", f"{url}/services/data/v30.0/query?q=x").status_code == 410


def test_an_address_that_is_too_long_is_refused(crm: Client) -> None:
    assert crm.get("/query", q="SELECT Id FROM Account WHERE Name = '" + "x" * 16_400 + "'").status_code == 414
    assert crm("GET", "/limits", headers={"X-Long": "x" * 17_000}).status_code == 431


def test_a_page_of_2000_wide_rows_takes_less_than_300_ms_of_cpu(record_property: Callable[[str, object], None]) -> None:
    with Sandbox(accounts=2000, reps=25, today=TODAY) as sandbox:
        crm = Client(sandbox)
        names = [field["name"] for field in crm.get("/sobjects/Account/describe").json()["fields"]]
        soql = f"SELECT {', '.join(names)} FROM Account ORDER BY SystemModstamp, Id"
        start = time.process_time()
        reply = crm.get("/query", q=soql)
        spent = time.process_time() - start
        crm.session.close()
    assert len(reply.json()["records"]) == 2000
    record_property("cpu_seconds", spent)
    assert spent < 0.3
