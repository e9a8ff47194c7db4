"""View of ``apply``: what was written, what was not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.model import RowState
from sync_worker.report.document import Commands, Fields, Heading, Text, Tone, table
from sync_worker.report.plan import put_back
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.apply import ApplyReport, VerifyReport
    from sync_worker.report.document import Answer, Block
    from sync_worker.store.plans import StoredPlan, StoredRow

GOOD = frozenset({RowState.CONFIRMED, RowState.VERIFIED, RowState.NOOP})
"""States in which the CRM shows what the plan wanted."""

FEW = 40


def complete(stored: StoredPlan) -> bool:
    """True when every row ended with the CRM showing what the plan wanted."""
    return all(row.state in GOOD for row in stored.rows)


def applied(report: ApplyReport, verified: VerifyReport, stored: StoredPlan) -> Answer:
    """``apply``; ``stored`` is the plan as it stands after both."""
    counts = _counts(stored)
    document = (
        *_verdict(report, stored),
        table("state|>rows|meaning", [(state.value, number, MEANING[state]) for state, number in counts.items()]),
        Fields((("API calls", f"{report.calls + verified.calls:,}"),)),
        *_odd([row for row in stored.rows if row.state not in GOOD]),
        *_next(report, stored),
    )
    return document, {
        "plan": stored.plan.id,
        "state": stored.state.value,
        "complete": complete(stored),
        "rows": {state.value: number for state, number in counts.items()},
        "stopped": report.stopped or verified.stopped,
        "resumable": report.resumable,
        "calls": report.calls + verified.calls,
        "not_as_planned": [_row(row) for row in stored.rows if row.state not in GOOD],
    }


MEANING: Mapping[RowState, str] = {
    RowState.PLANNED: "waits for approval",
    RowState.APPROVED: "not sent yet",
    RowState.SENT: "sent, no answer yet",
    RowState.UNKNOWN: "no definite answer: will be settled by reading",
    RowState.CONFIRMED: "written",
    RowState.VERIFIED: "written, and seen again in the CRM",
    RowState.OVERWRITTEN: "written, and then changed by somebody else: left alone",
    RowState.OVERWROTE: "written over what a person had written a moment before",
    RowState.FAILED: "refused by the CRM: nothing written",
    RowState.CONFLICT: "somebody else had changed it: nothing written",
    RowState.NOOP: "already so: nothing to write",
    RowState.GONE: "the account is deleted or merged",
    RowState.SUPERSEDED: "its inputs changed: planned again next time",
    RowState.EXPIRED: "too late: planned again next time",
    RowState.CANCELLED: "never to be written",
}


def _counts(stored: StoredPlan) -> dict[RowState, int]:
    states = [row.state for row in stored.rows]
    return {state: states.count(state) for state in RowState if state in states}


def _verdict(report: ApplyReport, stored: StoredPlan) -> Iterator[Block]:
    plan, rows = stored.plan.id, count(len(stored.rows), "row")
    if report.stopped:
        yield Text(f"plan {plan} stopped early: {report.stopped}", Tone.BAD)
    elif complete(stored):
        shown = "its row" if len(stored.rows) == 1 else f"all {rows}"
        yield Text(f"plan {plan} is applied: the CRM shows {shown} as planned", Tone.GOOD)
    else:
        other = sum(row.state not in GOOD for row in stored.rows)
        yield Text(f"plan {plan} is applied in part: {other:,} of {rows} ended otherwise", Tone.WARN)


def _odd(rows: list[StoredRow]) -> Iterator[Block]:
    told = [row for row in rows if row.message]
    if told:
        yield Heading("Not as planned")
        yield table(
            "account|state|~what happened", [(r.row.account_name, r.state.value, r.message) for r in told[:FEW]]
        )
        if len(told) > FEW:
            yield Text(f"… and {len(told) - FEW:,} more: 'sync-worker show' and --format json list them", Tone.QUIET)


def _row(row: StoredRow) -> dict[str, object]:
    return {
        "number": row.row.number,
        "account": row.row.account,
        "crm": row.row.crm,
        "account_name": row.row.account_name,
        "state": row.state.value,
        "code": row.code,
        "message": row.message,
    }


def _next(report: ApplyReport, stored: StoredPlan) -> Iterator[Block]:
    lines = [*put_back(stored)]
    if report.stopped and report.resumable:
        lines.append((f"sync-worker apply {stored.plan.id}", "go on with the rest, once the reason is gone"))
    elif not complete(stored):
        lines.append((f"sync-worker show {stored.plan.id}", "every row with its end"))
        lines.append(("sync-worker plan", "plan again what is still due"))
    if lines:
        yield Commands(tuple(lines))
