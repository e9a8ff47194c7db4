"""Brings the CRMs' records and new files into the store. A page and its cursor are saved together, or not at all."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker.apply.holds import name_movers
from sync_worker.parts import Parts, Progress, Stopped
from sync_worker.signals import take_in
from sync_worker.store import lookup, ownership, records, settings
from sync_worker.vocabulary import stored_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from connectors.port import Page
    from sync_worker.store.records import Saved

QUARANTINE_SHARE = 0.01
"""Above this share of unreadable records a pull stops: it is no longer a matter of single records (I17)."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One stream of one CRM. Each has a cursor and a count of its own."""

    crm: str
    stream: Stream

    def __str__(self) -> str:
        return f"{self.stream.value} of {self.crm}"


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What one stream brought. ``full``: some CRM's was read from its beginning."""

    full: bool = False
    pulled: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    quarantined: int = 0

    def __add__(self, other: StreamCounts) -> StreamCounts:
        pairs = zip(astuple(self)[1:], astuple(other)[1:], strict=True)
        return StreamCounts(self.full or other.full, *(one + more for one, more in pairs))


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull brought, by stream, and how many accounts it found moved by somebody else.

    ``signals`` stands for the lines of new files.
    """

    streams: Mapping[str, StreamCounts]
    held: int


def pull(parts: Parts, *, cycle: int, full: bool = False) -> PullReport:
    """Bring every stream of every CRM up to date. ``full`` reads everything again and so finds what has silently gone.

    Raises CrmError, StoreError, and Stopped when a CRM shows fewer records than it should (I14, I17).
    """
    schemas = parts.described()
    with parts.store.begin() as tx:
        settings.put(tx, "schema", stored_schemas(schemas), parts.clock())
    feeds = [Feed(crm, stream) for crm, schema in schemas.items() for stream in Stream if stream in schema.fields]
    found = [_pull_feed(parts, feed, cycle=cycle, full=full) for feed in feeds]
    counts: dict[str, StreamCounts] = {}
    for feed, (brought, _) in zip(feeds, found, strict=True):
        counts[feed.stream.value] = counts.get(feed.stream.value, StreamCounts()) + brought
    if parts.config.signals.folder is not None:
        told = take_in(parts)
        counts["signals"] = StreamCounts(pulled=told.lines, new=told.lines - told.bad, quarantined=told.bad)
    return PullReport(counts, sum(held for _, held in found))


def _pull_feed(parts: Parts, feed: Feed, *, cycle: int, full: bool) -> tuple[StreamCounts, int]:
    """What the feed brought, and how many accounts somebody else was found to have moved."""
    if feed.stream is Stream.USERS:
        return _pull_users(parts, feed, cycle), 0
    return _pull_stream(parts, feed, cycle=cycle, full=full)


def _pull_users(parts: Parts, feed: Feed, cycle: int) -> StreamCounts:
    users = tuple(parts.connectors[feed.crm].users())
    now = parts.clock()
    if not any(user.active and user.can_own for user in users):
        message = f"{feed.crm} shows no active user who may own accounts"
        raise Stopped(message, hint="let the integration user see users, then run 'sync-worker doctor'")
    with parts.store.begin() as tx:
        known = {user.id for user in lookup.users(tx, feed.crm)}
        if known and known.isdisjoint(user.id for user in users):
            raise _strangers(feed, len(known))
        if len(users) < (1 - parts.config.guards.fewer_rows) * len(known):
            raise _fewer(parts, feed, len(users), len(known))
        saved = records.save_users(tx, feed.crm, users, cycle=cycle, now=now)
    parts.watch(Progress(_step(parts, feed), len(users), len(users)))
    return StreamCounts(full=True, pulled=len(users), new=saved.new, changed=saved.changed, deleted=saved.deleted)


def _step(parts: Parts, feed: Feed) -> str:
    """What progress calls the feed: its CRM is worth a word only where there are two."""
    return str(feed) if len(parts.config.crms) > 1 else feed.stream.value


def _strangers(feed: Feed, known: int) -> Stopped:
    """The end of a run at another company's CRM: no two of them share a user."""
    message = f"{feed.crm} shows none of the {known:,} users that this store knows: it is another org"
    return Stopped(message, hint="check the address and the credentials; for another org take a store of its own")


def _pull_stream(parts: Parts, feed: Feed, *, cycle: int, full: bool) -> tuple[StreamCounts, int]:
    crm, stream = feed.crm, feed.stream
    with parts.store.read() as tx:
        again = full or records.full_pull_due(tx, crm, stream, parts.clock())
        since = None if again else records.cursor(tx, crm, stream)
    brought, held, begun = StreamCounts(), 0, parts.clock()
    for page in parts.connectors[crm].pull(stream, since):
        if parts.stop.is_set():
            message = f"told to stop while pulling {stream.value}"
            raise Stopped(message, hint="the next run goes on from the last saved page")
        with parts.store.begin() as tx:
            saved = _save(tx, parts, feed, page, cycle)
            held += _notice(tx, parts, saved)
        brought += StreamCounts(
            page.full, len(page.records), saved.new, saved.changed, saved.deleted, saved.quarantined
        )
        parts.watch(Progress(_step(parts, feed), brought.pulled, page.expected))
    if stream is Stream.ACCOUNTS:
        name_movers(parts.store, crm, parts.connectors[crm], since=begun, now=parts.clock())
    _check_quarantine(parts, feed, brought)
    if brought.full:
        brought += StreamCounts(deleted=_close_full_pull(parts, feed, cycle))
    return brought, held


def _save(tx: Connection, parts: Parts, feed: Feed, page: Page, cycle: int) -> Saved:
    kinds = parts.config.activities
    return records.save_page(
        tx,
        feed.crm,
        feed.stream,
        page,
        cycle=cycle,
        now=parts.clock(),
        touches=kinds.touches,
        engagement=kinds.engagement,
    )


def _notice(tx: Connection, parts: Parts, saved: Saved) -> int:
    """Record owners that changed, and keep away from those that somebody else changed (I12)."""
    return ownership.notice(tx, saved.owners, now=parts.clock(), hold_days=parts.config.apply.hold_days)


def _check_quarantine(parts: Parts, feed: Feed, brought: StreamCounts) -> None:
    if brought.quarantined <= max(1, QUARANTINE_SHARE * brought.pulled):
        return
    with parts.store.begin() as tx:
        # The cursor is past them: without this the next run would not meet them, and would plan without them.
        records.forget_cursor(tx, feed.crm, feed.stream)
    message = f"{brought.quarantined:,} of {brought.pulled:,} {feed} could not be read, over {QUARANTINE_SHARE:.0%}"
    raise Stopped(message, hint="'sync-worker status' lists them with reasons; mend them in the CRM and pull again")


def _close_full_pull(parts: Parts, feed: Feed, cycle: int) -> int:
    """Mark what a full pull did not show as deleted, unless so much is missing that the answer is in doubt (I14)."""
    share = parts.config.guards.fewer_rows
    with parts.store.begin() as tx:
        counts = records.close_full_pull(tx, feed.crm, feed.stream, cycle)
        doubtful = counts.previous is not None and counts.seen < (1 - share) * counts.previous
        if not doubtful:
            return records.delete_unseen(tx, feed.crm, feed.stream, cycle, parts.clock())
        # Without a cursor the next run reads everything again, and stops again until this is mended.
        records.forget_cursor(tx, feed.crm, feed.stream)
    raise _fewer(parts, feed, counts.seen, counts.previous or 0)


def _fewer(parts: Parts, feed: Feed, seen: int, before: int) -> Stopped:
    """The end of a run to which the CRM showed too little."""
    share = parts.config.guards.fewer_rows
    message = f"{feed.crm} shows {seen:,} {feed.stream.value}, {before:,} last time: over {share:.0%} fewer"
    return Stopped(
        message,
        hint="if a sharing rule or a permission hides them, mend it; if they were really deleted, "
        "take it once with 'sync-worker pull --set guards.fewer_rows=0.5'",
    )
