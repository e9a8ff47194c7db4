"""A full pull of one object through a Bulk 2.0 query job. The job's id is saved before its first poll.

Bulk results have no order, so the place in them is the job's own locator; a lost job means that the pull starts again.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.port import BadReply, CrmError, Unreachable
from connectors.salesforce import rows, soql
from connectors.salesforce.cursor import Standing
from connectors.salesforce.errors import Refused
from connectors.salesforce.reader import Slice, schema_changed

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from connectors.port import Record
    from connectors.salesforce.client import BulkJob, BulkPage, Client
    from connectors.salesforce.jobs import JobLog
    from connectors.salesforce.schema import Layout

PAGE = 10_000
"""Rows in one page of results: some 10 MB of text, so that a page and its records fit easily in memory."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
MOST_POLLS = 500
"""With the waits above, about two hours. A job that is still queued then will not help this run."""
LARGEST_CELL = 1_000_000
"""Characters. Salesforce's longest text is 131,072; Python's csv stops at the same number by default."""

UNFIT = ("INVALIDENTITY", "INVALID_ENTITY", "INVALIDJOB", "FEATURENOTENABLED", "FEATURE_NOT_ENABLED")
"""Refusals that say that this object or org cannot be read in bulk."""


class NotInBulk(Exception):
    """The object cannot be read by a Bulk job; the connector falls back to REST."""


class JobGone(Exception):
    """The job that a cursor names no longer exists."""


@dataclass(frozen=True, slots=True)
class Haul:
    """One full pull of one object through one job."""

    client: Client
    layout: Layout
    jobs: JobLog
    stop: threading.Event
    standing: Standing
    now: datetime

    @property
    def purpose(self) -> str:
        """What the job log says of the job."""
        return f"full pull of {self.layout.entity}"

    def slices(self) -> Iterator[Slice]:
        """The pages; raises NotInBulk before anything is read, JobGone when a resumed job has been deleted."""
        standing = self.standing if self.standing.job else self._start()
        job = self._finished(standing.job)
        try:
            yield from self._pages(job, standing)
        except BadReply:
            # Without its job a saved cursor starts anew; with it, every later run would stumble here again.
            discard(self.client, self.jobs, job.id, ended=True)
            raise
        discard(self.client, self.jobs, job.id, ended=True)

    def _pages(self, job: BulkJob, standing: Standing) -> Iterator[Slice]:
        seen, last = standing.seen, False
        while not last:
            page = self._page(job, standing.locator)
            seen, last = seen + page.rows, not page.locator
            records = tuple(self._records(page))
            if last:
                self._prove(job, seen)
            standing = replace(standing, locator=page.locator, seen=seen)
            yield Slice(records, Standing(upto=standing.began) if last else standing, job.rows)

    def clear_away(self) -> None:
        """Abort and delete what earlier pulls of this object have left behind; free where they left nothing."""
        for job_id, purpose in self.jobs.open_jobs().items():
            if purpose == self.purpose:
                discard(self.client, self.jobs, job_id)

    def _start(self) -> Standing:
        # No condition and no order: a job runs minutes later, and a row changed by then must not look deleted.
        try:
            job = self.client.create_job(soql.select(self.layout.columns, self.layout.entity))
        except Refused as error:
            if error.has(*UNFIT):
                raise NotInBulk from error
            raise schema_changed(error) or error from error
        self.jobs.save(job.id, self.purpose)
        return replace(self.standing, job=job.id)

    def _finished(self, job_id: str) -> BulkJob:
        wait = FIRST_WAIT
        for _ in range(MOST_POLLS):
            job = self._polled(job_id)
            if job.state == "JobComplete":
                return job
            if job.state in {"Failed", "Aborted"}:
                discard(self.client, self.jobs, job_id, ended=True)
                raise Unreachable(
                    f"Salesforce's Bulk job {job_id} for {self.layout.entity} ended as {job.state}: {job.message}",
                    hint="run again; nothing of it was taken over",
                )
            if self.stop.wait(wait):
                raise Unreachable(
                    "stopped while a Bulk job was running", hint="run again; the job is cleared away then"
                )
            wait = min(wait * 1.5, LONGEST_WAIT)
        discard(self.client, self.jobs, job_id)
        raise Unreachable(f"Bulk job {job_id} did not end in time", hint="run again when the org is less busy")

    def _polled(self, job_id: str) -> BulkJob:
        try:
            return self.client.job(job_id)
        except Refused as error:
            self.jobs.finish(job_id)
            raise JobGone from error

    def _page(self, job: BulkJob, locator: str) -> BulkPage:
        try:
            return self.client.job_rows(job.id, locator, PAGE)
        except Refused as error:
            discard(self.client, self.jobs, job.id)
            raise JobGone from error

    def _records(self, page: BulkPage) -> Iterator[Record]:
        csv.field_size_limit(LARGEST_CELL)
        reader = csv.reader(io.StringIO(page.csv, newline=""), strict=True)
        count = 0
        try:
            header = next(reader, [])
            for columns in rows.csv_columns(header, reader, self.layout):
                count += 1
                if (record := rows.record(columns, self.layout, self.now)) is not None:
                    yield record
        except csv.Error as error:
            raise BadReply(f"a Bulk result of {self.layout.entity} is no CSV: {error}") from error
        if count != page.rows:
            raise BadReply(f"a Bulk page of {self.layout.entity} announced {page.rows} rows and held {count}")

    def _prove(self, job: BulkJob, seen: int) -> None:
        if seen != job.rows:
            raise BadReply(
                f"Salesforce's Bulk job announced {job.rows} rows of {self.layout.entity} and sent {seen}",
                hint="run again: the full pull starts anew",
            )


def discard(client: Client, jobs: JobLog, job_id: str, *, ended: bool = False) -> None:
    """Abort and delete a job. One that cannot be reached stays in the log, for the next run to clear away."""
    for act in (client.delete_job,) if ended else (client.abort_job, client.delete_job):
        try:
            act(job_id)
        except Refused:
            # Ended jobs cannot be aborted, and gone ones cannot be deleted: both is what was wanted.
            continue
        except CrmError:
            return
    jobs.finish(job_id)
