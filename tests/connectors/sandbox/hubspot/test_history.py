"""Property histories: every value, from when, by whom. What the app writes and what a person does can be told apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.connectors.sandbox.hubspot.conftest import Account, company, other_owner

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

OBJECTS = "/crm/v3/objects/companies"
OWNER = "hubspot_owner_id"


def history(hub: Account, id_: str, name: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = hub.get(f"{OBJECTS}/{id_}", propertiesWithHistory=name)["propertiesWithHistory"][name]
    return shown


def test_an_owners_history_begins_when_the_account_was_assigned(sandbox: Sandbox, hub: Account) -> None:
    record = sandbox.portal.records["companies"][company(sandbox)]
    (first,) = history(hub, record.id, OWNER)
    assert (first["value"], first["timestamp"]) == (record.values[OWNER], record.values["hubspot_owner_assigneddate"])
    assert (first["sourceType"], first["sourceId"]) == ("CRM_UI", f"userId:{first['updatedByUserId']}")


def test_the_latest_value_stands_first_with_its_author(sandbox: Sandbox, hub: Account) -> None:
    id_, admin = company(sandbox), sandbox.portal.owner_named("Dana Whitfield")
    hub.patch(id_, city="Oslo")
    sandbox.portal.edit("companies", id_, "Dana Whitfield", city="Bergen")
    hub.patch(id_, city="")
    cleared, person, app, *_ = history(hub, id_, "city")
    assert [each["value"] for each in (cleared, person, app)] == ["", "Bergen", "Oslo"]
    assert (app["sourceType"], "updatedByUserId" in app) == ("INTEGRATION", False)
    assert (person["sourceType"], person["updatedByUserId"]) == ("CRM_UI", admin.user_id)
    assert cleared["timestamp"] >= person["timestamp"] >= app["timestamp"]


def test_a_persons_token_writes_as_that_person(sandbox: Sandbox, hub: Account) -> None:
    rep = sandbox.portal.owners[other_owner(sandbox, company(sandbox))]
    own = Account(sandbox, sandbox.user_token(rep.email))
    own.patch(company(sandbox), city="Oslo")
    own.close()
    assert history(hub, company(sandbox), "city")[0]["updatedByUserId"] == rep.user_id
    assert sandbox.effects[-1]["actor"] == rep.id


def test_a_value_that_was_written_and_overwritten_leaves_both_in_the_history(sandbox: Sandbox, hub: Account) -> None:
    """So a lost update can be found after the fact: the person's value stands between the old one and ours."""
    id_ = company(sandbox)
    before = history(hub, id_, OWNER)
    theirs = other_owner(sandbox, id_)
    sandbox.portal.edit("companies", id_, "Dana Whitfield", hubspot_owner_id=theirs)
    ours = other_owner(sandbox, id_)
    hub.patch(id_, hubspot_owner_id=ours)
    assert [each["value"] for each in history(hub, id_, OWNER)] == [ours, theirs, before[0]["value"]]


def test_batches_and_lists_show_history_too(sandbox: Sandbox, hub: Account) -> None:
    body = {"inputs": [{"id": company(sandbox)}], "propertiesWithHistory": ["city", "nonsense"]}
    read = hub.post(f"{OBJECTS}/batch/read", body)["results"][0]
    listed = hub.get(OBJECTS, propertiesWithHistory="city,nonsense")["results"][0]
    assert set(read["propertiesWithHistory"]) == {"city"}
    assert read == listed


def test_a_value_that_never_was_has_no_history(sandbox: Sandbox, hub: Account) -> None:
    assert history(hub, company(sandbox), "external_key") == []


def test_no_two_versions_of_a_property_share_a_moment_however_fast_they_come(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    sandbox.portal.clock.advance(-3600)
    for number in range(200):
        sandbox.portal.edit("companies", id_, city=f"City {number}")
    moments = [each["timestamp"] for each in history(hub, id_, "city")]
    assert len(moments) >= 200
    read = [datetime.fromisoformat(moment) for moment in moments]
    assert all(later - earlier >= timedelta(milliseconds=1) for later, earlier in pairwise(read))


def test_a_person_can_be_made_to_edit_between_our_read_and_our_write(sandbox: Sandbox, hub: Account) -> None:
    """The plan in the docstring of ``Portal.edit``, word for word: read, their edit, our write."""
    id_ = company(sandbox)
    theirs, before = other_owner(sandbox, id_), history(hub, id_, OWNER)[0]["value"]
    ours = next(owner for owner in sandbox.portal.owners if owner not in {theirs, before})
    edit = {"fault": "person_edit", "object": "companies", "target": id_, "actor": "Dana Whitfield"}
    sandbox.faults({"on": "batch_update", **edit, "set": {OWNER: theirs}})
    hub.post(f"{OBJECTS}/batch/read", {"inputs": [{"id": id_}], "properties": [OWNER]})
    hub.post(f"{OBJECTS}/batch/update", {"inputs": [{"id": id_, "properties": {OWNER: ours}}]})
    app, person, seeded = history(hub, id_, OWNER)
    assert [each["value"] for each in (app, person, seeded)] == [ours, theirs, before]
    admin = sandbox.portal.owner_named("Dana Whitfield").user_id
    assert (person["sourceType"], person["sourceId"]) == ("CRM_UI", f"userId:{admin}")
    assert app["sourceType"] == "INTEGRATION"
    assert datetime.fromisoformat(app["timestamp"]) > datetime.fromisoformat(person["timestamp"])
