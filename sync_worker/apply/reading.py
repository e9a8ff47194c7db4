"""Reads records and their histories, for pre-reads, settling and verification. It decides nothing about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import BY_APP, Ref, Stream
from sync_worker.core.lifecycle import Seen
from sync_worker.core.model import RowState
from sync_worker.core.traces import LANDS_WITHIN, OwnerMove, trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from connectors.port import Connector
    from sync_worker.apply.values import Tools
    from sync_worker.core.traces import Trace
    from sync_worker.store.plans import StoredRow

FRESH_SECONDS = 5.0
"""A row leaves at most so long after its pre-read was asked for (I2)."""

SLACK = timedelta(seconds=FRESH_SECONDS + 2)
"""How long before its intent a row's pre-read can have been, and how coarsely a CRM tells its time."""


MARGIN = timedelta(minutes=5)
"""How far our clock may be off the CRM's (I24) when its history is asked what happened since a write."""


def read(connector: Connector, rows: Iterable[StoredRow], *, versions: bool) -> Mapping[str, Seen]:
    """What the CRM shows now, by account id; gone accounts are left out. Raises CrmError."""
    refs = _refs(rows)
    if not refs:
        return {}
    asked = {ref.id for ref in refs}
    return {
        record.ref.id: Seen(record.fields, record.version)
        for record in connector.read(refs, versions=versions)
        # A record under another id is a merge's winner: it is never followed silently.
        if record.ref.id in asked and not record.deleted and record.merged_into is None
    }


def owner_moves(connector: Connector, rows: Iterable[StoredRow]) -> Mapping[str, tuple[OwnerMove, ...]]:
    """The owner changes in the CRM's own history, oldest first, of each account that is there. Raises CrmError."""
    return moves_of(connector, _refs(rows))


def moves_of(connector: Connector, refs: Sequence[Ref]) -> Mapping[str, tuple[OwnerMove, ...]]:
    """The same, of these accounts."""
    found = connector.history(refs, "owner") if refs else ()
    return {
        history.ref.id: tuple(
            OwnerMove(change.at, change.before, change.after, change.by, by_app=change.by.startswith(BY_APP))
            for change in history.changes
        )
        for history in found
    }


def traces(tools: Tools, crm: str, rows: Iterable[StoredRow]) -> Mapping[tuple[str, int], Trace]:
    """What the history shows of each owner row's write, by plan and number; nothing of gone accounts. Raises CrmError.

    Only for a CRM without conditional writes, which keeps a history of every record.
    """
    asked = [row for row in rows if row.first_sent_at is not None]
    moves = owner_moves(tools.at(crm), asked)
    if not moves:
        return {}
    skew = tools.clock() - tools.at(crm).clock()
    return {
        key(row): _traced(row, moves[row.row.account], row.first_sent_at - skew - SLACK)
        for row in asked
        if row.row.account in moves and row.first_sent_at is not None
    }


def _traced(row: StoredRow, moves: Sequence[OwnerMove], since: datetime) -> Trace:
    before, after = row.row.before["owner"], row.row.after["owner"]
    found = trace(moves, before=before, after=after, since=since)
    if found.landings or row.state is not RowState.CONFIRMED or row.adopted:
        return found
    # The CRM has said that it landed: perhaps our clock was set since it left.
    earlier = trace(moves, before=before, after=after, since=since - MARGIN)
    return earlier if earlier.landings else found


def key(row: StoredRow) -> tuple[str, int]:
    """What names a row among those of several plans."""
    return row.plan_id, row.row.number


def in_air(row: StoredRow, found: Trace | None, now: datetime) -> bool:
    """Whether a request of this row, bound to no version and without an answer, may still land."""
    if row.sent_at is None or now >= row.sent_at + LANDS_WITHIN:
        return False
    return row.unheard and (found is None or found.landings < row.tries)


def _refs(rows: Iterable[StoredRow]) -> list[Ref]:
    return sorted({Ref(Stream.ACCOUNTS, row.row.account) for row in rows})
