"""What the CRM showed: records, users and cursors. A page is saved whole with its cursor, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, select, update

from connectors.port import Record, Ref, Stream
from sync_worker.store import activities, aliases, holds, poison
from sync_worker.store.fullpull import (
    FullPull,
    close_full_pull,
    cursor,
    delete_unseen,
    forget_cursor,
    full_pull_due,
    full_pulled_at,
    mark_seen,
    mark_unseen_deleted,
    save_cursor,
)
from sync_worker.store.lookup import crm_of, get, live_count, named, quarantined, user_names, users
from sync_worker.store.schema import owner_history, quarantine, record
from sync_worker.store.upsert import chunks, next_numbers, upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Page, User, Value

__all__ = [
    "FullPull",
    "OwnerSeen",
    "Saved",
    "close_full_pull",
    "cursor",
    "delete_unseen",
    "forget_cursor",
    "full_pull_due",
    "full_pulled_at",
    "get",
    "live_count",
    "named",
    "quarantined",
    "save_page",
    "save_users",
    "take_owner",
    "take_values",
    "user_names",
    "users",
]

_HANGING = frozenset({Stream.CONTACTS, Stream.LEADS, Stream.OPPORTUNITIES})
"""The streams whose records hang on accounts; activities are typed in a table of their own."""

_TOUCH = (
    update(record)
    .where(record.c.stream == bindparam("stream_"), record.c.id == bindparam("id_"))
    .values(modified=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class OwnerSeen:
    """An account whose owner is not the one that was stored. ``modified``: when the CRM last changed the account."""

    account: str
    before: str | None
    after: str | None
    modified: datetime
    by: str | None = None
    """Who did it, where the CRM's history was asked."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page brought that was not known. ``deleted`` counts records that lived until now."""

    new: int = 0
    changed: int = 0
    deleted: int = 0
    quarantined: int = 0
    owners: tuple[OwnerSeen, ...] = ()


class _Known(NamedTuple):
    crm: str
    fields: Mapping[str, Any]
    modified: datetime
    deleted: bool
    merged_into: str | None


def save_page(  # noqa: PLR0913 - the fixed contract with the pull
    tx: Connection,
    crm: str,
    stream: Stream,
    page: Page,
    *,
    cycle: int,
    now: datetime,
    touches: Collection[str],
    engagement: Collection[str],
) -> Saved:
    """Save the page's records and its cursor. ``touches`` and ``engagement`` are the kinds of activity that count so.

    A record that cannot be kept is set aside with a reason and leaves what was known of it alone (I17).
    """
    sound, bad = _sort_out(stream, page.records)
    known = _known(tx, stream, list(sound))
    _refuse_strangers(crm, sound, bad, known)
    # Between full pulls an older version of what is known is a late reply. A full pull is believed.
    fresh = [r for r in sound.values() if page.full or r.ref.id not in known or r.modified >= known[r.ref.id].modified]
    changed = [r for r in fresh if r.ref.id not in known or _differs(r, known[r.ref.id])]
    _write(tx, crm, stream, changed)
    _touch(tx, stream, [r for r in fresh if r.ref.id in known and r.modified != known[r.ref.id].modified])
    if page.full:
        mark_seen(tx, stream, [*sound, *(id_ for id_, _ in bad)], cycle)
    if stream is Stream.ACTIVITIES:
        activities.save(tx, changed, known=known, touches=touches, engagement_kinds=engagement, now=now)
    _merge(tx, changed, known, now)
    _set_aside(tx, stream, bad, list(sound), now)
    save_cursor(tx, crm, stream, page, now)
    return _saved(changed, known, len(bad))


def save_users(tx: Connection, crm: str, users: Iterable[User], *, cycle: int, now: datetime) -> Saved:
    """Save the whole list of a CRM's users. One who is no longer in it is kept as gone: neither active nor inactive."""
    shown = [
        Record(Ref(Stream.USERS, u.id), {**u.fields, "active": u.active, "can_own": u.can_own}, modified=now)
        for u in users
    ]
    sound, bad = _sort_out(Stream.USERS, shown)
    known = _known(tx, Stream.USERS, list(sound))
    _refuse_strangers(crm, sound, bad, known)
    changed = [r for r in sound.values() if r.ref.id not in known or _differs(r, known[r.ref.id])]
    _write(tx, crm, Stream.USERS, changed)
    mark_seen(tx, Stream.USERS, [*sound, *(id_ for id_, _ in bad)], cycle)
    _set_aside(tx, Stream.USERS, bad, list(sound), now)
    saved = _saved(changed, known, len(bad))
    return Saved(saved.new, saved.changed, mark_unseen_deleted(tx, crm, Stream.USERS, cycle), saved.quarantined)


def take_owner(tx: Connection, account: str, before: Value, after: Value, at: datetime) -> OwnerSeen | None:
    """Keep the owner that a second reading showed, where the store still has the one before; None where it does not.

    The next pull then sees what a person did after that reading, even if it put everything back as it was. ``at``:
    when the owner changed.
    """
    found = get(tx, Stream.ACCOUNTS, account)
    if found is None or found.deleted or found.fields.get("owner") != before:
        return None
    # Its time stays the CRM's own: ours could make the next page look older than what is known.
    _write(tx, crm_of(tx, found.ref), Stream.ACCOUNTS, [replace(found, fields={**found.fields, "owner": after})])
    return OwnerSeen(account, _text(before), _text(after), at)


def take_values(
    tx: Connection, crm: str, changes: Mapping[str, tuple[Mapping[str, Value], Mapping[str, Value]]]
) -> None:
    """Keep values of accounts that a second reading showed, where the store still has the ones before.

    ``changes``: by account, the values before and after. A search index that runs behind keeps our own writes from the
    next pulls, and until then every plan would ask for them again.
    """
    known = _known(tx, Stream.ACCOUNTS, list(changes))
    kept = [
        Record(Ref(Stream.ACCOUNTS, account), {**found.fields, **after}, found.modified)
        for account, (before, after) in changes.items()
        if (found := known.get(account)) is not None
        and not found.deleted
        and all(found.fields.get(name) == value for name, value in before.items())
    ]
    _write(tx, crm, Stream.ACCOUNTS, kept)


def _sort_out(stream: Stream, shown: Iterable[Record]) -> tuple[dict[str, Record], list[tuple[str, str]]]:
    """The sound records by id, each in its latest version, and the others' ids with reasons."""
    sound: dict[str, Record] = {}
    bad: dict[str, str] = {}
    for each in shown:
        why = poison.reason(each) or (activities.reason(each) if stream is Stream.ACTIVITIES else None)
        if why:
            bad[poison.printable(each.ref.id)] = why
        elif each.ref.id not in sound or each.modified >= sound[each.ref.id].modified:
            sound[each.ref.id] = each
    return {id_: each for id_, each in sound.items() if id_ not in bad}, sorted(bad.items())


def _known(tx: Connection, stream: Stream, ids: Sequence[str]) -> dict[str, _Known]:
    c = record.c
    found: dict[str, _Known] = {}
    for part in chunks(ids):
        wanted = select(c.id, c.crm, c.fields, c.modified, c.deleted, c.merged_into)
        for id_, *rest in tx.execute(wanted.where(c.stream == stream.value, c.id.in_(part))):
            found[id_] = _Known(*rest)
    return found


def _refuse_strangers(
    crm: str, sound: dict[str, Record], bad: list[tuple[str, str]], known: Mapping[str, _Known]
) -> None:
    """Set aside what bears the id of another CRM's record: the store tells records apart by their ids alone."""
    strangers = [id_ for id_ in sound if id_ in known and known[id_].crm != crm]
    for id_ in strangers:
        del sound[id_]
        bad.append((id_, f"a record of {known[id_].crm} has the same id"))


def _differs(new: Record, old: _Known) -> bool:
    return (new.fields, new.deleted, new.merged_into) != (old.fields, old.deleted, old.merged_into)


def _write(tx: Connection, crm: str, stream: Stream, changed: Sequence[Record]) -> None:
    if not changed:
        return
    first = next_numbers(tx, "record", len(changed))
    rows = [
        {
            "stream": stream.value,
            "id": each.ref.id,
            "crm": crm,
            "fields": dict(each.fields),
            "modified": each.modified,
            "deleted": each.deleted,
            "merged_into": each.merged_into,
            "sequence": number,
            "account_id": _account_of(each) if stream in _HANGING else None,
        }
        for number, each in enumerate(changed, first)
    ]
    upsert(tx, record, rows)


def _account_of(each: Record) -> str | None:
    """The account that the record names."""
    named = each.fields.get("account")
    return None if named in {None, ""} else str(named)


def _touch(tx: Connection, stream: Stream, touched: Sequence[Record]) -> None:
    """The CRM has touched these without changing anything that we read: their sequence stays."""
    if touched:
        rows = [{"stream_": stream.value, "id_": each.ref.id, "at": each.modified} for each in touched]
        tx.execute(_TOUCH, rows)


def _merge(tx: Connection, changed: Sequence[Record], known: Mapping[str, _Known], now: datetime) -> None:
    """Follow merges: what hung on the loser moves to the winner, and so does its hold.

    A winner that this page brings into the world stands for its losers altogether: the past of the one whose owner it
    has is its own past.
    """
    if not changed:
        return
    stream = changed[0].ref.stream
    born = {each.ref.id: each.fields.get("owner") for each in changed if each.ref.id not in known}
    alive = [each.ref.id for each in changed if not each.deleted and each.ref.id in known]
    aliases.forget(tx, stream.value, alive)
    for each in changed:
        winner = aliases.merge(tx, stream.value, each.ref.id, each.merged_into, now) if each.merged_into else None
        if winner is not None and stream is Stream.ACCOUNTS:
            activities.move(tx, each.ref.id, winner)
            holds.move(tx, each.ref.id, winner)
            if winner in born and each.ref.id in known and known[each.ref.id].fields.get("owner") == born[winner]:
                _inherit(tx, each.ref.id, winner)


def _inherit(tx: Connection, old: str, new: str) -> None:
    """Let a new record have an old one's owners and its rest."""
    tx.execute(update(owner_history).where(owner_history.c.account_id == old).values(account_id=new))
    holds.move_rest(tx, old, new)


def _set_aside(
    tx: Connection, stream: Stream, bad: Sequence[tuple[str, str]], sound: Sequence[str], now: datetime
) -> None:
    rows = [{"stream": stream.value, "id": id_, "reason": why, "since": now} for id_, why in bad]
    upsert(tx, quarantine, rows, lambda insert: {"reason": insert.excluded.reason})
    for part in chunks(sound):
        tx.execute(delete(quarantine).where(quarantine.c.stream == stream.value, quarantine.c.id.in_(part)))


def _saved(changed: Sequence[Record], known: Mapping[str, _Known], bad: int) -> Saved:
    new = sum(1 for each in changed if each.ref.id not in known and not each.deleted)
    gone = sum(1 for each in changed if each.deleted and each.ref.id in known and not known[each.ref.id].deleted)
    changed_ones = sum(1 for each in changed if each.ref.id in known and not each.deleted)
    return Saved(new, changed_ones, gone, bad, tuple(_moved(changed, known)))


def _moved(changed: Sequence[Record], known: Mapping[str, _Known]) -> Iterator[OwnerSeen]:
    for each in changed:
        if each.ref.stream is not Stream.ACCOUNTS or each.deleted or each.ref.id not in known:
            continue
        before, after = known[each.ref.id].fields.get("owner"), each.fields.get("owner")
        if before != after:
            yield OwnerSeen(each.ref.id, _text(before), _text(after), each.modified)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
