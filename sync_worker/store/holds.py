"""Accounts that the worker stays away from for a time (I12), and returned ones that rest in the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from sync_worker.store.schema import hold, rest
from sync_worker.store.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

PERSON = "person"
FLAPPING = "flapping"
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Hold:
    """One account that the worker stays away from. ``kind`` is ``person``, ``flapping`` or ``undone``."""

    account: str
    kind: str
    since: datetime
    until: datetime
    reason: str


def start(tx: Connection, held: Hold) -> bool:
    """Hold an account; whether it was not held before. A hold that lasts longer stays as it is."""
    there = tx.execute(select(hold.c.until).where(hold.c.account_id == held.account)).scalar()
    if there is None or there <= held.until:
        upsert(tx, hold, [_row(held)])
    return there is None or there <= held.since


def of(tx: Connection, account: str, now: datetime) -> Hold | None:
    """The hold that keeps this account now."""
    return next((held for held in current(tx, now, account)), None)


def current(tx: Connection, now: datetime, account: str | None = None) -> list[Hold]:
    """The holds that last beyond ``now``, the earliest end first; all, or one account's."""
    c = hold.c
    wanted = select(c.account_id, c.kind, c.since, c.until, c.reason).where(c.until > now)
    wanted = wanted if account is None else wanted.where(c.account_id == account)
    return [Hold(*row) for row in tx.execute(wanted.order_by(c.until, c.account_id))]


def release(tx: Connection, account: str) -> bool:
    """End an account's hold, because a person said so; whether there was one."""
    return tx.execute(delete(hold).where(hold.c.account_id == account)).rowcount == 1


def move(tx: Connection, old: str, new: str) -> None:
    """Let the winner of a merge be held as long as its loser was."""
    c = hold.c
    row = tx.execute(select(c.kind, c.since, c.until, c.reason).where(c.account_id == old)).one_or_none()
    if row is not None:
        start(tx, Hold(new, *row))
        release(tx, old)


def start_rest(  # noqa: PLR0913, PLR0917 - one row's columns, in the order agreed with the callers
    tx: Connection, account: str, until: datetime, reason: str, previous_owner: str | None, now: datetime
) -> None:
    """Keep a returned account in the pool until then."""
    row = {"account_id": account, "since": now, "until": until, "reason": reason, "previous_owner": previous_owner}
    upsert(tx, rest, [row])


def move_rest(tx: Connection, old: str, new: str) -> None:
    """Let the winner of a merge rest as long as the longest-resting of its losers."""
    c = rest.c
    rows = tx.execute(select(rest).where(c.account_id.in_([old, new])).order_by(c.until.desc())).mappings().all()
    if rows:
        upsert(tx, rest, [{**rows[0], "account_id": new}])
        tx.execute(delete(rest).where(c.account_id == old))


def rests_at(tx: Connection, account: str, when: datetime) -> bool:
    """Whether the account's latest rest had begun by then, and not ended."""
    c = rest.c
    return tx.scalar(select(c.account_id).where(c.account_id == account, c.since <= when, c.until > when)) is not None


def end_rest(tx: Connection, account: str) -> None:
    """Its return was undone."""
    tx.execute(delete(rest).where(rest.c.account_id == account))


def _row(held: Hold) -> dict[str, object]:
    return {
        "account_id": held.account,
        "kind": held.kind,
        "since": held.since,
        "until": held.until,
        "reason": held.reason,
    }
