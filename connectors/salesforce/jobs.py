"""Where the ids of Bulk jobs are kept, so that a crash never leaves a job that nobody knows. Calls no CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class JobLog(Protocol):
    """A durable list of Bulk jobs. ``save`` returns only once the id is safe; it precedes the first poll."""

    def save(self, job_id: str, purpose: str) -> None:
        """Remember a job that has just been created."""

    def finish(self, job_id: str) -> None:
        """The job is done with: deleted, aborted or gone. Unknown ids are passed over."""

    def open_jobs(self) -> Mapping[str, str]:
        """Job id → purpose of every job that is saved and not finished."""


class MemoryJobs:
    """A JobLog that forgets when the process ends: for tests and one-off reads."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}

    def save(self, job_id: str, purpose: str) -> None:
        """See JobLog."""
        self._open[job_id] = purpose

    def finish(self, job_id: str) -> None:
        """See JobLog."""
        self._open.pop(job_id, None)

    def open_jobs(self) -> Mapping[str, str]:
        """See JobLog."""
        return dict(self._open)
