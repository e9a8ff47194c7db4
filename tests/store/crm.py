"""Records and pages as a connector would bring them, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.port import Cursor, Page, Record, Ref, Stream
from sync_worker.store import records
from sync_worker.store.schema import record

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from sync_worker.store.records import Saved

TOUCHES = ("call", "email", "meeting", "task")
ENGAGEMENT = ("meeting", "web_form", "reply")


def account(id_: str, modified: datetime, **fields: Value) -> Record:
    """An account."""
    return Record(Ref(Stream.ACCOUNTS, id_), {"name": id_.upper(), "owner": "u1", **fields}, modified)


def activity(id_: str, modified: datetime, **fields: Value) -> Record:
    """A task or an event that is done: ``account``, ``kind`` and ``at`` are to be given."""
    return Record(Ref(Stream.ACTIVITIES, id_), {"done": True, "owner": "u1", **fields}, modified)


def other(stream: Stream, id_: str, modified: datetime, **fields: Value) -> Record:
    """A record of any stream."""
    return Record(Ref(stream, id_), fields, modified)


def page(*shown: Record, cursor: str = "c1") -> Page:
    """Part of an incremental pull."""
    return Page(shown, Cursor(cursor), full=False)


def full(*shown: Record, cursor: str = "c1") -> Page:
    """Part of a full pull."""
    return Page(shown, Cursor(cursor), full=True)


def save(  # noqa: PLR0913 - each has a default that most tests keep
    tx: Connection,
    shown: Page,
    now: datetime,
    *,
    cycle: int = 1,
    touches: Collection[str] = TOUCHES,
    engagement: Collection[str] = ENGAGEMENT,
) -> Saved:
    """Save a page of the stream that its first record names."""
    stream = shown.records[0].ref.stream
    return records.save_page(
        tx, "salesforce", stream, shown, cycle=cycle, now=now, touches=touches, engagement=engagement
    )


def sequences(tx: Connection) -> dict[str, int]:
    """Every record's sequence number by id."""
    return {row.id: row.sequence for row in tx.execute(select(record.c.id, record.c.sequence))}


def name_of(tx: Connection, id_: str) -> Value:
    """A stored account's name."""
    found = records.get(tx, Stream.ACCOUNTS, id_)
    return found.fields["name"] if found else None
