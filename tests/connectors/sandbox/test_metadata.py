"""What the org says of itself: versions, objects, fields, limits, what changed when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.ids import canonical
from tests.connectors.sandbox.conftest import TODAY, Client

SALESFORCE_OBJECTS = {
    "Account", "Contact", "Lead", "Opportunity", "Task", "Event", "User", "Group", "AccountTeamMember",
    "ObjectTerritory2Association", "AccountHistory",
}  # fmt: skip


def test_the_versions_are_told_without_a_token(still: Sandbox) -> None:
    versions = requests.get(f"{still.url}/services/data/", timeout=10).json()
    assert {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"} in versions
    assert [version["label"] for version in versions] == ["Summer '25", "Winter '26", "Spring '26", "Summer '26"]


def test_every_address_answers_with_and_without_a_slash_at_its_end(reader: Client) -> None:
    for path in ("", "/limits", "/sobjects", "/sobjects/Account", "/sobjects/Account/describe", "/jobs/query"):
        assert reader.get(path).status_code == reader.get(path + "/").status_code == 200


def test_the_objects_are_listed_with_their_addresses(reader: Client) -> None:
    body = reader.get("/sobjects").json()
    objects = {each["name"]: each for each in body["sobjects"]}
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    assert set(objects) >= SALESFORCE_OBJECTS
    assert objects["Account"]["keyPrefix"] == "001"
    assert objects["Account"]["urls"]["describe"] == "/services/data/v66.0/sobjects/Account/describe"


def test_a_describe_tells_of_each_field_what_a_client_must_know(reader: Client) -> None:
    body = reader.get("/sobjects/account/describe").json()
    fields = {field["name"]: field for field in body["fields"]}
    owner, tier, score = fields["OwnerId"], fields["Priority_Tier__c"], fields["Priority_Score__c"]
    assert (owner["type"], owner["referenceTo"], owner["relationshipName"]) == ("reference", ["User"], "Owner")
    assert owner["updateable"]
    assert not fields["SystemModstamp"]["updateable"]
    assert [value["value"] for value in tier["picklistValues"]] == ["A", "B", "C", "D"]
    assert (tier["restrictedPicklist"], tier["custom"]) == (True, True)
    assert (score["type"], score["scale"], score["nillable"]) == ("double", 2, True)
    assert fields["Priority_Reasons__c"]["length"] == 1000
    assert fields["BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert {"Contacts", "Opportunities"} <= {each["relationshipName"] for each in body["childRelationships"]}
    assert body["recordTypeInfos"][0]["master"] is True


def test_every_field_of_a_describe_can_be_queried_and_every_filterable_one_filtered(reader: Client) -> None:
    for name in sorted(SALESFORCE_OBJECTS):
        fields = reader.get(f"/sobjects/{name}/describe").json()["fields"]
        assert (
            reader.get("/query", q=f"SELECT {','.join(f['name'] for f in fields)} FROM {name} LIMIT 3").status_code
            == 200
        )
        filters = " AND ".join(f"{field['name']} != null" for field in fields if field["filterable"])
        assert reader.get("/query", q=f"SELECT Id FROM {name} WHERE {filters}").status_code == 200, name


def test_a_describe_that_the_client_has_already_is_304_until_a_field_goes(sandbox: Sandbox, crm: Client) -> None:
    known = crm.get("/sobjects/Account/describe").headers["Last-Modified"]
    headers = {"If-Modified-Since": known}
    assert crm("GET", "/sobjects/Account/describe", headers=headers).status_code == 304
    sandbox.company.hide_field("Account", "Priority_Tier__c")
    fresh = crm("GET", "/sobjects/Account/describe", headers=headers)
    assert fresh.status_code == 200
    assert "Priority_Tier__c" not in {field["name"] for field in fresh.json()["fields"]}
    refused = crm.get("/query", q="SELECT Priority_Tier__c FROM Account").json()[0]
    assert (refused["errorCode"], "No such column 'Priority_Tier__c'" in refused["message"]) == ("INVALID_FIELD", True)
    sandbox.company.show_field("Account", "Priority_Tier__c")
    assert crm.get("/query", q="SELECT Priority_Tier__c FROM Account").status_code == 200


def test_each_reply_tells_the_usage_and_limits_agrees(sandbox: Sandbox, crm: Client) -> None:
    crm.get("/sobjects")
    reply = crm.get("/limits")
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    assert reply.json()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_998}
    assert crm.get("/query", q="SELECT").headers["Sforce-Limit-Info"] == "api-usage=3/100000"
    sandbox.reset_calls()
    assert crm.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=4/100000"


def test_over_the_daily_limit_every_call_is_refused() -> None:
    with Sandbox(accounts=5, reps=2, today=TODAY, daily_limit=2) as sandbox:
        crm = Client(sandbox)
        assert [crm.get("/limits").status_code for _ in range(4)] == [200, 200, 403, 403]
        assert crm.get("/limits").json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
        assert requests.post(f"{sandbox.url}/services/oauth2/token", timeout=10).status_code == 400
        crm.session.close()


def test_every_id_and_every_reference_is_sound(still: Sandbox) -> None:
    for name, rows in still.company.tables.items():
        entity = still.company.entity(name)
        assert entity is not None
        for id_, row in rows.items():
            assert canonical(id_) == id_ == row["Id"]
            assert id_.startswith(entity.prefix)
            for column in entity.columns.values():
                target = row.get(column.name)
                if column.refers and target is not None:
                    assert any(target in still.company.tables[each] for each in column.refers), (name, column.name)


# What changed when


def span(**shift: float) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"start": (now - timedelta(**shift)).isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}


def test_updated_and_deleted_tell_the_ids_of_a_span_of_time(sandbox: Sandbox, crm: Client) -> None:
    one, two = list(sandbox.company.tables["Account"])[:2]
    sandbox.company.edit("Account", one, Phone="1")
    sandbox.company.delete("Account", two)
    changed = crm.get("/sobjects/Account/updated/", **span(minutes=1)).json()
    gone = crm.get("/sobjects/Account/deleted/", **span(minutes=1)).json()
    assert changed["ids"] == [one]
    assert set(changed) == {"ids", "latestDateCovered"}
    assert [each["id"] for each in gone["deletedRecords"]] == [two]
    assert set(gone) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("deleted", span(days=16)),
        ("updated", span(days=31)),
        ("updated", {"start": "x", "end": "y"}),
        ("updated", {"start": "2026-11-01T00:00:00", "end": "2026-11-02T00:00:00"}),
        ("updated", {"start": span(days=1)["start"], "end": span(days=1)["start"]}),
    ],
)
def test_a_wrong_span_of_time_is_refused(reader: Client, path: str, params: dict[str, Any]) -> None:
    reply = reader.get(f"/sobjects/Account/{path}", **params)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")
