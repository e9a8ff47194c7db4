"""Several calls in one: composite, graph, batch. Each part goes through the same routes as a call of its own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.wire import Refusal, Refused, json_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org

    Dispatch = Callable[[Org, Call], Reply]

MOST_PARTS = 25
MOST_NODES = 500
MOST_GRAPHS = 75
MOST_QUERIES = 5
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_HALTED = Refusal(
    "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed."
)
_FINE = 300
_HEAVY = re.compile(r"/(query(All)?/?\?|composite/sobjects)")
_RESOURCE = re.compile(r"/services/data/v\d+\.\d/")
_NESTING = re.compile(r"/composite(/(graph|batch))?/?$")


class _Undone(Exception):
    """All or nothing was asked for, and something failed."""


def composite(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite``: up to 25 parts, one after the other, which may refer to earlier ones."""
    body = json_object(call)
    parts = _read_parts(body.get("compositeRequest"))
    if len(parts) > MOST_PARTS:
        raise _too_many(f"the maximum number of subrequests is {MOST_PARTS}")
    if sum(part.is_heavy for part in parts) > MOST_QUERIES:
        raise _too_many(f"the maximum number of query and sObject Collections subrequests is {MOST_QUERIES}")
    compound = _Compound(org, call, dispatch)
    return Reply(200, {"compositeResponse": compound.carry_out(parts, all_or_none=body.get("allOrNone") is True)})


def graph(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite/graph``: each graph happens as a whole or not at all; up to 500 nodes together."""
    graphs = _objects(json_object(call).get("graphs"), "graphs")
    listed = [(str(each.get("graphId", "")), _read_parts(each.get("compositeRequest"))) for each in graphs]
    if sum(len(nodes) for _, nodes in listed) > MOST_NODES or len(listed) > MOST_GRAPHS:
        raise _too_many(f"at most {MOST_NODES} nodes in at most {MOST_GRAPHS} graphs")
    if len({name for name, _ in listed}) != len(listed):
        raise Refused(400, "INVALID_INPUT", "Each graphId must be given once.")
    answers = []
    for name, nodes in listed:
        results = _Compound(org, call, dispatch).carry_out(nodes, all_or_none=True)
        fine = all(_is_fine(result) for result in results)
        answers.append({"graphId": name, "graphResponse": {"compositeResponse": results}, "isSuccessful": fine})
    return Reply(200, {"graphs": answers})


def batch(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite/batch``: up to 25 independent parts."""
    body = json_object(call)
    parts = _objects(body.get("batchRequests"), "batchRequests")
    if len(parts) > MOST_PARTS:
        raise _too_many(f"the maximum number of subrequests is {MOST_PARTS}")
    compound = _Compound(org, call, dispatch)
    results: list[dict[str, object]] = []
    failed = False
    for part in parts:
        url = "/services/data/" + str(part.get("url", "")).removeprefix("/services/data/").lstrip("/")
        reply = compound.send(_Part("", str(part.get("method", "GET")), url, {}, part.get("richInput")))
        results.append({"statusCode": reply.status, "result": reply.body})
        failed = failed or reply.status >= _FINE
        if failed and body.get("haltOnError") is True:
            break
    return Reply(200, {"hasErrors": failed, "results": results})


@dataclass(frozen=True, slots=True)
class _Part:
    """One call within another, as written: its references are not yet filled in."""

    name: str
    method: str
    url: str
    headers: Mapping[str, object]
    body: object

    @property
    def is_heavy(self) -> bool:
        """Whether it is one of the few queries and collections that a composite may hold."""
        return _HEAVY.search(self.url) is not None


def _read_parts(given: object) -> list[_Part]:
    parts = [_read_part(each) for each in _objects(given, "compositeRequest")]
    names = {part.name for part in parts}
    if len(names) != len(parts) or "" in names:
        raise Refused(400, "INVALID_INPUT", "Each subrequest needs a referenceId of its own.")
    return parts


def _read_part(given: Mapping[str, object]) -> _Part:
    headers = given.get("httpHeaders")
    return _Part(
        name=str(given.get("referenceId", "")),
        method=str(given.get("method", "GET")),
        url=str(given.get("url", "")),
        headers=headers if isinstance(headers, dict) else {},
        body=given.get("body"),
    )


def _objects(listed: object, name: str) -> list[dict[str, object]]:
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        message = f"Unexpected input: '{name}' must be a list of objects at [line:1, column:2]"
        raise Refused(400, "JSON_PARSER_ERROR", message)
    return listed


def _too_many(what: str) -> Refused:
    return Refused(400, "LIMIT_EXCEEDED", f"Limit exceeded: {what}")


def _is_fine(result: Mapping[str, object]) -> bool:
    return int(str(result["httpStatusCode"])) < _FINE


class _Compound:
    """Parts that are carried out one after the other and may use each other's results."""

    def __init__(self, org: Org, call: Call, dispatch: Dispatch) -> None:
        self.org, self.call, self.dispatch = org, call, dispatch
        self.known: dict[str, object] = {}

    def carry_out(self, parts: list[_Part], *, all_or_none: bool) -> list[dict[str, object]]:
        """A result for each part, in order."""
        results: list[dict[str, object]] = []
        try:
            with self.org.company.transaction(self.call.actor, self.call.request_id):
                for part in parts:
                    results.append(self._result(part))
                    _undo_if(all_or_none and not _is_fine(results[-1]))
        except _Undone:
            return _rolled_back(parts, results[-1])
        return results

    def _result(self, part: _Part) -> dict[str, object]:
        try:
            filled = replace(part, url=str(_filled(part.url, self.known)), body=_filled_body(part.body, self.known))
            reply = self.send(filled)
        except Refused as refused:
            reply = refused.reply()
        self.known[part.name] = reply.body
        headers = dict(reply.headers)
        return {"body": reply.body, "httpHeaders": headers, "httpStatusCode": reply.status, "referenceId": part.name}

    def send(self, part: _Part) -> Reply:
        """The part as a call of its own."""
        if not _RESOURCE.match(part.url) or _NESTING.search(part.url.partition("?")[0]):
            message = f"The url of a subrequest must be one of this API's resources: {part.url}"
            return Refused(400, "INVALID_INPUT", message).reply()
        address = urlsplit(part.url)
        inner = replace(
            self.call,
            method=part.method.upper(),
            path=unquote(address.path),
            query=dict(parse_qsl(address.query, keep_blank_values=True)),
            headers={name.lower(): str(value) for name, value in part.headers.items()},
            body=b"" if part.body is None else json.dumps(part.body).encode(),
            fired=(),
        )
        return self.dispatch(self.org, inner)


def _undo_if(failed: bool) -> None:  # noqa: FBT001 - it is its only subject
    if failed:
        raise _Undone


def _rolled_back(parts: list[_Part], failed: dict[str, object]) -> list[dict[str, object]]:
    halted = {"body": [_HALTED.as_error()], "httpHeaders": {}, "httpStatusCode": 400}
    return [failed if part.name == failed["referenceId"] else {**halted, "referenceId": part.name} for part in parts]


# References to earlier results: @{account.id}, @{accounts.records[0].Id}


def _filled_body(body: object, known: Mapping[str, object]) -> object:
    match body:
        case str():
            return _filled(body, known)
        case dict():
            return {key: _filled_body(value, known) for key, value in body.items()}
        case list():
            return [_filled_body(value, known) for value in body]
        case _:
            return body


def _filled(text: str, known: Mapping[str, object]) -> object:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _looked_up(whole, known)
    return _REFERENCE.sub(lambda found: str(_looked_up(found, known)), text)


def _looked_up(found: re.Match[str], known: Mapping[str, object]) -> object:
    value: object = known.get(found.group(1))
    for step in re.findall(r"[A-Za-z0-9_]+", found.group(2)):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise Refused(
                400,
                "PROCESSING_HALTED",
                f"Invalid reference specified. No value for {found.group()[2:-1]} found in {found.group(1)}",
            )
    return value
