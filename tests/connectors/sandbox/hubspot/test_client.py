"""HubSpot's own Python client, unmodified, does against the sandbox what it does against HubSpot.

It checks each reply against HubSpot's published description: a part that is required and missing is a ValueError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hubspot.crm.companies.exceptions import ApiException  # type: ignore[import-untyped] # it has no types of its own
from hubspot.utils.objects import fetch_all  # type: ignore[import-untyped] # it has no types of its own

from tests.connectors.sandbox.hubspot.conftest import client_of, companies, company, other_owner

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox


@pytest.fixture(scope="module")
def looking(still: Sandbox) -> Any:
    return client_of(still)


ACTIVITIES = ("calls", "emails", "meetings", "tasks", "notes")


def api(client: Any, name: str) -> Any:
    return getattr(client.crm.objects if name in ACTIVITIES else client.crm, name)


@pytest.mark.parametrize("name", ["companies", "contacts", "deals", *ACTIVITIES])
def test_get_all_brings_every_record(still: Sandbox, looking: Any, name: str) -> None:
    part = api(looking, name)
    if name in ACTIVITIES:
        found = fetch_all(part.basic_api, properties=["hubspot_owner_id"])
    else:
        found = part.get_all(properties=["hubspot_owner_id"], properties_with_history=["hubspot_owner_id"])
    assert [each.id for each in found] == list(still.portal.records[name])


@pytest.mark.parametrize("name", ["companies", "contacts", "deals", *ACTIVITIES])
def test_every_object_type_can_be_made_read_changed_searched_and_archived(sandbox: Sandbox, name: str) -> None:
    part, title = api(client_of(sandbox), name), {
        "companies": "name", "contacts": "lastname", "deals": "dealname", "calls": "hs_call_title",
        "emails": "hs_email_subject", "meetings": "hs_meeting_title", "tasks": "hs_task_subject",
        "notes": "hs_note_body",
    }[name]  # fmt: skip
    made = part.basic_api.create({"properties": {title: "One"}, "associations": []})
    assert made.properties[title] == "One"
    assert part.basic_api.update(made.id, {"properties": {title: "Two"}}).properties[title] == "Two"
    assert part.basic_api.get_by_id(made.id, properties=[title]).properties[title] == "Two"
    batch = {"inputs": [{"id": made.id}], "properties": [title], "propertiesWithHistory": [title]}
    read = part.batch_api.read(batch).results[0]
    assert [version.value for version in read.properties_with_history[title]] == ["Two", "One"]
    part.batch_api.update({"inputs": [{"id": made.id, "properties": {title: "Three"}}]})
    same = {"filters": [{"propertyName": title, "operator": "EQ", "value": "three"}]}
    assert part.search_api.do_search({"filterGroups": [same]}).total == 1
    twin = part.batch_api.create({"inputs": [{"properties": {title: "Four"}, "associations": []}]}).results[0]
    part.batch_api.archive({"inputs": [{"id": twin.id}]})
    part.basic_api.archive(made.id)
    archived = part.basic_api.get_page(archived=True, properties=[title]).results
    assert [(each.id, each.archived, each.archived_at is not None) for each in archived] == [
        (made.id, True, True), (twin.id, True, True),
    ]  # fmt: skip


def test_a_missing_record_is_an_exception_with_a_category(looking: Any) -> None:
    with pytest.raises(ApiException) as told:
        looking.crm.companies.basic_api.get_by_id("5")
    assert told.value.status == 404
    assert "OBJECT_NOT_FOUND" in told.value.body


def test_a_batch_with_a_missing_record_is_a_reply_with_errors(sandbox: Sandbox, client: Any) -> None:
    inputs = [{"id": id_, "properties": {"phone": "+1"}} for id_ in (*companies(sandbox, 2), "5")]
    reply = client.crm.companies.batch_api.update({"inputs": inputs})
    assert type(reply).__name__ == "BatchResponseSimplePublicObjectWithErrors"
    assert (len(reply.results), reply.num_errors, reply.errors[0].context) == (2, 1, {"ids": ["5"]})


def test_an_upsert_changes_what_is_there_and_makes_what_is_not(sandbox: Sandbox, client: Any) -> None:
    client.crm.companies.basic_api.update(company(sandbox), {"properties": {"external_key": "k1"}})
    inputs = [{"id": key, "idProperty": "external_key", "properties": {"city": "Oslo"}} for key in ("k1", "k2")]
    reply = client.crm.companies.batch_api.upsert({"inputs": inputs})
    assert [each.new for each in reply.results] == [False, True]
    assert reply.results[0].id == company(sandbox)
    assert sandbox.portal.get("companies", reply.results[1].id).values["external_key"] == "k2"  # type: ignore[union-attr] # it was just made


def test_merging_by_client_makes_a_new_record(sandbox: Sandbox, client: Any) -> None:
    one, two = companies(sandbox, 2)
    merged = client.crm.companies.basic_api.merge({"primaryObjectId": one, "objectIdToMerge": two})
    assert merged.id not in {one, two}
    assert client.crm.companies.basic_api.get_by_id(one).id == merged.id


def test_owners_by_client(still: Sandbox, looking: Any) -> None:
    page = looking.crm.owners.owners_api.get_page(limit=5)
    rest = looking.crm.owners.owners_api.get_page(limit=500, after=page.paging.next.after)
    everybody = [*page.results, *rest.results]
    assert {each.id for each in everybody} == {id_ for id_, each in still.portal.owners.items() if not each.archived}
    rep = next(each for each in everybody if each.teams)
    assert looking.crm.owners.owners_api.get_by_id(int(rep.id)).email == rep.email
    assert looking.crm.owners.owners_api.get_by_id(rep.user_id, id_property="userId").id == rep.id
    assert [each.id for each in looking.crm.owners.owners_api.get_page(email=rep.email).results] == [rep.id]
    assert len(looking.crm.owners.owners_api.get_page(archived=True).results) == 2


def test_associations_by_client(sandbox: Sandbox, client: Any) -> None:
    basic, batch = client.crm.associations.v4.basic_api, client.crm.associations.v4.batch_api
    contact = client.crm.contacts.basic_api.create({"properties": {"email": "a@b.example"}, "associations": []}).id
    made = basic.create("contacts", contact, "companies", company(sandbox), [
        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1},
    ])  # fmt: skip
    assert (made.from_object_id, made.to_object_id, made.labels) == (contact, company(sandbox), ["Primary"])
    read = batch.get_page("contacts", "companies", {"inputs": [{"id": contact}]})
    assert read.results[0].to[0].to_object_id == company(sandbox)
    assert {each.type_id for each in read.results[0].to[0].association_types} == {1, 279}
    assert basic.get_page("contacts", contact, "companies").results[0].to_object_id == company(sandbox)
    ends = {"_from": {"id": contact}, "to": [{"id": company(sandbox)}]}
    batch.archive("contacts", "companies", {"inputs": [{"from": ends["_from"], "to": ends["to"]}]})
    assert basic.get_page("contacts", contact, "companies").results == []
    assert len(basic.create_default("contacts", contact, "companies", company(sandbox)).results) == 2
    basic.archive("contacts", contact, "companies", company(sandbox))
    assert basic.get_page("contacts", contact, "companies").results == []
    pair = {"from": {"id": contact}, "to": {"id": company(sandbox)}}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    assert len(batch.create("contacts", "companies", {"inputs": [{**pair, "types": types}]}).results) == 1
    batch.archive_labels("contacts", "companies", {"inputs": [{**pair, "types": types}]})
    assert len(batch.create_default("contacts", "companies", {"inputs": [pair]}).results) == 2


def test_properties_by_client(client: Any) -> None:
    core, batch = client.crm.properties.core_api, client.crm.properties.batch_api
    groups = client.crm.properties.groups_api
    options = [{"label": tier, "value": tier, "displayOrder": at, "hidden": False} for at, tier in enumerate("ABC")]
    group = groups.create("companies", {"name": "abm", "label": "ABM"})
    made = core.create("companies", {
        "name": "tier", "label": "Tier", "type": "enumeration", "fieldType": "select", "groupName": group.name,
        "options": options,
    })  # fmt: skip
    assert [option.value for option in made.options] == ["A", "B", "C"]
    assert core.get_by_name("companies", "tier").group_name == "abm"
    assert core.update("companies", "tier", {"label": "Rank"}).label == "Rank"
    assert batch.read("companies", {"inputs": [{"name": "tier"}], "archived": False}).results[0].label == "Rank"
    more = {"name": "more", "label": "More", "type": "string", "fieldType": "text", "groupName": "abm"}
    assert batch.create("companies", {"inputs": [more]}).results[0].name == "more"
    batch.archive("companies", {"inputs": [{"name": "more"}]})
    core.archive("companies", "tier")
    assert {"tier", "more"}.isdisjoint(each.name for each in core.get_all("companies").results)
    assert {"tier", "more"} == {each.name for each in core.get_all("companies", archived=True).results}
    assert {each.name for each in groups.get_all("companies").results} == {"companyinformation", "abm"}
    assert groups.update("companies", "abm", {"label": "Accounts"}).label == "Accounts"
    assert groups.get_by_name("companies", "abm").label == "Accounts"
    groups.archive("companies", "abm")


def test_tokens_by_client(sandbox: Sandbox, client: Any) -> None:
    got = client.oauth.tokens_api.create(
        grant_type="refresh_token", client_id=sandbox.client_id, client_secret=sandbox.client_secret,
        refresh_token=sandbox.hub.refresh_token,
    )  # fmt: skip
    assert (got.token_type, got.expires_in, got.refresh_token) == ("bearer", 1800, sandbox.hub.refresh_token)
    assert client.oauth.access_tokens_api.get(got.access_token).hub_id == sandbox.hub.settings.hub_id
    assert client.oauth.refresh_tokens_api.get(got.refresh_token).client_id == sandbox.client_id
    client.access_token = got.access_token
    assert client.crm.companies.basic_api.get_page().results


@pytest.mark.parametrize("version", ["2025-09", "2026-03", "2026-09", "v3"])
def test_paths_with_dates_are_reached_by_api_request(sandbox: Sandbox, client: Any, version: str) -> None:
    def call(method: str, path: str, body: Any = None) -> Any:
        reply = client.api_request({"method": method, "path": path, **({"body": body} if body else {})})
        assert reply.ok, reply.text
        return reply.json()

    id_, owner = company(sandbox), other_owner(sandbox, company(sandbox))
    listed = call("GET", f"/crm/objects/{version}/companies?limit=1")
    assert listed["results"][0]["id"] == id_
    written = {"inputs": [{"id": id_, "properties": {"hubspot_owner_id": owner}}]}
    assert call("POST", f"/crm/objects/{version}/0-2/batch/update", written)["status"] == "COMPLETE"
    read = {"inputs": [{"id": id_}], "properties": ["hubspot_owner_id"]}
    assert call("POST", f"/crm/objects/{version}/company/batch/read", read)["results"][0]["properties"][
        "hubspot_owner_id"
    ] == owner  # fmt: skip
    assert call("POST", f"/crm/objects/{version}/companies/search", {"limit": 1})["total"] == 60
    assert call("GET", f"/crm/owners/{version}")["results"]
    assert call("GET", f"/crm/properties/{version}/companies")["results"]
    links = "v4" if version == "v3" else version
    found = call("POST", f"/crm/associations/{links}/companies/contacts/batch/read", {"inputs": [{"id": id_}]})
    assert found["status"] == "COMPLETE"
