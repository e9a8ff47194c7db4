"""Reads confirmed rows again: verified, or overwritten by somebody else. It writes nothing to the CRM."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply import holds
from sync_worker.apply.reading import read
from sync_worker.apply.values import VerifyReport
from sync_worker.core.lifecycle import Ending, difference, shows
from sync_worker.core.model import RowKind, RowState
from sync_worker.parts import Progress
from sync_worker.store import outbox, ownership
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Seen
    from sync_worker.store.plans import StoredRow

AT_ONCE = 500
"""Accounts in one reading. No token is asked for, so a connector fits as many into one call as it can."""


def verify_rows(tools: Tools, plan_id: str, rows: Sequence[StoredRow]) -> VerifyReport:
    """Read these confirmed rows again and record what they show. Those that cannot be read stay confirmed."""
    spent = tools.connector.budget().spent
    done: list[StoredRow] = []
    stopped = None
    try:
        for accounts in chunks(sorted({row.row.account for row in rows}), AT_ONCE):
            if tools.stop.is_set():
                stopped = "the worker was told to stop"
                break
            part = frozenset(accounts)
            done += _verify(tools, [row for row in rows if row.row.account in part])
            tools.progress(Progress("verify", len(done), len(rows)))
    except CrmError as error:
        stopped = str(error)
    return VerifyReport(
        plan_id,
        verified=sum(row.state is RowState.VERIFIED for row in done),
        overwritten=tuple(row for row in done if row.state is RowState.OVERWRITTEN),
        gone=sum(row.state is RowState.GONE for row in done),
        unread=len(rows) - len(done),
        stopped=stopped,
        calls=tools.connector.budget().spent - spent,
    )


def wait_to_settle(tools: Tools, rows: Sequence[StoredRow]) -> None:
    """Wait until the latest confirmation is ``settle_seconds`` old, or the worker is told to stop."""
    ends = [row.ended_at for row in rows if row.ended_at is not None]
    if ends:
        due = max(ends) + timedelta(seconds=tools.settings.settle_seconds)
        seconds = min(tools.settings.settle_seconds, (due - tools.clock()).total_seconds())
        if seconds > 0:
            tools.stop.wait(seconds)


def _verify(tools: Tools, rows: Sequence[StoredRow]) -> list[StoredRow]:
    seen = read(tools.connector, rows, versions=False)
    moved = []
    with tools.store.begin() as tx:
        now = tools.clock()
        endings = []
        for row in rows:
            shown = seen.get(row.row.account)
            ending = _ending(tx, row, shown, tools, now)
            endings.append((row, ending))
            if ending.state is RowState.OVERWRITTEN and shown is not None and row.row.kind is RowKind.OWNER:
                moved.append((row, shown))
        stand = [row for row, ending in endings if ending.state is RowState.VERIFIED]
        ownership.landed(tx, stand, now=now, hold_days=tools.settings.hold_days)
        after = outbox.end(tx, endings, epoch=tools.lease.epoch, now=now)
    holds.tell_who(tools, moved)
    return after


def _ending(tx: Connection, row: StoredRow, shown: Seen | None, tools: Tools, now: datetime) -> Ending:
    if shown is None:
        return Ending(RowState.GONE, message="confirmed, and then deleted or merged away", adopted=row.adopted)
    if shows(shown, row.row.after):
        return Ending(RowState.VERIFIED, row.code, row.message, adopted=row.adopted)
    told = difference(row.row.after, shown)
    if row.row.kind is RowKind.OWNER:
        told = holds.keep_away(tx, row, shown, days=tools.settings.hold_days, now=now)
    return Ending(RowState.OVERWRITTEN, message=f"confirmed, and then changed: {told}")
