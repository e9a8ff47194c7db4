"""A reply that is not what Salesforce sends ends as an error of the port or an unknown row, never as a traceback."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.port import CrmError, Outcome, Ref, Stream, Write
from connectors.salesforce import AccessToken, MemoryJobs, SalesforceConnector, SalesforceSettings
from connectors.transport import Patience
from tests.connectors.salesforce.scripted import Answer, Asked, Scripted
from tests.connectors.spoiling import spoilt

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT, OTHER, USER = "001000000000001AAA", "001000000000002AAA", "005000000000001AAA"
STAMP = "2026-11-21T10:00:00.000+0000"
COLUMNS = ("Id", "SystemModstamp", "IsDeleted", "MasterRecordId", "Name", "OwnerId", "NumberOfEmployees")
TYPES = {"IsDeleted": "boolean", "NumberOfEmployees": "int", "SystemModstamp": "datetime"}
ROW = {
    "Id": ACCOUNT,
    "SystemModstamp": STAMP,
    "IsDeleted": False,
    "MasterRecordId": None,
    "Name": "Acme",
    "OwnerId": USER,
    "NumberOfEmployees": 7,
    "IsActive": True,
    "UserType": "Standard",
}
MAPPING = {
    stream: dict.fromkeys(names, "")
    for stream, names in {
        Stream.USERS: ("email", "username", "team", "region", "title", "role", "manager", "time_zone"),
        Stream.ACCOUNTS: (
            "type",
            "industry",
            "revenue",
            "country",
            "parent",
            "website",
            "phone",
            "created_at",
            "rating",
        ),
        Stream.CONTACTS: ("account", "email", "title"),
        Stream.LEADS: ("company", "email", "status", "source", "country"),
        Stream.OPPORTUNITIES: ("account", "stage", "amount", "close_date", "closed", "won"),
        Stream.ACTIVITIES: ("account", "kind", "at", "done", "contact"),
    }.items()
}


def describe() -> dict[str, Any]:
    names = (*COLUMNS, "IsActive", "UserType", "IsRecurrence", "IsChild")
    return {
        "fields": [
            {"name": name, "type": TYPES.get(name, "string"), "label": name, "updateable": True, "picklistValues": []}
            for name in names
        ]
    }


def valid(asked: Asked) -> Any:
    """What an honest org answers."""
    if "/describe" in asked.path:
        return describe()
    if asked.path.endswith("/composite/graph"):
        node = {"referenceId": "n0", "httpStatusCode": 200, "httpHeaders": {"ETag": '"e"'}, "body": dict(ROW)}
        other = {**node, "referenceId": "n1", "body": {**ROW, "Id": OTHER}}
        return {"graphs": [{"graphId": "rows", "graphResponse": {"compositeResponse": [node, other]}}]}
    if asked.path.endswith("/composite/sobjects"):
        return [{"id": ACCOUNT, "success": True, "errors": []}, {"id": OTHER, "success": True, "errors": []}]
    if asked.path.endswith("/composite"):
        return {"compositeResponse": [{"referenceId": "r0", "httpStatusCode": 204, "httpHeaders": {}, "body": None}]}
    if "AccountHistory" in asked.path:
        change = {"AccountId": ACCOUNT, "OldValue": USER, "NewValue": USER, "CreatedById": USER, "CreatedDate": STAMP}
        return {"totalSize": 1, "done": True, "records": [change]}
    return {"totalSize": 1, "done": True, "records": [dict(ROW)]}


def read_all(connector: SalesforceConnector) -> None:
    list(connector.users())
    for stream in Stream:
        list(connector.pull(stream, None))
    refs = [Ref(Stream.ACCOUNTS, ACCOUNT), Ref(Stream.ACCOUNTS, OTHER)]
    list(connector.read(refs))
    list(connector.read(refs, versions=True))
    list(connector.read(refs[:1], versions=True))
    list(connector.history(refs, "owner"))


def write_all(connector: SalesforceConnector) -> None:
    writes = [Write(each, Ref(Stream.ACCOUNTS, each), {"employees": 5}) for each in (ACCOUNT, OTHER)]
    owner = Write("o", Ref(Stream.ACCOUNTS, ACCOUNT), {"owner": USER}, '"e"')
    results = [*connector.write(writes), *connector.write([owner])]
    assert {result.id for result in results} == {ACCOUNT, OTHER, "o"}
    assert all(isinstance(result.outcome, Outcome) for result in results)


def attempt(act: Callable[[SalesforceConnector], None], seed: int, *, only: str) -> None:
    """One try in which every reply to calls with ``only`` in their path is spoilt in one place."""
    chance = random.Random(seed)  # noqa: S311 - the same story each time

    def route(asked: Asked) -> Answer:
        body = valid(asked)
        return Answer(spoilt(body, chance) if only in asked.path else body, headers={"ETag": '"e"'})

    with Scripted(Answer(), route=route) as server:
        settings = SalesforceSettings(
            server.url,
            AccessToken("t"),
            patience=Patience(tries=1),
            composite_owner_writes=True,
            calls_per_run=1000,
        )
        connector = SalesforceConnector(settings, MAPPING, jobs=MemoryJobs())
        try:
            act(connector)
        except CrmError as error:
            assert str(error)  # noqa: PT017 - any error of the port will do, and nothing else
        finally:
            connector.close()


@pytest.mark.parametrize("only", ["/describe", "/query", "AccountHistory", "/composite", "/sobjects/Account/001"])
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_reply_to_a_read_makes_anything_but_an_error_of_the_port(only: str, seed: int) -> None:
    attempt(read_all, seed, only=only)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_reply_to_a_write_makes_anything_but_results(seed: int) -> None:
    attempt(write_all, seed, only="/composite")


def test_the_honest_replies_are_taken_for_what_they_are() -> None:
    attempt(read_all, 0, only="nowhere")
    attempt(write_all, 0, only="nowhere")
