"""Several calls in one: composite, graph, batch. Each part goes through the same routes as a call of its own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
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


class _Undone(Exception):
    """All or nothing was asked for, and something failed."""


def composite(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite``: up to 25 parts, one after the other, which may refer to earlier ones."""
    body = json_object(call)
    parts = _parts(body.get("compositeRequest"), "compositeRequest")
    if len(parts) > MOST_PARTS:
        raise Refused(400, "LIMIT_EXCEEDED", f"Limit exceeded: the maximum number of subrequests is {MOST_PARTS}")
    if sum("/query" in str(part.get("url")) for part in parts) > MOST_QUERIES:
        raise Refused(
            400,
            "LIMIT_EXCEEDED",
            f"Limit exceeded: the maximum number of query and sObject Collections subrequests is {MOST_QUERIES}",
        )
    results = _in_turn(org, call, parts, dispatch, all_or_none=body.get("allOrNone") is True)
    return Reply(200, {"compositeResponse": results})


def graph(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite/graph``: each graph happens as a whole or not at all; up to 500 nodes together."""
    graphs = _parts(json_object(call).get("graphs"), "graphs")
    listed = [
        (str(each.get("graphId", "")), _parts(each.get("compositeRequest"), "compositeRequest")) for each in graphs
    ]
    if sum(len(nodes) for _, nodes in listed) > MOST_NODES or len(listed) > MOST_GRAPHS:
        raise Refused(
            400, "LIMIT_EXCEEDED", f"Limit exceeded: at most {MOST_NODES} nodes in at most {MOST_GRAPHS} graphs"
        )
    if len({name for name, _ in listed}) != len(listed):
        raise Refused(400, "INVALID_INPUT", "Each graphId must be given once.")
    answers = []
    for name, nodes in listed:
        results = _in_turn(org, call, nodes, dispatch, all_or_none=True)
        fine = all(_status(result) < _FINE for result in results)
        answers.append({"graphId": name, "graphResponse": {"compositeResponse": results}, "isSuccessful": fine})
    return Reply(200, {"graphs": answers})


def batch(org: Org, call: Call, dispatch: Dispatch) -> Reply:
    """``POST …/composite/batch``: up to 25 independent parts."""
    body = json_object(call)
    parts = _parts(body.get("batchRequests"), "batchRequests")
    if len(parts) > MOST_PARTS:
        raise Refused(400, "LIMIT_EXCEEDED", f"Limit exceeded: the maximum number of subrequests is {MOST_PARTS}")
    results: list[dict[str, object]] = []
    for part in parts:
        url = "/services/data/" + str(part.get("url", "")).removeprefix("/services/data/").lstrip("/")
        reply = _sent(org, call, str(part.get("method", "GET")), url, {}, part.get("richInput"), dispatch)
        results.append({"statusCode": reply.status, "result": reply.body})
        if body.get("haltOnError") is True and reply.status >= _FINE:
            break
    return Reply(
        200, {"hasErrors": any(int(str(result["statusCode"])) >= _FINE for result in results), "results": results}
    )


def _parts(listed: object, name: str) -> list[dict[str, object]]:
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        raise Refused(
            400, "JSON_PARSER_ERROR", f"Unexpected input: '{name}' must be a list of objects at [line:1, column:2]"
        )
    return listed


def _status(result: Mapping[str, object]) -> int:
    return int(str(result["httpStatusCode"]))


def _in_turn(
    org: Org, call: Call, parts: list[dict[str, object]], dispatch: Dispatch, *, all_or_none: bool
) -> list[dict[str, object]]:
    results: list[dict[str, object]] = []
    known: dict[str, object] = {}
    names = [str(part.get("referenceId", "")) for part in parts]
    if len(set(names)) != len(names) or not all(names):
        raise Refused(400, "INVALID_INPUT", "Each subrequest needs a referenceId of its own.")
    try:
        with org.company.transaction(call.actor, call.request_id):
            for part in parts:
                results.append(_one(org, call, part, known, dispatch))
                _undo_if(all_or_none and _status(results[-1]) >= _FINE)
    except _Undone:
        return _rolled_back(names, results[-1])
    return results


def _undo_if(failed: bool) -> None:  # noqa: FBT001 - it is its only subject
    if failed:
        raise _Undone


def _rolled_back(names: list[str], failed: dict[str, object]) -> list[dict[str, object]]:
    halted = {"body": [_HALTED.as_error()], "httpHeaders": {}, "httpStatusCode": 400}
    return [failed if name == failed["referenceId"] else {**halted, "referenceId": name} for name in names]


def _one(
    org: Org, call: Call, part: dict[str, object], known: dict[str, object], dispatch: Dispatch
) -> dict[str, object]:
    name = str(part["referenceId"])
    try:
        url, body = _filled(str(part.get("url", "")), known), _filled_body(part.get("body"), known)
        headers = part.get("httpHeaders")
        reply = _sent(
            org,
            call,
            str(part.get("method", "GET")),
            str(url),
            headers if isinstance(headers, dict) else {},
            body,
            dispatch,
        )
    except Refused as refused:
        reply = refused.reply()
    known[name] = reply.body
    return {"body": reply.body, "httpHeaders": dict(reply.headers), "httpStatusCode": reply.status, "referenceId": name}


def _sent(  # noqa: PLR0913, PLR0917 - the parts of a call
    org: Org, call: Call, method: str, url: str, headers: Mapping[str, object], body: object, dispatch: Dispatch
) -> Reply:
    parts = urlsplit(url)
    if not re.match(r"/services/data/v\d+\.\d/", parts.path) or re.search(
        r"/composite(/(graph|batch))?/?$", parts.path
    ):
        return Refused(
            400, "INVALID_INPUT", f"The url of a subrequest must be one of this API's resources: {url}"
        ).reply()
    inner = replace(
        call,
        method=method.upper(),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): str(value) for name, value in headers.items()},
        body=b"" if body is None else json.dumps(body).encode(),
        fired=(),
    )
    return dispatch(org, inner)


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
