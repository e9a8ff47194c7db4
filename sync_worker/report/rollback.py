"""View of ``rollback``: the plan that undoes another one, and what it leaves as it is, with reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.plan import shown
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync_worker.core.undoing import Left
    from sync_worker.report.document import Answer, Block
    from sync_worker.rollback import RollbackReport


def rolled_back(report: RollbackReport, *, few: int | None) -> Answer:
    """``rollback``: a plan as ``plan`` shows it, and the rows that are not in it."""
    document, payload = shown(report.plan, report.decided.names, few=few) if report.plan else ((), {"plan": None})
    changes = len(report.plan.rows) if report.plan else 0
    left = [left for left in report.left if not left.back]
    return (*_verdict(report, changes), *_left(left, few), *document), {
        "undoes": report.undoes,
        "changes": changes,
        "left": report.left,
        **payload,
    }


def done(report: RollbackReport) -> bool:
    """True when there is a plan to approve, or an earlier one has put back what can be."""
    return report.plan is not None or any(left.back for left in report.left)


def _verdict(report: RollbackReport, changes: int) -> Iterator[Block]:
    undone = report.undoes
    if report.plan is not None:
        yield Text(
            f"this plan undoes {count(changes, 'owner change')} of plan {undone}, once it is approved and applied"
        )
    elif done(report):
        back = sum(left.back for left in report.left)
        yield Text(f"nothing to do: {count(back, 'account')} of plan {undone} went back already", Tone.GOOD)
    else:
        yield Text(f"nothing of plan {undone} can be undone: no plan was made", Tone.WARN)


def _left(left: Sequence[Left], few: int | None) -> Iterator[Block]:
    if not left:
        return
    yield Heading(f"Left as it is — {count(len(left), 'row')}")
    told = left if few is None else left[:few]
    yield table(">row|account|~why", [(one.number, one.account_name, one.why) for one in told])
    if len(told) < len(left):
        yield Text(f"… and {len(left) - len(told):,} more: --all shows every row", Tone.QUIET)
