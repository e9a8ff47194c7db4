"""Reads confirmed rows again: verified, overwritten by somebody else, or found to have overwritten. Writes no CRM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply import holds
from sync_worker.apply.reading import in_air, key, read, traces
from sync_worker.apply.values import VerifyReport
from sync_worker.core.lifecycle import Ending, difference, shows
from sync_worker.core.model import RowKind, RowState
from sync_worker.core.traces import judge_confirmed
from sync_worker.parts import Progress
from sync_worker.store import outbox, ownership
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Seen
    from sync_worker.core.traces import Replaced, Trace
    from sync_worker.store.plans import StoredRow

AT_ONCE = 500
"""Accounts in one reading. No token is asked for, so a connector fits as many into one call as it can."""

OVERDUE = timedelta(days=1)
"""So long a history is waited for that does not show a write which the CRM has confirmed (I6)."""

NEVER_SHOWN = "the CRM's history never showed our write, so nobody can say what it replaced"


def verify_rows(tools: Tools, plan_id: str, rows: Sequence[StoredRow]) -> VerifyReport:
    """Read these confirmed rows again and record what they show. Those that cannot be judged stay confirmed."""
    spent = tools.spent()
    done: list[StoredRow] = []
    stopped = None
    for crm, mine in tools.by_crm(rows):
        try:
            _verify_crm(tools, crm, mine, done, len(rows))
        except CrmError as error:
            stopped = stopped or str(error)
        if tools.stop.is_set():
            stopped = "the worker was told to stop"
            break
    return VerifyReport(
        plan_id,
        verified=sum(row.state is RowState.VERIFIED for row in done),
        overwritten=tuple(row for row in done if row.state is RowState.OVERWRITTEN),
        overwrote=tuple(row for row in done if row.state is RowState.OVERWROTE),
        gone=sum(row.state is RowState.GONE for row in done),
        unread=len(rows) - len(done),
        stopped=stopped,
        calls=tools.spent() - spent,
    )


def wait_to_settle(tools: Tools, rows: Sequence[StoredRow]) -> None:
    """Wait until the latest confirmation of each CRM has settled, or the worker is told to stop."""
    ends = [(row.ended_at, tools.settle[crm]) for crm, mine in tools.by_crm(rows) for row in mine if row.ended_at]
    now = tools.clock()
    left = [min(settle, (end + timedelta(seconds=settle) - now).total_seconds()) for end, settle in ends]
    if left and (seconds := max(left)) > 0:
        tools.stop.wait(seconds)


def _verify_crm(tools: Tools, crm: str, rows: Sequence[StoredRow], done: list[StoredRow], total: int) -> None:
    for accounts in chunks(sorted({row.row.account for row in rows}), AT_ONCE):
        if tools.stop.is_set():
            return
        part = frozenset(accounts)
        done += _verify(tools, crm, [row for row in rows if row.row.account in part])
        tools.progress(Progress("verify", len(done), total))


@dataclass(frozen=True, slots=True)
class _Look:
    """A confirmed row, and what was read of it. ``found``: its trace, for an owner change that no version held back."""

    row: StoredRow
    shown: Seen | None
    found: Trace | None


def _verify(tools: Tools, crm: str, rows: Sequence[StoredRow]) -> list[StoredRow]:
    seen = read(tools.at(crm), rows, versions=False)
    found = traces(tools, crm, [row for row in rows if row.unbound])
    looks = [_Look(row, seen.get(row.row.account), found.get(key(row))) for row in rows]
    with tools.store.begin() as tx:
        now = tools.clock()
        ended = [(look, ending) for look in looks if (ending := _ending(tx, look, tools, now))]
        stand = [look.row for look, ending in ended if ending.state is RowState.VERIFIED]
        ownership.landed(tx, stand, now=now, hold_days=tools.settings.hold_days)
        after = outbox.end(tx, [(look.row, ending) for look, ending in ended], epoch=tools.lease.epoch, now=now)
    moved = [(look.row, look.shown) for look, ending in ended if ending.state is RowState.OVERWRITTEN and look.shown]
    holds.tell_who(tools, crm, [(row, shown) for row, shown in moved if row.row.kind is RowKind.OWNER])
    return after


def _ending(tx: Connection, look: _Look, tools: Tools, now: datetime) -> Ending | None:
    """How the row ends; None while it cannot be told."""
    row, shown, found = look.row, look.shown, look.found
    if not row.unbound:
        return _by_value(tx, row, shown, tools, now)
    late = row.sent_at is not None and now - row.sent_at >= OVERDUE
    state = judge_confirmed(row.row, shown, found, in_air=in_air(row, found, now), overdue=late)
    if state is RowState.OVERWROTE and found is not None and found.replaced is not None:
        return _overwrote(tx, row, shown, found.replaced, tools, now)
    if state is None:
        return None
    ending = _by_value(tx, row, shown, tools, now)
    untold = shown is not None and (found is None or not (found.landings or found.by_others))
    return replace(ending, message="; ".join(filter(None, (ending.message, NEVER_SHOWN)))) if untold else ending


def _by_value(tx: Connection, row: StoredRow, shown: Seen | None, tools: Tools, now: datetime) -> Ending:
    if shown is None:
        return Ending(RowState.GONE, message="confirmed, and then deleted or merged away", adopted=row.adopted)
    if shows(shown, row.row.after):
        return Ending(RowState.VERIFIED, row.code, row.message, adopted=row.adopted)
    told = difference(row.row.after, shown)
    if row.row.kind is RowKind.OWNER:
        told = holds.keep_away(tx, row, shown, days=tools.settings.hold_days, now=now)
    return Ending(RowState.OVERWRITTEN, message=f"confirmed, and then changed: {told}")


def _overwrote(  # noqa: PLR0913, PLR0917 - a row, what was read of it, and where its end is kept
    tx: Connection, row: StoredRow, shown: Seen | None, replaced: Replaced, tools: Tools, now: datetime
) -> Ending:
    moved = holds.keep_theirs(tx, row, replaced, days=tools.settings.hold_days, now=now)
    if shown is not None and not shows(shown, row.row.after):
        again = holds.in_names(tx, difference(row.row.after, shown))
        message = f"{moved}; our write replaced it, and then it was changed again: {again}"
    else:
        undo = f"sync-worker rollback {row.plan_id} --row {row.row.number}"
        message = f"{moved}; our write replaced it: '{undo}' puts it back"
    return Ending(RowState.OVERWROTE, "", message, adopted=row.adopted, replaced={"owner": replaced.owner})
