"""Bulk jobs that the CRM runs for us: each id is on disk before anything is uploaded or polled for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from sync_worker.store.schema import bulk_job
from sync_worker.store.upsert import insert_if_absent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sync_worker.store.engine import Store


@dataclass(frozen=True, slots=True)
class StoreJobLog:
    """The job log of a connector, kept in the store. Every call is a transaction of its own. Raises StoreError."""

    store: Store
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    """Now, in UTC."""

    def save(self, job_id: str, purpose: str) -> None:
        """Remember a job that was just created."""
        with self.store.begin() as tx:
            row = {"id": job_id, "purpose": purpose, "opened_at": self.clock()}
            insert_if_absent(tx, bulk_job, row)

    def finish(self, job_id: str) -> None:
        """Note that the job is done with, or deleted in the CRM."""
        with self.store.begin() as tx:
            tx.execute(update(bulk_job).where(bulk_job.c.id == job_id).values(ended_at=self.clock()))

    def open_jobs(self) -> Mapping[str, str]:
        """Job id → purpose of every job that no run has finished, the oldest first: what a crash left in the CRM."""
        with self.store.read() as tx:
            left = (
                select(bulk_job.c.id, bulk_job.c.purpose)
                .where(bulk_job.c.ended_at.is_(None))
                .order_by(bulk_job.c.opened_at)
            )
            return {row.id: row.purpose for row in tx.execute(left)}
