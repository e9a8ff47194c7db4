"""Decides rows in ``unknown`` by reading the CRM, never by time: during a run, and for what an earlier life left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply import holds
from sync_worker.apply.reading import MARGIN, in_air, key, owner_moves, read, traces
from sync_worker.core.lifecycle import REVERTED, TRIES, Ending, Verdict, difference, judge_unanswered
from sync_worker.core.model import RowKind, RowState
from sync_worker.core.traces import judge_unbound, untouched
from sync_worker.store import outbox
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.apply.values import Tools
    from sync_worker.core.lifecycle import Seen
    from sync_worker.store.plans import StoredRow

AT_ONCE = 200
"""Rows in one reading, and in the transaction that records what it showed."""


def settle(tools: Tools, crm: str, rows: Sequence[StoredRow]) -> Mapping[RowState, int]:
    """Read the records of these rows and record what the rows turned out to be, by state. Raises CrmError.

    Rows of which nothing can be said yet stay ``unknown``, and are counted so.
    """
    settled: Counter[RowState] = Counter()
    conditional = tools.at(crm).conditional
    for kind in RowKind:
        for part in chunks([row for row in rows if row.row.kind is kind], AT_ONCE):
            bound = kind is RowKind.PRIORITY or conditional
            settled.update(_settle(tools, crm, part, versions=kind is RowKind.OWNER and conditional, bound=bound))
    return settled


def settle_plan(tools: Tools, plan_id: str, crm: str) -> CrmError | None:
    """Settle the plan's rows that got no answer; the error, where the CRM cannot be read: they stay as they are."""
    with tools.store.read() as tx:
        rows = [row for row in outbox.rows(tx, plan_id, {RowState.UNKNOWN}) if row.row.crm == crm]
    try:
        settle(tools, crm, rows)
    except CrmError as error:
        return error
    return None


def _settle(tools: Tools, crm: str, rows: Sequence[StoredRow], *, versions: bool, bound: bool) -> list[RowState]:
    seen = read(tools.at(crm), rows, versions=versions)
    verdicts = _bound_verdicts(tools, crm, rows, seen) if bound else _unbound_verdicts(tools, crm, rows, seen)
    moved = []
    with tools.writing() as tx:
        now = tools.clock()
        endings = []
        for row, verdict in zip(rows, verdicts, strict=True):
            ending = _ending(tx, row, verdict, seen.get(row.row.account), now)
            if ending is None:
                continue
            endings.append((row, ending))
            if ending.state is RowState.CONFIRMED:
                holds.start_rest(tx, row, now)
            elif ending.state is RowState.CONFLICT and row.row.kind is RowKind.OWNER:
                shown = seen[row.row.account]
                holds.keep_away(tx, row, shown, days=tools.settings.hold_days, now=now)
                moved.append((row, shown))
        outbox.end(tx, endings, epoch=tools.lease.epoch, now=now)
    holds.tell_who(tools, crm, moved)
    return [ending.state for _, ending in endings] + [RowState.UNKNOWN] * (len(rows) - len(endings))


def _bound_verdicts(tools: Tools, crm: str, rows: Sequence[StoredRow], seen: Mapping[str, Seen]) -> list[Verdict]:
    """By version, and by history where the version has moved on."""
    verdicts = [judge_unanswered(row.row, seen.get(row.row.account), token=row.version) for row in rows]
    doubtful = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict is Verdict.MAYBE_REVERTED]
    proven = _untouched(tools, crm, doubtful, seen)
    return [
        judge_unanswered(row.row, seen.get(row.row.account), token=row.version, proof=True)
        if key(row) in proven
        else verdict
        for row, verdict in zip(rows, verdicts, strict=True)
    ]


def _untouched(
    tools: Tools, crm: str, rows: Sequence[StoredRow], seen: Mapping[str, Seen]
) -> frozenset[tuple[str, int]]:
    """The rows whose owner has provably not changed since they left; none where the history cannot be read."""
    try:
        moves = owner_moves(tools.at(crm), rows)
    except CrmError:
        return frozenset()
    return frozenset(
        key(row)
        for row in rows
        if row.first_sent_at is not None
        and untouched(
            moves.get(row.row.account, ()),
            owner=seen[row.row.account].fields.get("owner"),
            since=row.first_sent_at - MARGIN,
        )
    )


def _unbound_verdicts(tools: Tools, crm: str, rows: Sequence[StoredRow], seen: Mapping[str, Seen]) -> list[Verdict]:
    """By history; while a request may still land, only that it has landed is certain."""
    found = traces(tools, crm, rows)
    now = tools.clock()
    return [
        judge_unbound(row.row, seen.get(row.row.account), one, in_air=in_air(row, one, now))
        for row in rows
        for one in [found.get(key(row))]
    ]


def _ending(tx: Connection, row: StoredRow, verdict: Verdict, seen: Seen | None, now: datetime) -> Ending | None:
    """What becomes of the row; None where nothing can be said yet."""
    match verdict:
        case Verdict.LANDED:
            return Ending(RowState.CONFIRMED, message="no answer came, but the CRM shows that it landed", adopted=True)
        case Verdict.GONE:
            return Ending(RowState.GONE, message="deleted or merged away before the outcome was known")
        case Verdict.MAYBE_REVERTED:
            return REVERTED
        case Verdict.CONFLICT:
            told = "" if seen is None else f": {holds.in_names(tx, difference(row.row.before, seen))}"
            return Ending(RowState.CONFLICT, message=f"no answer came, and somebody has changed it since{told}")
        case Verdict.NOT_LANDED | Verdict.RULED_OUT:
            ending = _not_landed(tx, row, now, for_good=verdict is Verdict.RULED_OUT)
            waits = row.unbound and verdict is Verdict.NOT_LANDED and ending.state is RowState.SUPERSEDED
            return None if waits else ending
        case Verdict.WAIT:
            return None


def _not_landed(tx: Connection, row: StoredRow, now: datetime, *, for_good: bool) -> Ending:
    if not outbox.plan_lives(tx, row.plan_id, now):
        return Ending(RowState.SUPERSEDED, message="it had not landed, and its plan may not be applied any more")
    if row.tries >= TRIES:
        message = f"no answer at {row.tries} tries; it had not landed when last read, and will be planned again"
        return Ending(RowState.SUPERSEDED, row.code or "NO_ANSWER", message)
    message = "no answer came; it had not landed when read, and is sent again"
    return Ending(RowState.APPROVED, message=message, nothing_written=for_good)
