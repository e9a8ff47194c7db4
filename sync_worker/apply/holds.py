"""Keeps the worker away from accounts that somebody else moved (I12), and lets returned ones rest. Writes no CRM."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError, Ref, Stream
from sync_worker.apply.reading import moves_of, owner_moves
from sync_worker.core.lifecycle import difference, same
from sync_worker.core.model import RowKind, RowState
from sync_worker.core.undoing import undoes
from sync_worker.store import holds, outbox, ownership, plans
from sync_worker.store.lookup import crm_of, get, user_names
from sync_worker.store.records import OwnerSeen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Connector
    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Seen
    from sync_worker.core.traces import OwnerMove, Replaced
    from sync_worker.store import Store
    from sync_worker.store.plans import StoredRow

HISTORIES = 500
"""For so many accounts the CRM's history is asked who moved them. The others say what was seen."""


def keep_away(tx: Connection, row: StoredRow, seen: Seen, *, days: int, now: datetime) -> str:
    """Hold the account of an owner row that the CRM shows with another owner; returns why, for the row's message.

    An owner whom another plan of ours gave it is no reason to stay away.
    """
    plan_id = outbox.moved_by_us(tx, row.row.account, seen.fields.get("owner"), not_by=(row.plan_id, row.row.number))
    if plan_id is not None:
        return f"plan {plan_id} has moved it since"
    expected = row.row.after if row.state is RowState.CONFIRMED else row.row.before
    reason = _in_names(difference(expected, seen), user_names(tx)) or "it may have been put back by hand"
    holds.start(tx, holds.Hold(row.row.account, holds.PERSON, now, now + timedelta(days=days), reason))
    return reason


def keep_theirs(tx: Connection, row: StoredRow, found: Replaced, *, days: int, now: datetime) -> str:
    """Record and hold what our write has replaced of somebody else's; returns what they did, in names."""
    names = user_names(tx)
    what = f"it was given to {_name(names, found.owner)}" if found.move is None else told(found.move, names)
    owner = None if found.owner is None else str(found.owner)
    at, by = (found.move.at, found.move.by) if found.move else (row.sent_at or now, None)
    ownership.landed_over(tx, row, OwnerSeen(row.row.account, None, owner, at, by), now=now, hold_days=days)
    holds.start(tx, holds.Hold(row.row.account, holds.PERSON, now, now + timedelta(days=days), what))
    return what


def in_names(tx: Connection, text: str) -> str:
    """The text with users' names in place of their ids."""
    return _in_names(text, user_names(tx))


def tell_who(tools: Tools, crm: str, rows: Iterable[tuple[StoredRow, Seen]]) -> None:
    """Ask the CRM who moved the held accounts, and say so in their holds; what it cannot tell stays as it is."""
    found = _movers(tools, crm, list(rows)[:HISTORIES])
    if not found:
        return
    with tools.store.begin() as tx:
        names = user_names(tx)
        for held in holds.current(tx, tools.clock()):
            if held.account in found and held.kind == holds.PERSON:
                holds.start(tx, replace(held, reason=told(found[held.account], names)))


def name_movers(store: Store, crm: str, connector: Connector, *, since: datetime, now: datetime) -> None:
    """Ask the CRM who moved the accounts of one CRM whose holds began since then: pulls cannot always tell.

    HubSpot's records bear no author, and Salesforce's name whoever changed anything last. What the history does not
    tell, or not of the owner that the pull saw, stays as it is.
    """
    with store.read() as tx:
        begun = [held for held in holds.current(tx, now) if held.kind == holds.PERSON and held.since >= since]
        refs = [Ref(Stream.ACCOUNTS, held.account) for held in begun[:HISTORIES]]
        shown = {ref: account for ref in refs if (account := get(tx, ref.stream, ref.id)) and crm_of(tx, ref) == crm}
        owners = {ref.id: account.fields.get("owner") for ref, account in shown.items()}
    try:
        moves = moves_of(connector, list(shown))
    except CrmError:
        return
    if not moves:
        return
    latest = {account: found[-1] for account, found in moves.items() if found}
    with store.begin() as tx:
        names = user_names(tx)
        for held in begun:
            move = latest.get(held.account)
            if move is not None and same(move.after, owners.get(held.account)):
                holds.start(tx, replace(held, reason=told(move, names)))


def start_rest(tx: Connection, row: StoredRow, now: datetime) -> None:
    """Let a returned account stay in the pool for as long as its rule says, and an undone one where it is put back."""
    sealed = row.row
    if sealed.kind is not RowKind.OWNER or sealed.rest_days <= 0:
        return
    until = now + timedelta(days=sealed.rest_days)
    if undone := undoes(sealed.rule):
        why = f"undone by {plans.decided_by(tx, row.plan_id)} on {now:%Y-%m-%d} (plan {undone})"
        holds.end_rest(tx, sealed.account)
        holds.start(tx, holds.Hold(sealed.account, holds.UNDONE, now, until, why))
        return
    previous = sealed.before.get("owner")
    holds.start_rest(tx, sealed.account, until, sealed.reason, None if previous is None else str(previous), now)


def told(move: OwnerMove, names: Mapping[str, str]) -> str:
    """A change of owner in one sentence: who, from whom, to whom, when (UTC)."""
    who, before, after = (_name(names, value) for value in (move.by, move.before, move.after))
    return f"{who} moved it from {before} to {after} on {move.at:%Y-%m-%d}"


def _movers(tools: Tools, crm: str, rows: Sequence[tuple[StoredRow, Seen]]) -> Mapping[str, OwnerMove]:
    """The latest change of each account, where it is the one that was seen."""
    try:
        moves = owner_moves(tools.at(crm), [row for row, _ in rows])
    except CrmError:
        return {}
    latest = {row.row.account: (moves.get(row.row.account) or (None,))[-1] for row, _ in rows}
    shown = {row.row.account: seen.fields.get("owner") for row, seen in rows}
    return {account: move for account, move in latest.items() if move is not None and same(move.after, shown[account])}


def _name(names: Mapping[str, str], value: object) -> str:
    return "nobody" if value is None else names.get(str(value), str(value))


def _in_names(text: str, names: Mapping[str, str]) -> str:
    # Word by word: HubSpot's ids are numbers, and one may begin like another.
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)
