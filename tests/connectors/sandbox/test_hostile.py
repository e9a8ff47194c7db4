"""Whatever a client sends, it gets an answer in Salesforce's form; nothing it sends breaks the sandbox."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox import Sandbox
from connectors.sandbox.calls import Call
from connectors.sandbox.salesforce.routes import ROUTES, Salesforce
from tests.connectors.sandbox.conftest import TODAY

SANDBOX = Sandbox(accounts=12, reps=3, seed=3, today=TODAY)
DIALECT = Salesforce(SANDBOX.org)
ACCOUNTS = list(SANDBOX.company.tables["Account"])
V = "/services/data/v66.0"

WORDS = st.sampled_from(
    [
        *ACCOUNTS[:3],
        ACCOUNTS[0][:15],
        "Account",
        "User",
        "update",
        "query",
        "SELECT Id FROM Account",
        "2026-01-01",
        "",
        "x",
        f"{V}/sobjects/Account/{ACCOUNTS[0]}",
        f"{V}/query?q=SELECT+Id+FROM+Account",
        "http://[::1",
        "@{a.Id}",
        "PATCH",
        "GET",
    ]
)
KEYS = st.sampled_from(
    [
        "records",
        "attributes",
        "type",
        "id",
        "Name",
        "OwnerId",
        "NumberOfEmployees",
        "Do_Not_Move__c",
        "ids",
        "fields",
        "compositeRequest",
        "graphs",
        "graphId",
        "method",
        "url",
        "referenceId",
        "body",
        "httpHeaders",
        "batchRequests",
        "operation",
        "object",
        "query",
        "state",
        "columnDelimiter",
        "externalIdFieldName",
        "allOrNone",
        "Owner_Since__c",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6))
PARTS = st.fixed_dictionaries(
    {"method": WORDS, "url": WORDS, "referenceId": st.sampled_from(["a", "b", 5, None])},
    optional={"httpHeaders": VALUES, "body": VALUES, "richInput": VALUES},
)
RECORDS = st.fixed_dictionaries({"attributes": st.just({"type": "Account"}) | VALUES, "id": WORDS}) | VALUES
BODIES = (
    VALUES
    | st.fixed_dictionaries({"records": st.lists(RECORDS, max_size=3), "allOrNone": VALUES})
    | st.fixed_dictionaries({"compositeRequest": st.lists(PARTS, max_size=3), "allOrNone": VALUES})
    | st.fixed_dictionaries(
        {"graphs": st.lists(st.fixed_dictionaries({"compositeRequest": st.lists(PARTS, max_size=2)}))}
    )
    | st.fixed_dictionaries({"batchRequests": st.lists(PARTS, max_size=3)})
    | st.fixed_dictionaries({"operation": WORDS, "object": WORDS, "query": WORDS, "columnDelimiter": VALUES})
)
RAW = BODIES.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "if-match",
            "if-none-match",
            "if-modified-since",
            "if-unmodified-since",
            "content-encoding",
            "sforce-query-options",
        ]
    ),
    st.sampled_from(
        ["x", "*", "gzip", "batchSize=x", "Tue, 01 Jan 2047 00:00:00", "Tue, 01 Jan 2047 00:00:00 GMT", ""]
    ),
    max_size=2,
)
QUERIES = st.dictionaries(
    st.sampled_from(["q", "ids", "fields", "start", "end", "locator", "maxRecords", "explain", "allOrNone"]),
    WORDS | st.text(max_size=10),
    max_size=3,
)
PATHS = st.sampled_from(
    [
        "/sobjects/Account",
        f"/sobjects/Account/{ACCOUNTS[0]}",
        "/sobjects/Account/External_Key__c/k",
        "/composite",
        "/composite/graph",
        "/composite/batch",
        "/composite/sobjects",
        "/composite/sobjects/Account",
        "/jobs/query",
        "/jobs/ingest",
        "/query",
        "/queryAll",
        "/query/x-1",
        "/sobjects/Account/updated",
        "/sobjects/Account/deleted",
        "/sobjects/Account/describe",
        "/jobs/query/x/results",
        "/limits",
        "",
        "/nowhere",
    ]
)


@given(st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]), PATHS, QUERIES, HEADERS, RAW)
def test_every_call_gets_an_answer_in_salesforces_form(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    headers = {**headers, "authorization": f"Bearer {SANDBOX.access_token}"}
    call = Call(method, V + path, query, headers, body, "request", "http://127.0.0.1:1")
    reply = DIALECT.answer(replace(call, fired=DIALECT.strike(call, DIALECT.subject(call))))
    assert reply.status < 500
    assert json.loads(reply.encoded() or b"null") is not None or reply.status in {201, 204, 304, 412}
    if reply.status >= 400 and reply.status != 412:
        assert isinstance(reply.body, list)
        assert {"message", "errorCode"} <= set(reply.body[0]) <= {"message", "errorCode", "fields"}


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT SUM(Name) FROM Account",
        "SELECT AVG(CreatedDate) FROM Account",
        "SELECT COUNT(), Id FROM Account",
        "SELECT Id, (SELECT COUNT() FROM Contacts) FROM Account",
        "SELECT Owner FROM Account",
        "SELECT Id FROM Account WHERE COUNT(Id) > 1",
        "SELECT Id FROM Account WHERE Id IN (SELECT Name, Id FROM Account)",
        "SELECT Id FROM Account WHERE NumberOfEmployees = TODAY",
        "SELECT Id FROM Account WHERE BillingAddress = 'x'",
        "SELECT " + "(" * 2000,
        "SELECT Id FROM Account WHERE " + "NOT " * 5000 + "Name = null",
    ],
)
def test_an_odd_query_is_refused_and_breaks_nothing(soql: str) -> None:
    headers = {"authorization": f"Bearer {SANDBOX.access_token}"}
    reply = DIALECT.answer(Call("GET", f"{V}/query", {"q": soql}, headers))
    assert reply.status == 400


def test_every_route_is_counted_under_a_kind_that_faults_can_name() -> None:
    from connectors.sandbox.words import SALESFORCE_KINDS  # noqa: PLC0415 - only here

    assert {route.kind for route in ROUTES} == SALESFORCE_KINDS
