"""What other people's clients and loaders ask for besides records: older forms, catalogs, whose key it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from connectors.sandbox.hubspot.catalog import DEAL_STAGES
from tests.connectors.sandbox.hubspot.conftest import Account, category, company

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

V3 = "/crm/v3/associations/companies/contacts"
UNUSED = ("tickets", "products", "line_items", "quotes", "deal_split", "goal_targets", "0-5")


def test_associations_are_made_and_taken_away_by_the_names_of_version_3(sandbox: Sandbox, hub: Account) -> None:
    id_, contact = company(sandbox), list(sandbox.portal.records["contacts"])[-1]
    ends = {"from": {"id": id_}, "to": {"id": contact}, "type": "company_to_contact"}
    made = hub.post(f"{V3}/batch/create", {"inputs": [ends]}, 201)
    assert made["results"] == [ends]
    read = hub.post(f"{V3}/batch/read", {"inputs": [{"id": id_}]})["results"][0]["to"]
    assert {"id": contact, "type": "company_to_contact"} in read
    assert hub.post(f"{V3}/batch/archive", {"inputs": [ends]}, 204) is None
    left = hub.post(f"{V3}/batch/read", {"inputs": [{"id": id_}]})["results"][0]["to"]
    assert [each["type"] for each in left if each["id"] == contact] == ["company_to_contact_unlabeled"]


def test_a_contact_that_is_not_there_is_an_error_of_its_input(sandbox: Sandbox, hub: Account) -> None:
    ends = {"from": {"id": company(sandbox)}, "to": {"id": "1"}, "type": "280"}
    partly = hub.post(f"{V3}/batch/create", {"inputs": [ends]}, 207)
    assert (partly["numErrors"], partly["errors"][0]["context"]["toObjectId"]) == (1, ["1"])
    unknown = hub("POST", f"{V3}/batch/create", json={"inputs": [{**ends, "type": "friend"}]})
    assert category(unknown) == (400, "VALIDATION_ERROR")


def test_the_types_of_associations_have_names_in_version_3(reader: Account) -> None:
    types = {each["id"]: each["name"] for each in reader.get(f"{V3}/types")["results"]}
    assert types == {"280": "company_to_contact_unlabeled", "2": "company_to_contact"}


def test_the_pipeline_its_stages_and_one_stage(reader: Account) -> None:
    (pipeline,) = reader.get("/crm/v3/pipelines/deals")["results"]
    assert reader.get("/crm/pipelines/2026-03/deals/default") == pipeline
    assert reader.get("/crm/v3/pipelines/deals/default/stages")["results"] == pipeline["stages"]
    won = reader.get("/crm/v3/pipelines/deals/default/stages/closedwon")
    assert (won["label"], won["metadata"]["isClosed"]) == ("Closed Won", "true")
    assert category(reader("GET", "/crm/v3/pipelines/deals/default/stages/none")) == (404, "OBJECT_NOT_FOUND")
    assert category(reader("GET", "/crm/v3/pipelines/deals/none")) == (404, "OBJECT_NOT_FOUND")
    (older,) = reader.get("/crm-pipelines/v1/pipelines/deals")["results"]
    assert [each["stageId"] for each in older["stages"]] == [id_ for id_, _, _ in DEAL_STAGES.values()]


@pytest.mark.parametrize("name", UNUSED)
def test_object_types_that_the_company_does_not_use_are_there_and_empty(reader: Account, name: str) -> None:
    assert reader.get(f"/crm/v3/objects/{name}") == {"results": []}
    assert reader.search(name=name) == {"total": 0, "results": []}
    assert reader.get(f"/crm/v3/properties/{name}")["results"]


@pytest.mark.parametrize(("start", "end"), [("deal", "line_items"), ("contact", "contacts"), ("calls", "tickets")])
def test_where_nothing_can_be_associated_nothing_is_found(reader: Account, start: str, end: str) -> None:
    """Loaders ask for every pair of object types before they know which there are."""
    id_ = reader.get(f"/crm/v3/objects/{start}", limit=1)["results"][0]["id"]
    for version in ("v3", "v4"):
        read = reader.post(f"/crm/{version}/associations/{start}/{end}/batch/read", {"inputs": [{"id": id_}]}, 207)
        assert (read["results"], read["numErrors"]) == ([], 1)
    assert reader.get(f"/crm/v4/objects/{start}/{id_}/associations/{end}") == {"results": []}
    assert reader.get(f"/crm/v4/associations/{start}/{end}/labels") == {"results": []}
    assert reader.get(f"/crm/v3/associations/{start}/{end}/types") == {"results": []}
    made = reader("POST", f"/crm/v4/associations/{start}/{end}/batch/associate/default", json={"inputs": [{}]})
    assert category(made) == (400, "VALIDATION_ERROR")


def test_such_a_type_takes_records(hub: Account) -> None:
    made = hub.post("/crm/v3/objects/tickets", {"properties": {"subject": "Help"}}, 201)
    assert hub.get("/crm/objects/2026-09/tickets")["results"][0]["id"] == made["id"]


@pytest.mark.parametrize("path", ["/properties/v1/deals/properties", "/properties/v2/deal/properties"])
def test_properties_in_the_older_form_are_a_bare_list(reader: Account, path: str) -> None:
    names = [each["name"] for each in reader.get(path)]
    assert names == [each["name"] for each in reader.get("/crm/v3/properties/deals")["results"]]


def test_companies_and_deals_in_the_older_form_have_every_property_with_its_versions(reader: Account) -> None:
    found: list[Any] = []
    offset = 0
    while True:
        page = reader.get("/companies/v2/companies/paged", limit=250, offset=offset)
        found, offset = [*found, *page["companies"]], page["offset"]
        if not page["has-more"]:
            break
    newer = {int(row["id"]): row for row in reader.everything("companies")}
    assert [row["companyId"] for row in found] == list(newer)
    assert found[0] == reader.get(f"/companies/v2/companies/{found[0]['companyId']}")
    name = found[0]["properties"]["name"]
    assert name["value"] == name["versions"][0]["value"] == newer[found[0]["companyId"]]["properties"]["name"]
    deal = reader.get("/deals/v1/deal/paged", limit=1)
    assert (deal["hasMore"], deal["deals"][0]["properties"]["pipeline"]["value"]) == (True, "default")
    assert deal["deals"][0]["associations"]["associatedCompanyIds"][0] in newer
    assert reader.get("/deals/v1/pipelines")[0]["pipelineId"] == "default"
    assert category(reader("GET", "/companies/v2/companies/1")) == (404, "OBJECT_NOT_FOUND")


def test_lists_and_records_are_under_version_4_too(reader: Account) -> None:
    rows = reader.get("/crm/v4/objects/companies")["results"]
    assert rows == reader.get("/crm/v3/objects/companies")["results"]
    assert reader.get(f"/crm/v4/objects/companies/{rows[0]['id']}") == rows[0]


def test_a_page_can_be_followed_by_its_link(reader: Account) -> None:
    page = reader.get("/crm/v3/objects/companies", limit=100, properties="city")
    ids = [row["id"] for row in page["results"]]
    while "paging" in page:
        link = page["paging"]["next"]["link"].removeprefix(reader.sandbox.url)
        page = reader.get(link)
        assert "city" in page["results"][0]["properties"]
        ids += [row["id"] for row in page["results"]]
    assert ids == list(reader.sandbox.portal.records["companies"])


@pytest.mark.parametrize("path", ["/crm/v3/schemas", "/crm-object-schemas/v3/schemas", "/crm/schemas/2026-03"])
def test_there_are_no_object_types_of_the_accounts_own_but_hubspots_can_be_read(reader: Account, path: str) -> None:
    assert reader.get(path) == {"results": []}
    shape = reader.get(f"{path}/companies")
    assert (shape["objectTypeId"], shape["primaryDisplayProperty"]) == ("0-2", "name")
    assert {"id": "280", "fromObjectTypeId": "0-2"}.items() <= shape["associations"][0].items()


def test_a_token_tells_whose_it_is(sandbox: Sandbox, hub: Account) -> None:
    key = sandbox.access_token
    by_key = hub.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": key})
    assert by_key["hubId"] == sandbox.hub.settings.hub_id
    asked = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    url = f"{sandbox.url}/oauth/2026-03/token/introspect"
    for token, use in ((key, "access_token"), (sandbox.hub.refresh_token, "refresh_token")):
        told = requests.post(url, json={**asked, "token": token}, timeout=10).json()
        assert (told["active"], told["token_use"], told["hub_id"]) == (True, use, by_key["hubId"])
    assert requests.post(url, data={**asked, "token": "none"}, timeout=10).json() == {"active": False}


def test_an_app_comes_with_its_secret_alone_where_the_version_has_that(sandbox: Sandbox) -> None:
    asked = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret, "grant_type": "client_credentials"}
    for version, status in (("v1", 400), ("v3", 200), ("2026-03", 200), ("2026-09", 400)):
        reply = requests.post(f"{sandbox.url}/oauth/{version}/token", data=asked, timeout=10)
        assert reply.status_code == status, version
    wrong = {**asked, "client_secret": "none"}
    assert requests.post(f"{sandbox.url}/oauth/v3/token", data=wrong, timeout=10).status_code == 400
    token = requests.post(f"{sandbox.url}/oauth/v3/token", data=asked, timeout=10).json()["access_token"]
    account = Account(sandbox, token)
    assert account.get("/crm/v3/objects/companies")["results"]
    account.close()
