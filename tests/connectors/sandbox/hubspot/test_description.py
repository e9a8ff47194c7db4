"""Every reply, good or bad, is as HubSpot's published description has it, in each version of the paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from connectors.sandbox.hubspot.catalog import TYPES
from tests.connectors.sandbox.hubspot import description as said
from tests.connectors.sandbox.hubspot.conftest import Account, companies, other_owner

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

VERSIONS = ("v3", "2025-09", "2026-03", "2026-09-beta", "2026-09")
SEEN = "name,domain,hubspot_owner_id"


class Paths:
    """Where things are in one version."""

    def __init__(self, version: str) -> None:
        self.version = version

    def _of(self, family: str, version: str) -> str:
        return f"/crm/{version}/{family}" if version.startswith("v") else f"/crm/{family}/{version}"

    @property
    def objects(self) -> str:
        return self._of("objects", self.version)

    @property
    def owners(self) -> str:
        return self._of("owners", self.version)

    @property
    def properties(self) -> str:
        return self._of("properties", self.version)

    @property
    def associations(self) -> str:
        return self._of("associations", "v4" if self.version == "v3" else self.version)

    @property
    def linked_objects(self) -> str:
        return self._of("objects", "v4" if self.version == "v3" else self.version)

    @property
    def partial(self) -> int:
        """The status of a batch that went wrong in part."""
        return 200 if self.version == "2026-09" else 207


@pytest.fixture(params=VERSIONS)
def at(request: pytest.FixtureRequest) -> Paths:
    return Paths(request.param)


@pytest.mark.parametrize("name", TYPES)
def test_a_page_and_a_record_of_each_object_type(reader: Account, at: Paths, name: str) -> None:
    asked = {"properties": f"{SEEN},hs_timestamp", "propertiesWithHistory": "hubspot_owner_id"}
    page = said.check(said.PAGE, reader.get(f"{at.objects}/{name}", associations="companies,contacts", **asked))
    if page["results"]:
        one = page["results"][0]
        assert (
            said.check(said.LINKED_RECORD, reader.get(f"{at.objects}/{name}/{one['id']}", **asked))["id"] == one["id"]
        )


def test_batches_of_reads_with_and_without_errors(reader: Account, still: Sandbox, at: Paths) -> None:
    path, inputs = f"{at.objects}/companies/batch/read", [{"id": id_} for id_ in companies(still, 3)]
    body: dict[str, Any] = {"inputs": inputs, "properties": ["name"], "propertiesWithHistory": ["hubspot_owner_id"]}
    assert "errors" not in said.check(said.batch(said.RECORD), reader.post(path, body))
    partly = reader.post(path, {**body, "inputs": [*inputs, {"id": "1"}]}, at.partial)
    assert said.check(said.batch(said.RECORD), partly)["numErrors"] == 1


def test_a_search(reader: Account, at: Paths) -> None:
    body = {"filterGroups": [], "sorts": ["name"], "properties": ["name"], "limit": 3, "after": "0"}
    found = said.check(said.FOUND, reader.post(f"{at.objects}/companies/search", body))
    assert found["total"] == 300
    further = reader.post(f"{at.objects}/companies/search", {**body, "after": found["paging"]["next"]["after"]})
    assert not {row["id"] for row in found["results"]} & {row["id"] for row in further["results"]}


def test_writes_of_one_record(hub: Account, sandbox: Sandbox, at: Paths) -> None:
    path, id_ = f"{at.objects}/companies", companies(sandbox)[0]
    made = said.check(said.RECORD, hub.post(path, {"properties": {"name": "One"}, "associations": []}, 201))
    changed = hub("PATCH", f"{path}/{made['id']}", json={"properties": {"city": "Oslo"}})
    assert (changed.status_code, said.check(said.RECORD, changed.json())["properties"]["city"]) == (200, "Oslo")
    merged = hub.post(f"{path}/merge", {"primaryObjectId": id_, "objectIdToMerge": made["id"]})
    assert hub("DELETE", f"{path}/{said.check(said.RECORD, merged)['id']}").status_code == 204
    archived = said.check(said.PAGE, hub.get(path, archived="true"))["results"]
    assert [row["archivedAt"][:4] for row in archived] == ["2026"]


def test_batches_of_writes_with_and_without_errors(hub: Account, sandbox: Sandbox, at: Paths) -> None:
    path, id_ = f"{at.objects}/companies/batch", companies(sandbox)[0]
    inputs = [{"id": id_, "properties": {"city": "Oslo"}, "objectWriteTraceId": "first"}]
    said.check(said.batch(said.RECORD), hub.post(f"{path}/update", {"inputs": inputs}))
    partly = hub.post(f"{path}/update", {"inputs": [*inputs, {"id": "1", "properties": {}}]}, at.partial)
    said.check(said.batch(said.RECORD), partly)
    made = hub.post(f"{path}/create", {"inputs": [{"properties": {"name": "One"}, "associations": []}]}, 201)
    ids = [{"id": row["id"]} for row in said.check(said.batch(said.RECORD), made)["results"]]
    by_key = [{"id": "K1", "idProperty": "external_key", "properties": {"name": "Two"}}]
    upserted = hub.post(f"{path}/upsert", {"inputs": by_key})
    assert said.check(said.batch(said.UPSERTED), upserted)["results"][0]["new"]
    assert hub.post(f"{path}/archive", {"inputs": ids}, 204) is None


def test_owners(reader: Account, at: Paths) -> None:
    listed = said.check(said.OWNERS, reader.get(f"{at.owners}/", limit=500))["results"]
    said.check(said.OWNERS, reader.get(at.owners, limit=2, archived="True"))
    people = [owner for owner in listed if owner["type"] == "PERSON"]
    assert people
    assert len(listed) == len(people) + 1
    same = reader.get(f"{at.owners}/{people[0]['userId']}", idProperty="userId")
    assert said.check(said.OWNER, same) == people[0]


def test_properties_of_each_object_type(reader: Account, at: Paths) -> None:
    for name in (*TYPES, "0-2"):
        assert said.check(said.PROPERTIES, reader.get(f"{at.properties}/{name}"))["results"]
        groups = reader.get(f"{at.properties}/{name}/groups")["results"]
        assert [said.check(said.GROUP, each) for each in groups]


def test_a_property_is_made_once_and_changed(hub: Account, at: Paths) -> None:
    path = f"{at.properties}/companies"
    options = [{"label": "A", "value": "a", "displayOrder": 0, "hidden": False}]
    given = {"name": "tier", "label": "Tier", "type": "enumeration", "fieldType": "select"}
    made = hub.post(path, {**given, "groupName": "companyinformation", "options": options}, 201)
    assert said.check(said.PROPERTY, made)["options"][0]["value"] == "a"
    again = hub.post(path, {**given, "groupName": "companyinformation", "options": options}, 409)
    assert said.check(said.ERROR, again)["category"] == "OBJECT_ALREADY_EXISTS"
    changed = hub("PATCH", f"{path}/tier", json={"label": "Class"}).json()
    assert said.check(said.PROPERTY, changed)["label"] == "Class"
    several = hub.post(f"{path}/batch/read", {"inputs": [{"name": "tier"}, {"name": "none"}]}, at.partial)
    assert said.check(said.batch(said.PROPERTY), several)["numErrors"] == 1


def test_associations(hub: Account, sandbox: Sandbox, at: Paths) -> None:
    path, links = f"{at.associations}/companies/contacts", sandbox.portal.links
    linked = next(id_ for id_ in companies(sandbox, 60) if links.of(("companies", id_), "contacts"))
    contact = list(sandbox.portal.records["contacts"])[-1]
    body = {"inputs": [{"id": linked}, {"id": "1"}]}
    read = said.check(said.batch(said.LINKS), hub.post(f"{path}/batch/read", body, at.partial))
    assert read["numErrors"] == 1
    single = f"{at.linked_objects}/companies/{linked}/associations"
    said.check(said.LINK_PAGE, hub.get(f"{single}/contacts", limit=1))
    said.check(said.LABELS, hub.get(f"{path}/labels"))
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280}]
    ends = {"from": {"id": linked}, "to": {"id": contact}}
    said.check(said.batch(said.PAIR), hub.post(f"{path}/batch/create", {"inputs": [{**ends, "types": types}]}, 201))
    said.check(said.batch(said.DEFAULT_LINK), hub.post(f"{path}/batch/associate/default", {"inputs": [ends]}))
    said.check(said.batch(said.DEFAULT_LINK), hub("PUT", f"{single}/default/contacts/{contact}").json())
    said.check(said.PAIR, hub("PUT", f"{single}/contacts/{contact}", json=types).json())


def test_every_refusal(hub: Account, sandbox: Sandbox, at: Paths) -> None:
    objects, id_ = f"{at.objects}/companies", companies(sandbox)[0]
    search, update = f"{objects}/search", f"{objects}/batch/update"
    twice = {"inputs": [{"id": id_, "properties": {}}, {"id": id_, "properties": {}}]}
    user = sandbox.portal.owners[other_owner(sandbox, id_)].user_id
    refusals = [
        (404, hub("GET", f"{objects}/1")),
        (404, hub("GET", f"{at.owners}/1")),
        (404, hub("GET", f"{at.properties}/companies/nothing")),
        (404, hub("GET", "/crm/nowhere")),
        (405, hub("PUT", objects)),
        (400, hub("GET", objects, params={"limit": 101})),
        (400, hub("GET", objects, params={"limit": 0})),
        (400, hub("GET", objects, params={"limit": "many"})),
        (400, hub("GET", objects, params={"after": "-"})),
        (400, hub("GET", objects, params={"archived": "perhaps"})),
        (400, hub("GET", f"{at.objects}/unicorns")),
        (400, hub("PATCH", f"{objects}/{id_}", data="{")),
        (400, hub("PATCH", f"{objects}/{id_}", json={"properties": {"nothing": "1"}})),
        (400, hub("PATCH", f"{objects}/{id_}", json={"properties": {"hubspot_owner_id": str(user)}})),
        (400, hub("POST", update, json={"inputs": []})),
        (400, hub("POST", update, json=twice)),
        (400, hub("POST", update, json={"inputs": [{"id": str(number), "properties": {}} for number in range(101)]})),
        (400, hub("POST", search, json={"limit": 201})),
        (400, hub("POST", search, json={"after": "10000"})),
        (400, hub("POST", search, json={"filterGroups": [{"filters": [{"propertyName": "name", "operator": "?"}]}]})),
        (400, hub("POST", search, json={"filterGroups": [{"filters": []}] * 7})),
        (401, requests.get(sandbox.url + objects, timeout=10)),
        (401, hub("GET", objects, headers={"Authorization": "Bearer none"})),
    ]
    for status, reply in refusals:
        assert (status, reply.headers["Content-Type"][:16]) == (reply.status_code, "application/json"), reply.text
        assert said.check(said.ERROR, reply.json())["correlationId"] == reply.headers["X-HubSpot-Correlation-Id"]


@pytest.mark.parametrize("version", ["v1", "v3", "2026-03", "2026-09"])
def test_tokens_and_their_refusals(sandbox: Sandbox, version: str) -> None:
    asked = {"grant_type": "refresh_token", "client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    asked["refresh_token"] = sandbox.hub.refresh_token
    url = f"{sandbox.url}/oauth/{version}/token"
    of_form = requests.post(url, data=asked, timeout=10)
    assert (of_form.status_code, said.check(said.TOKEN, of_form.json())["expires_in"]) == (200, 1800)
    of_json = requests.post(url, json=asked, timeout=10)
    assert (of_json.status_code, "access_token" in said.check(said.TOKEN, of_json.json())) == (200, True)
    refused = requests.post(url, data={**asked, "refresh_token": "none"}, timeout=10)
    assert (refused.status_code, refused.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert {"category", "correlationId", "message", "error"} <= refused.json().keys()
