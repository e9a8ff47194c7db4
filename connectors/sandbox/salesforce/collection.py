"""Up to 200 records in one call, each with a result of its own, in the order of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.ids import canonical
from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.records import entity_named, find
from connectors.sandbox.salesforce.values import read_values
from connectors.sandbox.salesforce.wire import Refusal, Refused, json_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.schema import Entity

MOST_WRITTEN = 200
MOST_READ = 2000
MOST_CHUNKS = 10
WHOLE_CALL = frozenset({"INVALID_FIELD", "JSON_PARSER_ERROR"})
"""Errors of the request's form: they refuse the call, not the record."""

Result = dict[str, object]


class _Undone(Exception):
    """All or nothing was asked for, and something failed."""


def patch(org: Org, call: Call) -> Reply:
    """``PATCH …/composite/sobjects``."""
    return _written(org, call, _patch_one, "update")


def post(org: Org, call: Call) -> Reply:
    """``POST …/composite/sobjects``."""
    return _written(org, call, _post_one, "create")


def delete(org: Org, call: Call) -> Reply:
    """``DELETE …/composite/sobjects?ids=``."""
    ids = [id_.strip() for id_ in call.query.get("ids", "").split(",") if id_.strip()]
    _check_count(len(ids))
    steps = [_deletion(org, call, id_, at) for at, id_ in enumerate(ids)]
    return Reply(200, _all_of(org, call, steps, all_or_none=call.query.get("allOrNone", "").lower() == "true"))


def _written(org: Org, call: Call, one: Callable[[Org, Call, dict[str, object], int], str], word: str) -> Reply:
    body = json_object(call)
    listed = body.get("records")
    if not isinstance(listed, list) or not all(isinstance(record, dict) for record in listed):
        raise Refused(
            400, "JSON_PARSER_ERROR", "Unexpected input: 'records' must be a list of objects at [line:1, column:2]"
        )
    _check_count(len(listed))
    _check_chunks(listed)
    # The form of every record is checked before the first is written.
    for record in listed:
        _read_form(org, record, creating=word == "create")
    seen: set[str] = set()
    steps = [_step(org, call, one, record, at, seen, word) for at, record in enumerate(listed)]
    return Reply(200, _all_of(org, call, steps, all_or_none=body.get("allOrNone") is True))


def _check_count(count: int) -> None:
    if count > MOST_WRITTEN:
        message = f"record limit reached. cannot submit more than {MOST_WRITTEN} records in this call"
        raise Refused(400, "EXCEEDED_MAX_SIZE_REQUEST", message)


def _check_chunks(listed: list[dict[str, object]]) -> None:
    types = [_type_of(record) for record in listed]
    chunks = sum(one != other for one, other in zip(types, [None, *types], strict=False))
    if chunks > MOST_CHUNKS:
        message = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation."
        raise Refused(400, "INVALID_BATCH_OPERATION", f"{message} Please rearrange the data to reduce chunking.")


def _type_of(record: dict[str, object]) -> str:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise Refused(400, "INVALID_INPUT", "The 'type' of each record must be given in its attributes.")
    return name


def _id_of(record: dict[str, object]) -> str:
    return str(next((value for key, value in record.items() if key.lower() == "id"), "") or "")


def _fields_of(record: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in record.items() if key.lower() not in {"id", "attributes"}}


def _read_form(org: Org, record: dict[str, object], *, creating: bool) -> None:
    entity = org.company.entity(_type_of(record))
    if entity is None:
        raise Refused(400, "INVALID_TYPE", f"sObject type '{_type_of(record)}' is not supported.")
    try:
        read_values(entity, _fields_of(record), creating=creating)
    except Refused as refused:
        if refused.refusal.code in WHOLE_CALL:
            raise


def _step(  # noqa: PLR0913, PLR0917 - a step is all of these together
    org: Org,
    call: Call,
    one: Callable[[Org, Call, dict[str, object], int], str],
    record: dict[str, object],
    at: int,
    seen: set[str],
    word: str,
) -> Callable[[], Result]:
    def step() -> Result:
        id_ = _id_of(record)
        if id_ and id_[:15] in seen:
            return _failure(
                Refusal("DUPLICATE_VALUE", f"duplicate value found: {id_} is in this {word} more than once", ("Id",)),
                id_,
            )
        seen.add(id_[:15])
        return _attempt(org, call, lambda: one(org, call, record, at), id_)

    return step


def _attempt(org: Org, call: Call, write: Callable[[], str], id_: str) -> Result:
    try:
        with org.company.transaction(call.actor, call.request_id):
            return {"id": write(), "success": True, "errors": []}
    except Refused as refused:
        return _failure(refused.refusal, id_)


def _failure(refusal: Refusal, id_: str = "") -> Result:
    known = canonical(id_)
    return {**({"id": known} if known else {}), "success": False, "errors": [refusal.as_row()]}


def _all_of(org: Org, call: Call, steps: list[Callable[[], Result]], *, all_or_none: bool) -> list[Result]:
    results: list[Result] = []
    try:
        with org.company.transaction(call.actor, call.request_id):
            results.extend(step() for step in steps)
            _undo_unless(not all_or_none or all(result["success"] for result in results))
    except _Undone:
        rolled = Refusal(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using AllOrNone header",
        )
        return [_failure(rolled, str(result.get("id", ""))) if result["success"] else result for result in results]
    return results


def _undo_unless(fine: bool) -> None:  # noqa: FBT001 - it is its only subject
    if not fine:
        raise _Undone


def _patch_one(org: Org, call: Call, record: dict[str, object], at: int) -> str:
    entity = entity_named(org, _type_of(record))
    text = _id_of(record)
    if not text:
        raise Refused(400, "MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    if canonical(text) is None:
        raise Refused(400, "MALFORMED_ID", f"{entity.label} ID: id value of incorrect type: {text}", ["Id"])
    if not text.startswith(entity.prefix):
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["Id"])
    target = _existing(org, entity, text)
    records.patch(org, call, target, _fields_of(record), at)
    return target.id


def _existing(org: Org, entity: Entity, text: str) -> records.Target:
    try:
        return find(org, entity, text)
    except Refused as refused:
        if refused.refusal.code == "NOT_FOUND":
            raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id") from None
        raise


def _post_one(org: Org, call: Call, record: dict[str, object], at: int) -> str:
    if _id_of(record):
        raise Refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    return records.create(org, call, entity_named(org, _type_of(record)), _fields_of(record), at)


def _deletion(org: Org, call: Call, text: str, at: int) -> Callable[[], Result]:
    def write() -> str:
        entity = next((each for each in org.company.entities() if text.startswith(each.prefix)), None)
        if entity is None or canonical(text) is None:
            raise Refused(400, "MALFORMED_ID", f"malformed id {text}")
        target = _existing(org, entity, text)
        records.delete(org, call, target, at)
        return target.id

    return lambda: _attempt(org, call, write, text)


# Reading


def read(org: Org, call: Call, name: str) -> Reply:
    """``GET …/composite/sobjects/T?ids=&fields=``."""
    ids = [id_.strip() for id_ in call.query.get("ids", "").split(",") if id_.strip()]
    fields = [field.strip() for field in call.query.get("fields", "").split(",") if field.strip()]
    return _read(org, call, name, ids, fields)


def read_posted(org: Org, call: Call, name: str) -> Reply:
    """``POST …/composite/sobjects/T`` with ``{ids, fields}``: up to 2,000 records."""
    body = json_object(call)
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list):
        raise Refused(
            400, "JSON_PARSER_ERROR", "Unexpected input: 'ids' and 'fields' must be lists at [line:1, column:2]"
        )
    return _read(org, call, name, [str(id_) for id_ in ids], [str(field) for field in fields])


def _read(org: Org, call: Call, name: str, ids: list[str], fields: list[str]) -> Reply:
    """In the order of the request; null where a record is gone or unknown."""
    if not ids or not fields:
        raise Refused(400, "MISSING_ARGUMENT", "The ids and fields parameters are required.")
    if len(ids) > MOST_READ:
        raise Refused(
            400,
            "EXCEEDED_MAX_SIZE_REQUEST",
            f"record limit reached. cannot submit more than {MOST_READ} records in this call",
        )
    entity = entity_named(org, name)
    found = [org.company.get(entity.name, id_) for id_ in ids]
    names = list(dict.fromkeys(["Id", *fields]))
    return Reply(
        200, [records.whole(call, entity, row, names) if row and not row.get("IsDeleted") else None for row in found]
    )
