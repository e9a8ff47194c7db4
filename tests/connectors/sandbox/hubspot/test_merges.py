"""Merges make a new record; both old ids lead to it, and so does everything that hung on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.sandbox.hubspot.conftest import Account, category, companies

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

OBJECTS = "/crm/v3/objects/companies"


def merged(hub: Account, primary: str, other: str) -> dict[str, Any]:
    body: dict[str, Any] = hub.post(f"{OBJECTS}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})
    return body


def test_a_merge_makes_a_new_id_to_which_both_old_ones_lead(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    new = merged(hub, one, two)["id"]
    assert new not in {one, two}
    for old in (one, two, new):
        shown = hub.get(f"{OBJECTS}/{old}", properties="hs_merged_object_ids")
        assert (shown["id"], shown["properties"]["hs_merged_object_ids"]) == (new, f"{one};{two}")
    read = hub.post(f"{OBJECTS}/batch/read", {"inputs": [{"id": one}, {"id": two}]})
    assert [row["id"] for row in read["results"]] == [new]


def test_lists_searches_and_the_archive_know_only_the_new_record(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    new = merged(hub, one, two)["id"]
    listed = [row["id"] for row in hub.everything("companies")]
    found = {row["id"] for row in hub.search(limit=200)["results"]}
    assert len(listed) == 59
    assert listed[-1] == new
    assert set(listed) == found
    assert hub.get(OBJECTS, archived="true")["results"] == []


def test_values_are_the_primarys_and_what_it_lacks_the_others(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    hub.patch(one, city="Oslo", zip="", name="One")
    hub.patch(two, city="Bergen", zip="5003", name="Two")
    new = merged(hub, one, two)
    shown = hub.get(f"{OBJECTS}/{new['id']}", properties="name,city,zip,hubspot_owner_id,createdate")["properties"]
    before = sandbox.portal
    assert (shown["name"], shown["city"], shown["zip"]) == ("One", "Oslo", "5003")
    assert before.records["companies"][new["id"]].values["createdate"] == shown["createdate"]
    assert new["updatedAt"] > shown["createdate"]


def test_links_move_to_the_new_record(sandbox: Sandbox, hub: Account) -> None:
    linked = [id_ for id_ in companies(sandbox, 60) if sandbox.portal.links.of(("companies", id_), "contacts")]
    one, two = linked[:2]
    contacts = {id_ for old in (one, two) for id_ in sandbox.portal.links.of(("companies", old), "contacts")}
    new = merged(hub, one, two)["id"]
    read = hub.post("/crm/v4/associations/companies/contacts/batch/read", {"inputs": [{"id": one}]})["results"][0]
    assert read["from"] == {"id": new}
    assert {to["toObjectId"] for to in read["to"]} == contacts
    for contact in contacts:
        shown = hub.get(f"/crm/v3/objects/contacts/{contact}", properties="associatedcompanyid")["properties"]
        assert shown["associatedcompanyid"] == new


def test_history_goes_on_under_the_new_id(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    hub.patch(one, city="Oslo")
    hub.patch(one, city="Bergen")
    new = merged(hub, one, two)["id"]
    shown = hub.get(f"{OBJECTS}/{new}", propertiesWithHistory="city")["propertiesWithHistory"]["city"]
    assert [each["value"] for each in shown][:2] == ["Bergen", "Oslo"]


def test_a_write_to_an_old_id_changes_the_new_record(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    new = merged(hub, one, two)["id"]
    assert hub.patch(two, city="Oslo").json()["id"] == new
    update = {"inputs": [{"id": one, "properties": {"city": "Bergen"}}]}
    assert hub.post(f"{OBJECTS}/batch/update", update)["results"][0]["id"] == new


def test_a_chain_of_merges_leads_to_its_end(sandbox: Sandbox, hub: Account) -> None:
    one, two, three = companies(sandbox, 3)
    first = merged(hub, one, two)["id"]
    last = merged(hub, three, one)["id"]
    ids = {hub.get(f"{OBJECTS}/{old}")["id"] for old in (one, two, three, first, last)}
    assert ids == {last}
    names = hub.get(f"{OBJECTS}/{last}", properties="hs_merged_object_ids")["properties"]["hs_merged_object_ids"]
    assert set(names.split(";")) == {one, two, three, first}


def test_the_log_tells_where_the_old_ids_went(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    new = merged(hub, one, two)["id"]
    told = [(e["id"], e["field"], e["before"], e["after"], e["actor"]) for e in sandbox.effects]
    assert told == [(old, "hs_object_id", old, new, "integration") for old in (one, two)]


@pytest.mark.parametrize(("primary", "other", "status"), [("0", "5", 404), ("0", "0", 400), ("0", "", 404)])
def test_a_merge_needs_two_records(sandbox: Sandbox, hub: Account, primary: str, other: str, status: int) -> None:
    ids = {"0": companies(sandbox)[0]}
    body = {"primaryObjectId": ids.get(primary, primary), "objectIdToMerge": ids.get(other, other)}
    assert category(hub("POST", f"{OBJECTS}/merge", json=body))[0] == status


def test_activities_cannot_be_merged(hub: Account) -> None:
    assert category(hub("POST", "/crm/v3/objects/calls/merge", json={})) == (400, "VALIDATION_ERROR")
