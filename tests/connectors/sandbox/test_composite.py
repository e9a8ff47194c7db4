"""Calls within calls: parts that refer to each other, conditions of their own, graphs that happen as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.sandbox.conftest import Client

V = "/services/data/v66.0"


def part(name: str, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {"method": method, "url": V + path, "referenceId": name}
    if body is not None:
        made["body"] = body
    if headers:
        made["httpHeaders"] = {key.replace("_", "-"): value for key, value in headers.items()}
    return made


def composite(crm: Client, *parts: dict[str, Any], all_or_none: bool = False) -> Any:
    reply = crm("POST", "/composite", json={"allOrNone": all_or_none, "compositeRequest": list(parts)})
    return reply.json()["compositeResponse"] if reply.status_code == 200 else reply


def ids(sandbox: Sandbox, count: int) -> list[str]:
    return list(sandbox.company.tables["Account"])[:count]


def test_parts_see_the_results_of_earlier_ones(sandbox: Sandbox, crm: Client) -> None:
    one = ids(sandbox, 1)[0]
    results = composite(
        crm,
        part("all", "GET", f"/query?q=SELECT+Id+FROM+Account+WHERE+Id='{one}'"),
        part("it", "PATCH", "/sobjects/Account/@{all.records[0].Id}", {"Phone": "5"}),
        part("back", "GET", "/sobjects/Account/@{all.records[0].Id}?fields=Phone"),
        part("lost", "GET", "/sobjects/Account/@{back.Nope}"),
    )
    assert [result["httpStatusCode"] for result in results] == [200, 204, 200, 400]
    assert results[2]["body"]["Phone"] == "5"
    assert results[2]["referenceId"] == "back"


def test_an_account_read_in_a_composite_carries_its_etag_and_a_write_honours_it(sandbox: Sandbox, crm: Client) -> None:
    one, two = ids(sandbox, 2)
    read = composite(crm, *(part(f"r{id_}", "GET", f"/sobjects/Account/{id_}?fields=OwnerId") for id_ in (one, two)))
    tags = [result["httpHeaders"]["ETag"] for result in read]
    assert tags[0] == crm.get(f"/sobjects/Account/{one}").headers["ETag"]
    sandbox.company.edit("Account", two, Phone="changed by a person")
    results = composite(
        crm,
        part("w1", "PATCH", f"/sobjects/Account/{one}", {"Rating": "Hot"}, If_Match=tags[0]),
        part("w2", "PATCH", f"/sobjects/Account/{two}", {"Rating": "Hot"}, If_Match=tags[1]),
    )
    assert [(result["httpStatusCode"], result["body"]) for result in results] == [(204, None), (412, None)]


def test_without_all_or_none_a_failed_part_leaves_the_others(sandbox: Sandbox, crm: Client) -> None:
    one, two = ids(sandbox, 2)
    parts = [
        part("a", "PATCH", f"/sobjects/Account/{one}", {"Phone": "1"}),
        part("b", "PATCH", f"/sobjects/Account/{two}", {"Name": None}),
    ]
    assert [result["httpStatusCode"] for result in composite(crm, *parts)] == [204, 400]
    assert len(sandbox.effects) == 1
    undone = composite(crm, part("c", "PATCH", f"/sobjects/Account/{one}", {"Phone": "2"}), *parts, all_or_none=True)
    assert [result["httpStatusCode"] for result in undone] == [400, 400, 400]
    assert [result["body"][0]["errorCode"] for result in undone] == [
        "PROCESSING_HALTED", "PROCESSING_HALTED", "REQUIRED_FIELD_MISSING",
    ]  # fmt: skip
    assert len(sandbox.effects) == 1


def test_a_composite_has_its_limits(crm: Client) -> None:
    limits = [part(f"p{at}", "GET", "/limits") for at in range(26)]
    queries = [part(f"p{at}", "GET", "/query?q=SELECT+Id+FROM+User") for at in range(6)]
    twins = [part("p", "GET", "/limits"), part("p", "GET", "/limits")]
    for parts in (limits, queries):
        assert composite(crm, *parts).json()[0]["errorCode"] == "LIMIT_EXCEEDED"
    assert composite(crm, *twins).json()[0]["errorCode"] == "INVALID_INPUT"
    nested = composite(crm, part("p", "POST", "/composite", {"compositeRequest": []}))
    assert nested[0]["httpStatusCode"] == 400


def graph(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(nodes)}


def test_each_graph_happens_as_a_whole_or_not_at_all(sandbox: Sandbox, crm: Client) -> None:
    one, two, three = ids(sandbox, 3)
    reply = crm("POST", "/composite/graph", json={"graphs": [
        graph("good", part("a", "PATCH", f"/sobjects/Account/{one}", {"Phone": "1"})),
        graph("bad", part("b", "PATCH", f"/sobjects/Account/{two}", {"Phone": "1"}),
              part("c", "PATCH", f"/sobjects/Account/{three}", {"Phone": "1"}, If_Match='"old"')),
    ]})  # fmt: skip
    good, bad = reply.json()["graphs"]
    assert (good["graphId"], good["isSuccessful"], bad["isSuccessful"]) == ("good", True, False)
    assert [node["httpStatusCode"] for node in bad["graphResponse"]["compositeResponse"]] == [400, 412]
    assert [effect["id"] for effect in sandbox.effects] == [one]


def test_a_graph_reads_500_accounts_with_their_etags_in_one_call(still: Sandbox, reader: Client) -> None:
    chosen = list(still.company.tables["Account"])
    nodes = [part(f"n{at}", "GET", f"/sobjects/Account/{chosen[at % 300]}?fields=OwnerId") for at in range(500)]
    still.reset_calls()
    reply = reader("POST", "/composite/graph", json={"graphs": [graph("g", *nodes)]})
    results = reply.json()["graphs"][0]["graphResponse"]["compositeResponse"]
    assert len({result["httpHeaders"]["ETag"] for result in results}) == 300
    assert still.calls == {"total": 1, "by_kind": {"graph": 1}}
    over = reader("POST", "/composite/graph", json={"graphs": [graph("g", *nodes, part("x", "GET", "/limits"))]})
    assert over.json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_a_persons_edit_outlives_a_graph_that_is_undone(sandbox: Sandbox, crm: Client) -> None:
    one = ids(sandbox, 1)[0]
    tag = crm.get(f"/sobjects/Account/{one}").headers["ETag"]
    sandbox.faults({"on": "row_patch", "id": one, "fault": "person_edit", "set": {"Phone": "mine"}})
    node = part("a", "PATCH", f"/sobjects/Account/{one}", {"Phone": "theirs"}, If_Match=tag)
    reply = crm("POST", "/composite/graph", json={"graphs": [graph("g", node)]})
    assert reply.json()["graphs"][0]["graphResponse"]["compositeResponse"][0]["httpStatusCode"] == 412
    assert [(effect["after"], effect["actor"]) for effect in sandbox.effects] == [
        ("mine", sandbox.company.seeding.admin)
    ]


def test_a_batch_holds_independent_parts(sandbox: Sandbox, crm: Client) -> None:
    one = ids(sandbox, 1)[0]
    reply = crm("POST", "/composite/batch", json={"batchRequests": [
        {"method": "PATCH", "url": f"v66.0/sobjects/Account/{one}", "richInput": {"Phone": "3"}},
        {"method": "GET", "url": "v66.0/sobjects/Account/none"},
        {"method": "GET", "url": f"v66.0/sobjects/Account/{one}?fields=Phone"},
    ]}).json()  # fmt: skip
    assert reply["hasErrors"] is True
    assert [result["statusCode"] for result in reply["results"]] == [204, 404, 200]
    assert reply["results"][2]["result"]["Phone"] == "3"
