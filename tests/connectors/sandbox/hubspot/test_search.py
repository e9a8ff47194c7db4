"""Searches: every operator against plain Python, the ten thousandth result, and an index that runs behind."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.hubspot.moments import milliseconds, read_moment
from tests.connectors.sandbox.conftest import TODAY
from tests.connectors.sandbox.hubspot.conftest import Account, category, companies, company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Values = "Mapping[str, str]"


def f(name: str, operator: str, *values: Any, **more: Any) -> dict[str, Any]:
    value = {"value": values[0]} if values else {}
    return {"propertyName": name, "operator": operator, **value, **more}


def size(values: Mapping[str, str]) -> float:
    return float(values.get("numberofemployees", "nan"))


OPERATORS: list[tuple[dict[str, Any], Callable[[Mapping[str, str]], bool]]] = [
    (f("country", "EQ", "gb"), lambda row: row["country"] == "GB"),
    (f("country", "NEQ", "GB"), lambda row: row["country"] != "GB"),
    (f("industry", "EQ", "Software"), lambda row: row.get("industry") == "Software"),
    (f("industry", "EQ", "software"), lambda _row: False),
    (f("industry", "NEQ", "Software"), lambda row: row.get("industry") != "Software"),
    (f("numberofemployees", "GT", "100"), lambda row: size(row) > 100),
    (f("numberofemployees", "GTE", 100), lambda row: size(row) >= 100),
    (f("numberofemployees", "LT", "100.5"), lambda row: size(row) < 100.5),
    (f("numberofemployees", "LTE", "17"), lambda row: size(row) <= 17),
    (f("numberofemployees", "BETWEEN", "17", highValue="60"), lambda row: 17 <= size(row) <= 60),
    (f("numberofemployees", "HAS_PROPERTY"), lambda row: "numberofemployees" in row),
    (f("numberofemployees", "NOT_HAS_PROPERTY"), lambda row: "numberofemployees" not in row),
    (f("country", "IN", values=["gb", "de"]), lambda row: row["country"] in {"GB", "DE"}),
    (f("country", "IN", values=["GB"]), lambda _row: False),
    (f("type", "IN", values=["Customer", "Partner"]), lambda row: row.get("type") in {"Customer", "Partner"}),
    (f("type", "NOT_IN", values=["Customer"]), lambda row: row.get("type") != "Customer"),
    (f("name", "CONTAINS_TOKEN", "*bank*"), lambda row: "bank" in row["name"].lower()),
    (f("name", "CONTAINS_TOKEN", "cloud"), lambda row: "cloud" in row["name"].lower().split()),
    (f("name", "NOT_CONTAINS_TOKEN", "*bank*"), lambda row: "bank" not in row["name"].lower()),
    (f("do_not_move", "EQ", "true"), lambda row: row["do_not_move"] == "true"),
    (f("hs_lastmodifieddate", "GTE", "2026-10-01"), lambda row: row["hs_lastmodifieddate"] >= "2026-10-01"),
    (f("hs_lastmodifieddate", "LT", "1790812800000"), lambda row: row["hs_lastmodifieddate"] < "2026-10-01"),
    (f("renewal_date", "GT", "2027-01-01"), lambda row: row.get("renewal_date", "") > "2027-01-01"),
    (f("hs_object_id", "GTE", "21480000100"), lambda row: int(row["hs_object_id"]) >= 21480000100),
]


@pytest.mark.parametrize(
    ("asked", "holds"), OPERATORS, ids=[f"{a['propertyName']} {a['operator']}" for a, _ in OPERATORS]
)
def test_an_operator_finds_what_plain_python_finds(
    reader: Account, asked: dict[str, Any], holds: Callable[[Mapping[str, str]], bool]
) -> None:
    expected = {id_ for id_, row in reader.sandbox.portal.records["companies"].items() if holds(row.values)}
    body = reader.search(asked, limit=200)
    found = {row["id"] for row in body["results"]}
    if "paging" in body:
        found |= {
            row["id"] for row in reader.search(asked, limit=200, after=body["paging"]["next"]["after"])["results"]
        }
    assert body["total"] == len(expected)
    assert found == expected


def test_groups_are_alternatives_and_filters_all_must_hold(reader: Account) -> None:
    groups = [
        {"filters": [f("country", "EQ", "GB"), f("type", "EQ", "Customer")]},
        {"filters": [f("country", "EQ", "DE")]},
    ]
    body = reader.post("/crm/v3/objects/companies/search", {"filterGroups": groups, "limit": 200})
    rows = [record.values for record in reader.sandbox.portal.records["companies"].values()]
    assert body["total"] == sum(
        row["country"] == "DE" or (row["country"] == "GB" and row.get("type") == "Customer") for row in rows
    )


def test_a_search_sorts_up_and_down_and_leaves_the_empty_ones_for_last(reader: Account) -> None:
    def sizes(*sorts: Any) -> list[float]:
        asked: dict[str, Any] = {"sorts": list(sorts), "limit": 200, "properties": ["numberofemployees"]}
        rows = reader.search(f("numberofemployees", "HAS_PROPERTY"), **asked)["results"]
        return [float(row["properties"]["numberofemployees"]) for row in rows]

    down = sizes({"propertyName": "numberofemployees", "direction": "DESCENDING"})
    assert down == sorted(down, reverse=True)
    assert sizes("numberofemployees") == sorted(down)
    assert sizes("-numberofemployees") == down
    body = reader.search(sorts=["numberofemployees"], limit=200, after="200", properties=["numberofemployees"])
    assert body["results"][-1]["properties"]["numberofemployees"] is None


def test_without_a_sort_the_oldest_come_first(reader: Account) -> None:
    made = [row["createdAt"] for row in reader.search(limit=200)["results"]]
    assert made == sorted(made)


def test_words_are_looked_for_in_the_name_and_the_domain(reader: Account) -> None:
    one = next(iter(reader.sandbox.portal.records["companies"].values()))
    found = reader.search(query=one.values["name"].upper(), limit=200)
    assert one.id in {row["id"] for row in found["results"]}
    assert reader.search(query="no company is called that")["total"] == 0


def test_pages_of_a_search_are_counted_from_nought(reader: Account) -> None:
    first = reader.search(limit=200)
    rest = reader.search(limit=200, after=first["paging"]["next"]["after"])
    assert (first["paging"]["next"]["after"], first["total"]) == ("200", 300)
    assert len({row["id"] for row in (*first["results"], *rest["results"])}) == 300
    assert "paging" not in rest
    assert len(reader.search()["results"]) == 10


def test_a_search_shows_no_associations(reader: Account) -> None:
    body = reader.search(limit=200, associations=["contacts"])
    assert all(set(row) == {"id", "properties", "createdAt", "updatedAt", "archived"} for row in body["results"])


WRONG: list[dict[str, Any]] = [
    {"limit": 201},
    {"after": "10000"},
    {"after": "here"},
    {"query": "x" * 3001},
    {"sorts": ["nonsense"]},
    {"filterGroups": "all"},
    {"filterGroups": [{"filters": []}] * 7},
    {"filterGroups": [{"filters": [f("name", "HAS_PROPERTY")] * 26}]},
    {"filterGroups": [{"filters": [f("nonsense", "HAS_PROPERTY")]}]},
    {"filterGroups": [{"filters": [f("name", "LIKE", "x")]}]},
    {"filterGroups": [{"filters": [f("name", "EQ")]}]},
    {"filterGroups": [{"filters": [f("name", "IN", values=[])]}]},
    {"filterGroups": [{"filters": [f("numberofemployees", "BETWEEN", "1")]}]},
    {"filterGroups": [{"filters": [f("numberofemployees", "GT", "many")]}]},
    {"filterGroups": [{"filters": [f("hs_lastmodifieddate", "GT", "lately")]}]},
]


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_a_search_that_makes_no_sense_is_refused(reader: Account, body: dict[str, Any]) -> None:
    refused = reader("POST", "/crm/v3/objects/companies/search", json=body)
    assert category(refused) == (400, "VALIDATION_ERROR")


# The index


@pytest.fixture
def behind() -> Iterator[Account]:
    with Sandbox(crm="hubspot", accounts=60, reps=6, seed=3, today=TODAY, search_limit=1000) as running:
        account = Account(running)
        yield account
        account.close()


def cities(account: Account, word: str) -> int:
    return int(account.search(f("city", "EQ", word))["total"])


def test_the_index_sees_a_change_after_five_seconds_and_the_record_at_once(behind: Account) -> None:
    id_, clock = company(behind.sandbox), behind.sandbox.portal.clock
    old = behind.get(f"/crm/v3/objects/companies/{id_}", properties="city")["properties"]["city"]
    count = cities(behind, old)
    behind.patch(id_, city="Ushuaia")
    assert behind.get(f"/crm/v3/objects/companies/{id_}", properties="city")["properties"]["city"] == "Ushuaia"
    assert (cities(behind, "Ushuaia"), cities(behind, old)) == (0, count)
    shown = behind.search(f("hs_object_id", "EQ", id_), properties=["city"])["results"][0]
    assert shown["properties"]["city"] == old
    clock.advance(4)
    assert cities(behind, "Ushuaia") == 0
    clock.advance(2)
    assert (cities(behind, "Ushuaia"), cities(behind, old)) == (1, count - 1)


def test_the_index_shows_the_last_value_that_is_old_enough(behind: Account) -> None:
    id_, clock = company(behind.sandbox), behind.sandbox.portal.clock
    for city in ("Oslo", "Bergen", "Ushuaia"):
        behind.patch(id_, city=city)
        clock.advance(3)
    shown = behind.search(f("hs_object_id", "EQ", id_), properties=["city"])["results"][0]
    assert shown["properties"]["city"] == "Bergen"


def test_a_new_record_is_found_late_and_an_archived_one_never(behind: Account) -> None:
    made = behind.post("/crm/v3/objects/companies", {"properties": {"name": "New", "city": "Ushuaia"}}, 201)
    assert cities(behind, "Ushuaia") == 0
    behind.sandbox.portal.clock.advance(6)
    assert cities(behind, "Ushuaia") == 1
    behind("DELETE", f"/crm/v3/objects/companies/{made['id']}")
    assert cities(behind, "Ushuaia") == 0


def test_a_fault_makes_the_index_later_still(behind: Account) -> None:
    behind.patch(company(behind.sandbox), city="Ushuaia")
    behind.sandbox.portal.clock.advance(60)
    behind.sandbox.faults({"on": "search", "fault": "index_lag", "seconds": 90})
    assert cities(behind, "Ushuaia") == 0
    assert cities(behind, "Ushuaia") == 1


def test_results_beyond_the_ten_thousandth_are_counted_and_not_shown(hub: Account) -> None:
    """The account's limit is made smaller here, so that sixty companies show it."""
    assert hub.sandbox.hub.settings.search_results == 10_000
    hub.sandbox.hub.settings = replace(hub.sandbox.hub.settings, search_results=50)
    page = hub.search(limit=30, after="30")
    assert (page["total"], len(page["results"]), page["paging"]["next"]["after"]) == (60, 20, "50")
    asked = {"limit": 30, "after": "50"}
    assert category(hub("POST", "/crm/v3/objects/companies/search", json=asked)) == (400, "VALIDATION_ERROR")


def test_a_search_over_thousands_of_companies_is_quick() -> None:
    with Sandbox(crm="hubspot", accounts=4000, reps=10, seed=3, today=TODAY) as running:
        account = Account(running)
        start = time.process_time()
        since = str(milliseconds(read_moment("2026-10-01") or running.portal.clock.now()))
        body = account.search(f("hs_lastmodifieddate", "GTE", since), sorts=["hs_object_id"], limit=200)
        assert time.process_time() - start < 1.0
        assert body["total"] > 200
        account.close()
        assert len(companies(running, 4000)) == 4000


def test_later_pages_of_a_search_know_of_what_has_changed_meanwhile(sandbox: Sandbox, hub: Account) -> None:
    """Pages are cut from one list only for as long as nothing has changed, come of age or been hidden."""
    asked = {"propertyName": "city", "operator": "EQ", "value": "Xanadu"}
    ids = companies(sandbox, 5)
    for id_ in ids:
        sandbox.portal.edit("companies", id_, city="Xanadu")
    assert [row["id"] for row in hub.search(asked, sorts=["hs_object_id"], limit=2)["results"]] == ids[:2]
    sandbox.portal.edit("companies", ids[4], city="Bergen")
    assert [row["id"] for row in hub.search(asked, sorts=["hs_object_id"], limit=2, after="2")["results"]] == ids[2:4]
    sandbox.portal.hidden_rows.add(ids[0])
    assert hub.search(asked)["total"] == 3
    sandbox.hub.settings = replace(sandbox.hub.settings, search_lag=60)
    assert hub.search(asked)["total"] == 0
    sandbox.portal.clock.advance(61)
    assert hub.search(asked)["total"] == 3
