"""Batches of records: read, create, update, upsert, archive. What fails for one record is told in the reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.objects import check_key, check_unique, find, make, most_in_page, object_type
from connectors.sandbox.hubspot.show import Wanted, changed_record, shown
from connectors.sandbox.hubspot.strike import check_validation, failure_of
from connectors.sandbox.hubspot.values import read_values
from connectors.sandbox.hubspot.wire import JSON, Refused, body_of, flag_in, inputs_of, invalid, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.shapes import ObjectType

MOST = 100
PARTIAL_AS_200 = frozenset({"2026-09"})
"""Versions whose description has no 207: errors of single records come with a 200 there."""


@dataclass(slots=True)
class Outcome:
    """What a batch has done so far."""

    started: str
    results: list[dict[str, object]] = field(default_factory=list)
    errors: list[dict[str, object]] = field(default_factory=list)

    def missing(self, shape: ObjectType, ids: Sequence[str]) -> None:
        """Some ids lead nowhere: one error for them all."""
        if ids:
            message = f"Could not get some {shape.singular.upper()} objects, they may be deleted or not exist. "
            self.failed("OBJECT_NOT_FOUND", message + "Check that ids are valid.", {"ids": list(ids)})

    def failed(self, category: str, message: str, context: dict[str, list[str]]) -> None:
        """One error, in the form of every batch. A subcategory, which is an object by the description, it has none."""
        error = {"status": "error", "category": category, "message": message, "context": context}
        self.errors.append({**error, "links": {}, "errors": []})

    def reply(self, hub: Hub, call: Call, status: int = 200) -> Reply:
        """The whole reply: 207 if anything failed, except where the API's version has no 207."""
        body: dict[str, object] = {
            "status": "COMPLETE",
            "results": self.results,
            "startedAt": self.started,
            "completedAt": hub.portal.now(),
        }
        if self.errors:
            body |= {"numErrors": len(self.errors), "errors": self.errors}
            status = status if call.version in PARTIAL_AS_200 else 207
        return Reply(status, body, content_type=JSON)


def begin(hub: Hub) -> Outcome:
    """An empty outcome that knows when it began."""
    return Outcome(hub.portal.now())


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a batch, as it was asked for, with its id once it is known."""

    asked: str
    id: str
    values: dict[str, str | None] = field(default_factory=dict)
    trace: str = ""

    @property
    def context(self) -> dict[str, list[str]]:
        """What an error says of it."""
        return {"ids": [self.asked]} | ({"objectWriteTraceId": [self.trace]} if self.trace else {})


def read(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/read``: from the primary store. Ids that a merge has retired lead to the merged record."""
    shape, body = object_type(name), body_of(call)
    wanted = Wanted(texts(body, "properties"), texts(body, "propertiesWithHistory"))
    key, archived = str(body.get("idProperty") or ""), flag_in(call, "archived")
    outcome, gone, seen = begin(hub), [], set()
    for given in inputs_of(call, most_in_page(wanted)):
        asked = _id_of(given)
        try:
            record = find(hub.portal, shape, asked, key, archived=archived)
        except Refused as refused:
            if refused.status != 404:  # noqa: PLR2004 - the status of HTTP
                raise
            gone.append(asked)
            continue
        if record.id not in seen:
            seen.add(record.id)
            outcome.results.append(shown(hub.portal, shape, record, wanted))
    outcome.missing(shape, gone)
    return outcome.reply(hub, call)


def _trace_of(given: dict[str, object]) -> dict[str, list[str]]:
    trace = given.get("objectWriteTraceId")
    return {"objectWriteTraceId": [str(trace)]} if trace else {}


def _id_of(given: dict[str, object]) -> str:
    if not isinstance(given.get("id"), str | int):
        raise invalid("Invalid input JSON on line 1, column 1: each input needs an id")
    return str(given["id"])


def update(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/update``. A value that cannot be is refused for the whole batch; a missing record is not."""
    shape = object_type(name)
    entries, gone = _entries(hub, call, shape)
    outcome = begin(hub)
    for position, entry in enumerate(entries):
        _write(hub, call, shape, entry, outcome, position)
    outcome.missing(shape, gone)
    return outcome.reply(hub, call)


def _entries(hub: Hub, call: Call, shape: ObjectType) -> tuple[list[Entry], list[str]]:
    """Every record of the batch with its values checked, and the ids that lead nowhere. Raises Refused."""
    inputs = inputs_of(call, MOST)
    check_duplicates([_id_of(given) for given in inputs])
    entries: list[Entry] = []
    gone: list[str] = []
    for given in inputs:
        asked, key = _id_of(given), str(given.get("idProperty") or "")
        values = read_values(hub.portal, shape, given.get("properties"))
        if key:
            check_key(hub.portal, shape, key)
        try:
            record = find(hub.portal, shape, asked, key)
        except Refused:
            gone.append(asked)
            continue
        check_unique(hub.portal, shape, values, but=record.id)
        check_validation(call, record.id, len(entries))
        entries.append(Entry(asked, record.id, values, str(given.get("objectWriteTraceId") or "")))
    return entries, gone


def check_duplicates(ids: Sequence[str]) -> None:
    """A batch may name a record once. Raises Refused."""
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise invalid(f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique", ids=twice)


def _write(  # noqa: PLR0913, PLR0917 - one record of one call, and where its outcome goes
    hub: Hub, call: Call, shape: ObjectType, entry: Entry, outcome: Outcome, position: int
) -> None:
    portal = hub.portal
    failure = failure_of(call, portal, entry.id, position)
    if failure is not None:
        outcome.failed(failure.category, failure.message, entry.context)
        return
    portal.update(shape.name, entry.id, entry.values, portal.author(call.actor), call.request_id)
    written = changed_record(portal, shape.name, entry.id, entry.values)
    outcome.results.append(written | ({"objectWriteTraceId": entry.trace} if entry.trace else {}))


def create(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/create``. All or nothing: one value that cannot be refuses the whole batch."""
    shape, inputs = object_type(name), inputs_of(call, MOST)
    for position, given in enumerate(inputs):
        check_unique(hub.portal, shape, read_values(hub.portal, shape, given.get("properties") or {}))
        check_validation(call, "", position)
    outcome = begin(hub)
    for position, given in enumerate(inputs):
        failure = failure_of(call, hub.portal, "", position)
        if failure is not None:
            outcome.failed(failure.category, failure.message, _trace_of(given))
            continue
        id_ = make(hub, call, shape, given)
        made = changed_record(hub.portal, shape.name, id_, hub.portal.records[shape.name][id_].values)
        trace = given.get("objectWriteTraceId")
        outcome.results.append(made | ({"objectWriteTraceId": str(trace)} if trace else {}))
    return outcome.reply(hub, call, 201)


def upsert(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/upsert``: by a unique property; what is not there is made."""
    shape, inputs = object_type(name), inputs_of(call, MOST)
    check_duplicates([_id_of(given) for given in inputs])
    outcome = begin(hub)
    for position, given in enumerate(inputs):
        key = str(given.get("idProperty") or "")
        check_validation(call, hub.portal.current_id(shape.name, _id_of(given)), position)
        if key:
            check_key(hub.portal, shape, key)
        read_values(hub.portal, shape, given.get("properties"))
    for position, given in enumerate(inputs):
        _upsert_one(hub, call, shape, given, outcome, position)
    return outcome.reply(hub, call)


def _upsert_one(  # noqa: PLR0913, PLR0917 - one record of one call, and where its outcome goes
    hub: Hub, call: Call, shape: ObjectType, given: dict[str, object], outcome: Outcome, position: int
) -> None:
    key, asked = str(given.get("idProperty") or ""), _id_of(given)
    values = read_values(hub.portal, shape, given.get("properties"))
    try:
        record = find(hub.portal, shape, asked, key)
    except Refused:
        if not key:
            outcome.missing(shape, [asked])
            return
        id_ = make(hub, call, shape, {"properties": {**values, key: asked}})
        outcome.results.append({**changed_record(hub.portal, shape.name, id_, values), "new": True})
        return
    before = len(outcome.results)
    _write(hub, call, shape, Entry(asked, record.id, values), outcome, position)
    for result in outcome.results[before:]:
        result["new"] = False


def archive(hub: Hub, call: Call, name: str) -> Reply:
    """``POST …/batch/archive``: 204, whether the records were there or not."""
    shape = object_type(name)
    for given in inputs_of(call, MOST):
        record = hub.portal.get(shape.name, _id_of(given))
        if record is not None:
            hub.portal.archive(shape.name, record.id, call.actor, call.request_id)
    return Reply(204)
