"""Faults that are answered or happen inside the org: error replies, odd bodies, and what people do meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.ids import canonical
from connectors.sandbox.salesforce.wire import Refused, json_object
from connectors.sandbox.soql import QueryError, parse
from connectors.sandbox.words import COMPANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.sandbox.calls import Call, Subject
    from connectors.sandbox.company import Company
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.salesforce.org import Org

_DOWN = b"<html><head><title>503 Service Unavailable</title></head><body><h1>Down for maintenance.</h1></body></html>"
_LOGIN = (
    b"<!DOCTYPE html><html><head><title>Login | Salesforce</title></head><body><form action='/login'></form></html>"
)
_HTML = "text/html; charset=UTF-8"
_ERRORS = {
    "expire_token": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "request_limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "server_error": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1-1 (1)"),
    "query_timeout": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "lost_locator": (400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
}
_PAGES = {"http_420": (420, _DOWN), "unavailable": (503, _DOWN), "html_200": (200, _LOGIN)}


def refused_by_fault(org: Org, call: Call) -> Reply | None:
    """What a fault answers instead of carrying the call out, or None."""
    for fault in call.fired:
        if fault.fault == "expire_token":
            org.sessions.expire(bearer(call))
        if fault.fault in _ERRORS:
            return Refused(*_ERRORS[fault.fault]).reply()
        if fault.fault in _PAGES:
            status, page = _PAGES[fault.fault]
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return Reply(status, page, headers, _HTML)
    return None


def limit_exceeded() -> Reply:
    """The day's calls are spent."""
    return Refused(*_ERRORS["request_limit"]).reply()


def bearer(call: Call) -> str:
    """The call's token, or nothing."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def spoil(call: Call, reply: Reply) -> Reply:
    """The reply with rows left out or in another order."""
    for fault in call.fired:
        if fault.fault in {"missing_rows", "reordered_rows"} and isinstance(reply.body, list):
            reply = Reply(reply.status, _spoiled(fault, reply.body), reply.headers, reply.content_type)
        elif fault.fault in {"missing_rows", "reordered_rows"} and isinstance(reply.body, dict):
            reply = Reply(reply.status, _spoiled_record_list(fault, reply.body), reply.headers, reply.content_type)
    return reply


def _spoiled(fault: Fault, rows: list[object]) -> list[object]:
    if fault.fault == "reordered_rows":
        return rows[::-1]
    return rows[: max(0, len(rows) - (fault.rows if fault.rows is not None else 1))]


def _spoiled_record_list(fault: Fault, body: dict[str, object]) -> dict[str, object]:
    for name in ("records", "compositeResponse", "graphs", "ids"):
        rows = body.get(name)
        if isinstance(rows, list):
            return {**body, name: _spoiled(fault, rows)}
    return body


# What happens in the company meanwhile


def happen(org: Org, call: Call, subject: Subject, when: str) -> None:
    """Carries out the company faults of the call that are due now. Raises Refused if the plan names the unknown."""
    for fault in call.fired:
        if fault.fault not in COMPANY or fault.when != when:
            continue
        shape = org.company.entity(fault.object or subject.object or "Account")
        entity, target = shape.name if shape else "Account", fault.target or fault.id or next(iter(subject.ids), "")
        try:
            with org.company.aside():
                _HAPPENINGS[fault.fault](org.company, fault, entity, target)
        except KeyError as unknown:
            raise Refused(500, "FAULT_PLAN", f"{fault.fault} cannot happen: {unknown.args[0]}") from None


def _merge_chain(company: Company, fault: Fault, entity: str, target: str) -> None:
    company.merge(entity, fault.via, target, fault.actor)
    company.merge(entity, fault.into, fault.via, fault.actor)


def _commit_late(company: Company, fault: Fault, entity: str, target: str) -> None:
    first = target or next(iter(company.tables[entity]))
    company.commit_late(entity, first, fault.seconds, fault.actor, **fault.set)


def _hide_rows(company: Company, fault: Fault, entity: str, target: str) -> None:
    if fault.rows is not None:
        company.hidden_rows.update(list(company.tables[entity])[: fault.rows])
    else:
        company.hidden_rows.add(canonical(target) or target)


def _deactivate(company: Company, fault: Fault, _entity: str, target: str) -> None:
    company.edit("User", company.user_id(target), fault.actor, IsActive=False)


_HAPPENINGS: dict[str, Callable[[Company, Fault, str, str], object]] = {
    "person_edit": lambda company, fault, entity, target: company.edit(entity, target, fault.actor, **fault.set),
    "late_commit": _commit_late,
    "merge": lambda company, fault, entity, target: company.merge(entity, fault.into, target, fault.actor),
    "merge_chain": _merge_chain,
    "delete": lambda company, fault, entity, target: company.delete(entity, target, fault.actor),
    "undelete": lambda company, fault, entity, target: company.undelete(entity, target, fault.actor),
    "hard_delete": lambda company, fault, entity, target: company.hard_delete(entity, target, fault.actor),
    "deactivate_user": _deactivate,
    "hide_field": lambda company, fault, entity, _: company.hide_field(entity, fault.field),
    "remove_field": lambda company, fault, entity, _: company.hide_field(entity, fault.field),
    "hide_rows": _hide_rows,
    "hide_object": lambda company, _, entity, __: company.hide_object(entity),
    "read_only_field": lambda company, fault, entity, _: company.freeze_field(entity, fault.field),
}


def ids_in(call: Call) -> tuple[str, ...]:
    """The ids of the records that a call for several records names."""
    if call.query.get("ids"):
        return tuple(call.query["ids"].split(","))
    body = _body(call)
    ids, records = body.get("ids"), body.get("records")
    if isinstance(ids, list):
        return tuple(str(id_) for id_ in ids)
    listed = records if isinstance(records, list) else []
    keyed = (record.get("id") or record.get("Id") for record in listed if isinstance(record, dict))
    return tuple(str(id_) for id_ in keyed if id_)


def object_in(call: Call, kind: str) -> str:
    """The object that a call is about, where its path does not say: a query's, a job's, a collection's first."""
    match kind:
        case "query":
            return _queried(call.query.get("q", ""))
        case "bulk_query_create":
            return _queried(str(_body(call).get("query")))
        case "bulk_ingest_create":
            return str(_body(call).get("object") or "")
        case "collections":
            return _first_type(_body(call).get("records"))
        case _:
            return ""


def _queried(text: str) -> str:
    try:
        return parse(text).source
    except QueryError:
        return ""


def _first_type(records: object) -> str:
    first = records[0] if isinstance(records, list) and records else None
    attributes = first.get("attributes") if isinstance(first, dict) else None
    return str(attributes.get("type") or "") if isinstance(attributes, dict) else ""


def _body(call: Call) -> dict[str, object]:
    try:
        body = json_object(call)
    except Refused:
        return {}
    return body
