"""Faults that are answered or happen inside the org: error replies, odd bodies, and what people do meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connectors.sandbox.faults import COMPANY
from connectors.sandbox.ids import canonical
from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.wire import Refused

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call, Subject
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.salesforce.org import Org

_DOWN = b"<html><head><title>503 Service Unavailable</title></head><body><h1>We are down for maintenance.</h1></body></html>"
_LOGIN = b"<!DOCTYPE html><html><head><title>Login | Salesforce</title></head><body><form action='/login'></form></body></html>"
_HTML = "text/html; charset=UTF-8"


def refused_by_fault(org: Org, call: Call) -> Reply | None:
    """The error that a fault gives instead of carrying the call out, or None."""
    for fault in call.fired:
        reply = _reply(org, call, fault)
        if reply is not None:
            return reply
    return None


def _reply(org: Org, call: Call, fault: Fault) -> Reply | None:
    match fault.fault:
        case "expire_token":
            org.sessions.expire(bearer(call))
            return Refused(401, "INVALID_SESSION_ID", "Session expired or invalid").reply()
        case "request_limit":
            return limit_exceeded()
        case "http_420":
            return Reply(420, _DOWN, content_type=_HTML)
        case "unavailable":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return Reply(503, _DOWN, headers, _HTML)
        case "server_error":
            return Refused(
                500,
                "UNKNOWN_EXCEPTION",
                "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)",
            ).reply()
        case "html_200":
            return Reply(200, _LOGIN, content_type=_HTML)
        case "query_timeout":
            return Refused(400, "QUERY_TIMEOUT", "Your query request was running for too long.").reply()
        case "lost_locator":
            return Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator").reply()
        case _:
            return None


def limit_exceeded() -> Reply:
    """The day's calls are spent."""
    return Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").reply()


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
    """Carries out the company faults of the call that are due now. Raises Refused if the plan names what is not there."""
    for fault in call.fired:
        if fault.fault in COMPANY and fault.when == when:
            try:
                _happen(
                    org, fault, fault.object or subject.object, fault.target or fault.id or next(iter(subject.ids), "")
                )
            except KeyError as unknown:
                raise Refused(500, "FAULT_PLAN", f"fault {fault.fault!r} cannot happen: {unknown.args[0]}") from None


def _happen(org: Org, fault: Fault, entity: str, target: str) -> None:
    company, shape = org.company, org.company.entity(entity or "Account")
    name = shape.name if shape else "Account"
    with company.lock:
        match fault.fault:
            case "person_edit":
                company.edit(name, target, fault.actor, **fault.set)
            case "late_commit":
                company.commit_late(name, target or _first(org, name), fault.seconds, fault.actor, **fault.set)
            case "merge":
                company.merge(name, fault.into, target, fault.actor)
            case "merge_chain":
                company.merge(name, fault.via, target, fault.actor)
                company.merge(name, fault.into, fault.via, fault.actor)
            case "delete":
                company.delete(name, target, fault.actor)
            case "undelete":
                company.undelete(name, target, fault.actor)
            case "hard_delete":
                company.hard_delete(name, target, fault.actor)
            case "deactivate_user":
                company.edit("User", company.user_id(target), fault.actor, IsActive=False)
            case "hide_field" | "remove_field":
                company.hide_field(name, fault.field)
            case "hide_rows":
                company.hidden_rows |= _hidden(org, fault, name, target)


def _first(org: Org, entity: str) -> str:
    return str(next(iter(org.company.tables[entity])))


def _hidden(org: Org, fault: Fault, entity: str, target: str) -> set[str]:
    if fault.rows is not None:
        return set(list(org.company.tables[entity])[: fault.rows])
    return {canonical(target) or target}


def ids_in(call: Call) -> tuple[str, ...]:
    """The ids of the records that a call for several records names."""
    if call.query.get("ids"):
        return tuple(call.query["ids"].split(","))
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        return ()
    records = body.get("records") if isinstance(body, dict) else None
    ids = body.get("ids") if isinstance(body, dict) else None
    if isinstance(ids, list):
        return tuple(str(id_) for id_ in ids)
    keyed = (record.get("id") or record.get("Id") for record in records or () if isinstance(record, dict))
    return tuple(str(id_) for id_ in keyed if id_)
