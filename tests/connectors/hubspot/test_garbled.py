"""Replies that cannot be trusted: absence is never a value, and a place that does not move on is no progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.port import BadReply, Cursor, Stream
from tests.connectors.salesforce.scripted import Answer, Scripted

if TYPE_CHECKING:
    from connectors.hubspot import HubSpotConnector
    from tests.connectors.hubspot.conftest import Connect
    from tests.connectors.salesforce.scripted import Asked

PROPERTIES = [
    {"name": name, "type": "datetime" if name.endswith("date") else "string", "label": name}
    for name in (
        "hs_object_id", "hs_lastmodifieddate", "name", "hubspot_owner_id", "type", "industry", "annualrevenue",
        "numberofemployees", "country", "hs_parent_company_id", "website", "domain", "phone", "createdate",
        "lifecyclestage",
    )
]  # fmt: skip
WHEN = "2026-11-04T10:00:00Z"


def row(number: int, **changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(str(each["name"]) for each in PROPERTIES)
    values |= {"hs_object_id": str(number), "hs_lastmodifieddate": WHEN, "name": "Acme"}
    return {"id": str(number), "properties": values, "updatedAt": WHEN, "archived": False, **changed}


def answering(**bodies: Any) -> Scripted:
    """A server that answers each kind of call with one body."""

    def route(asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        if "/properties/" in path:
            return Answer({"results": PROPERTIES})
        if "/associations/" in path:
            return Answer(bodies["associations"])
        kind = "search" if path.endswith("/search") else "read" if path.endswith("/read") else "list"
        if kind == "list" and "archived=True" in asked.path:
            return Answer({"results": []})
        return Answer(bodies.get(kind, {"total": 0, "results": []}))

    return Scripted(Answer({}), route=route)


def standing(connector: HubSpotConnector) -> Cursor:
    """A cursor at rest."""
    connector._known(Stream.ACCOUNTS)
    digest = connector._schema.digests[Stream.ACCOUNTS]
    at_rest = '{"companies":{"upto":"2026-11-22T09:00:00Z"}}'
    return Cursor(f'{{"version":1,"schema":"{digest}","objects":{at_rest}}}')


def test_a_plain_account_can_be_pulled(connect: Connect) -> None:
    with answering(list={"results": [row(7)]}) as server:
        (page,) = connect(server.url).pull(Stream.ACCOUNTS, None)
    assert [(record.ref.id, record.fields["name"]) for record in page.records] == [("7", "Acme")]


@pytest.mark.parametrize(
    "reply",
    [
        {"total": 1},
        {"results": {"id": "7"}},
        {"results": [row(7, id="seven")]},
        {"results": [row(7, properties=None)]},
        {"results": [{"properties": {}}]},
        [1, 2],
        "<html>Maintenance</html>",
    ],
    ids=["no results", "no list", "no number", "no properties", "no id", "a list", "a page"],
)
def test_a_list_of_another_shape_is_a_bad_reply(connect: Connect, reply: object) -> None:
    with answering(list=reply) as server, pytest.raises(BadReply):
        list(connect(server.url).pull(Stream.ACCOUNTS, None))


def test_a_record_that_does_not_say_when_it_changed_is_a_bad_reply(connect: Connect) -> None:
    undated = row(7, updatedAt=None)
    undated["properties"]["hs_lastmodifieddate"] = None
    with answering(list={"results": [undated]}) as server, pytest.raises(BadReply, match="when it was changed"):
        list(connect(server.url).pull(Stream.ACCOUNTS, None))


def test_a_list_that_does_not_move_on_is_left(connect: Connect) -> None:
    stuck = {"results": [row(7)], "paging": {"next": {"after": "7"}}}
    with answering(list=stuck) as server, pytest.raises(BadReply, match="does not move on"):
        list(connect(server.url).pull(Stream.ACCOUNTS, None))


@pytest.mark.parametrize(
    "results",
    [[{"id": "9"}, {"id": "8"}], [{"id": "8"}, {"id": "8"}], []],
    ids=["out of order", "twice", "none though there are more"],
)
def test_a_search_out_of_order_is_a_bad_reply(connect: Connect, results: list[dict[str, str]]) -> None:
    found = {"total": 9, "results": results, "paging": {"next": {"after": "2"}}}
    with answering(search=found) as server:
        connector = connect(server.url)
        with pytest.raises(BadReply, match="order of ids"):
            list(connector.pull(Stream.ACCOUNTS, standing(connector)))


def test_a_search_without_a_total_is_a_bad_reply(connect: Connect) -> None:
    with answering(search={"results": []}) as server, pytest.raises(BadReply, match="total"):
        list(connect(server.url).pull(Stream.ACCOUNTS, None))


def test_a_record_that_cannot_be_read_for_another_reason_is_not_taken_for_gone(connect: Connect) -> None:
    error = {"category": "INTERNAL_ERROR", "message": "try later", "context": {"ids": ["7"]}}
    found = {"total": 1, "results": [{"id": "7"}]}
    with answering(search=found, read={"results": [], "errors": [error]}) as server:
        connector = connect(server.url)
        with pytest.raises(BadReply, match="INTERNAL_ERROR"):
            list(connector.pull(Stream.ACCOUNTS, standing(connector)))


def test_a_record_that_answers_under_another_id_is_a_merge_even_if_it_does_not_say_so(connect: Connect) -> None:
    found = {"total": 1, "results": [{"id": "7"}]}
    with answering(search=found, read={"results": [row(9)]}) as server:
        connector = connect(server.url)
        (page,) = connector.pull(Stream.ACCOUNTS, standing(connector))
    assert [(record.ref.id, record.deleted, record.merged_into) for record in page.records] == [
        ("9", False, None),
        ("7", True, "9"),
    ]


def test_one_stranger_does_not_answer_for_two(connect: Connect) -> None:
    found = {"total": 2, "results": [{"id": "6"}, {"id": "7"}]}
    with answering(search=found, read={"results": [row(9)]}) as server:
        connector = connect(server.url)
        with pytest.raises(BadReply, match="says nothing of 1"):
            list(connector.pull(Stream.ACCOUNTS, standing(connector)))


def test_a_reply_that_sends_the_worker_elsewhere_is_not_followed(connect: Connect) -> None:
    away = Scripted(Answer({}, status=302, headers={"Location": "http://127.0.0.1:1/"}))
    with away as server, pytest.raises(BadReply, match="redirect"):
        list(connect(server.url).users())
