"""The effect log is a function of the seed and the calls, and tells of one change alike for both CRMs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.hubspot.catalog import TYPES
from tests.connectors.sandbox.conftest import TODAY
from tests.connectors.sandbox.hubspot.conftest import Account, companies, other_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE: Mapping[str, Any] = {"accounts": 40, "reps": 6, "seed": 11, "today": TODAY}
ENDS = ("before", "after")
PLAN = [
    {"on": "batch_update", "call": 2, "fault": "partial_207", "rows": 2},
    {"on": "batch_update", "call": 3, "fault": "lost_reply"},
    {"on": "batch_update", "call": 3, "fault": "person_edit", "actor": "Dana Whitfield", "set": {"city": "Bergen"}},
    {"on": "search", "call": 1, "fault": "delete", "object": "companies", "target": "21480000009"},
]


def told() -> list[dict[str, Any]]:
    """The log of one run with writes, faults, a merge and a deletion; without its times."""
    with Sandbox(crm="hubspot", faults=PLAN, **SIZE) as sandbox:
        hub = Account(sandbox)
        ids = companies(sandbox, 6)
        for city in ("Oslo", "Turku", "Lund", "Oslo"):
            inputs = [{"id": id_, "properties": {"city": city, "priority_score": "7"}} for id_ in ids]
            with suppress(requests.ConnectionError):
                hub("POST", "/crm/v3/objects/companies/batch/update", json={"inputs": inputs})
        hub.search()
        hub.post("/crm/v3/objects/companies/merge", {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
        hub.post("/crm/v3/objects/contacts", {"properties": {"firstname": "Ada"}}, 201)
        hub.close()
        return [{**line, "time": ""} for line in sandbox.effects]


def test_the_same_seed_and_the_same_calls_leave_the_same_log_ids_of_calls_included() -> None:
    first, second = told(), told()
    assert len(first) > 25
    assert first == second


def test_one_change_is_the_same_lines_for_both_crms() -> None:
    with Sandbox(crm="hubspot", **SIZE) as sandbox, Sandbox(**SIZE) as salesforce:
        portal, accounts = sandbox.portal, list(salesforce.company.tables["Account"])[:5]
        users = {owner: user for user, owner in portal.owner_ids.items()}
        rows = {id_: row for row, (name, id_) in portal.ids.items() if name in TYPES}
        hub = Account(sandbox)
        headers = {"Authorization": f"Bearer {salesforce.access_token}"}
        for account in accounts:
            id_ = portal.ids[account][1]
            to = other_owner(sandbox, id_)
            hub.patch(id_, hubspot_owner_id=to, priority_tier="A")
            url = f"{salesforce.url}/services/data/v66.0/sobjects/Account/{account}"
            body = {"OwnerId": users[to], "Priority_Tier__c": "A"}
            assert requests.patch(url, json=body, headers=headers, timeout=10).status_code == 204
        hub.close()
        names = {"hubspot_owner_id": "OwnerId", "priority_tier": "Priority_Tier__c"}
        of_hubspot = [
            (rows[str(line["id"])], names[str(line["field"])], *(users.get(str(line[at]), line[at]) for at in ENDS))
            for line in sandbox.effects
        ]
        of_salesforce = [(line["id"], line["field"], *(line[at] for at in ENDS)) for line in salesforce.effects]
        assert of_hubspot == of_salesforce
        assert {line["actor"] for line in sandbox.effects} == {"integration"}
        assert {line["actor"] for line in salesforce.effects} == {salesforce.company.seeding.integration}
