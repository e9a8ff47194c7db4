"""Bulk 2.0 ingest: upload a CSV, close the job, ask for it until it has ended, fetch what became of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.ids import canonical
from connectors.sandbox.salesforce import bulk_job, records
from connectors.sandbox.salesforce.bulk_job import ENDED, Job, job_named, new_job
from connectors.sandbox.salesforce.wire import Refused, json_object, unzipped
from connectors.sandbox.schema import NUMERIC, Kind

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.schema import Entity

OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
NULL = "#N/A"
"""The cell that clears a field; an empty cell leaves it alone."""
MOST_BYTES = 150 * 1024 * 1024


def create(org: Org, call: Call) -> Reply:
    """``POST …/jobs/ingest``."""
    body = json_object(call)
    entity = org.company.entity(str(body.get("object") or ""))
    if entity is None:
        raise Refused(400, "INVALIDENTITY", f"InvalidEntity : The object {body.get('object')} is not supported")
    operation = str(body.get("operation"))
    if operation not in OPERATIONS:
        raise Refused(400, "INVALIDOPERATION", f"InvalidOperation : The operation {operation} is not supported")
    if operation == "upsert" and not body.get("externalIdFieldName"):
        raise Refused(400, "INVALIDJOB", "InvalidJob : External ID was blank for the upsert operation")
    job = new_job(org, call, body, entity=entity.name, is_query=False)
    org.jobs[job.id] = job
    return Reply(200, job.shown())


def upload(org: Org, call: Call, id_: str) -> Reply:
    """``PUT …/jobs/ingest/ID/batches``: once."""
    job = job_named(org, id_, is_query=False)
    if job.state != "Open" or job.body:
        raise Refused(
            400, "INVALIDJOBSTATE", f"InvalidJobState : the job is {job.state}: data is uploaded once, while it is Open"
        )
    if len(call.body) > MOST_BYTES:
        raise Refused(413, "REQUEST_ENTITY_TOO_LARGE", "The upload is larger than 150 MB")
    job.body = unzipped(call.body, call.headers.get("content-encoding", ""))
    return Reply(201)


def close(org: Org, call: Call, id_: str) -> Reply:
    """``PATCH …/jobs/ingest/ID``: UploadComplete sets the job to work, Aborted ends it."""
    job = job_named(org, id_, is_query=False)
    state = str(json_object(call).get("state"))
    if state not in {"UploadComplete", "Aborted"}:
        raise Refused(400, "INVALIDJOBSTATE", f"InvalidJobState : a job cannot be set to {state}")
    if job.state in ENDED or (state == "UploadComplete" and job.state != "Open"):
        raise Refused(400, "INVALIDJOBSTATE", f"InvalidJobState : {state} is not allowed for a job that is {job.state}")
    job.state = str(state)
    if state == "UploadComplete":
        _work(org, call, job)
    return Reply(200, job.shown())


def _work(org: Org, call: Call, job: Job) -> None:
    """Carries the job out. Its state goes on saying for a while that it is at work."""
    try:
        job.columns, job.lines = job.read(job.body)
        entity = records.entity_named(org, job.entity)
        _check_header(entity, job)
    except Refused as refused:
        job.ends_as, job.error = "Failed", refused.refusal.message
        return
    stop = _stop_after(call, job)
    for at, line in enumerate(job.lines):
        if at >= stop:
            job.unprocessed.append(line)
            continue
        try:
            with org.company.transaction(call.actor, call.request_id):
                id_, made = _write(org, call, entity, job, line, at)
            job.done.append((id_, made, line))
        except Refused as refused:
            fields = " ".join(refused.refusal.fields)
            job.failed.append(
                (
                    canonical(_cell(line, "Id")) or "",
                    f"{refused.refusal.code}:{refused.refusal.message}:{fields} --",
                    line,
                )
            )


def _stop_after(call: Call, job: Job) -> int:
    for fault in call.fired:
        if fault.fault == "bulk_job_failed":
            job.ends_as, job.error = "Failed", "InternalServerError : the job was stopped after part of it was done"
            return fault.rows if fault.rows is not None else len(job.lines) // 2
    return len(job.lines)


def _check_header(entity: Entity, job: Job) -> None:
    unknown = [name for name in job.columns if entity.column(name) is None]
    if not job.columns:
        raise Refused(400, "InvalidBatch", "InvalidBatch : the upload holds no header row")
    if unknown:
        raise Refused(400, "InvalidBatch", f"InvalidBatch : Field name not found : {unknown[0]}")
    if job.operation in {"update", "delete", "hardDelete"} and "id" not in {name.lower() for name in job.columns}:
        raise Refused(400, "InvalidBatch", "InvalidBatch : the Id column is missing")


def _cell(line: dict[str, str], name: str) -> str:
    return next((value for key, value in line.items() if key.lower() == name.lower()), "")


def _write(org: Org, call: Call, entity: Entity, job: Job, line: dict[str, str], at: int) -> tuple[str, bool]:  # noqa: PLR0913, PLR0917 - one row of one job
    given = _given(entity, line)
    if job.operation == "insert":
        return records.create(org, call, entity, given, at), True
    if job.operation == "upsert":
        return _upsert(org, call, entity, job, given, at)
    target = _target(org, entity, _cell(line, "Id"))
    if job.operation == "update":
        records.patch(org, call, target, given, at)
    else:
        records.delete(org, call, target, at)
        if job.operation == "hardDelete":
            org.company.hard_delete(entity.name, target.id, call.actor, call.request_id)
    return target.id, False


def _given(entity: Entity, line: dict[str, str]) -> dict[str, object]:
    """The cells to write: none that is empty, none that names the record."""
    given: dict[str, object] = {}
    for name, text in line.items():
        column = entity.column(name)
        if column is None or column.name == "Id" or text == "":
            continue
        given[column.name] = None if text == NULL else text
        if column.kind in NUMERIC | {Kind.BOOLEAN, Kind.DATE, Kind.DATETIME} and text != NULL:
            given[column.name] = text.strip()
    return given


def _target(org: Org, entity: Entity, text: str) -> records.Target:
    if not text:
        raise Refused(400, "MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    if canonical(text) is None or not text.startswith(entity.prefix):
        raise Refused(400, "MALFORMED_ID", f"{entity.label} ID: id value of incorrect type: {text}", ["Id"])
    try:
        return records.find(org, entity, text)
    except Refused as refused:
        if refused.refusal.code == "NOT_FOUND":
            raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id") from None
        raise


def _upsert(org: Org, call: Call, entity: Entity, job: Job, given: dict[str, object], at: int) -> tuple[str, bool]:  # noqa: PLR0913, PLR0917 - one row of one job
    key = entity.column(job.external)
    if key is None or not key.external:
        raise Refused(
            400, "INVALID_FIELD", f"Field name provided, {job.external} does not match an External ID for {entity.name}"
        )
    value = str(given.get(key.name) or "")
    if not value:
        raise Refused(400, "MISSING_ARGUMENT", f"{key.name} not specified")
    for row in org.company.rows(entity.name):
        if str(row.get(key.name, "")).lower() == value.lower():
            target = records.Target(entity, str(row["Id"]), row)
            records.patch(org, call, target, given, at)
            return target.id, False
    return records.create(org, call, entity, given, at), True


def status(org: Org, _call: Call, id_: str) -> Reply:
    """``GET …/jobs/ingest/ID``: asking moves the job on."""
    job = job_named(org, id_, is_query=False)
    job.poll(org.settings.bulk_polls)
    return Reply(200, job.shown(whole=True))


def listed(org: Org, _call: Call) -> Reply:
    """``GET …/jobs/ingest``."""
    return bulk_job.listed(org, is_query=False)


def delete(org: Org, _call: Call, id_: str) -> Reply:
    """``DELETE …/jobs/ingest/ID``."""
    job = job_named(org, id_, is_query=False)
    if job.state not in ENDED:
        raise Refused(400, "INVALIDJOBSTATE", f"A job that is {job.state} cannot be deleted: abort it first")
    del org.jobs[job.id]
    return Reply(204)


def results(org: Org, _call: Call, id_: str, part: str) -> Reply:
    """``GET …/jobs/ingest/ID/{successfulResults|failedResults|unprocessedrecords}``, in any case."""
    job = job_named(org, id_, is_query=False)
    ended = job.state in ENDED
    match part.lower():
        case "successfulresults":
            rows = [[id_, str(made).lower(), *_cells(job, line)] for id_, made, line in job.done]
            return job.written(["sf__Id", "sf__Created", *job.columns], rows if ended else [])
        case "failedresults":
            rows = [[id_, error, *_cells(job, line)] for id_, error, line in job.failed]
            return job.written(["sf__Id", "sf__Error", *job.columns], rows if ended else [])
        case "unprocessedrecords":
            return job.written(job.columns, [_cells(job, line) for line in job.unprocessed])
        case _:
            raise Refused(404, "NOT_FOUND", "The requested resource does not exist")


def _cells(job: Job, line: dict[str, str]) -> list[str]:
    return [line.get(name, "") for name in job.columns]
