"""The table of everything that the org answers, and the way of a call through it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path

from connectors.sandbox.calls import Reply, Subject
from connectors.sandbox.salesforce import (
    auth,
    bulk_ingest,
    bulk_query,
    collection,
    composite,
    describe,
    query,
    replication,
    rows,
)
from connectors.sandbox.salesforce.org import OLDEST_VERSION, UNCOUNTED
from connectors.sandbox.salesforce.strike import happen, ids_in, limit_exceeded, object_in, refused_by_fault, spoil
from connectors.sandbox.salesforce.wire import Refused
from connectors.sandbox.words import COMPANY, ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.sandbox.calls import Call
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.salesforce.org import Org

LONGEST_URL = 16_384
LONGEST_HEAD = 16_384
_OPEN = frozenset({"token", "revoke", "versions", "soap"})
"""Calls that need no token."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address and method. ``kind`` is the name under which its calls are counted and faults are planned."""

    method: str
    pattern: re.Pattern[str]
    kind: str
    answer: Callable[..., Reply]
    nests: bool = False
    """Holds other calls: its handler is given the way to send them on."""


def _route(method: str, template: str, kind: str, answer: Callable[..., Reply], *, nests: bool = False) -> Route:
    return Route(method, compile_path(template)[0], kind, answer, nests)


def _versioned(method: str, path: str, kind: str, answer: Callable[..., Reply], *, nests: bool = False) -> Route:
    pattern, *_ = compile_path("/V" + path)
    return Route(
        method,
        re.compile(pattern.pattern.replace("^/V", r"^/services/data/v(?P<version>\d+\.\d)", 1)),
        kind,
        answer,
        nests,
    )


ROUTES = (
    _route("POST", "/services/oauth2/token", "token", auth.token),
    _route("POST", "/services/oauth2/revoke", "revoke", auth.revoke),
    _route("GET", "/services/oauth2/revoke", "revoke", auth.revoke),
    _route("GET", "/services/oauth2/userinfo", "userinfo", auth.userinfo),
    _route("POST", "/services/oauth2/userinfo", "userinfo", auth.userinfo),
    _route("GET", "/id/{org_id}/{user_id}", "identity", lambda org, call, **_: auth.userinfo(org, call)),
    _route("POST", "/services/Soap/{door}/{number}", "soap", lambda org, call, **_: auth.soap(org, call)),
    _route("GET", "/services/data", "versions", describe.versions),
    _versioned("GET", "", "resources", describe.resources),
    _versioned("GET", "/limits", "limits", describe.limits),
    _versioned("GET", "/sobjects", "describe_global", describe.global_describe),
    _versioned("GET", "/query", "query", query.query),
    _versioned("GET", "/queryAll", "query", query.query_all),
    _versioned("GET", "/query/{locator}", "query_more", query.query_more),
    _versioned("GET", "/queryAll/{locator}", "query_more", query.query_more),
    _versioned("PATCH", "/composite/sobjects", "collections", collection.patch),
    _versioned("POST", "/composite/sobjects", "collections", collection.post),
    _versioned("DELETE", "/composite/sobjects", "collections", collection.delete),
    _versioned("GET", "/composite/sobjects/{name}", "collection_read", collection.read),
    _versioned("POST", "/composite/sobjects/{name}", "collection_read", collection.read_posted),
    _versioned("POST", "/composite", "composite", composite.composite, nests=True),
    _versioned("POST", "/composite/graph", "graph", composite.graph, nests=True),
    _versioned("POST", "/composite/batch", "batch", composite.batch, nests=True),
    _versioned("POST", "/jobs/query", "bulk_query_create", bulk_query.create),
    _versioned("GET", "/jobs/query", "bulk_query_list", bulk_query.listed),
    _versioned("GET", "/jobs/query/{id_}", "bulk_query_status", bulk_query.status),
    _versioned("GET", "/jobs/query/{id_}/results", "bulk_query_results", bulk_query.results),
    _versioned("PATCH", "/jobs/query/{id_}", "bulk_query_close", bulk_query.close),
    _versioned("DELETE", "/jobs/query/{id_}", "bulk_query_delete", bulk_query.delete),
    _versioned("POST", "/jobs/ingest", "bulk_ingest_create", bulk_ingest.create),
    _versioned("GET", "/jobs/ingest", "bulk_ingest_list", bulk_ingest.listed),
    _versioned("PUT", "/jobs/ingest/{id_}/batches", "bulk_ingest_upload", bulk_ingest.upload),
    _versioned("PATCH", "/jobs/ingest/{id_}", "bulk_ingest_close", bulk_ingest.close),
    _versioned("GET", "/jobs/ingest/{id_}", "bulk_ingest_status", bulk_ingest.status),
    _versioned("GET", "/jobs/ingest/{id_}/{part}", "bulk_ingest_results", bulk_ingest.results),
    _versioned("DELETE", "/jobs/ingest/{id_}", "bulk_ingest_delete", bulk_ingest.delete),
    _versioned("GET", "/sobjects/{name}", "sobject_info", describe.sobject_info),
    _versioned("POST", "/sobjects/{name}", "row_post", rows.post),
    _versioned("GET", "/sobjects/{name}/describe", "describe", describe.describe),
    _versioned("GET", "/sobjects/{name}/updated", "updated", replication.updated),
    _versioned("GET", "/sobjects/{name}/deleted", "deleted", replication.deleted),
    _versioned("GET", "/sobjects/{name}/{id_}", "row_get", rows.get),
    _versioned("PATCH", "/sobjects/{name}/{id_}", "row_patch", rows.patch),
    _versioned("DELETE", "/sobjects/{name}/{id_}", "row_delete", rows.delete),
    _versioned("GET", "/sobjects/{name}/{field}/{value}", "row_get", rows.get_by_key),
    _versioned("PATCH", "/sobjects/{name}/{field}/{value}", "row_patch", rows.upsert),
)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a call leads: its route and the names in its path. Without a route, what to answer instead."""

    route: Route | None
    names: dict[str, Any]
    otherwise: Reply | None = None

    @property
    def kind(self) -> str:
        """The kind of call."""
        return self.route.kind if self.route else "not_found"


def find_route(call: Call) -> Match:
    """The route of a call. A slash at the end of a path is of no consequence."""
    path, allowed = call.path.rstrip("/") or "/", []
    for route in ROUTES:
        found = route.pattern.match(path)
        if found is None:
            continue
        if route.method == call.method or (call.method == "HEAD" and route.method == "GET"):
            return Match(route, found.groupdict())
        allowed.append(route.method)
    if allowed:
        refused = Refused(
            405,
            "METHOD_NOT_ALLOWED",
            f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(dict.fromkeys(allowed))}",
        )
        return Match(None, {}, refused.reply().with_headers({"Allow": ",".join(dict.fromkeys(allowed))}))
    return Match(None, {}, Refused(404, "NOT_FOUND", "The requested resource does not exist").reply())


def subject_of(match: Match, call: Call) -> Subject:
    """What a call is about."""
    entity, id_ = str(match.names.get("name") or object_in(call, match.kind)), match.names.get("id_")
    if match.kind in {"collections", "collection_read"}:
        return Subject(match.kind, entity, ids_in(call))
    return Subject(match.kind, entity, (str(id_),) if id_ and match.names.get("name") else ())


class Salesforce:
    """The dialect, over one org."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def subject(self, call: Call) -> Subject:
        """What the call is about."""
        return subject_of(find_route(call), call)

    def strike(self, call: Call, subject: Subject) -> tuple[Fault, ...]:
        """Counts the call, and tells which faults strike it."""
        with self.org.company.lock:
            self.org.hear(call, subject.kind)
            return self.org.faults.strike(subject.kind, call.path, subject.object, subject.ids)

    def answer(self, call: Call) -> Reply:
        """Carries the call out: its token is checked, its faults strike it."""
        match = find_route(call)
        with self.org.company.lock:
            headers = {} if match.kind in UNCOUNTED else {"Sforce-Limit-Info": self.org.usage}
            return _checked(self.org, call, match, subject_of(match, call)).with_headers(headers)


def _checked(org: Org, call: Call, match: Match, subject: Subject) -> Reply:
    if call.url_length > LONGEST_URL:
        return Refused(414, "URI_TOO_LONG", f"The requested URI is longer than {LONGEST_URL} characters").reply()
    if call.head_length > LONGEST_HEAD:
        return Refused(
            431, "REQUEST_HEADER_FIELDS_TOO_LARGE", f"The headers are longer than {LONGEST_HEAD} bytes"
        ).reply()
    try:
        happen(org, call, subject, "before")
        refused = refused_by_fault(org, call)
        if refused is not None:
            return refused
        if match.kind not in _OPEN:
            call = replace(call, actor=auth.actor_of(org, call))
        if match.kind not in UNCOUNTED and org.over_limit:
            return limit_exceeded()
        reply = spoil(call, _answered(org, call, match))
    except Refused as refusal:
        reply = refusal.reply()
    happen(org, call, subject, "after")
    return reply


def _answered(org: Org, call: Call, match: Match) -> Reply:
    if match.route is None:
        return match.otherwise or Reply(404)
    names = dict(match.names)
    version = names.pop("version", None)
    if version is not None:
        if float(version) < OLDEST_VERSION:
            return Refused(
                410,
                "UNSUPPORTED_API_VERSION",
                f"The requested API version {version} is retired. Use v{OLDEST_VERSION}.0 or later.",
            ).reply()
        call = replace(call, version=version)
    if match.route.nests:
        return match.route.answer(org, call, serve_part)
    return match.route.answer(org, call, **names)


def serve_part(org: Org, call: Call) -> Reply:
    """Answers one call within another. Faults of records and of the company strike it; it is not counted."""
    match = find_route(call)
    subject = subject_of(match, call)
    fired = org.faults.strike(subject.kind, call.path, subject.object, subject.ids, ROW | COMPANY)
    call = replace(call, kind=subject.kind, fired=fired)
    try:
        happen(org, call, subject, "before")
        reply = _answered(org, call, match)
        happen(org, call, subject, "after")
    except Refused as refused:
        return refused.reply()
    return reply
