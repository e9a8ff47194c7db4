"""A reply that is not what HubSpot sends ends as an error of the port or an unknown row, never as a traceback."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.hubspot import DEFAULT_FIELDS, AccessToken, HubSpotConnector, HubSpotSettings, RefreshToken
from connectors.port import CrmError, Cursor, Outcome, Ref, Stream, Write
from connectors.transport import Patience
from tests.connectors.salesforce.scripted import Answer, Asked, Scripted
from tests.connectors.spoiling import spoilt

if TYPE_CHECKING:
    from collections.abc import Callable

WHEN = "2026-11-04T10:00:00Z"
TYPES = {"hs_lastmodifieddate": "datetime", "lastmodifieddate": "datetime", "amount": "number", "hs_is_closed": "bool"}
NAMES = (
    "hs_object_id", "hs_merged_object_ids", "hs_lastmodifieddate", "lastmodifieddate", "name", "hubspot_owner_id",
    "dealname", "amount", "hs_is_closed", "hs_timestamp", "hs_call_status", "hs_email_direction", "hs_email_status",
    "hs_meeting_outcome", "hs_meeting_end_time", "hs_task_status", "firstname", "lastname",
)  # fmt: skip
KEPT = {
    Stream.ACCOUNTS: ("name", "owner"),
    Stream.CONTACTS: ("name", "owner"),
    Stream.OPPORTUNITIES: ("account", "name", "amount", "closed"),
    Stream.ACTIVITIES: ("account", "contact", "kind", "at", "owner", "done"),
}
PATHS = ("/properties/", "/search", "/owners", "archived=True", "archived=False", "/batch/read", "/associations/")


def mapping() -> dict[Stream, dict[str, str]]:
    """A few fields of each stream: the fewer there are, the more of what is spoilt is what counts."""
    return {
        stream: {name: "" for name in DEFAULT_FIELDS[stream] if name not in names} for stream, names in KEPT.items()
    }


def row(number: int, **more: Any) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(NAMES)
    values |= {"hs_object_id": str(number), "hs_lastmodifieddate": WHEN, "lastmodifieddate": WHEN, "name": "Acme"}
    values |= {"hubspot_owner_id": "11", "amount": "7.5", "hs_is_closed": "false", "hs_timestamp": WHEN}
    values["hs_merged_object_ids"] = "4;5" if number == 7 else None
    kept = {"name": [{"value": "Acme", "timestamp": WHEN, "sourceType": "CRM_UI", "sourceId": "userId:21"}]}
    kept["name"].append({"value": "Apex", "timestamp": "2026-11-01T10:00:00Z", "sourceType": "IMPORT"})
    links = {"companies": {"results": [{"id": "7", "type": "deal_to_company"}]}}
    dated = {"createdAt": WHEN, "updatedAt": WHEN, "archived": False}
    return {
        "id": str(number),
        "properties": values,
        **dated,
        "propertiesWithHistory": kept,
        "associations": links,
    } | more


def properties() -> dict[str, Any]:
    return {
        "results": [{"name": name, "type": TYPES.get(name, "string"), "label": name, "options": []} for name in NAMES]
    }


def owners(*, archived: bool) -> dict[str, Any]:
    person = {"id": "11", "email": "ann@acme.example", "firstName": "Ann", "lastName": "Lee", "updatedAt": WHEN}
    team = [{"id": "1", "name": "EMEA", "primary": True}]
    return {"results": [{**person, "type": "PERSON", "userId": 21, "archived": archived, "teams": team}]}


def associations() -> dict[str, Any]:
    primary = {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}
    link = {"from": {"id": "7"}, "to": [{"toObjectId": "7", "associationTypes": [primary]}]}
    error = {"category": "OBJECT_NOT_FOUND", "message": "none", "context": {"fromObjectId": ["8"]}}
    return {"status": "COMPLETE", "results": [link], "errors": [error]}


def valid(asked: Asked) -> Any:
    """What an honest account answers."""
    archived = "archived=True" in asked.path
    answers = {
        "/properties/": properties(),
        "/owners": owners(archived=archived),
        "/associations/": associations(),
        "/search": {"total": 2, "results": [{"id": "7", "properties": {}}, {"id": "8", "properties": {}}]},
        "archived=True": {"results": [row(3, archived=True, archivedAt="2026-11-22T09:30:00Z")]},
        "": {"status": "COMPLETE", "results": [row(7), row(8)]},
    }
    return next(answer for part, answer in answers.items() if part in asked.path)


def read_all(connector: HubSpotConnector) -> None:
    list(connector.users())
    for stream in Stream:
        (*_, last) = connector.pull(stream, None)
        list(connector.pull(stream, last.cursor))
    refs = [Ref(Stream.ACCOUNTS, each) for each in ("7", "8")]
    list(connector.read(refs))
    list(connector.history(refs, "name"))
    list(connector.read([Ref(Stream.ACTIVITIES, "7")]))


def write_all(connector: HubSpotConnector) -> None:
    writes = [Write(each, Ref(Stream.ACCOUNTS, each), {"name": "Acme"}) for each in ("7", "8")]
    results = list(connector.write(writes))
    assert {result.id for result in results} == {"7", "8"}
    assert all(isinstance(result.outcome, Outcome) for result in results)


def attempt(act: Callable[[HubSpotConnector], None], seed: int, *, only: str) -> None:
    """One try in which every reply to calls with ``only`` in their address is spoilt in one place."""
    chance = random.Random(seed)  # noqa: S311 - the same story each time

    def route(asked: Asked) -> Answer:
        body = valid(asked)
        return Answer(spoilt(body, chance) if only in asked.path else body)

    with Scripted(Answer(), route=route) as server:
        made = HubSpotSettings(
            AccessToken("t"), server.url, patience=Patience(tries=1), calls_per_run=1000, searches_per_second=1000
        )
        connector = HubSpotConnector(made, mapping())
        try:
            act(connector)
        except CrmError as error:
            assert str(error)  # noqa: PT017 - any error of the port will do, and nothing else
        finally:
            connector.close()


@pytest.mark.parametrize("only", PATHS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_reply_to_a_read_makes_anything_but_an_error_of_the_port(only: str, seed: int) -> None:
    attempt(read_all, seed, only=only)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_reply_to_a_write_makes_anything_but_results(seed: int) -> None:
    attempt(write_all, seed, only="/batch/update")


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_reply_about_a_token_makes_anything_but_an_error_of_the_port(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same story each time
    token = {"access_token": "T1", "expires_in": 1800, "refresh_token": "r", "token_type": "bearer"}

    def route(asked: Asked) -> Answer:
        return Answer(spoilt(token, chance) if "/oauth/" in asked.path else valid(asked))

    with Scripted(Answer(), route=route) as server:
        auth = RefreshToken("app", "secret", "refresh")
        connector = HubSpotConnector(HubSpotSettings(auth, server.url, patience=Patience(tries=1)), mapping())
        try:
            list(connector.users())
        except CrmError as error:
            assert str(error)  # noqa: PT017 - any error of the port will do, and nothing else
        finally:
            connector.close()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_no_spoilt_cursor_makes_anything_but_a_pull(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same story each time
    rest = {"upto": "2026-11-22T09:00:00Z", "swept": "2026-11-22T09:00:00Z", "place": "3", "after": "7"}
    with Scripted(Answer(), route=lambda asked: Answer(valid(asked))) as server:
        made = HubSpotSettings(AccessToken("t"), server.url, searches_per_second=1000)
        connector = HubSpotConnector(made, mapping())
        (*_, last) = connector.pull(Stream.ACCOUNTS, None)
        value = json.loads(last.cursor.value)
        value["objects"]["companies"] = rest
        try:
            list(connector.pull(Stream.ACCOUNTS, Cursor(json.dumps(spoilt(value, chance)))))
        except CrmError as error:
            assert str(error)  # noqa: PT017 - any error of the port will do, and nothing else
        finally:
            connector.close()


def test_the_honest_replies_are_taken_for_what_they_are() -> None:
    with Scripted(Answer(), route=lambda asked: Answer(valid(asked))) as server:
        made = HubSpotSettings(AccessToken("t"), server.url, searches_per_second=1000)
        connector = HubSpotConnector(made, mapping())
        read_all(connector)
        write_all(connector)
        connector.close()
