"""Turns of routes: saved with their plan, counted once their rows may have landed. It decides nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, insert, literal, select

from connectors.port import Stream
from sync_worker.core.model import RowKind
from sync_worker.core.routing import Amount, Arrival, Bar, Barred, Candidate, RouteTurn, Sums
from sync_worker.core.undoing import RULE as UNDO
from sync_worker.store.json_sql import reader
from sync_worker.store.moves import MOVED
from sync_worker.store.schema import owner_history, plan, plan_row, record, route_turn
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from sync_worker.core.people import People
    from sync_worker.core.routing import Ledger


def save(tx: Connection, plan_id: str, turns: Sequence[RouteTurn]) -> None:
    """Keep the turns by which a plan's rows were given, in the transaction that saves the plan.

    A plan that was there already, and is renewed, keeps the turns that it has.
    """
    t, r = route_turn.c, plan_row.c
    if not turns or tx.scalar(select(t.id).where(t.plan_id == plan_id).limit(1)) is not None:
        return
    owners = select(r.account_id, r.number).where(r.plan_id == plan_id, r.kind == RowKind.OWNER.value)
    numbers = {row.account_id: row.number for row in tx.execute(owners)}
    rows = [_columns(plan_id, numbers[turn.account], turn) for turn in turns if turn.account in numbers]
    if rows:
        tx.execute(insert(route_turn), rows)


def ledgers(tx: Connection) -> Mapping[str, Ledger]:
    """The ledger of each route: all turns that count, added up in the order in which they were given.

    One whose row was rolled back does not count.
    """
    t, r, undo = route_turn.c, plan_row.c, plan_row.alias().c
    may_have_landed = [state.value for state in MOVED]
    undone = exists().where(
        undo.account_id == t.account_id,
        undo.rule == literal(f"{UNDO}:") + t.plan_id,
        undo.state.in_(may_have_landed),
    )
    wanted = (
        select(t.route, t.rep_id, t.value, t.shares, t.away)
        .join(plan_row, and_(r.plan_id == t.plan_id, r.number == t.row_number))
        .where(r.state.in_(may_have_landed), ~undone)
        .order_by(t.id)
    )
    sums = Sums()
    for route, rep, value, shares, away in tx.execute(wanted.execution_options(yield_per=5_000)):
        sums.add(route, rep, value, shares, away)
    return sums.ledgers()


def latest(tx: Connection, account: str) -> tuple[RouteTurn, str, datetime, str] | None:
    """The latest turn of an account, its plan, when that was made, and what became of the row; None if it had none."""
    t, r, p = route_turn.c, plan_row.c, plan.c
    wanted = (
        select(route_turn, p.created_at, r.state)
        .join(plan_row, and_(r.plan_id == t.plan_id, r.number == t.row_number))
        .join(plan, p.id == t.plan_id)
        .where(t.account_id == account)
        .order_by(t.id.desc())
        .limit(1)
    )
    row = tx.execute(wanted).one_or_none()
    if row is None:
        return None
    return _turn(row, tuple(_candidate(one) for one in row.candidates)), row.plan_id, row.created_at, row.state


def arrivals(tx: Connection, accounts: Collection[str], everybody: People, now: datetime) -> Mapping[str, Arrival]:
    """When these accounts got the owner whom they have, and from which rep; else when the CRM says they were made."""
    found: dict[str, Arrival] = {}
    for some in chunks(sorted(accounts)):
        found |= {account: Arrival(at, now - at) for account, at in _made(tx, some)}
        c = owner_history.c
        # In the order in which they were seen: within a second the CRM's times and ours change places.
        changes = (
            select(c.account_id, c.at, c.before, plan_row.c.rule)
            .select_from(owner_history)
            .outerjoin(plan_row, and_(plan_row.c.plan_id == c.plan_id, plan_row.c.number == c.row_number))
            .where(c.account_id.in_(some))
            .order_by(c.id)
        )
        for row in tx.execute(changes):
            missed = (row.rule or "").startswith("service:")
            found[row.account_id] = Arrival(row.at, now - row.at, everybody.rep(row.before) or "", missed)
    return found


def parents(tx: Connection) -> dict[str, str | None]:
    """The parent of every live account, where the CRM names one."""
    wanted = select(record.c.id, record.c.fields).where(
        record.c.stream == Stream.ACCOUNTS.value, record.c.deleted.is_(False)
    )
    named = ((row.id, row.fields.get("parent")) for row in tx.execute(wanted.execution_options(yield_per=5_000)))
    return {id_: str(parent) if parent else None for id_, parent in named}


def _made(tx: Connection, accounts: Sequence[str]) -> Iterator[tuple[str, datetime]]:
    c, read = record.c, reader(tx.dialect.name)
    made = read.date(c.fields, "created_at").label("made")
    wanted = select(c.id, made).where(c.stream == Stream.ACCOUNTS.value, c.id.in_(accounts))
    for row in tx.execute(wanted):
        if row.made is not None:
            moment = datetime.fromisoformat(row.made)
            yield row.id, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _columns(plan_id: str, number: int, turn: RouteTurn) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "row_number": number,
        "account_id": turn.account,
        "route": turn.route,
        "rep_id": turn.rep,
        "value": turn.value,
        "shares": {rep: [share.count, share.value] for rep, share in turn.shares.items()},
        "away": list(turn.away),
        "candidates": [
            [one.rep, one.barred.bar.value if one.barred else "", one.barred.because if one.barred else "",
             one.received, one.entitled] for one in turn.candidates
        ],
    }  # fmt: skip


def _turn(row: Any, candidates: tuple[Candidate, ...]) -> RouteTurn:  # noqa: ANN401 - a row of the queries above
    shares = {rep: Amount(count, value) for rep, (count, value) in row.shares.items()}
    return RouteTurn(row.route, row.account_id, row.rep_id, row.value, shares, tuple(row.away), candidates)


def _candidate(kept: Sequence[Any]) -> Candidate:
    rep, bar, because, received, entitled = kept
    return Candidate(rep, Barred(Bar(bar), because) if bar else None, received, entitled)
