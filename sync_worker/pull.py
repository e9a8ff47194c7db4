"""Brings the CRM's records into the store, page by page. A page and its cursor are saved together, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker.parts import Parts, Progress, Stopped
from sync_worker.store import ownership, records, settings
from sync_worker.vocabulary import stored_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from connectors.port import Page, Schema
    from sync_worker.store.records import Saved

QUARANTINE_SHARE = 0.01
"""Above this share of unreadable records a pull stops: it is no longer a matter of single records (I17)."""


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What one stream brought."""

    full: bool = False
    pulled: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull brought, by stream, and how many accounts it found moved by somebody else."""

    streams: Mapping[str, StreamCounts]
    held: int


def pull(parts: Parts, *, cycle: int, full: bool = False) -> PullReport:
    """Bring every stream up to date. ``full`` reads everything again and so finds what has silently gone.

    Raises CrmError, StoreError, and Stopped when the CRM shows fewer records than it should (I14, I17).
    """
    schema = parts.connector.describe()
    counts = {Stream.USERS.value: _pull_users(parts, schema, cycle)}
    held = 0
    for stream in (stream for stream in Stream if stream in schema.fields and stream is not Stream.USERS):
        counts[stream.value], moved = _pull_stream(parts, stream, cycle=cycle, full=full)
        held += moved
    return PullReport(counts, held)


def _pull_users(parts: Parts, schema: Schema, cycle: int) -> StreamCounts:
    users = tuple(parts.connector.users())
    now = parts.clock()
    if not any(user.active and user.can_own for user in users):
        message = "the CRM shows no active user who may own accounts"
        raise Stopped(message, hint="let the integration user see users, then run 'sync-worker doctor'")
    with parts.store.begin() as tx:
        known = records.live_count(tx, Stream.USERS)
        if len(users) < (1 - parts.config.guards.fewer_rows) * known:
            raise _fewer(parts, Stream.USERS, len(users), known)
        settings.put(tx, "schema", stored_schema(schema), now)
        saved = records.save_users(tx, users, cycle=cycle, now=now)
    parts.watch(Progress("users", len(users), len(users)))
    return StreamCounts(full=True, pulled=len(users), new=saved.new, changed=saved.changed, deleted=saved.deleted)


def _pull_stream(parts: Parts, stream: Stream, *, cycle: int, full: bool) -> tuple[StreamCounts, int]:
    with parts.store.read() as tx:
        again = full or records.full_pull_due(tx, stream, parts.clock())
        since = None if again else records.cursor(tx, stream)
    pulled, held, was_full = 0, 0, False
    new, changed, deleted, quarantined = 0, 0, 0, 0
    for page in parts.connector.pull(stream, since):
        if parts.stop.is_set():
            message = f"told to stop while pulling {stream.value}"
            raise Stopped(message, hint="the next run goes on from the last saved page")
        with parts.store.begin() as tx:
            saved = _save(tx, parts, stream, page, cycle)
            held += _notice(tx, parts, saved)
        pulled, was_full = pulled + len(page.records), was_full or page.full
        new, changed, deleted = new + saved.new, changed + saved.changed, deleted + saved.deleted
        quarantined += saved.quarantined
        parts.watch(Progress(stream.value, pulled, page.expected))
    _check_quarantine(parts, stream, pulled, quarantined)
    if was_full:
        deleted += _close_full_pull(parts, stream, cycle)
    return StreamCounts(was_full, pulled, new, changed, deleted, quarantined), held


def _save(tx: Connection, parts: Parts, stream: Stream, page: Page, cycle: int) -> Saved:
    kinds = parts.config.activities
    return records.save_page(
        tx, stream, page, cycle=cycle, now=parts.clock(), touches=kinds.touches, engagement=kinds.engagement
    )


def _notice(tx: Connection, parts: Parts, saved: Saved) -> int:
    """Record owners that changed, and keep away from those that somebody else changed (I12)."""
    return ownership.notice(tx, saved.owners, now=parts.clock(), hold_days=parts.config.apply.hold_days)


def _check_quarantine(parts: Parts, stream: Stream, pulled: int, quarantined: int) -> None:
    if quarantined <= max(1, QUARANTINE_SHARE * pulled):
        return
    with parts.store.begin() as tx:
        # The cursor is past them: without this the next run would not meet them, and would plan without them.
        records.forget_cursor(tx, stream)
    message = f"{quarantined:,} of {pulled:,} {stream.value} could not be read, over {QUARANTINE_SHARE:.0%}"
    raise Stopped(message, hint="'sync-worker status' lists them with reasons; mend them in the CRM and pull again")


def _close_full_pull(parts: Parts, stream: Stream, cycle: int) -> int:
    """Mark what a full pull did not show as deleted, unless so much is missing that the answer is in doubt (I14)."""
    share = parts.config.guards.fewer_rows
    with parts.store.begin() as tx:
        counts = records.close_full_pull(tx, stream, cycle)
        doubtful = counts.previous is not None and counts.seen < (1 - share) * counts.previous
        if not doubtful:
            return records.delete_unseen(tx, stream, cycle, parts.clock())
        # Without a cursor the next run reads everything again, and stops again until this is mended.
        records.forget_cursor(tx, stream)
    raise _fewer(parts, stream, counts.seen, counts.previous or 0)


def _fewer(parts: Parts, stream: Stream, seen: int, before: int) -> Stopped:
    """The end of a run to which the CRM showed too little."""
    share = parts.config.guards.fewer_rows
    message = f"the CRM shows {seen:,} {stream.value}, {before:,} last time: over {share:.0%} fewer"
    return Stopped(
        message,
        hint="if a sharing rule or a permission hides them, mend it; if they were really deleted, "
        "take it once with 'sync-worker pull --set guards.fewer_rows=0.5'",
    )
