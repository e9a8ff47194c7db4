"""Properties: what is told of each, and which ones cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.sandbox.hubspot.conftest import Account, category, codes, company

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

PROPERTIES = "/crm/v3/properties/companies"
TIER = {
    "name": "tier",
    "label": "Tier",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "companyinformation",
    "options": [{"label": "A", "value": "a", "displayOrder": 0, "hidden": False}],
}


def test_each_object_type_tells_its_properties(reader: Account) -> None:
    for name, records in reader.sandbox.portal.records.items():
        known = {row["name"]: row for row in reader.get(f"/crm/v3/properties/{name}")["results"]}
        assert {key for record in records.values() for key in record.values} <= set(known)
        assert known["hs_object_id"]["modificationMetadata"]["readOnlyValue"] is True
        assert known["hubspot_owner_id"]["referencedObjectType"] == "OWNER"


def test_values_of_enumerations_are_among_their_options(reader: Account) -> None:
    for name, records in reader.sandbox.portal.records.items():
        known = {row["name"]: row for row in reader.get(f"/crm/v3/properties/{name}")["results"]}
        for record in records.values():
            for key, value in record.values.items():
                options = {option["value"] for option in known[key]["options"]}
                assert not options or value in options, (name, key, value)


def test_the_priority_of_a_company_is_four_letters_a_number_and_a_text(reader: Account) -> None:
    known = {row["name"]: row for row in reader.get(PROPERTIES)["results"]}
    kinds = {name: (known[name]["type"], known[name]["fieldType"]) for name in (
        "priority_tier", "priority_score", "priority_reasons", "owner_since", "protected_until", "do_not_move",
    )}  # fmt: skip
    assert kinds == {
        "priority_tier": ("enumeration", "select"),
        "priority_score": ("number", "number"),
        "priority_reasons": ("string", "textarea"),
        "owner_since": ("datetime", "date"),
        "protected_until": ("date", "date"),
        "do_not_move": ("bool", "booleancheckbox"),
    }
    assert [option["value"] for option in known["priority_tier"]["options"]] == ["A", "B", "C", "D"]
    assert [option["value"] for option in known["do_not_move"]["options"]] == ["true", "false"]


def test_a_new_property_can_be_written_at_once(sandbox: Sandbox, hub: Account) -> None:
    hub.post(PROPERTIES, TIER, 201)
    assert hub.patch(company(sandbox), tier="a").status_code == 200
    assert codes(hub.patch(company(sandbox), tier="A")) == ["INVALID_OPTION"]


def test_a_property_that_is_there_cannot_be_made_again(hub: Account) -> None:
    hub.post(PROPERTIES, TIER, 201)
    assert category(hub("POST", PROPERTIES, json=TIER)) == (409, "OBJECT_ALREADY_EXISTS")


WRONG: list[dict[str, Any]] = [
    {"name": "Tier One"},
    {"name": ""},
    {"type": "text"},
    {"fieldType": "number"},
    {"groupName": "nowhere"},
    {"options": [{"label": "A"}]},
    {"options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]},
]


@pytest.mark.parametrize("other", WRONG, ids=str)
def test_a_property_that_makes_no_sense_is_refused(hub: Account, other: dict[str, Any]) -> None:
    assert category(hub("POST", PROPERTIES, json={**TIER, **other})) == (400, "VALIDATION_ERROR")


def test_an_archived_property_is_dropped_from_reads_and_refused_in_writes(sandbox: Sandbox, hub: Account) -> None:
    assert hub("DELETE", f"{PROPERTIES}/segment").status_code == 204
    assert category(hub("GET", f"{PROPERTIES}/segment")) == (404, "OBJECT_NOT_FOUND")
    shown = hub.get(f"/crm/v3/objects/companies/{company(sandbox)}", properties="segment,name")["properties"]
    assert "segment" not in shown
    assert codes(hub.patch(company(sandbox), segment="Enterprise")) == ["PROPERTY_DOESNT_EXIST"]
    assert hub.get(f"{PROPERTIES}/segment", archived="true")["archived"] is True


def test_hubspots_own_properties_stay(hub: Account) -> None:
    assert category(hub("DELETE", f"{PROPERTIES}/name")) == (400, "VALIDATION_ERROR")


def test_a_batch_tells_which_properties_are_missing(hub: Account) -> None:
    asked = {"inputs": [{"name": "name"}, {"name": "nonsense"}], "archived": False}
    body = hub.post(f"{PROPERTIES}/batch/read", asked, 207)
    assert ([row["name"] for row in body["results"]], body["errors"][0]["context"]) == (
        ["name"],
        {"name": ["nonsense"]},
    )


def test_the_account_has_one_pipeline_and_no_object_types_of_its_own(hub: Account) -> None:
    (pipeline,) = hub.get("/crm/v3/pipelines/deals")["results"]
    assert [stage["id"] for stage in pipeline["stages"]][-2:] == ["closedwon", "closedlost"]
    assert hub.get("/crm-object-schemas/v3/schemas")["results"] == []
