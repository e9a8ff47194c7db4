"""Bulk 2.0 queries: make a job, ask for it until it is complete, fetch its CSV page by page."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce import bulk_job
from connectors.sandbox.salesforce.bulk_job import ENDED, Job, job_named, new_job
from connectors.sandbox.salesforce.query import answer
from connectors.sandbox.salesforce.wire import Refused, json_object
from connectors.sandbox.schema import Kind
from connectors.sandbox.soql.tree import Path, Select

if TYPE_CHECKING:
    from connectors.port import Value
    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.soql import Answer

PAGE = 50_000


def create(org: Org, call: Call) -> Reply:
    """``POST …/jobs/query``."""
    body = json_object(call)
    operation = str(body.get("operation"))
    if operation not in {"query", "queryAll"}:
        raise Refused(400, "INVALIDJOB", f"InvalidJob : operation must be query or queryAll, not {operation}")
    text = str(body.get("query") or "")
    if not text.strip():
        raise Refused(400, "INVALIDJOB", "InvalidJob : Query is required")
    select, found = _asked(org, text, deleted=operation == "queryAll")
    job = new_job(org, call, body, entity=found.scope.entity.name, is_query=True)
    job.query = text
    job.columns, job.rows = _table(select, found)
    if any(fault.fault == "bulk_job_failed" for fault in call.fired):
        job.ends_as, job.error, job.rows = "Failed", "InternalServerError : retry the job", []
    org.jobs[job.id] = job
    return Reply(200, job.shown())


def _asked(org: Org, text: str, *, deleted: bool) -> tuple[Select, Answer]:
    from connectors.sandbox.soql import parse  # noqa: PLC0415 - the error comes from answer() below, with its place

    found = answer(org, text, deleted=deleted)
    select = parse(text)
    plain = not select.group and not select.offset and all(isinstance(column, Path) for column in select.columns)
    if found.groups is not None or found.count is not None or not plain:
        raise Refused(
            400,
            "INVALIDJOB",
            "InvalidJob : Aggregate, GROUP BY, OFFSET and parent-to-child queries are not supported in Bulk queries",
        )
    for column in found.shape.columns.values():
        if column.kind is Kind.ADDRESS:
            raise Refused(
                400, "FUNCTIONALITY_NOT_ENABLED", f"Selecting compound data not supported in Bulk Query: {column.name}"
            )
    return select, found


def _table(select: Select, found: Answer) -> tuple[tuple[str, ...], list[list[str]]]:
    targets = [found.scope.target(column) for column in select.columns if isinstance(column, Path)]
    readers = [found.scope.reader(target) for target in targets]
    header = tuple(target.name for target in targets)
    return header, [[cell(read(row)) for read in readers] for row in found.rows]


def cell(value: Value) -> str:
    """A value as a CSV cell: null is empty, a time ends in Z."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.removesuffix("+0000") + "Z" if value.endswith(".000+0000") else value
    return str(value).lower() if isinstance(value, bool) else str(value)


def status(org: Org, _call: Call, id_: str) -> Reply:
    """``GET …/jobs/query/ID``: asking moves the job on."""
    job = job_named(org, id_, is_query=True)
    job.poll(org.settings.bulk_polls)
    return Reply(200, job.shown(whole=True))


def listed(org: Org, _call: Call) -> Reply:
    """``GET …/jobs/query``."""
    return bulk_job.listed(org, is_query=True)


def results(org: Org, call: Call, id_: str) -> Reply:
    """``GET …/jobs/query/ID/results?locator&maxRecords``: one page, with its header row."""
    job = job_named(org, id_, is_query=True)
    if job.state != "JobComplete":
        raise Refused(400, "INVALIDJOBSTATE", f"Results for the job aren't available yet: its state is {job.state}")
    start, size = _locator(call.query.get("locator", "")), _size(call)
    page = job.rows[start : start + size]
    following = start + size
    headers = {
        "Sforce-Locator": _locator_text(following) if following < len(job.rows) else "null",
        "Sforce-NumberOfRecords": str(len(page)),
    }
    reply = job.written(job.columns, page)
    return Reply(200, reply.body, headers, reply.content_type)


def _size(call: Call) -> int:
    text = call.query.get("maxRecords", str(PAGE))
    if not text.isdigit() or int(text) < 1:
        raise Refused(400, "INVALIDJOB", f"maxRecords must be a positive number, not {text!r}")
    return int(text)


def _locator_text(start: int) -> str:
    return base64.urlsafe_b64encode(f"row {start}".encode()).decode().rstrip("=")


def _locator(text: str) -> int:
    if text in {"", "null"}:
        return 0
    try:
        word, _, figure = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        if word == "row":
            return int(figure)
    except (binascii.Error, ValueError):
        pass
    raise Refused(400, "INVALID_QUERY_LOCATOR", f"invalid query locator: {text}")


def close(org: Org, call: Call, id_: str) -> Reply:
    """``PATCH …/jobs/query/ID`` with Aborted."""
    job = job_named(org, id_, is_query=True)
    if json_object(call).get("state") != "Aborted":
        raise Refused(400, "INVALIDJOBSTATE", "A query job can only be aborted")
    if job.state in ENDED:
        raise Refused(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
    job.state = "Aborted"
    return Reply(200, job.shown())


def delete(org: Org, _call: Call, id_: str) -> Reply:
    """``DELETE …/jobs/query/ID``."""
    job: Job = job_named(org, id_, is_query=True)
    if job.state not in ENDED:
        raise Refused(400, "INVALIDJOBSTATE", f"A job that is {job.state} cannot be deleted: abort it first")
    del org.jobs[job.id]
    return Reply(204)
