"""Who owned an account when, and whose change it was: ours, or somebody else's, which starts a hold (I12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, exists, func, insert, not_, or_, select

from sync_worker.core.covers import BEGIN, END
from sync_worker.core.model import RowKind, RowState
from sync_worker.core.undoing import RULE as UNDO
from sync_worker.store import records, twins
from sync_worker.store.holds import FLAPPING, PERSON, Hold, of, start, start_rest
from sync_worker.store.holds import current as holds
from sync_worker.store.lookup import user_names
from sync_worker.store.schema import owner_history, plan_row
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from sync_worker.store.plans import StoredRow
    from sync_worker.store.records import OwnerSeen

__all__ = ["Hold", "Owned", "history", "holds", "landed", "notice", "start_rest"]

FLAPPING_CHANGES = 2
"""More of our own changes than this within ``FLAPPING_DAYS`` is flapping."""

FLAPPING_DAYS = 7

_OURS = (RowState.SENT, RowState.UNKNOWN, RowState.CONFIRMED, RowState.VERIFIED, RowState.OVERWROTE)


class _Row(NamedTuple):
    plan_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Owned:
    """One change of owner, by user ids. ``plan_id`` and ``row_number`` name our own; None: it was somebody else's."""

    account: str
    at: datetime
    before: str | None
    after: str | None
    plan_id: str | None
    row_number: int | None


def notice(tx: Connection, seen: Iterable[OwnerSeen], *, now: datetime, hold_days: int) -> int:
    """Record owner changes, and hold what somebody else moved, or what we moved too often; how many holds started.

    A change to a twin holds nothing: it is never moved, and integrations copy our own changes to it.
    """
    changes = list(seen)
    names = user_names(tx) if changes else {}
    return sum(_notice(tx, change, names, now, timedelta(days=hold_days)) for change in changes)


def landed(tx: Connection, rows: Sequence[StoredRow], *, now: datetime, hold_days: int) -> None:
    """Record our own changes that a second reading has just shown, before the next pull brings them.

    Without it, a person who puts an account back before that pull would leave no trace, and no hold.
    """
    moves = [
        records.take_owner(tx, row.account, row.before["owner"], row.after["owner"], stored.ended_at or now)
        for stored in rows
        if (row := stored.row).kind is RowKind.OWNER
    ]
    for crm in {stored.row.crm for stored in rows}:
        ranked = [each.row for each in rows if each.row.crm == crm and each.row.kind is RowKind.PRIORITY]
        records.take_values(tx, crm, {row.account: (row.before, row.after) for row in ranked})
    notice(tx, [move for move in moves if move is not None], now=now, hold_days=hold_days)


def landed_over(tx: Connection, row: StoredRow, theirs: OwnerSeen, *, now: datetime, hold_days: int) -> None:
    """Record somebody's change that our own has replaced, and ours after it, before the next pull brings what is left.

    ``theirs.before`` counts for nothing: it is the owner whom the plan saw.
    """
    before, after = (image["owner"] for image in (row.row.before, row.row.after))
    moves = [records.take_owner(tx, row.row.account, before, theirs.after, theirs.modified)]
    moves.append(records.take_owner(tx, row.row.account, theirs.after, after, row.ended_at or now))
    seen = [move for move in moves if move is not None and move.before != move.after]
    notice(
        tx,
        [replace(move, by=theirs.by) if move.after == theirs.after else move for move in seen],
        now=now,
        hold_days=hold_days,
    )


def history(tx: Connection, account: str) -> list[Owned]:
    """An account's changes of owner that the worker has seen, the latest first.

    In the order in which they were seen: the CRM tells its times to the second, ours are finer, and two changes within
    one second would change places.
    """
    c = owner_history.c
    wanted = select(c.account_id, c.at, c.before, c.after, c.plan_id, c.row_number).where(c.account_id == account)
    return [Owned(*row) for row in tx.execute(wanted.order_by(c.id.desc()))]


def lately_owned(tx: Connection, accounts: Sequence[str], since: datetime) -> dict[str, dict[str, datetime]]:
    """Who had these accounts and lost them since, by user id, and when they last did."""
    c = owner_history.c
    found: dict[str, dict[str, datetime]] = {}
    for part in chunks(sorted(set(accounts))):
        wanted = select(c.account_id, c.before, c.at).where(
            c.account_id.in_(part), c.at >= since, c.before.is_not(None)
        )
        for account, owner, at in tx.execute(wanted.order_by(c.id)):
            found.setdefault(account, {})[owner] = at
    return found


def _notice(tx: Connection, seen: OwnerSeen, names: Mapping[str, str], now: datetime, lasts: timedelta) -> bool:
    ours = _our_row(tx, seen)
    tx.execute(
        insert(owner_history).values(
            account_id=seen.account,
            at=seen.modified,
            before=seen.before,
            after=seen.after,
            plan_id=ours and ours.plan_id,
            row_number=ours and ours.number,
        ),
    )
    if ours is None:
        if twins.is_twin(tx, seen.account):
            return False
        held = of(tx, seen.account, now)
        if (
            held is not None
            and held.kind == PERSON
            and (held.since >= seen.modified or f"{_what(seen, names)} on " in held.reason)
        ):
            # The writer met this change before the pull did, and may know who made it. (The record's date tells less
            # than the sentence: a write of ours to another field has moved it since.)
            return False
        return start(tx, Hold(seen.account, PERSON, now, now + lasts, _reason(seen, names)))
    times = _our_changes(tx, seen.account, now - timedelta(days=FLAPPING_DAYS))
    if times <= FLAPPING_CHANGES:
        return False
    why = f"the worker itself moved it {times} times within {FLAPPING_DAYS} days: look at the rules that pull at it"
    return start(tx, Hold(seen.account, FLAPPING, now, now + lasts, why))


def _our_row(tx: Connection, seen: OwnerSeen) -> _Row | None:
    """The plan row that made this change: sent, not known to have failed, and not yet matched with another change."""
    row, past = plan_row.c, owner_history.c
    matched = exists().where(and_(past.plan_id == row.plan_id, past.row_number == row.number))
    wanted = (
        select(row.plan_id, row.number, row.after)
        .where(row.account_id == seen.account, row.kind == RowKind.OWNER.value)
        .where(row.state.in_([state.value for state in _OURS]), ~matched)
        .order_by(row.sent_at.desc())
    )
    rows = tx.execute(wanted).all()
    return next((_Row(plan, number) for plan, number, after in rows if after.get("owner") == seen.after), None)


def _our_changes(tx: Connection, account: str, since: datetime) -> int:
    """How often the rules have moved it. What people asked to be undone, and covers of leave, are no flapping."""
    past, row = owner_history.c, plan_row.c
    ours = owner_history.join(plan_row, and_(row.plan_id == past.plan_id, row.number == past.row_number))
    counted = select(func.count()).select_from(ours).where(past.account_id == account, past.at >= since)
    meant = [row.rule.startswith(f"{rule}:") for rule in (UNDO, BEGIN, END)]
    return tx.execute(counted.where(not_(or_(*meant)))).scalar_one()


def _reason(seen: OwnerSeen, names: Mapping[str, str]) -> str:
    who = names.get(seen.by or "", seen.by) or "somebody"
    return f"{who} {_what(seen, names)} on {seen.modified:%Y-%m-%d}"


def _what(seen: OwnerSeen, names: Mapping[str, str]) -> str:
    before = names.get(seen.before or "", seen.before) or "nobody"
    after = names.get(seen.after or "", seen.after) or "nobody"
    return f"moved it from {before} to {after}"
