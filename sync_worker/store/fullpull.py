"""Where the pull of each CRM's streams stands, and how a full pull finds what has gone. It reads no CRM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, func, or_, select, true, update

from connectors.port import Cursor, Stream
from sync_worker.store import activities, engagement
from sync_worker.store.lookup import live_count
from sync_worker.store.schema import cursor as table
from sync_worker.store.schema import record
from sync_worker.store.upsert import chunks, next_numbers, upsert

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from connectors.port import Page

FULL_PULL_EVERY = timedelta(hours=23)
"""A little less than a day, so that a cycle that runs once a day always finds it due."""

_DELETE = (
    update(record)
    .where(record.c.stream == bindparam("stream_"), record.c.id == bindparam("id_"))
    .values(deleted=true(), sequence=bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class FullPull:
    """Live records after the latest full pull (None: there was none), and how many this one has shown."""

    previous: int | None
    seen: int


def cursor(tx: Connection, crm: str, stream: Stream) -> Cursor | None:
    """Where the stream's pull stands; None before the first page, and after ``forget_cursor``."""
    value = tx.execute(select(table.c.value).where(_of(crm, stream))).scalar()
    return Cursor(value) if value else None


def save_cursor(tx: Connection, crm: str, stream: Stream, page: Page, now: datetime) -> None:
    """Let the next pull start behind this page. Belongs in the transaction that saves the page (I15)."""
    upsert(tx, table, [{"crm": crm, "stream": stream.value, "value": page.cursor.value, "saved_at": now}])
    if page.full:
        never = table.c.full_at.is_(None)
        tx.execute(update(table).where(_of(crm, stream), never).values(full_at=now))


def forget_cursor(tx: Connection, crm: str, stream: Stream) -> None:
    """Let the next pull of the stream read everything again. The count of the latest full pull stays."""
    tx.execute(update(table).where(_of(crm, stream)).values(value=""))


def full_pulled_at(tx: Connection, crm: str, stream: Stream) -> datetime | None:
    """When the latest full pull of the stream was closed, or the first one began; None if none ever did."""
    return tx.execute(select(table.c.full_at).where(_of(crm, stream))).scalar()


def full_pull_due(tx: Connection, crm: str, stream: Stream, now: datetime) -> bool:
    """Whether it is time to read everything again: what has silently gone is found in no other way (I15).

    A first full pull that was broken off is not due at once: its cursor leads on from where it stopped.
    """
    at = full_pulled_at(tx, crm, stream)
    return at is None or now - at >= FULL_PULL_EVERY


def mark_seen(tx: Connection, stream: Stream, ids: Collection[str], cycle: int) -> None:
    """Note that this cycle's full pull has shown these records."""
    for part in chunks(list(ids)):
        shown = update(record).where(record.c.stream == stream.value, record.c.id.in_(part))
        tx.execute(shown.values(seen_in=cycle))


def close_full_pull(tx: Connection, crm: str, stream: Stream, cycle: int) -> FullPull:
    """Count what a full pull has shown against the latest one, for I14. Changes nothing."""
    c = record.c
    shown = select(func.count()).where(c.crm == crm, c.stream == stream.value, ~c.deleted, c.seen_in == cycle)
    previous = tx.execute(select(table.c.full_count).where(_of(crm, stream))).scalar()
    return FullPull(previous, tx.execute(shown).scalar_one())


def delete_unseen(tx: Connection, crm: str, stream: Stream, cycle: int, now: datetime) -> int:
    """Mark the records that this full pull did not show as deleted; how many. Only after its counts were checked.

    Engagement that does not agree with the activities is folded anew.
    """
    gone = mark_unseen_deleted(tx, crm, stream, cycle)
    if stream is Stream.ACTIVITIES and engagement.drifted(tx):
        engagement.rescan(tx, now)
    closed = {"full_at": now, "full_count": live_count(tx, stream, crm)}
    tx.execute(update(table).where(_of(crm, stream)).values(closed))
    if tx.dialect.name == "postgresql":
        # A table that was just filled has no statistics, and joins on it would be planned for a handful of rows.
        tx.exec_driver_sql("ANALYZE record, activity")
    return gone


def mark_unseen_deleted(tx: Connection, crm: str, stream: Stream, cycle: int) -> int:
    """Mark every live record of the stream that this cycle has not shown as deleted; how many there were."""
    c = record.c
    live = and_(c.crm == crm, c.stream == stream.value, ~c.deleted)
    unseen = select(c.id).where(live, or_(c.seen_in.is_(None), c.seen_in != cycle))
    ids = list(tx.execute(unseen.order_by(c.id)).scalars())
    if ids:
        first = next_numbers(tx, "record", len(ids))
        rows = [{"stream_": stream.value, "id_": id_, "number": number} for number, id_ in enumerate(ids, first)]
        tx.execute(_DELETE, rows)
    if stream is Stream.ACTIVITIES:
        activities.remove(tx, ids)
    return len(ids)


def _of(crm: str, stream: Stream) -> ColumnElement[bool]:
    return and_(table.c.crm == crm, table.c.stream == stream.value)
