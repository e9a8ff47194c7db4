"""Which accounts' facts may not be what they were: those that triggers have noted, and those that time has reached.

The temporary table ``due`` takes them, with their twins and with what was merged into them: whatever hangs on any of
these counts for the account. It judges nothing, and forgets a note only where it is told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, delete, exists, func, insert, select, tuple_, union

from connectors.port import Stream
from sync_worker.store import schema
from sync_worker.store.days import number
from sync_worker.store.derived import DUE
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select, Table


class Note(NamedTuple):
    """What a trigger has noted. ``number``: the transaction in which it did."""

    stream: str
    id: str
    number: int


def take_turns(tx: Connection) -> None:
    """Let nobody else make facts or outcomes until this transaction ends. Pulls are not kept waiting."""
    if tx.dialect.name == "postgresql":  # SQLite has one writer in any case
        tx.exec_driver_sql("LOCK TABLE touched, stale IN SHARE UPDATE EXCLUSIVE MODE")


def begin(tx: Connection) -> None:
    """Have the table ``due``, empty."""
    kept = " ON COMMIT DELETE ROWS" if tx.dialect.name == "postgresql" else ""
    tx.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS due (account_id TEXT PRIMARY KEY){kept}")
    tx.execute(delete(DUE))


def noted(tx: Connection) -> list[Note]:
    """All that is noted. What another transaction notes from now on is not among it, and is not forgotten with it."""
    return [Note(*row) for row in tx.execute(select(schema.touched))]


def forget(tx: Connection, notes: Iterable[Note] | None) -> None:
    """Forget these notes, or all that there are."""
    c = schema.touched.c
    if notes is None:
        tx.execute(delete(schema.touched))
        return
    for part in chunks(list(notes)):
        tx.execute(delete(schema.touched).where(tuple_(c.stream, c.id, c.number).in_(part)))


def gather(tx: Connection, notes: Iterable[Note], fact: Table, *, since: datetime, now: datetime) -> int:
    """Fill ``due`` with the accounts of these notes and those that time has reached; how many stand in it.

    ``since``: the moment of the facts.
    """
    found = [*_reached(since, now)]
    if number(since) != number(now):
        found.append(select(fact.c.account_id).where(fact.c.good__until < number(now)))
    add(tx, union(*found))
    ids = {stream: sorted({note.id for note in notes if note.stream == stream}) for stream in ("accounts", "users")}
    for part in chunks(ids["accounts"]):
        _put(tx, part)
    for part in chunks(ids["users"]):
        add(tx, select(fact.c.account_id).where(fact.c.owner.in_(part)))
    if count(tx):
        _close(tx)
    return count(tx)


def count(tx: Connection) -> int:
    """How many accounts are due."""
    return tx.execute(select(func.count()).select_from(DUE)).scalar_one()


def add(tx: Connection, accounts: Any) -> int:  # noqa: ANN401 - a SELECT or a UNION
    """Let these be due as well; how many were not yet."""
    more = accounts.subquery()
    named = more.c[0]
    new = select(named).distinct().where(named.is_not(None), ~exists().where(DUE.c.account_id == named))
    statement = insert(DUE).from_select(["account_id"], new)
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def count_on(tx: Connection) -> None:
    """Tell PostgreSQL how many there are: it takes a new table for one of a handful of rows."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("ANALYZE due")


def _put(tx: Connection, accounts: Iterable[str]) -> None:
    there = set(tx.execute(select(DUE.c.account_id).where(DUE.c.account_id.in_(list(accounts)))).scalars())
    new = [{"account_id": account} for account in accounts if account not in there]
    if new:
        tx.execute(insert(DUE), new)


def _reached(since: datetime, now: datetime) -> Iterable[Select[Any]]:
    """The accounts for which something ended at a moment after ``since``, and not after ``now``."""
    for table, end in ((schema.hold, "until"), (schema.rest, "until"), (schema.signal, "expires_at")):
        at: ColumnElement[Any] = table.c[end]
        yield select(table.c.account_id).where(and_(at > since, at <= now))


def _close(tx: Connection) -> None:
    """Add the twins of those that are due, and their homes, what they lost a merge to, and what lost one to them."""
    twin, alias = schema.twin.c, schema.alias.c
    of_accounts = alias.stream == Stream.ACCOUNTS.value
    due = select(DUE.c.account_id)
    related = union(
        select(twin.home_id).where(twin.account_id.in_(due)),
        select(twin.account_id).where(twin.home_id.in_(due)),
        select(alias.new_id).where(of_accounts, alias.old_id.in_(due)),
        select(alias.old_id).where(of_accounts, alias.new_id.in_(due)),
    )
    while add(tx, related):
        pass
