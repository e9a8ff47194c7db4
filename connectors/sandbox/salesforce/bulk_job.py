"""A Bulk 2.0 job: its states, its CSV dialect, and how it is shown."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.wire import Refused
from connectors.sandbox.seed.draw import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org

DELIMITERS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
PREFIX = "750"
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(slots=True)
class Job:
    """One job, query or ingest."""

    id: str
    operation: str
    entity: str
    actor: str
    created: datetime
    version: str
    state: str
    is_query: bool
    delimiter: str = "COMMA"
    line_end: str = "LF"
    external: str = ""
    query: str = ""
    polls: int = 0
    body: bytes = b""
    lines: list[dict[str, str]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    done: list[tuple[str, bool, dict[str, str]]] = field(default_factory=list)
    failed: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    unprocessed: list[dict[str, str]] = field(default_factory=list)
    error: str = ""
    ends_as: str = "JobComplete"
    rows: list[list[str]] = field(default_factory=list)
    """A query's answer, ready to write."""

    def shown(self, *, whole: bool = False) -> dict[str, object]:
        """The job as its own address shows it (``whole``), or as the answer to its making does."""
        moment = stamp(self.created)
        shown: dict[str, object] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.entity,
            "createdById": self.actor,
            "createdDate": moment,
            "systemModstamp": moment,
            "state": self.state,
            **({"externalIdFieldName": self.external} if self.external else {}),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_end,
            "columnDelimiter": self.delimiter,
        }
        if not self.is_query:
            shown["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return shown | (self._progress() if whole else {})

    def _progress(self) -> dict[str, object]:
        ended = self.state in ENDED
        shown: dict[str, object] = {
            "jobType": "V2Query" if self.is_query else "V2Ingest",
            "retries": 0,
            "totalProcessingTime": 100 if ended else 0,
        }
        if self.is_query:
            return shown | {"numberRecordsProcessed": len(self.rows) if ended else 0, "isPkChunkingSupported": True}
        shown |= {"apiActiveProcessingTime": 80 if ended else 0, "apexProcessingTime": 0}
        shown |= {
            "numberRecordsProcessed": len(self.done) + len(self.failed) if ended else 0,
            "numberRecordsFailed": len(self.failed) if ended else 0,
        }
        return shown | ({"errorMessage": self.error} if ended and self.error else {})

    def poll(self, polls: int) -> None:
        """Goes on by one step each time somebody asks, until it has ended."""
        if self.state in {"UploadComplete", "InProgress"}:
            self.polls += 1
            self.state = self.ends_as if self.polls >= polls else "InProgress"

    def written(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Reply:
        """Rows as CSV, every cell quoted."""
        out = io.StringIO()
        writer = csv.writer(
            out, delimiter=DELIMITERS[self.delimiter], lineterminator=LINE_ENDS[self.line_end], quoting=csv.QUOTE_ALL
        )
        writer.writerow(header)
        writer.writerows(rows)
        return Reply(200, out.getvalue().encode(), content_type="text/csv")

    def read(self, body: bytes) -> tuple[tuple[str, ...], list[dict[str, str]]]:
        """The header and the records of an upload. Raises Refused InvalidBatch."""
        text = body.decode("utf-8-sig", "replace").replace("\x00", "")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[self.delimiter], strict=True)
        try:
            lines = [line for line in reader if line]
        except csv.Error as wrong:
            raise Refused(400, "InvalidBatch", f"InvalidBatch : Failed to parse CSV: {wrong}") from None
        if not lines:
            return (), []
        header = tuple(name.strip() for name in lines[0])
        return header, [dict(zip(header, line, strict=False)) for line in lines[1:]]


def new_job(org: Org, call: Call, body: Mapping[str, object], *, entity: str, is_query: bool) -> Job:
    """A job from its request. Raises Refused for unknown delimiters and line ends."""
    delimiter, line_end = str(body.get("columnDelimiter") or "COMMA"), str(body.get("lineEnding") or "LF")
    if delimiter not in DELIMITERS or line_end not in LINE_ENDS:
        raise Refused(400, "INVALIDJOB", f"InvalidJob : unknown columnDelimiter or lineEnding: {delimiter}, {line_end}")
    if str(body.get("contentType") or "CSV").upper() != "CSV":
        raise Refused(400, "INVALIDJOB", f"InvalidJob : contentType must be CSV, not {body.get('contentType')}")
    return Job(
        id=org.next_id(PREFIX),
        operation=str(body["operation"]),
        entity=entity,
        actor=call.actor,
        created=org.company.clock.now(),
        version=call.version,
        state="UploadComplete" if is_query else "Open",
        is_query=is_query,
        delimiter=delimiter,
        line_end=line_end,
        external=str(body.get("externalIdFieldName") or ""),
    )


def job_named(org: Org, id_: str, *, is_query: bool) -> Job:
    """The job with this id. Raises Refused NOT_FOUND."""
    job = org.jobs.get(id_) or next((job for key, job in org.jobs.items() if key[:15] == id_[:15]), None)
    if job is None or job.is_query is not is_query:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    return job


def listed(org: Org, *, is_query: bool) -> Reply:
    """All jobs of one kind, on one page."""
    jobs = [job.shown(whole=True) for job in org.jobs.values() if job.is_query is is_query]
    return Reply(200, {"done": True, "nextRecordsUrl": None, "records": jobs})
