"""Versions where an org behaves unlike the sandbox: no ETags in graphs, rows that vanish."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import pytest

from connectors.port import BadReply, FieldType, Record, SchemaChanged, Stream
from connectors.salesforce.schema import Layout
from connectors.salesforce.soql import by_ids, identifier, record_id
from connectors.values import instant
from tests.connectors.salesforce.scripted import Answer, Asked, Scripted

if TYPE_CHECKING:
    from connectors.salesforce import SalesforceConnector
    from connectors.salesforce.lookup import Lookup
    from tests.connectors.salesforce.conftest import Connect

NOW = instant("2026-11-22T10:00:00Z")
STAMP = "2026-11-21T10:00:00.000+0000"
IDS = [f"001{number:012d}AAA" for number in range(4)]
PLAIN = Layout(
    "Account",
    Stream.ACCOUNTS,
    ("owner",),
    {"owner": "OwnerId"},
    {"Id": FieldType.TEXT, "SystemModstamp": FieldType.DATE, "OwnerId": FieldType.TEXT},
)


def row(record: str, owner: str = "005000000000001AAA") -> dict[str, object]:
    return {"attributes": {"type": "Account"}, "Id": record, "SystemModstamp": STAMP, "OwnerId": owner}


class Org:
    """Accounts behind a scripted server: some are gone, and ETags come or do not."""

    def __init__(self, *, graph_etags: bool = True, row_etags: bool = True, halting: bool = True) -> None:
        self.gone: set[str] = set()
        self.graph_etags, self.row_etags, self.halting = graph_etags, row_etags, halting
        self.vanishing: list[str] = []

    def __call__(self, asked: Asked) -> Answer:
        if asked.path.endswith("/composite/graph"):
            return self._graph(asked)
        if "/query" in asked.path:
            named = re.findall(r"'(001\w{15})'", unquote_plus(asked.path))
            rows = [{"Id": each} for each in named if each not in self.gone]
            if self.vanishing:
                self.gone.add(self.vanishing.pop())
            return Answer({"totalSize": len(rows), "done": True, "records": rows})
        record = asked.path.split("?")[0].rsplit("/", 1)[1]
        if record in self.gone:
            return Answer([{"errorCode": "NOT_FOUND", "message": "not found"}], 404)
        return Answer(row(record), headers={"ETag": f'"{record}"'} if self.row_etags else {})

    def _graph(self, asked: Asked) -> Answer:
        nodes = asked.json()["graphs"][0]["compositeRequest"]
        records = [node["url"].split("?")[0].rsplit("/", 1)[1] for node in nodes]
        halted = self.halting and self.gone.intersection(records)
        replies = [
            self._node(node["referenceId"], record, bool(halted)) for node, record in zip(nodes, records, strict=True)
        ]
        graph = {"graphId": "rows", "graphResponse": {"compositeResponse": replies}, "isSuccessful": not halted}
        return Answer({"graphs": [graph]})

    def _node(self, name: str, record: str, halted: bool) -> dict[str, object]:  # noqa: FBT001 - one flag, private
        if record in self.gone:
            body: object = [{"errorCode": "NOT_FOUND", "message": "not found"}]
            return {"referenceId": name, "httpStatusCode": 404, "httpHeaders": {}, "body": body}
        if halted:
            body = [{"errorCode": "PROCESSING_HALTED", "message": "rolled back"}]
            return {"referenceId": name, "httpStatusCode": 400, "httpHeaders": {}, "body": body}
        headers = {"etag": f'"{record}"'} if self.graph_etags else {}
        return {"referenceId": name, "httpStatusCode": 200, "httpHeaders": headers, "body": row(record)}


def lookup_of(connector: SalesforceConnector) -> Lookup:
    return connector._lookup


def versions(lookup: Lookup, ids: list[str], layout: Layout = PLAIN) -> dict[str, str | None]:
    found: list[Record] = list(lookup.versioned(layout, ids, NOW))
    return {record.ref.id: record.version for record in found}


def kinds(server: Scripted) -> list[str]:
    words = {"graph": "graph", "query": "query"}
    return [next((word for part, word in words.items() if part in asked.path), "row") for asked in server.asked]


def test_200_versions_cost_one_call(connect: Connect) -> None:
    many = [f"001{number:012d}AAA" for number in range(401)]
    with Scripted(Answer(), route=Org()) as server:
        assert versions(lookup_of(connect(server)), many) == {each: f'"{each}"' for each in many}
        assert kinds(server) == ["graph", "graph", "row"]


def test_an_org_whose_graphs_carry_no_etag_is_read_row_by_row_from_then_on(connect: Connect) -> None:
    with Scripted(Answer(), route=Org(graph_etags=False)) as server:
        lookup = lookup_of(connect(server))
        assert versions(lookup, IDS) == {each: f'"{each}"' for each in IDS}
        assert kinds(server) == ["graph", *["row"] * 4]
        versions(lookup, IDS)
        assert kinds(server) == ["graph", *["row"] * 8]


def test_an_org_without_graphs_is_read_row_by_row(connect: Connect) -> None:
    org = Org()

    def route(asked: Asked) -> Answer:
        if "graph" in asked.path:
            return Answer([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}], 404)
        return org(asked)

    with Scripted(Answer(), route=route) as server:
        lookup = lookup_of(connect(server))
        assert len(versions(lookup, IDS)) == 4
        versions(lookup, IDS)
        assert kinds(server) == ["graph", *["row"] * 8]


def test_no_etag_at_all_is_an_error_and_never_a_weaker_condition(connect: Connect) -> None:
    with Scripted(Answer(), route=Org(graph_etags=False, row_etags=False)) as server:
        with pytest.raises(BadReply, match="without an ETag") as caught:
            versions(lookup_of(connect(server)), IDS)
        assert "proxy" in caught.value.hint


def test_row_by_row_leaves_out_gone_records(connect: Connect) -> None:
    org = Org(graph_etags=False)
    with Scripted(Answer(), route=org) as server:
        lookup = lookup_of(connect(server))
        versions(lookup, IDS)
        org.gone.add(IDS[1])
        assert versions(lookup, IDS).keys() == {IDS[0], IDS[2], IDS[3]}


@pytest.mark.parametrize(("halting", "calls"), [(True, ["graph", "query", "graph"]), (False, ["graph"])])
def test_a_gone_record_does_not_take_the_others_with_it(connect: Connect, calls: list[str], *, halting: bool) -> None:
    org = Org(halting=halting)
    org.gone.add(IDS[2])
    with Scripted(Answer(), route=org) as server:
        assert versions(lookup_of(connect(server)), IDS).keys() == {IDS[0], IDS[1], IDS[3]}
        assert kinds(server) == calls


def test_records_that_go_on_vanishing_are_read_row_by_row_in_the_end(connect: Connect) -> None:
    org = Org()
    org.gone.add(IDS[0])
    org.vanishing = [IDS[3], IDS[2], IDS[1]]
    with Scripted(Answer(), route=org) as server:
        assert versions(lookup_of(connect(server)), IDS) == {}


def test_all_records_gone_is_an_empty_answer(connect: Connect) -> None:
    org = Org()
    org.gone.update(IDS)
    with Scripted(Answer(), route=org) as server:
        assert versions(lookup_of(connect(server)), IDS) == {}


def test_a_graph_that_leaves_out_a_node_is_a_bad_reply(connect: Connect) -> None:
    graph = {"graphId": "rows", "graphResponse": {"compositeResponse": []}, "isSuccessful": True}
    with Scripted(Answer({"graphs": [graph]})) as server, pytest.raises(BadReply, match="lacks some of its nodes"):
        versions(lookup_of(connect(server)), IDS)


def test_whole_rows_are_asked_for_because_an_etag_is_a_hash_of_the_whole_row(connect: Connect) -> None:
    with Scripted(Answer(), route=Org()) as server:
        versions(lookup_of(connect(server)), IDS)
        (asked,) = server.asked
        nodes = asked.json()["graphs"][0]["compositeRequest"]
        assert [node["url"] for node in nodes] == [f"/services/data/v66.0/sobjects/Account/{each}" for each in IDS]


def test_one_version_is_read_as_salesforce_documents_it_and_uncompressed(connect: Connect) -> None:
    """A compressed reply's ETag ends in --gzip, and a composite call's condition would not match it."""
    with Scripted(Answer(), route=Org()) as server:
        assert versions(lookup_of(connect(server)), IDS[:1]) == {IDS[0]: f'"{IDS[0]}"'}
        (asked,) = server.asked
        assert asked.path == f"/services/data/v66.0/sobjects/Account/{IDS[0]}"
        assert asked.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("count", [1, 4])
def test_a_field_gone_from_the_rows_is_named(connect: Connect, count: int) -> None:
    layout = replace(PLAIN, columns={**PLAIN.columns, "Region__c": FieldType.TEXT})
    with Scripted(Answer(), route=Org()) as server, pytest.raises(SchemaChanged, match="no longer shows Region__c"):
        versions(lookup_of(connect(server)), IDS[:count], layout)


def test_a_parents_field_is_read_after_the_version_so_that_a_change_between_makes_a_conflict(connect: Connect) -> None:
    layout = Layout(
        PLAIN.entity,
        PLAIN.stream,
        ("owner", "boss"),
        {**PLAIN.fields, "boss": "Owner.Name"},
        {**PLAIN.columns, "Owner.Name": FieldType.TEXT},
    )
    org = Org()

    def route(asked: Asked) -> Answer:
        if "/query" not in asked.path:
            return org(asked)
        rows = [{**row(each, "005000000000002AAA"), "Owner": {"Name": "Ada"}} for each in IDS]
        return Answer({"totalSize": 4, "done": True, "records": rows})

    with Scripted(Answer(), route=route) as server:
        found = list(lookup_of(connect(server)).versioned(layout, IDS, NOW))
        assert kinds(server) == ["graph", "query"]
        assert [record.version for record in found] == [f'"{each}"' for each in IDS]
        assert {record.fields["boss"] for record in found} == {"Ada"}
        assert {record.fields["owner"] for record in found} == {"005000000000002AAA"}


def test_a_query_by_ids_never_grows_beyond_the_longest_url(connect: Connect) -> None:
    fields = [f"Custom_Field_Number_{number}__c" for number in range(150)]
    ids = [f"001{number:012d}AAA" for number in range(700)]
    nothing = Answer({"totalSize": 0, "done": True, "records": []})
    with Scripted(nothing) as server:
        client = connect(server)._client
        queries = list(by_ids(fields, "Account", ids))
        for query in queries:
            client.query(query)
        assert max(len(server.url + asked.path) for asked in server.asked) < 16_384
        assert sum(query.count("'001") for query in queries) == 700
        assert len(queries) <= 3
    assert len(list(by_ids(["Id"], "Account", ids[:500]))) == 1


@pytest.mark.parametrize("text", ["", "Name--", "Name FROM User", "1st", "a.b.c.d.e.f.g", "Name'", "x" * 90])
def test_what_is_no_name_of_a_field_is_never_put_into_a_query(text: str) -> None:
    with pytest.raises(ValueError, match="no Salesforce field"):
        identifier(text)


@pytest.mark.parametrize("text", ["", "001", "001000000000001' OR Name != '", "001000000000001AAAA", "001-00000000001"])
def test_what_is_no_record_id_is_never_put_into_a_query(text: str) -> None:
    with pytest.raises(ValueError, match="no Salesforce record id"):
        record_id(text)
