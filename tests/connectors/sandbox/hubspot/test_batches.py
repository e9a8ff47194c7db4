"""Batches: a hundred records at most, errors of single records beside the others' results, nothing half checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.connectors.sandbox.hubspot.conftest import Account, category, codes, companies, company, other_owner

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox

BATCH = "/crm/v3/objects/companies/batch"


def update(*pairs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"inputs": [{"id": id_, "properties": properties} for id_, properties in pairs]}


def test_a_batch_reads_a_hundred_records_in_one_call(sandbox: Sandbox, hub: Account) -> None:
    ids = companies(sandbox, 60)
    body = hub.post(f"{BATCH}/read", {"inputs": [{"id": id_} for id_ in ids], "properties": ["name"]})
    assert [row["id"] for row in body["results"]] == ids
    assert set(body) == {"status", "results", "startedAt", "completedAt"}
    assert body["status"] == "COMPLETE"


@pytest.mark.parametrize(
    ("count", "more", "status"),
    [(100, {}, 207), (101, {}, 400), (0, {}, 400), (50, {"propertiesWithHistory": ["name"]}, 207),
     (51, {"propertiesWithHistory": ["name"]}, 400)],
)  # fmt: skip
def test_a_batch_has_its_size(hub: Account, count: int, more: dict[str, Any], status: int) -> None:
    body = {"inputs": [{"id": str(number)} for number in range(1, count + 1)], **more}
    assert hub("POST", f"{BATCH}/read", json=body).status_code == status


def test_missing_ids_are_one_error_beside_the_results(sandbox: Sandbox, hub: Account) -> None:
    body = hub.post(f"{BATCH}/read", {"inputs": [{"id": "5"}, {"id": company(sandbox)}, {"id": "6"}]}, 207)
    assert [row["id"] for row in body["results"]] == [company(sandbox)]
    assert body["numErrors"] == 1
    error = body["errors"][0]
    assert (error["status"], error["category"], error["context"]) == ("error", "OBJECT_NOT_FOUND", {"ids": ["5", "6"]})
    assert {"message", "links", "errors"} <= set(error)


def test_archived_records_are_read_only_if_asked_for(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    hub("DELETE", f"/crm/v3/objects/companies/{one}")
    asked = {"inputs": [{"id": one}, {"id": two}]}
    assert [row["id"] for row in hub.post(f"{BATCH}/read", asked, 207)["results"]] == [two]
    archived = hub("POST", f"{BATCH}/read?archived=True", json=asked).json()
    assert [row["id"] for row in archived["results"]] == [one]


def test_a_batch_update_writes_each_record_and_tells_the_missing(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    owner = other_owner(sandbox, one)
    body = hub.post(
        f"{BATCH}/update", update((one, {"hubspot_owner_id": owner}), ("5", {}), (two, {"city": "Oslo"})), 207
    )
    assert [row["id"] for row in body["results"]] == [one, two]
    assert body["errors"][0]["context"] == {"ids": ["5"]}
    assert [(e["id"], e["field"], e["after"]) for e in sandbox.effects] == [
        (one, "hubspot_owner_id", owner), (two, "city", "Oslo"),
    ]  # fmt: skip


def test_one_value_that_cannot_be_refuses_the_whole_batch(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    reply = hub("POST", f"{BATCH}/update", json=update((one, {"city": "Oslo"}), (two, {"priority_tier": "E"})))
    assert codes(reply) == ["INVALID_OPTION"]
    assert sandbox.effects == []


def test_a_record_stands_in_a_batch_once(sandbox: Sandbox, hub: Account) -> None:
    id_ = company(sandbox)
    reply = hub("POST", f"{BATCH}/update", json=update((id_, {"city": "Oslo"}), (id_, {"city": "Bergen"})))
    assert category(reply) == (400, "VALIDATION_ERROR")
    assert reply.json()["context"] == {"ids": [id_]}
    assert sandbox.effects == []


def test_more_than_a_hundred_writes_are_refused(sandbox: Sandbox, hub: Account) -> None:
    body = update(*((str(number), {"city": "Oslo"}) for number in range(101)))
    assert category(hub("POST", f"{BATCH}/update", json=body)) == (400, "VALIDATION_ERROR")
    assert sandbox.effects == []


def test_the_newest_version_tells_errors_with_a_200(sandbox: Sandbox, hub: Account) -> None:
    body = update((company(sandbox), {"city": "Oslo"}), ("5", {"city": "Oslo"}))
    statuses = {
        version: hub("POST", f"/crm/objects/{version}/companies/batch/update", json=body).status_code
        for version in ("2026-03", "2026-09")
    }
    assert statuses == {"2026-03": 207, "2026-09": 200}
    told = hub("POST", "/crm/objects/2026-09/companies/batch/update", json=body).json()
    assert told["numErrors"] == 1


def test_a_trace_id_comes_back_with_results_and_errors(sandbox: Sandbox, hub: Account) -> None:
    one, two = companies(sandbox, 2)
    sandbox.portal.locked.add(two)
    body = update((one, {"city": "Oslo"}), (two, {"city": "Oslo"}))
    for number, given in enumerate(body["inputs"]):
        given["objectWriteTraceId"] = f"row {number}"
    reply = hub.post(f"{BATCH}/update", body, 207)
    assert reply["results"][0]["objectWriteTraceId"] == "row 0"
    assert reply["errors"][0]["category"] == "LOCKED"
    assert reply["errors"][0]["context"] == {"ids": [two], "objectWriteTraceId": ["row 1"]}


def test_an_update_may_go_by_a_unique_property(sandbox: Sandbox, hub: Account) -> None:
    hub.patch(company(sandbox), external_key="k1")
    given = {"inputs": [{"id": "k1", "idProperty": "external_key", "properties": {"city": "Oslo"}}]}
    assert hub.post(f"{BATCH}/update", given)["results"][0]["id"] == company(sandbox)
    given["inputs"][0]["idProperty"] = "name"
    assert category(hub("POST", f"{BATCH}/update", json=given)) == (400, "VALIDATION_ERROR")


def test_a_batch_create_is_all_or_nothing(sandbox: Sandbox, hub: Account) -> None:
    good, bad = {"properties": {"name": "New"}}, {"properties": {"nonsense": "x"}}
    count = len(sandbox.portal.records["companies"])
    assert codes(hub("POST", f"{BATCH}/create", json={"inputs": [good, bad]})) == ["PROPERTY_DOESNT_EXIST"]
    assert len(sandbox.portal.records["companies"]) == count
    assert len(hub.post(f"{BATCH}/create", {"inputs": [good, good]}, 201)["results"]) == 2


def test_a_batch_archives_what_is_there(sandbox: Sandbox, hub: Account) -> None:
    ids = companies(sandbox, 3)
    hub.post(f"{BATCH}/archive", {"inputs": [{"id": id_} for id_ in (*ids, "5")]}, 204)
    assert [row["id"] for row in hub.get("/crm/v3/objects/companies", archived="true")["results"]] == ids
