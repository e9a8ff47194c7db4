"""Lists and single records: what a read shows, which writes are refused and how, and what they leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.sandbox.hubspot.conftest import (
    Account,
    category,
    codes,
    companies,
    company,
    other_owner,
)

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

OBJECTS = "/crm/v3/objects"


# Reading


def test_a_list_has_ten_records_unless_asked_for_more_and_says_where_the_next_begin(reader: Account) -> None:
    first = reader.get(f"{OBJECTS}/companies")
    second = reader.get(f"{OBJECTS}/companies", after=first["paging"]["next"]["after"])
    assert [len(page["results"]) for page in (first, second)] == [10, 10]
    assert int(second["results"][0]["id"]) == int(first["results"][-1]["id"]) + 1
    assert reader("GET", first["paging"]["next"]["link"].removeprefix(reader.sandbox.url)).json() == second


def test_the_pages_of_a_list_hold_each_record_once_and_the_last_has_no_paging(reader: Account) -> None:
    found = [row["id"] for row in reader.everything("companies")]
    assert found == list(reader.sandbox.portal.records["companies"])


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"limit": 100}, 200),
        ({"limit": 101}, 400),
        ({"limit": 0}, 400),
        ({"limit": "many"}, 400),
        ({"limit": 50, "propertiesWithHistory": "name"}, 200),
        ({"limit": 51, "propertiesWithHistory": "name"}, 400),
        ({"after": "nowhere"}, 400),
        ({"archived": "perhaps"}, 400),
    ],
)
def test_a_page_has_a_hundred_records_at_most_and_fifty_with_history(
    reader: Account, params: dict[str, Any], status: int
) -> None:
    reply = reader("GET", f"{OBJECTS}/companies", params=params)
    assert reply.status_code == status
    if status != 200:
        assert category(reply) == (400, "VALIDATION_ERROR")


def test_a_record_is_texts_or_nulls_and_has_its_dates(reader: Account) -> None:
    properties = ["name", "numberofemployees", "do_not_move", "protected_until"]
    for record in reader.get(f"{OBJECTS}/companies", limit=100, properties=",".join(properties))["results"]:
        assert set(record) == {"id", "properties", "createdAt", "updatedAt", "archived"}
        assert set(record["properties"]) == {*properties, "createdate", "hs_lastmodifieddate", "hs_object_id"}
        assert all(value is None or isinstance(value, str) for value in record["properties"].values())
        assert record["properties"]["hs_object_id"] == record["id"]
        assert record["properties"]["hs_lastmodifieddate"] == record["updatedAt"]
        assert record["archived"] is False


def test_properties_may_be_repeated_or_listed_and_unknown_ones_are_dropped(reader: Account) -> None:
    listed = reader.get(f"{OBJECTS}/companies", properties="name,city,nonsense")
    repeated = reader.get(f"{OBJECTS}/companies", properties=["name", "city", "nonsense"])
    assert listed["results"] == repeated["results"]
    assert "nonsense" not in listed["results"][0]["properties"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("companies", {"createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"}),
        ("contacts", {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}),
        ("calls", {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}),
    ],
)
def test_without_a_wish_a_record_shows_little(reader: Account, name: str, shown: set[str]) -> None:
    assert set(reader.get(f"{OBJECTS}/{name}")["results"][0]["properties"]) == shown


@pytest.mark.parametrize("name", ["companies", "company", "0-2", "Companies", "COMPANY"])
def test_an_object_type_goes_by_its_plural_its_singular_and_its_number(reader: Account, name: str) -> None:
    assert reader.get(f"{OBJECTS}/{name}")["results"]


def test_what_does_not_exist_is_said_in_hubspots_words(reader: Account) -> None:
    assert category(reader("GET", f"{OBJECTS}/wishes")) == (400, "VALIDATION_ERROR")
    assert category(reader("GET", f"{OBJECTS}/companies/5")) == (404, "OBJECT_NOT_FOUND")
    assert category(reader("GET", "/crm/v3/nowhere")) == (404, "NOT_FOUND")
    refused = reader("PUT", f"{OBJECTS}/companies/5")
    assert category(refused) == (405, "METHOD_NOT_ALLOWED")
    assert refused.headers["Allow"] == "GET,PATCH,DELETE"


def test_a_list_can_name_the_associated_records(reader: Account) -> None:
    rows = reader.everything("companies", associations="contacts,deals,nothing")
    linked = [row for row in rows if "associations" in row]
    assert linked
    results = next(row["associations"]["contacts"]["results"] for row in linked if "contacts" in row["associations"])
    assert {each["type"] for each in results} == {"company_to_contact", "company_to_contact_unlabeled"}
    assert all(set(row["associations"]) <= {"contacts", "deals"} for row in linked)


def test_the_capital_of_true_does_not_matter(sandbox: Sandbox, hub: Account) -> None:
    hub("DELETE", f"{OBJECTS}/companies/{company(sandbox)}")
    for word in ("true", "True", "TRUE"):
        assert [row["id"] for row in hub.get(f"{OBJECTS}/companies", archived=word)["results"]] == [company(sandbox)]


# Writing


def test_a_write_shows_what_it_wrote_and_moves_the_modification_date(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    before = hub.get(f"{OBJECTS}/companies/{id_}")
    reply = hub.patch(id_, phone="+1 1")
    after = hub.get(f"{OBJECTS}/companies/{id_}", properties="phone")
    assert (reply.status_code, reply.json()["properties"]["phone"]) == (200, "+1 1")
    assert after["properties"]["phone"] == "+1 1"
    assert after["updatedAt"] > before["updatedAt"]
    assert after["createdAt"] == before["createdAt"]


WRITTEN: list[tuple[dict[str, Any], dict[str, str | None]]] = [
    ({"numberofemployees": 12}, {"numberofemployees": "12"}),
    ({"numberofemployees": "12.50"}, {"numberofemployees": "12.5"}),
    ({"priority_score": 71.25}, {"priority_score": "71.25"}),
    ({"annualrevenue": "1e6"}, {"annualrevenue": "1000000"}),
    ({"do_not_move": True}, {"do_not_move": "true"}),
    ({"do_not_move": "FALSE"}, {"do_not_move": "false"}),
    ({"protected_until": "2026-12-24"}, {"protected_until": "2026-12-24"}),
    ({"protected_until": 1798070400000}, {"protected_until": "2026-12-24"}),
    ({"owner_since": "2026-12-24T10:00:00.120+01:00"}, {"owner_since": "2026-12-24T09:00:00.120Z"}),
    ({"owner_since": "1798070400000"}, {"owner_since": "2026-12-24T00:00:00Z"}),
    ({"priority_tier": "A"}, {"priority_tier": "A"}),
    ({"name": ""}, {"name": None}),
    ({"name": None}, {"name": None}),
]


@pytest.mark.parametrize(("given", "kept"), WRITTEN, ids=str)
def test_values_are_kept_as_texts_and_an_empty_one_clears(
    sandbox: Sandbox, hub: Account, given: dict[str, Any], kept: dict[str, str | None]
) -> None:
    assert hub.patch(company(sandbox), **given).status_code == 200
    shown = hub.get(f"{OBJECTS}/companies/{company(sandbox)}", properties=",".join(given))["properties"]
    assert {name: shown[name] for name in kept} == kept


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"nonsense": "x"}, ["PROPERTY_DOESNT_EXIST"]),
    ({"hs_lastmodifieddate": "2026-01-01"}, ["READ_ONLY_VALUE"]),
    ({"hs_object_id": "5"}, ["READ_ONLY_VALUE"]),
    ({"hs_parent_company_id": "5"}, ["READ_ONLY_VALUE"]),
    ({"numberofemployees": "many"}, ["INVALID_DOUBLE"]),
    ({"numberofemployees": "1,000"}, ["INVALID_DOUBLE"]),
    ({"annualrevenue": "NaN"}, ["INVALID_DOUBLE"]),
    ({"priority_tier": "E"}, ["INVALID_OPTION"]),
    ({"priority_tier": "a"}, ["INVALID_OPTION"]),
    ({"do_not_move": "yes"}, ["INVALID_OPTION"]),
    ({"protected_until": "tomorrow"}, ["INVALID_DATE"]),
    ({"protected_until": "2026-12-24T10:00:00Z"}, ["INVALID_DATE"]),
    ({"owner_since": "whenever"}, ["INVALID_LONG"]),
    ({"hubspot_owner_id": "5"}, ["INVALID_OWNER_ID"]),
    ({"name": "x" * 65_537}, ["VALUE_TOO_LONG"]),
    ({"nonsense": 1, "priority_tier": "E", "city": "Oslo"}, ["PROPERTY_DOESNT_EXIST", "INVALID_OPTION"]),
]


@pytest.mark.parametrize(("given", "expected"), REFUSED, ids=[str(given)[:40] for given, _ in REFUSED])
def test_a_value_that_cannot_be_is_refused_with_its_reason(
    sandbox: Sandbox, hub: Account, given: dict[str, Any], expected: list[str]
) -> None:
    reply = hub.patch(company(sandbox), **given)
    assert codes(reply) == expected
    assert [each["context"]["propertyName"] for each in reply.json()["errors"]] == [
        [name] for name in given if name != "city"
    ]
    assert sandbox.effects == []


def test_an_owner_is_an_owners_id_not_a_users_and_not_an_archived_one(sandbox: Sandbox, hub: Account) -> None:
    portal, id_ = sandbox.portal, company(sandbox)
    owner = portal.owners[other_owner(sandbox, id_)]
    gone = next(each for each in portal.owners.values() if each.archived)
    queue = next(each for each in portal.owners.values() if each.kind == "QUEUE")
    assert codes(hub.patch(id_, hubspot_owner_id=str(owner.user_id))) == ["INVALID_OWNER_ID"]
    assert codes(hub.patch(id_, hubspot_owner_id=gone.id)) == ["INVALID_OWNER_ID"]
    assert hub.patch(id_, hubspot_owner_id=owner.id).status_code == 200
    assert hub.patch(id_, hubspot_owner_id=queue.id).status_code == 200
    assert hub.patch(id_, hubspot_owner_id="").status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"properties": 5}', b'{"properties": {"name": ["x"]}}', b"NaN"])
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, hub: Account, body: bytes) -> None:
    assert category(hub("PATCH", f"{OBJECTS}/companies/{company(sandbox)}", data=body)) == (400, "VALIDATION_ERROR")


def test_a_write_of_the_same_value_leaves_no_trace(sandbox: Sandbox, hub: Account) -> None:
    before = hub.get(f"{OBJECTS}/companies/{company(sandbox)}", properties="name")
    assert hub.patch(company(sandbox), name=before["properties"]["name"]).status_code == 200
    assert hub.get(f"{OBJECTS}/companies/{company(sandbox)}", properties="name") == before
    assert sandbox.effects == []


def test_an_owner_change_notes_when_it_was_assigned(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    changed = hub.patch(id_, hubspot_owner_id=other_owner(sandbox, id_)).json()
    shown = hub.get(f"{OBJECTS}/companies/{id_}", properties="hubspot_owner_assigneddate")["properties"]
    assert shown["hubspot_owner_assigneddate"] == changed["updatedAt"]


def test_a_deal_says_by_its_stage_whether_it_is_closed(hub: Account) -> None:
    made = hub.post(f"{OBJECTS}/deals", {"properties": {"dealname": "New", "dealstage": "closedwon"}}, 201)
    assert made["properties"]["hs_is_closed_won"] == "true"
    hub.patch(made["id"], of="deals", dealstage="closedlost")
    shown = hub.get(f"{OBJECTS}/deals/{made['id']}", properties="hs_is_closed,hs_is_closed_won")["properties"]
    assert (shown["hs_is_closed"], shown["hs_is_closed_won"]) == ("true", "false")


# Making and archiving


def test_a_new_record_may_come_with_associations(sandbox: Sandbox, hub: Account) -> None:
    link = {
        "to": {"id": company(sandbox)},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 182}],
    }
    body = {"properties": {"hs_call_title": "Hello", "hs_timestamp": "2026-11-22T08:00:00Z"}, "associations": [link]}
    made = hub.post(f"{OBJECTS}/calls", body, 201)
    linked = hub.get(f"{OBJECTS}/calls/{made['id']}", associations="companies")["associations"]
    assert linked == {"companies": {"results": [{"id": company(sandbox), "type": "call_to_company"}]}}
    shown = hub.get(f"{OBJECTS}/companies/{company(sandbox)}", properties="notes_last_contacted")["properties"]
    assert shown["notes_last_contacted"] == "2026-11-22T08:00:00Z"


@pytest.mark.parametrize("to", [{"id": "5"}, {}])
def test_a_new_record_with_an_association_to_nothing_is_not_made(sandbox: Sandbox, hub: Account, to: Any) -> None:
    link = {"to": to, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 182}]}
    body = {"properties": {"hs_call_title": "Hello"}, "associations": [link]}
    count = len(sandbox.portal.records["calls"])
    assert category(hub("POST", f"{OBJECTS}/calls", json=body)) == (400, "VALIDATION_ERROR")
    assert len(sandbox.portal.records["calls"]) == count


def test_two_contacts_cannot_have_one_address(hub: Account) -> None:
    made = hub.post(f"{OBJECTS}/contacts", {"properties": {"email": "One@Two.example"}}, 201)
    refused = hub("POST", f"{OBJECTS}/contacts", json={"properties": {"email": "one@two.example"}})
    assert category(refused) == (409, "CONFLICT")
    assert refused.json()["message"].endswith(made["id"])
    assert hub.get(f"{OBJECTS}/contacts/one@two.example", idProperty="email")["id"] == made["id"]


def test_only_a_unique_property_can_stand_for_the_id(hub: Account) -> None:
    refused = hub("GET", f"{OBJECTS}/companies/x", params={"idProperty": "domain"})
    assert category(refused) == (400, "VALIDATION_ERROR")


def test_archiving_hides_a_record_and_does_not_move_its_modification_date(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    before = hub.get(f"{OBJECTS}/companies/{id_}")
    assert hub("DELETE", f"{OBJECTS}/companies/{id_}").status_code == 204
    assert category(hub("GET", f"{OBJECTS}/companies/{id_}")) == (404, "OBJECT_NOT_FOUND")
    assert category(hub.patch(id_, name="x")) == (404, "OBJECT_NOT_FOUND")
    assert id_ not in {row["id"] for row in hub.everything("companies")}
    after = hub.get(f"{OBJECTS}/companies/{id_}", archived="true")
    assert (after["updatedAt"], after["archived"]) == (before["updatedAt"], True)
    assert after["archivedAt"] > after["updatedAt"]
    assert hub("DELETE", f"{OBJECTS}/companies/{id_}").status_code == 204
    assert [effect["field"] for effect in sandbox.effects] == ["archived"]
    sandbox.portal.restore("companies", id_)
    assert hub.get(f"{OBJECTS}/companies/{id_}") == before


def test_a_deletion_for_privacy_leaves_nothing(hub: Account) -> None:
    made = hub.post(f"{OBJECTS}/contacts", {"properties": {"email": "one@two.example"}}, 201)
    hub.post(f"{OBJECTS}/contacts/gdpr-delete", {"objectId": "one@two.example", "idProperty": "email"}, 204)
    gone = hub("GET", f"{OBJECTS}/contacts/{made['id']}", params={"archived": "true"})
    assert category(gone) == (404, "OBJECT_NOT_FOUND")


def test_a_locked_record_is_423(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    sandbox.portal.locked.add(one)
    assert category(hub.patch(one, name="x")) == (423, "LOCKED")
    assert hub.patch(two, name="x").status_code == 200
