"""Associations: a thousand in one call, pages of one record's, labels, and what has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hubspot.crm.association_type import AssociationType  # type: ignore[import-untyped] # it has no types of its own

from connectors.sandbox.hubspot.link_types import LINK_TYPES
from tests.connectors.sandbox.hubspot.conftest import Account, category, companies, company

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

READ = "/crm/v4/associations/companies/contacts/batch/read"


def test_the_association_types_have_hubspots_numbers() -> None:
    """As its own client names them."""
    words = {"companies": "COMPANY", "contacts": "CONTACT", "deals": "DEAL", "calls": "CALL", "emails": "EMAIL",
             "meetings": "MEETING", "notes": "NOTE", "tasks": "TASK"}  # fmt: skip
    for (start, end), types in LINK_TYPES.items():
        for type_ in types.values():
            if start != end:
                prefix = "PRIMARY_" if type_.label else ""
                assert getattr(AssociationType, f"{prefix}{words[start]}_TO_{words[end]}") == type_.id


def test_a_thousand_records_can_be_asked_for_and_no_more(sandbox: Sandbox, hub: Account) -> None:
    ids = [*companies(sandbox, 60), *(str(number) for number in range(1, 941))]
    body = hub.post(READ, {"inputs": [{"id": id_} for id_ in ids]}, 207)
    linked = {id_ for id_ in ids[:60] if sandbox.portal.links.of(("companies", id_), "contacts")}
    assert {row["from"]["id"] for row in body["results"]} == linked
    assert body["numErrors"] == len(body["errors"]) == 1000 - len(linked)
    too_many = {"inputs": [{"id": id_} for id_ in (*ids, "5")]}
    assert category(hub("POST", READ, json=too_many)) == (400, "VALIDATION_ERROR")


def test_a_record_without_associations_is_told_as_one(hub: Account) -> None:
    error = hub.post(READ, {"inputs": [{"id": "5"}]}, 207)["errors"][0]
    assert (error["category"], "subCategory" in error) == ("OBJECT_NOT_FOUND", False)
    assert error["message"] == "No contact is associated with company 5."
    assert error["context"]["fromObjectId"] == ["5"]


def test_ids_are_texts_and_types_have_numbers_and_labels(sandbox: Sandbox, hub: Account) -> None:
    id_ = next(id_ for id_ in companies(sandbox, 60) if sandbox.portal.links.of(("companies", id_), "contacts"))
    to = hub.post(READ, {"inputs": [{"id": id_}]})["results"][0]["to"][0]
    assert isinstance(to["toObjectId"], str)
    assert to["associationTypes"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 2, "label": "Primary"},
        {"category": "HUBSPOT_DEFINED", "typeId": 280},
    ]


def test_many_associations_come_in_pages(sandbox: Sandbox, hub: Account) -> None:
    sandbox.hub.settings = replace(sandbox.hub.settings, association_page=3)
    calls = list(sandbox.portal.records["calls"])[:8]
    for call in calls:
        sandbox.portal.link(("calls", call), ("companies", company(sandbox)), 182)
    path = "/crm/v4/associations/companies/calls/batch/read"
    found: list[str] = []
    asked: dict[str, Any] = {"id": company(sandbox)}
    while True:
        result = hub.post(path, {"inputs": [asked]})["results"][0]
        found += [to["toObjectId"] for to in result["to"]]
        if "paging" not in result:
            break
        asked["after"] = result["paging"]["next"]["after"]
    assert set(calls) <= set(found)
    assert len(found) == len(set(found))
    one = hub.get(f"/crm/v4/objects/companies/{company(sandbox)}/associations/calls", limit=2)
    assert len(one["results"]) == 2
    rest = hub.get(
        f"/crm/v4/objects/companies/{company(sandbox)}/associations/calls", after=one["paging"]["next"]["after"]
    )
    assert [row["toObjectId"] for row in (*one["results"], *rest["results"])][:4] == found[:4]


def test_archived_records_are_not_associated(sandbox: Sandbox, hub: Account) -> None:
    call = next(iter(sandbox.portal.records["calls"]))
    (linked,) = sandbox.portal.links.of(("calls", call), "companies")
    count = len(hub.get(f"/crm/v4/objects/companies/{linked}/associations/calls")["results"])
    hub("DELETE", f"/crm/v3/objects/calls/{call}")
    assert len(hub.get(f"/crm/v4/objects/companies/{linked}/associations/calls")["results"]) == count - 1


def test_the_older_form_names_its_types(sandbox: Sandbox, hub: Account) -> None:
    call = next(iter(sandbox.portal.records["calls"]))
    (linked,) = sandbox.portal.links.of(("calls", call), "companies")
    old = hub.post("/crm/v3/associations/calls/companies/batch/read", {"inputs": [{"id": call}]})["results"]
    assert old == [{"from": {"id": call}, "to": [{"id": linked, "type": "call_to_company"}]}]
    assert hub.get(f"/crm/v3/objects/calls/{call}/associations/companies")["results"] == old[0]["to"]


def test_labels_list_the_types_between_two_object_types(hub: Account) -> None:
    types = hub.get("/crm/v4/associations/contacts/companies/labels")["results"]
    assert [each["typeId"] for each in types] == [279, 1]
    assert hub.get("/crm/v4/associations/notes/tasks/labels")["results"] == []


@pytest.mark.parametrize("types", [[], [{"associationTypeId": 999}], [{"associationTypeId": 280}]])
def test_a_type_of_another_direction_is_refused(sandbox: Sandbox, hub: Account, types: Any) -> None:
    contact = next(iter(sandbox.portal.records["contacts"]))
    path = f"/crm/v4/objects/contacts/{contact}/associations/companies/{company(sandbox)}"
    assert category(hub("PUT", path, json=types)) == (400, "VALIDATION_ERROR")


def test_associations_that_fail_are_told_beside_those_that_do_not(sandbox: Sandbox, hub: Account) -> None:
    contact = next(iter(sandbox.portal.records["contacts"]))
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    inputs = [
        {"from": {"id": contact}, "to": {"id": id_}, "types": types} for id_ in (company(sandbox), "5")
    ]  # fmt: skip
    body = hub.post("/crm/v4/associations/contacts/companies/batch/create", {"inputs": inputs}, 207)
    assert (len(body["results"]), body["numErrors"]) == (1, 1)


def test_counts_of_a_company_follow_its_associations(sandbox: Sandbox, hub: Account) -> None:
    def count() -> int:
        path = f"/crm/v3/objects/companies/{company(sandbox)}"
        return int(hub.get(path, properties="num_associated_contacts")["properties"]["num_associated_contacts"])

    before = count()
    made = hub.post("/crm/v3/objects/contacts", {"properties": {"lastname": "New"}}, 201)["id"]
    path = f"/crm/v4/objects/contacts/{made}/associations/default/companies/{company(sandbox)}"
    assert hub("PUT", path).status_code == 200
    assert count() == before + 1
    hub("DELETE", f"/crm/v3/objects/contacts/{made}")
    assert count() == before
    assert not any(effect["object"] == "companies" for effect in sandbox.effects)
