"""What service levels and covers look back on: reminders told, who had an account before, covers that still run.

A cover is not kept anywhere of its own: it runs while the latest change of an account's owner is one of ours that began
a cover. So whatever a person, a return or an undo does to the account ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, literal_column, select

from sync_worker.store.moves import MOVED
from sync_worker.store.schema import owner_history, plan_row, reminder
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

COVER = "cover:"
"""What the rule of a change begins with that began a cover, as ``core.covers`` writes it."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """An owner who is told of a first touch that is due. Ids are users'."""

    account: str
    level: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """A cover that runs. Ids are users'."""

    account: str
    cover: str
    origin: str
    """Who had the account before the cover, or before the first of several that follow each other."""
    by: str
    since: datetime
    """When the first of them began."""


def remind(tx: Connection, due: Sequence[Reminded], now: datetime) -> tuple[Reminded, ...]:
    """Note the reminders; those that had not been told before."""
    c = reminder.c
    new = []
    for one in due:
        same = and_(c.account_id == one.account, c.level == one.level, c.since == one.since)
        if not tx.execute(select(exists().where(same))).scalar_one():
            new.append(one)
    rows = [
        {"account_id": one.account, "level": one.level, "since": one.since, "owner_id": one.owner, "told_at": now}
        for one in new
    ]
    if rows:
        upsert(tx, reminder, rows)
    return tuple(new)


def told(tx: Connection) -> Mapping[tuple[str, str, datetime], datetime]:
    """When each reminder was told, by account, level and since when the owner has the account."""
    c = reminder.c
    found = tx.execute(select(c.account_id, c.level, c.since, c.told_at))
    return {(row.account_id, row.level, row.since): row.told_at for row in found}


def earlier_owners(tx: Connection, accounts: Sequence[str], since: datetime) -> Mapping[str, frozenset[str]]:
    """The users who had each account before, of whom it was taken at that moment or later."""
    c = owner_history.c
    found: dict[str, set[str]] = {}
    for part in chunks(accounts):
        wanted = select(c.account_id, c.before).where(c.account_id.in_(part), c.at >= since, c.before.is_not(None))
        for account, before in tx.execute(wanted):
            found.setdefault(account, set()).add(before)
    return {account: frozenset(users) for account, users in found.items()}


def latest_turns(tx: Connection, rule: str, since: datetime) -> Mapping[str, datetime]:
    """When each user last got an account by this rule, since that moment."""
    row = plan_row.c
    wanted = select(row.after, row.sent_at).where(
        _owner_rows(), row.rule == rule, row.state.in_([state.value for state in MOVED]), row.sent_at >= since
    )
    latest: dict[str, datetime] = {}
    for after, sent_at in tx.execute(wanted):
        user = str(after["owner"])
        latest[user] = max(latest.get(user, sent_at), sent_at)
    return latest


def running_covers(tx: Connection) -> tuple[Running, ...]:
    """The covers that run, by account."""
    seen, row = owner_history.alias("latest"), plan_row.c
    newest = select(func.max(owner_history.c.id)).where(owner_history.c.account_id == seen.c.account_id)
    ours = and_(seen.c.plan_id == row.plan_id, seen.c.row_number == row.number, seen.c.account_id == row.account_id)
    wanted = (
        select(seen.c.account_id)
        .select_from(plan_row)
        .join(seen, ours)
        .where(_owner_rows(), row.rule.startswith(COVER), seen.c.id == newest.scalar_subquery())
    )
    accounts = sorted(set(tx.scalars(wanted)))
    return tuple(running for part in chunks(accounts) for running in _running(tx, part))


def _running(tx: Connection, accounts: Sequence[str]) -> Iterator[Running]:
    """The covers of these accounts, whose latest change began one."""
    c, row = owner_history.c, plan_row.c
    wanted = (
        select(c.account_id, c.before, c.after, c.at, row.rule)
        .select_from(owner_history)
        .outerjoin(plan_row, and_(row.plan_id == c.plan_id, row.number == c.row_number))
        .where(c.account_id.in_(accounts))
        .order_by(c.account_id, c.id.desc())
    )
    found: dict[str, Running] = {}
    ended: set[str] = set()
    for account, before, after, at, rule in tx.execute(wanted):
        if account in ended or not (rule or "").startswith(COVER) or not before or not after:
            ended.add(account)
        elif (later := found.get(account)) is not None:
            found[account] = Running(account, later.cover, before, later.by, at)
        else:
            found[account] = Running(account, rule.removeprefix(COVER), before, after, at)
    return iter(found.values())


def _owner_rows() -> ColumnElement[bool]:
    """As the index says it: with a parameter SQLite would not see that it fits."""
    return literal_column("plan_row.kind") == literal_column("'owner'")
