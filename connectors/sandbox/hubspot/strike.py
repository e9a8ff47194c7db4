"""Faults that are answered or happen inside the account: error replies, odd bodies, and what people do meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.catalog import type_named
from connectors.sandbox.hubspot.portal import as_text
from connectors.sandbox.hubspot.wire import JSON, Detail, Refused, body_of, invalid, listed
from connectors.sandbox.words import COMPANY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from connectors.sandbox.calls import Call, Subject
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.portal import Portal

_HTML = "text/html; charset=UTF-8"
_DOWN = b"<html><head><title>%s</title></head><body><center><h1>%s</h1></center><hr><center>edge</center></body></html>"
_PAGES = {
    "http_420": (420, b"420 Enhance Your Calm"),
    "http_502": (502, b"502 Bad Gateway"),
    "http_504": (504, b"504 Gateway Time-out"),
    "unavailable": (503, b"503 Service Unavailable"),
    "html_200": (200, b"HubSpot Login"),
}
_SPENT = {
    "ten_secondly_rolling": {"X-HubSpot-RateLimit-Remaining": "0"},
    "daily": {"X-HubSpot-RateLimit-Daily-Remaining": "0"},
}
MIGRATION = 477
_VALIDATED = frozenset({"2026-09-beta", "2026-09"})
"""Versions that hold writes to the account's own validation rules."""


def refused_by_fault(hub: Hub, call: Call) -> Reply | None:
    """What a fault answers instead of carrying the call out, or None."""
    for fault in call.fired:
        retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.fault in _PAGES:
            status, title = _PAGES[fault.fault]
            return Reply(status, _DOWN % (title, title), retry, _HTML)
        if fault.fault == "expire_token":
            hub.tokens.expire(bearer(call), hub.portal.clock.now())
        elif fault.fault in _ERRORS:
            reply = _ERRORS[fault.fault](call)
            return replace(reply, headers={**reply.headers, **retry})
    return None


def too_many(call: Call, policy: str) -> Reply:
    """A limit is spent. The body has no category and names the policy."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": call.request_id,
        "policyName": policy.upper(),
    }
    spent = {} if call.kind == "search" else _SPENT.get(policy, {})
    return Reply(429, body, spent, JSON)


def _moving(call: Call) -> Reply:
    moving = Refused(MIGRATION, "MIGRATION_IN_PROGRESS", "This account is being moved to another region")
    return moving.reply(call.request_id).with_headers({"Retry-After": "60"})


_ERRORS: Mapping[str, Callable[[Call], Reply]] = {
    "burst_429": lambda call: too_many(call, "ten_secondly_rolling"),
    "daily_429": lambda call: too_many(call, "daily"),
    "request_limit": lambda call: too_many(call, "daily"),
    "server_error": lambda call: Refused(500, "INTERNAL_ERROR", "internal error").reply(call.request_id),
    "lost_locator": lambda call: invalid("after: the paging cursor is no longer valid").reply(call.request_id),
    "migration_477": _moving,
}


def bearer(call: Call) -> str:
    """The call's token, or nothing."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def page_size(call: Call, limit: int) -> int:
    """How many results this page has: a short page has fewer than asked for."""
    for fault in call.fired:
        if fault.fault == "short_page":
            return min(limit, fault.rows if fault.rows is not None else max(1, limit // 2))
    return limit


def index_lag(call: Call, usual: timedelta) -> timedelta:
    """How far the search index is behind for this call."""
    seconds = [fault.seconds for fault in call.fired if fault.fault == "index_lag"]
    return max(usual, type(usual)(seconds=max(seconds))) if seconds else usual


def spoil(call: Call, reply: Reply) -> Reply:
    """The reply with results left out or in another order."""
    for fault in call.fired:
        if fault.fault not in {"missing_rows", "reordered_rows"} or not isinstance(reply.body, dict):
            continue
        rows = reply.body.get("results")
        if isinstance(rows, list):
            left = rows[::-1]
            if fault.fault == "missing_rows":
                left = rows[: max(0, len(rows) - (fault.rows if fault.rows is not None else 1))]
            reply = Reply(reply.status, {**reply.body, "results": left}, reply.headers, reply.content_type)
    return reply


# Records that are refused


def strike_record(call: Call, id_: str) -> None:
    """The faults of the plan that refuse this record of a call for one record. Raises Refused."""
    check_validation(call, id_, 0)
    for fault in call.fired:
        if fault.fault == "row_lock" and fault.strikes_row(id_, 0):
            raise Refused(423, "LOCKED", f"The record {id_} is locked by another operation", context={"ids": [id_]})
        if fault.fault == "partial_207" and fault.strikes_row(id_, 0):
            raise Refused(409, fault.category or "CONFLICT", fault.message or "The record could not be written")


def check_validation(call: Call, id_: str, position: int) -> None:
    """The account's validation rules, which only the newer versions hold writes to. Raises Refused."""
    for fault in call.fired:
        if fault.fault != "validation_rule" or not fault.strikes_row(id_, position):
            continue
        if call.version in _VALIDATED:
            message = fault.message or "A property is required by a rule of this account"
            names = fault.fields or ("name",)
            details = [Detail(message, "CONDITIONAL_REQUIRED_PROPERTY", {"propertyName": [name]}) for name in names]
            raise invalid(f"Property values were not valid: {message}", *details, ids=[id_])


def failure_of(call: Call, portal: Portal, id_: str, position: int) -> Refused | None:
    """Why this record of a batch is not written, if a fault or a lock says so."""
    for fault in call.fired:
        if not fault.strikes_row(id_, position):
            continue
        if fault.fault == "partial_207":
            return Refused(207, fault.category or "CONFLICT", fault.message or "The record could not be written")
        if fault.fault == "row_lock":
            return Refused(207, "LOCKED", "The record is locked by another operation")
    if id_ in portal.locked:
        return Refused(207, "LOCKED", "The record is locked by another operation")
    return None


# What happens in the account meanwhile


def happen(hub: Hub, call: Call, subject: Subject, when: str) -> None:
    """Carries out the faults of the call that are due now. Raises Refused if the plan names the unknown."""
    for fault in call.fired:
        if fault.fault not in COMPANY or fault.fault not in _HAPPENINGS or fault.when != when:
            continue
        target = fault.target or fault.id or next(iter(subject.ids), "")
        try:
            _HAPPENINGS[fault.fault](hub.portal, fault, _place(fault, subject), target)
        except KeyError as unknown:
            raise Refused(500, "FAULT_PLAN", f"{fault.fault} cannot happen: {unknown.args[0]}") from None


def _place(fault: Fault, subject: Subject) -> str:
    """The object type that a fault happens in: its own, or the call's, or companies. Raises KeyError."""
    shape = type_named(fault.object or subject.object)
    if shape is None and fault.object:
        raise KeyError(f"no object type {fault.object!r}")
    return shape.name if shape else "companies"


def _merge_chain(portal: Portal, fault: Fault, name: str, target: str) -> None:
    portal.merge(name, fault.via, target, fault.actor)
    portal.merge(name, fault.into, fault.via, fault.actor)


def _commit_late(portal: Portal, fault: Fault, name: str, target: str) -> None:
    first = target or next(iter(portal.records[name]))
    portal.commit_late(name, first, fault.seconds, fault.actor, **fault.set)


def _edit(portal: Portal, fault: Fault, name: str, target: str) -> None:
    portal.edit(name, target, fault.actor, **{prop: as_text(value) for prop, value in fault.set.items()})


def _hide_rows(portal: Portal, fault: Fault, name: str, target: str) -> None:
    if fault.rows is not None:
        portal.hidden_rows.update(list(portal.records[name])[: fault.rows])
    else:
        portal.hidden_rows.add(portal.current_id(name, target))


_HAPPENINGS: Mapping[str, Callable[[Portal, Fault, str, str], object]] = {
    "person_edit": _edit,
    "late_commit": _commit_late,
    "merge": lambda portal, fault, name, target: portal.merge(name, fault.into, target, fault.actor),
    "merge_chain": _merge_chain,
    "delete": lambda portal, fault, name, target: portal.archive(name, target, fault.actor),
    "undelete": lambda portal, fault, name, target: portal.restore(name, target, fault.actor),
    "hard_delete": lambda portal, fault, name, target: portal.wipe(name, target, fault.actor),
    "deactivate_user": lambda portal, _fault, _name, target: portal.deactivate(target),
    "hide_field": lambda portal, fault, name, _target: portal.hide_property(name, fault.field),
    "remove_field": lambda portal, fault, name, _target: portal.hide_property(name, fault.field),
    "hide_rows": _hide_rows,
    "hide_object": lambda portal, _fault, name, _target: portal.hidden_types.add(name),
    "read_only_field": lambda portal, fault, name, _target: portal.freeze_property(name, fault.field),
}


def ids_in(call: Call) -> tuple[str, ...]:
    """The ids of the records that a batch names."""
    try:
        inputs = listed(body_of(call), "inputs")
    except Refused:
        return ()
    return tuple(str(each["id"]) for each in inputs if isinstance(each, dict) and each.get("id"))


def canonical_name(text: str) -> str:
    """The plural name of an object type of a path; the text itself if it is none."""
    found = type_named(text)
    return found.name if found else text
