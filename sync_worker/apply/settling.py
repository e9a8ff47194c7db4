"""Decides rows in ``unknown`` by reading the CRM, never by time: during a run, and for what an earlier life left."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply import holds
from sync_worker.apply.reading import READ_AT_ONCE, proves_untouched, read
from sync_worker.core.lifecycle import REVERTED, TRIES, Ending, Verdict, difference, judge_unanswered
from sync_worker.core.model import RowKind, RowState
from sync_worker.store import outbox
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Seen
    from sync_worker.store.plans import StoredRow

MARGIN = timedelta(minutes=5)
"""How far our clock may be off the CRM's (I24) when its history is asked what happened since a write."""


def settle(tools: Tools, rows: Sequence[StoredRow]) -> Mapping[RowState, int]:
    """Read the records of these rows and record what the rows turned out to be, by state. Raises CrmError."""
    settled: Counter[RowState] = Counter()
    for kind in RowKind:
        for part in chunks([row for row in rows if row.row.kind is kind], READ_AT_ONCE):
            settled.update(_settle(tools, part, versions=kind is RowKind.OWNER))
    return settled


def settle_plan(tools: Tools, plan_id: str) -> CrmError | None:
    """Settle the plan's rows that got no answer; the error, where the CRM cannot be read: they stay as they are."""
    with tools.store.read() as tx:
        rows = outbox.rows(tx, plan_id, {RowState.UNKNOWN})
    try:
        settle(tools, rows)
    except CrmError as error:
        return error
    return None


def _settle(tools: Tools, rows: Sequence[StoredRow], *, versions: bool) -> list[RowState]:
    seen = read(tools.connector, rows, versions=versions)
    verdicts = [(row, _verdict(tools, row, seen.get(row.row.account))) for row in rows]
    moved = []
    with tools.writing() as tx:
        now = tools.clock()
        endings = []
        for row, verdict in verdicts:
            ending = _ending(tx, row, verdict, seen.get(row.row.account), now)
            endings.append((row, ending))
            if ending.state is RowState.CONFIRMED:
                holds.start_rest(tx, row, now)
            elif ending.state is RowState.CONFLICT and row.row.kind is RowKind.OWNER:
                shown = seen[row.row.account]
                holds.keep_away(tx, row, shown, days=tools.settings.hold_days, now=now)
                moved.append((row, shown))
        outbox.end(tx, endings, epoch=tools.lease.epoch, now=now)
    holds.tell_who(tools, moved)
    return [ending.state for _, ending in endings]


def _verdict(tools: Tools, row: StoredRow, seen: Seen | None) -> Verdict:
    verdict = judge_unanswered(row.row, seen, token=row.version)
    if verdict is not Verdict.MAYBE_REVERTED or row.sent_at is None or seen is None:
        return verdict
    proof = proves_untouched(tools.connector, row, seen.fields.get("owner"), row.sent_at - MARGIN)
    return judge_unanswered(row.row, seen, token=row.version, proof=proof)


def _ending(tx: Connection, row: StoredRow, verdict: Verdict, seen: Seen | None, now: datetime) -> Ending:
    match verdict:
        case Verdict.LANDED:
            return Ending(RowState.CONFIRMED, message="no answer came, but the CRM shows the value", adopted=True)
        case Verdict.GONE:
            return Ending(RowState.GONE, message="deleted or merged away before the outcome was known")
        case Verdict.MAYBE_REVERTED:
            return REVERTED
        case Verdict.CONFLICT:
            told = "" if seen is None else f": {difference(row.row.before, seen)}"
            return Ending(RowState.CONFLICT, message=f"no answer came, and somebody has changed it since{told}")
        case Verdict.NOT_LANDED | Verdict.RULED_OUT:
            return _not_landed(tx, row, now, for_good=verdict is Verdict.RULED_OUT)


def _not_landed(tx: Connection, row: StoredRow, now: datetime, *, for_good: bool) -> Ending:
    if not outbox.plan_lives(tx, row.plan_id, now):
        return Ending(RowState.SUPERSEDED, message="it had not landed, and its plan may not be applied any more")
    if row.tries >= TRIES:
        message = f"no answer at {row.tries} tries; it had not landed when last read, and will be planned again"
        return Ending(RowState.SUPERSEDED, row.code or "NO_ANSWER", message)
    message = "no answer came; it had not landed when read, and is sent again"
    return Ending(RowState.APPROVED, message=message, nothing_written=for_good)
