"""The table of everything that the account answers, and the way of a call through it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path

from connectors.sandbox.calls import Reply, Subject
from connectors.sandbox.hubspot import (
    account,
    associations,
    associations_v3,
    auth,
    batch,
    objects,
    older,
    owners,
    properties,
    search,
)
from connectors.sandbox.hubspot.hub import UNCOUNTED
from connectors.sandbox.hubspot.strike import (
    bearer,
    canonical_name,
    happen,
    ids_in,
    refused_by_fault,
    spoil,
    too_many,
)
from connectors.sandbox.hubspot.wire import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.sandbox.calls import Call
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.hubspot.hub import Hub

_OPEN = frozenset({"token", "token_info", "revoke"})
"""Calls that need no token."""
_DATED = "2025-09|2026-03|2026-09-beta|2026-09"


@dataclass(frozen=True, slots=True)
class Route:
    """One address and method. ``kind`` is the name under which its calls are counted and faults are planned."""

    method: str
    pattern: re.Pattern[str]
    kind: str
    answer: Callable[..., Reply]


def _compiled(head: str, tail: str) -> re.Pattern[str]:
    pattern, *_ = compile_path("/HEAD" + tail)
    return re.compile(pattern.pattern.replace("^/HEAD", f"^{head}", 1))


def _api(family: str, older: str) -> Callable[..., Iterator[Route]]:
    """Routes of one family, under ``/crm/v3/objects`` as well as under ``/crm/objects/2026-09``."""
    root, name = family.rsplit("/", 1)

    def routes(method: str, tail: str, kind: str, answer: Callable[..., Reply]) -> Iterator[Route]:
        for head in (rf"{root}/(?P<version>{older})/{name}", rf"{root}/{name}/(?P<version>{older}|{_DATED})"):
            yield Route(method, _compiled(head, tail), kind, answer)

    return routes


def _oauth(method: str, tail: str, kind: str, answer: Callable[..., Reply]) -> Iterator[Route]:
    yield Route(method, _compiled(rf"/oauth/(?P<version>v\d|{_DATED})", tail), kind, answer)


def _older(tail: str, kind: str, answer: Callable[..., Reply]) -> Iterator[Route]:
    """Routes of versions 1 and 2, where each object type has a place of its own."""
    for head in (r"/(?P<name>companies)/v2/companies", r"/(?P<name>deals)/v1/deal"):
        yield Route("GET", _compiled(head, tail), kind, answer)


def _account(tail: str, kind: str, answer: Callable[..., Reply]) -> Iterator[Route]:
    yield Route("GET", _compiled(rf"/account-info/(?P<version>v3|{_DATED})", tail), kind, answer)


_objects = _api("/crm/objects", "v3|v4")
_owners, _properties = _api("/crm/owners", "v3"), _api("/crm/properties", "v3")
_associations, _pipelines = _api("/crm/associations", "v4"), _api("/crm/pipelines", "v3")
_old_associations = _api("/crm/associations", "v3")
_schemas, _crm_schemas = _api("/crm-object-schemas/schemas", "v3"), _api("/crm/schemas", "v3")

ROUTES: tuple[Route, ...] = (
    *_oauth("POST", "/token", "token", auth.token),
    *_oauth("POST", "/token/introspect", "token_info", auth.introspect),
    *_oauth("POST", "/token/revoke", "revoke", auth.revoke),
    *_oauth("GET", "/access-tokens/{text}", "token_info", auth.access_token_info),
    *_oauth("GET", "/refresh-tokens/{text}", "token_info", auth.refresh_token_info),
    *_oauth("DELETE", "/refresh-tokens/{text}", "revoke", auth.revoke_refresh_token),
    Route(
        "POST",
        _compiled("/oauth/v2/private-apps/get", "/access-token-info"),
        "token_info",
        auth.private_app_info,
    ),
    *_account("/details", "account", account.account_details),
    *_account("/api-usage/daily/private-apps", "account", account.daily_usage),
    *_objects("GET", "/{name}", "list", objects.list_records),
    *_objects("POST", "/{name}", "create", objects.create),
    *_objects("POST", "/{name}/search", "search", search.search),
    *_objects("POST", "/{name}/merge", "merge", objects.merge),
    *_objects("POST", "/{name}/gdpr-delete", "gdpr_delete", objects.gdpr_delete),
    *_objects("POST", "/{name}/batch/read", "batch_read", batch.read),
    *_objects("POST", "/{name}/batch/create", "batch_create", batch.create),
    *_objects("POST", "/{name}/batch/update", "batch_update", batch.update),
    *_objects("POST", "/{name}/batch/upsert", "batch_upsert", batch.upsert),
    *_objects("POST", "/{name}/batch/archive", "batch_archive", batch.archive),
    *_objects("GET", "/{name}/{id_}", "read", objects.read),
    *_objects("PATCH", "/{name}/{id_}", "update", objects.update),
    *_objects("DELETE", "/{name}/{id_}", "archive", objects.archive),
    *_objects("GET", "/{start}/{id_}/associations/{end}", "association_read", associations.read),
    *_objects(
        "PUT", "/{start}/{id_}/associations/default/{end}/{other}", "association_write", associations.put_default
    ),
    *_objects("PUT", "/{start}/{id_}/associations/{end}/{other}", "association_write", associations.put),
    *_objects("DELETE", "/{start}/{id_}/associations/{end}/{other}", "association_write", associations.remove),
    *_owners("GET", "", "owners", owners.list_owners),
    *_owners("GET", "/{id_}", "owner", owners.read_owner),
    *_properties("GET", "/{name}", "properties", properties.list_properties),
    *_properties("POST", "/{name}", "property_write", properties.create),
    *_properties("GET", "/{name}/groups", "property_groups", properties.list_groups),
    *_properties("POST", "/{name}/groups", "property_write", properties.create_group),
    *_properties("GET", "/{name}/groups/{group}", "property_groups", properties.read_group),
    *_properties("PATCH", "/{name}/groups/{group}", "property_write", properties.update_group),
    *_properties("DELETE", "/{name}/groups/{group}", "property_write", properties.archive_group),
    *_properties("POST", "/{name}/batch/read", "properties", properties.batch_read),
    *_properties("POST", "/{name}/batch/create", "property_write", properties.batch_create),
    *_properties("POST", "/{name}/batch/archive", "property_write", properties.batch_archive),
    *_properties("GET", "/{name}/{prop}", "property", properties.read),
    *_properties("PATCH", "/{name}/{prop}", "property_write", properties.update),
    *_properties("DELETE", "/{name}/{prop}", "property_write", properties.archive),
    *_associations("POST", "/{start}/{end}/batch/read", "associations", associations.batch_read),
    *_associations("POST", "/{start}/{end}/batch/create", "association_write", associations.batch_create),
    *_associations("POST", "/{start}/{end}/batch/archive", "association_write", associations.batch_archive),
    *_associations(
        "POST", "/{start}/{end}/batch/labels/archive", "association_write", associations.batch_labels_archive
    ),
    *_associations("POST", "/{start}/{end}/batch/associate/default", "association_write", associations.batch_default),
    *_associations("GET", "/{start}/{end}/labels", "association_labels", associations.labels),
    *_old_associations("POST", "/{start}/{end}/batch/read", "associations", associations_v3.batch_read),
    *_old_associations("POST", "/{start}/{end}/batch/create", "association_write", associations_v3.batch_create),
    *_old_associations("POST", "/{start}/{end}/batch/archive", "association_write", associations_v3.batch_archive),
    *_old_associations("GET", "/{start}/{end}/types", "association_labels", associations_v3.types),
    *_pipelines("GET", "/{name}", "pipelines", account.pipelines),
    *_pipelines("GET", "/{name}/{id_}", "pipelines", account.pipeline),
    *_pipelines("GET", "/{name}/{id_}/stages", "pipelines", account.stages),
    *_pipelines("GET", "/{name}/{id_}/stages/{stage}", "pipelines", account.stage),
    *_schemas("GET", "", "schemas", account.schemas),
    *_crm_schemas("GET", "", "schemas", account.schemas),
    *_schemas("GET", "/{name}", "schemas", account.schema),
    *_crm_schemas("GET", "/{name}", "schemas", account.schema),
    Route("GET", _compiled("/crm-pipelines/v1/pipelines", "/{name}"), "pipelines", account.pipelines_v1),
    Route("GET", _compiled("/properties/v[12]", "/{name}/properties"), "properties", properties.list_properties_v1),
    Route("GET", _compiled("/(?P<name>companies)/v2", "/properties"), "properties", properties.list_properties_v1),
    Route("GET", _compiled("/deals/v1", "/pipelines"), "pipelines", older.pipelines),
    *_older("/paged", "list", older.page),
    *_older("/{id_}", "read", older.read),
)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a call leads: its route and the names in its path. Without a route, what to answer instead."""

    route: Route | None
    names: dict[str, Any]
    allowed: tuple[str, ...] = ()

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
    return Match(None, {}, tuple(dict.fromkeys(allowed)))


class HubSpot:
    """The dialect, over one account."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def subject(self, call: Call) -> Subject:
        """What the call is about."""
        match = find_route(call)
        name = canonical_name(str(match.names.get("name") or match.names.get("start") or ""))
        id_ = match.names.get("id_")
        return Subject(match.kind, name, (str(id_),) if id_ else ids_in(call))

    def strike(self, call: Call, subject: Subject) -> tuple[Fault, ...]:
        """Counts the call, and tells which faults strike it."""
        with self.hub.portal.lock:
            self.hub.hear(call, subject.kind)
            return self.hub.faults.strike(subject.kind, call.path, subject.object, subject.ids)

    def answer(self, call: Call) -> Reply:
        """Carries the call out: its token and the limits are checked, its faults strike it."""
        match = find_route(call)
        with self.hub.portal.lock:
            subject = self.subject(call)
            call = replace(call, version=str(match.names.get("version") or ""))
            try:
                happen(self.hub, call, subject, "before")
                reply = self._answered(call, match)
                happen(self.hub, call, subject, "after")
            except Refused as refused:
                reply = refused.reply(call.request_id)
        return reply.with_headers({"X-HubSpot-Correlation-Id": call.request_id})

    def _answered(self, call: Call, match: Match) -> Reply:
        refused = refused_by_fault(self.hub, call)
        if refused is not None:
            return refused.with_headers(self._rates(call, match))
        try:
            return self._carried_out(call, match)
        except Refused as refusal:
            return refusal.reply(call.request_id).with_headers(self._rates(call, match))

    def _carried_out(self, call: Call, match: Match) -> Reply:
        if match.kind in _OPEN and match.route is not None:
            return _routed(self.hub, call, match)
        call = replace(call, actor=auth.grant_of(self.hub, call).actor)
        auth.check_scopes(self.hub, self.subject(call).object)
        spent = "" if match.kind in UNCOUNTED else self.hub.spend(searching=match.kind == "search")
        reply = too_many(call, spent) if spent else spoil(call, _routed(self.hub, call, match))
        return reply.with_headers(self._rates(call, match))

    def _rates(self, call: Call, match: Match) -> dict[str, str]:
        """What is left of the limits. Searches do not tell; the day is not told to OAuth."""
        hub = self.hub
        if match.kind in UNCOUNTED or match.kind == "search":
            return {}
        now = hub.portal.clock.now()
        headers = {
            "X-HubSpot-RateLimit-Max": str(hub.settings.burst_limit),
            "X-HubSpot-RateLimit-Remaining": str(hub.burst.left(now)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        grant = hub.tokens.by_token.get(bearer(call))
        if grant is None or grant.ends is not None:
            return headers
        left = max(0, hub.settings.daily_limit - hub.used)
        return headers | {
            "X-HubSpot-RateLimit-Daily": str(hub.settings.daily_limit),
            "X-HubSpot-RateLimit-Daily-Remaining": str(left),
        }


def _routed(hub: Hub, call: Call, match: Match) -> Reply:
    if match.route is None:
        if match.allowed:
            refused = Refused(405, "METHOD_NOT_ALLOWED", f"{call.method} is not allowed here")
            return refused.reply(call.request_id).with_headers({"Allow": ",".join(match.allowed)})
        raise Refused(404, "NOT_FOUND", f"No resource at {call.path}")
    names = {name: value for name, value in match.names.items() if name != "version"}
    return match.route.answer(hub, call, **names)
