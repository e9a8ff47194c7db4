"""The same seed makes the same company for both CRMs, and the same bytes each time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from connectors.sandbox import Sandbox, SandboxError
from connectors.sandbox.seed import seed_company
from tests.connectors.sandbox.conftest import TODAY

if TYPE_CHECKING:
    from connectors.sandbox.schema import Row
    from tests.connectors.sandbox.hubspot.conftest import Account

SEEDED = seed_company(3, 300, 8, TODAY)
COMPANIES = (
    "name,domain,website,phone,industry,annualrevenue,numberofemployees,country,city,state,zip,type,lifecyclestage,"
    "region,segment,renewal_date,intent_cybersecurity,do_not_move,owner_since,hubspot_owner_id,hs_parent_company_id"
)


@pytest.fixture(scope="module")
def told(reader: Account) -> dict[str, dict[str, Any]]:
    """Companies by the name and city of their account; names do not repeat in this seed."""
    return {row["properties"]["name"]: row for row in reader.everything("companies", properties=COMPANIES)}


def accounts() -> list[Row]:
    return list(SEEDED.tables["Account"].values())


def test_every_account_is_a_company_with_the_same_values(told: dict[str, dict[str, Any]]) -> None:
    assert len(told) == len(accounts()) == 300
    for row in accounts():
        company = told[str(row["Name"])]["properties"]
        pairs = {"industry": "Industry", "country": "BillingCountry", "city": "BillingCity", "type": "Type",
                 "region": "Region__c", "segment": "Segment__c", "website": "Website"}  # fmt: skip
        assert {name: company[name] for name in pairs} == {name: row.get(field) for name, field in pairs.items()}
        employees = row.get("NumberOfEmployees")
        assert company["numberofemployees"] == (None if employees is None else str(employees))
        assert company["do_not_move"] == str(bool(row.get("Do_Not_Move__c"))).lower()
        assert company["domain"] == (str(row["Website"]).removeprefix("https://www.") if row.get("Website") else None)
        assert (company["lifecyclestage"] == "customer") == (row.get("Type") == "Customer")


def test_every_company_has_the_owner_of_its_account(reader: Account, told: dict[str, dict[str, Any]]) -> None:
    owners = {row["id"]: row for archived in ("false", "true") for row in
              reader.get("/crm/v3/owners", archived=archived, limit=500)["results"]}  # fmt: skip
    for row in accounts():
        owner = owners[told[str(row["Name"])]["properties"]["hubspot_owner_id"]]
        user = SEEDED.tables["User"][str(row["OwnerId"])]
        assert owner["email"] == user["Email"]
        assert owner["archived"] is not user["IsActive"]


def test_children_know_their_parents(reader: Account, told: dict[str, dict[str, Any]]) -> None:
    children = [row for row in accounts() if row.get("ParentId")]
    assert children
    for row in children:
        parent = told[str(SEEDED.tables["Account"][str(row["ParentId"])]["Name"])]["id"]
        child = told[str(row["Name"])]
        assert child["properties"]["hs_parent_company_id"] == parent
        links = reader.get(f"/crm/v4/objects/companies/{child['id']}/associations/companies")["results"]
        assert {"category": "HUBSPOT_DEFINED", "typeId": 14, "label": "Parent Company"} in links[0]["associationTypes"]


def test_reps_are_people_in_teams_and_the_queue_is_none(reader: Account) -> None:
    owners = reader.get("/crm/v3/owners")["results"]
    people = {row["email"]: row for row in owners if row["type"] == "PERSON"}
    for rep in SEEDED.reps:
        user = SEEDED.tables["User"][rep]
        owner = people[str(user["Email"])]
        assert (owner["firstName"], owner["lastName"]) == (user["FirstName"], user["LastName"])
        assert owner["teams"][0]["name"] == user["Department"]
        assert owner["userId"] == owner["userIdIncludingInactive"] != int(owner["id"])
    (queue,) = (row for row in owners if row["type"] == "QUEUE")
    assert (queue["lastName"], "userId" in queue, "email" in queue) == ("Inbound", False, False)
    assert {"admin@acme.example", "pool@acme.example"} <= set(people)
    assert "integration@acme.example" not in people


def test_people_who_have_left_are_archived_owners_without_a_user_id(reader: Account) -> None:
    gone = reader.get("/crm/v3/owners", archived="true")["results"]
    assert len(gone) == 2
    for owner in gone:
        assert owner["archived"] is True
        assert "userId" not in owner
        assert owner["userIdIncludingInactive"] > 0
        assert reader("GET", f"/crm/v3/owners/{owner['id']}").status_code == 404
        assert reader.get(f"/crm/v3/owners/{owner['id']}", archived="true") == owner


def test_every_task_and_event_is_an_activity_of_its_kind(reader: Account) -> None:
    tasks = list(SEEDED.tables["Task"].values())
    visits = [row for row in tasks if row.get("Type") in {"Web Form", "Reply", "Webinar"}]
    emails = reader.everything("emails", properties="hs_email_direction,engagement_kind")
    incoming = [row for row in emails if row["properties"]["hs_email_direction"] == "INCOMING_EMAIL"]
    calls = reader.everything("calls")
    assert len(incoming) == len(visits)
    assert {row["properties"]["engagement_kind"] for row in incoming} == {"Web Form", "Reply", "Webinar"}
    assert len(calls) == sum(row.get("TaskSubtype") == "Call" for row in tasks)
    assert len(reader.everything("meetings")) == len(SEEDED.tables["Event"])
    assert len(emails) + len(calls) + len(reader.everything("tasks")) == len(tasks)


def test_contacts_and_leads_are_contacts_and_only_contacts_have_a_company(reader: Account) -> None:
    people = reader.everything("contacts", properties="email,associatedcompanyid,lead_source")
    assert len(people) == len(SEEDED.tables["Contact"]) + len(SEEDED.tables["Lead"])
    placed = [row for row in people if row["properties"]["associatedcompanyid"]]
    assert len(placed) == len(SEEDED.tables["Contact"])
    assert all(row["properties"]["lead_source"] is None for row in placed)
    addresses = [row["properties"]["email"] for row in people if row["properties"]["email"]]
    assert len(addresses) == len(set(addresses))


def test_a_company_says_when_it_was_last_contacted(reader: Account) -> None:
    """By a rep: what buyers send is no contact."""
    portal = reader.sandbox.portal
    for id_, record in portal.records["companies"].items():
        times = [
            portal.records[name][other].values["hs_timestamp"]
            for name in ("calls", "emails", "meetings")
            for other in portal.links.of(("companies", id_), name)
            if portal.records[name][other].values.get("hs_email_direction") != "INCOMING_EMAIL"
        ]
        assert record.values.get("notes_last_contacted") == (max(times) if times else None)


def test_the_same_seed_is_the_same_account_secrets_included() -> None:
    first, second, other = (Sandbox(crm="hubspot", accounts=40, reps=5, seed=seed, today=TODAY) for seed in (5, 5, 6))
    assert first.portal.records == second.portal.records
    assert first.portal.owners == second.portal.owners
    assert first.access_token == second.access_token != other.access_token
    assert first.portal.records != other.portal.records


def test_a_sandbox_speaks_one_dialect_and_has_its_state_only() -> None:
    hubspot, salesforce = Sandbox(crm="hubspot", accounts=5, reps=5), Sandbox(accounts=5, reps=5)
    with pytest.raises(SandboxError, match="HubSpot"):
        _ = hubspot.company
    with pytest.raises(SandboxError, match="Salesforce"):
        _ = salesforce.portal
    with pytest.raises(SandboxError, match="does not speak 'pipedrive'"):
        Sandbox(crm="pipedrive")


def test_the_list_of_reps_tells_what_owners_cannot_hold(reader: Account, still: Sandbox) -> None:
    """``GET /sandbox/reps`` is the same for both CRMs; an owner's address leads from one to the other."""
    listed = reader.get("/sandbox/reps")
    users = [SEEDED.tables["User"][rep] for rep in SEEDED.reps]
    assert [(each["email"], each["capacity"]) for each in listed] == [
        (user["Email"], user["Book_Capacity__c"]) for user in users
    ]
    assert [asdict(seat) for seat in still.reps] == listed
    owners = {owner["email"]: owner for owner in reader.get("/crm/v3/owners", limit=500)["results"] if "email" in owner}
    assert all(owners[each["email"]]["teams"][0]["name"] == each["team"] for each in listed)
    with Sandbox(accounts=300, reps=8, seed=3, today=TODAY) as salesforce:
        assert salesforce.reps == still.reps
