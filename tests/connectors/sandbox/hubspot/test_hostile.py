"""Calls that no good client makes are refused in HubSpot's form, and break nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.sandbox import Sandbox
from connectors.sandbox.calls import Call
from connectors.sandbox.hubspot.routes import ROUTES, HubSpot
from connectors.sandbox.words import HUBSPOT_KINDS
from tests.connectors.sandbox.conftest import TODAY

SANDBOX = Sandbox(
    crm="hubspot", accounts=12, reps=5, seed=3, today=TODAY, burst_limit=10**9, search_limit=10**9, daily_limit=10**9
)
DIALECT = HubSpot(SANDBOX.hub)
IDS = [*list(SANDBOX.portal.records["companies"])[:3], "5", "²", "", "9" * 30, "null"]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1e308,
        "",
        "x",
        "²",
        "9" * 5000,
        "\ud800",
        [],
        {},
        [None],
        {"id": []},
        "NaN",
        "2026-13-45",
        *IDS,
    ]
)
WORDS = [
    "id",
    "inputs",
    "properties",
    "name",
    "hubspot_owner_id",
    "numberofemployees",
    "owner_since",
    "after",
    "limit",
    "filterGroups",
    "filters",
    "propertyName",
    "operator",
    "value",
    "values",
    "highValue",
    "sorts",
    "query",
    "from",
    "to",
    "types",
    "associationTypeId",
    "associations",
    "options",
    "label",
    "type",
    "fieldType",
    "groupName",
    "primaryObjectId",
    "objectIdToMerge",
    "objectId",
    "idProperty",
    "propertiesWithHistory",
    "archived",
]
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=12,
)
QUERIES = st.dictionaries(
    st.sampled_from(
        ["limit", "after", "archived", "properties", "propertiesWithHistory", "associations", "idProperty"]
    ),
    st.sampled_from(["", "x", "²", "-1", "9" * 5000, "true", "name,city", "contacts", "email"]),
    max_size=3,
)
TEMPLATES = sorted({(route.method, route.pattern.pattern) for route in ROUTES})


def path_of(pattern: str, ids: list[str]) -> str:
    """An address that the pattern takes."""
    fill = {"version": "v3", "name": "companies", "start": "contacts", "end": "companies", "prop": "name",
            "group": "companyinformation", "text": "x"}  # fmt: skip
    versions = re.search(r"\(\?P<version>([^)]*)\)", pattern)
    fill["version"] = (versions.group(1).split("|")[0] if versions else "v3").replace(r"v\d", "v1")
    path = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: fill.get(found.group(1), ids.pop()), pattern)
    return path.strip("^$")


def answer(method: str, path: str, body: bytes = b"", **query: str) -> Any:
    headers = {"authorization": f"Bearer {SANDBOX.access_token}"}
    call = Call(method, path, query, headers, body, "r", pairs=tuple(query.items()))
    subject = DIALECT.subject(call)
    DIALECT.strike(call, subject)
    return DIALECT.answer(call)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    route=st.sampled_from(TEMPLATES),
    ids=st.lists(st.sampled_from(IDS[:6]), min_size=6, max_size=6),
    body=VALUES,
    query=QUERIES,
)
def test_whatever_is_sent_is_answered_in_json(
    route: tuple[str, str], ids: list[str], body: Any, query: dict[str, str]
) -> None:
    method, pattern = route
    reply = answer(method, path_of(pattern, ids), json.dumps(body).encode(), **query)
    assert reply.status in {200, 201, 204, 207} or reply.status in range(400, 430)
    if reply.status != 204:
        told = json.loads(reply.encoded())
        assert reply.status < 400 or {"status", "message", "correlationId"} <= set(told)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"inputs": [1]}'])
@pytest.mark.parametrize("path", ["batch/update", "batch/read", "search", "merge"])
def test_a_body_that_is_no_json_object_is_refused(path: str, body: bytes) -> None:
    reply = answer("POST", f"/crm/v3/objects/companies/{path}", body)
    assert reply.status in ({200} if (path, body) in {("search", b""), ("search", b'{"inputs": [1]}')} else {400, 404})


def test_half_a_character_never_gets_into_a_record() -> None:
    id_ = next(iter(SANDBOX.portal.records["contacts"]))
    reply = answer("PATCH", f"/crm/v3/objects/contacts/{id_}", b'{"properties": {"city": "\\ud800"}}')
    assert reply.status == 400
    assert answer("GET", f"/crm/v3/objects/contacts/{id_}", properties="city").encoded()


def test_every_route_is_counted_under_a_kind_that_faults_can_name() -> None:
    assert {route.kind for route in ROUTES} == HUBSPOT_KINDS
