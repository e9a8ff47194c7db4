"""Runs of the worker's commands and jobs: when, what they did, what they cost. A log; nothing resumes from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sync_worker.store.schema import cycle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select

SUCCESS = "ok"
"""The outcome of a run that did all it set out to do."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run. ``outcome`` is empty while it lasts, and for ever if it was killed. ``calls`` are API calls by kind."""

    id: int
    kind: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    counts: Mapping[str, object]
    calls: Mapping[str, int]
    error: str


def start(tx: Connection, kind: str, now: datetime) -> int:
    """Note that a run begins; its number."""
    number: int = tx.execute(insert(cycle).values(kind=kind, started_at=now).returning(cycle.c.id)).scalar_one()
    return number


def finish(  # noqa: PLR0913, PLR0917 - one row's columns, in the order agreed with the callers
    tx: Connection,
    id_: int,
    outcome: str,
    counts: Mapping[str, object],
    calls: Mapping[str, int],
    error: str | None,
    now: datetime,
) -> None:
    """Note how a run ended. ``outcome`` is ``ok`` or one word for what went wrong, ``error`` its message."""
    ended = {"ended_at": now, "outcome": outcome, "counts": dict(counts), "calls": dict(calls), "error": error or None}
    tx.execute(update(cycle).where(cycle.c.id == id_).values(ended))


def latest(tx: Connection, kind: str | None = None) -> Cycle | None:
    """The run that was started last."""
    return next(iter(recent(tx, 1, kind)), None)


def recent(tx: Connection, limit: int, kind: str | None = None) -> list[Cycle]:
    """The latest runs, the newest first."""
    wanted = _all() if kind is None else _all().where(cycle.c.kind == kind)
    return [_cycle(row) for row in tx.execute(wanted.limit(limit))]


def since(tx: Connection, start: datetime) -> list[Cycle]:
    """The runs that began since then, the newest first."""
    return [_cycle(row) for row in tx.execute(_all().where(cycle.c.started_at >= start))]


def last_success(tx: Connection, kind: str | None = None) -> datetime | None:
    """When the latest successful run ended."""
    wanted = select(cycle.c.ended_at).where(cycle.c.outcome == SUCCESS).order_by(cycle.c.ended_at.desc()).limit(1)
    return tx.execute(wanted if kind is None else wanted.where(cycle.c.kind == kind)).scalar()


def _all() -> Select[tuple[object, ...]]:
    return select(cycle).order_by(cycle.c.id.desc())


def _cycle(r: Any) -> Cycle:  # noqa: ANN401 - a row of the cycle table
    return Cycle(r.id, r.kind, r.started_at, r.ended_at, r.outcome or "", r.counts or {}, r.calls or {}, r.error or "")
