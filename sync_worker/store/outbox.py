"""The life of single rows while a plan is applied: intents before a write, outcomes after it, each one audited.

A row changes only from the state and the epoch that its writer has seen (``UPDATE … WHERE state … AND epoch``), so a
process that slept through its lease changes nothing. Nothing here talks to a CRM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from sync_worker.core.lifecycle import OPEN, Ending, may_follow
from sync_worker.core.model import TERMINAL, PlanState, RowKind, RowState
from sync_worker.store import audit, schema
from sync_worker.store.errors import StoreError
from sync_worker.store.plans import UNBOUND, StoredRow, counts, end_unsent, stored_row
from sync_worker.store.types import UtcTime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select


class RowMoved(StoreError):
    """Another process has changed a row: this one must stop."""

    def __init__(self, plan_id: str, count: int) -> None:
        super().__init__(
            f"{count} rows of plan {plan_id} have been changed by another process",
            hint="another worker has taken over, or the plan was replaced; nothing more is written by this one",
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A row that is about to be sent, and the version that its write is bound to; empty where it has no condition."""

    row: StoredRow
    version: str


def rows(tx: Connection, plan_id: str, states: Collection[RowState], kind: RowKind | None = None) -> list[StoredRow]:
    """The plan's rows in these states, in plan order."""
    found = tx.execute(_select(frozenset(states), of_one_plan=True), {"of_plan": plan_id})
    return [stored_row(row) for row in found if kind is None or row.kind == kind.value]


def rows_in(tx: Connection, states: Collection[RowState]) -> list[StoredRow]:
    """The rows of every plan in these states, in plan order."""
    return [stored_row(row) for row in tx.execute(_select(frozenset(states), of_one_plan=False))]


def intend(tx: Connection, intents: Sequence[Intent], *, epoch: int, plan_hash: str, now: datetime) -> list[StoredRow]:
    """Record that these rows are about to be sent (I1). Once this is committed, only a reading can undo it.

    Raises RowMoved when a row is not waiting any more.
    """
    changes = [(intent.row, _sent(intent, epoch, now)) for intent in intents]
    _change(tx, changes)
    sent = [row for _, row in changes]
    audit.append_all(tx, [_intent_note(row, plan_hash) for row in sent], now=now)
    return sent


def end(tx: Connection, endings: Iterable[tuple[StoredRow, Ending]], *, epoch: int, now: datetime) -> list[StoredRow]:
    """Record what became of rows, in one transaction with their audit entries (I25); returns them as they are now.

    Raises RowMoved when a row is no longer where ``endings`` says it is.
    """
    done = [(row, ending, _ended(row, ending, epoch, now)) for row, ending in endings]
    _change(tx, [(row, after) for row, _, after in done])
    audit.append_all(tx, [_outcome_note(row, ending, epoch) for row, ending, _ in done], now=now)
    return [after for _, _, after in done]


def adopt(tx: Connection, *, epoch: int, now: datetime) -> int:
    """Take over the open rows of earlier lives: those that were sent have no answer now. Returns how many these were.

    Only the holder of the lease may call this, and only while it applies nothing.
    """
    found = rows_in(tx, OPEN)
    left = [row for row in found if row.state is RowState.SENT]
    message = "the worker ended before an answer was recorded"
    # Their epoch is the dead worker's, so it is not asked for here; from now on it is ours.
    _change(tx, [(row, replace(row, state=RowState.UNKNOWN, epoch=epoch, message=message)) for row in left], ours=False)
    if len(found) > len(left):
        tx.execute(update(schema.plan_row).where(_in({RowState.UNKNOWN})).values(epoch=epoch))
    lost = Ending(RowState.UNKNOWN, message=message)
    audit.append_all(tx, [_outcome_note(row, lost, epoch) for row in left], now=now)
    return len(left)


def open_elsewhere(tx: Connection, plan_id: str) -> frozenset[str]:
    """Accounts with a write of another plan whose outcome is not known yet: nothing else may be written to them.

    Nor while it is not known yet what an owner change without a condition has replaced.
    """
    r = schema.plan_row.c
    unproven = _in({RowState.CONFIRMED}) & UNBOUND
    return frozenset(tx.scalars(select(r.account_id).where((r.plan_id != plan_id) & (_in(OPEN) | unproven)).distinct()))


def moved_by_us(tx: Connection, account: str, owner: object, *, not_by: tuple[str, int]) -> str | None:
    """The id of another plan that gave the account this owner; None when the owner is not our doing."""
    r = schema.plan_row.c
    ours = (
        _in({RowState.CONFIRMED, RowState.VERIFIED, RowState.OVERWROTE})
        & (r.account_id == account)
        & (r.kind == RowKind.OWNER.value)
    )
    wanted = select(schema.plan_row).where(ours).order_by(r.sent_at.desc()).limit(1)
    row = tx.execute(wanted).one_or_none()
    if row is None or (row.plan_id, row.number) == not_by or row.after.get("owner") != owner:
        return None
    return str(row.plan_id)


def begin_run(tx: Connection, plan_id: str, *, epoch: int, now: datetime) -> bool:
    """Mark the plan as being applied; False when it is not approved (any more)."""
    if not _set_plan(tx, plan_id, {PlanState.APPROVED}, PlanState.APPLYING):
        return False
    audit.append(tx, "plan.applying", {"epoch": epoch}, plan_id=plan_id, now=now)
    return True


def end_run(tx: Connection, plan_id: str, *, stopped: str, resumable: bool, now: datetime) -> PlanState:
    """Close a run. What was not sent stays approved while the plan may go on, and is cancelled where it may not."""
    if not resumable:
        end_unsent(tx, [plan_id], RowState.CANCELLED, f"the run was stopped: {stopped}", now)
    waiting = resumable and bool(rows(tx, plan_id, {RowState.APPROVED, *OPEN}))
    state = PlanState.APPROVED if waiting else PlanState.APPLIED
    ended = {} if waiting else {"ended_at": now}
    _set_plan(tx, plan_id, {PlanState.APPLYING}, state, **ended)
    entry = {"rows": {state.value: count for state, count in counts(tx, plan_id).items()}, "stopped": stopped}
    audit.append(tx, "plan.applied" if not waiting else "plan.stopped", entry, plan_id=plan_id, now=now)
    return state


def plans_applying(tx: Connection) -> list[str]:
    """Plans that are being applied, or were when a worker ended."""
    p = schema.plan.c
    return list(tx.scalars(select(p.id).where(p.state == PlanState.APPLYING.value).order_by(p.created_at, p.id)))


def plan_lives(tx: Connection, plan_id: str, now: datetime) -> bool:
    """Whether rows of the plan may still be sent."""
    p = schema.plan.c
    states = [PlanState.APPROVED.value, PlanState.APPLYING.value]
    found = tx.scalar(select(p.id).where((p.id == plan_id) & p.state.in_(states) & (p.expires_at > now)))
    return found is not None


def by_state(tx: Connection) -> Mapping[RowState, int]:
    """How many rows of all plans are in each state that occurs."""
    r = schema.plan_row.c
    found = tx.execute(select(r.state, func.count()).group_by(r.state))
    return {RowState(state): count for state, count in sorted(found)}


def oldest_open(tx: Connection) -> datetime | None:
    """When the oldest write whose outcome is not known was sent (I6); None when there is none."""
    return _oldest(tx, OPEN)


def oldest_unended(tx: Connection) -> datetime | None:
    """When the oldest write was sent that no second reading has ended yet; None when there is none."""
    return _oldest(tx, {*OPEN, RowState.CONFIRMED})


def _oldest(tx: Connection, states: Collection[RowState]) -> datetime | None:
    sent = func.min(schema.plan_row.c.sent_at, type_=UtcTime())
    found: datetime | None = tx.scalar(select(sent).where(_in(states)))
    return found


def _in(states: Collection[RowState]) -> ColumnElement[bool]:
    return schema.plan_row.c.state.in_(sorted(state.value for state in states))


@cache
def _select(states: frozenset[RowState], *, of_one_plan: bool) -> Select[Any]:
    r = schema.plan_row.c
    wanted = select(schema.plan_row).where(_in(states)).order_by(r.plan_id, r.number)
    return wanted.where(r.plan_id == bindparam("of_plan")) if of_one_plan else wanted


def _sent(intent: Intent, epoch: int, now: datetime) -> StoredRow:
    row = intent.row
    return replace(
        row,
        state=RowState.SENT,
        epoch=epoch,
        version=intent.version,
        tries=row.tries + 1,
        sent_at=now,
        first_sent_at=now if row.version is None else row.first_sent_at,
        code="",
        message="",
    )


def _ended(row: StoredRow, ending: Ending, epoch: int, now: datetime) -> StoredRow:
    over = ending.state in TERMINAL or ending.state is RowState.CONFIRMED
    return replace(
        row,
        state=ending.state,
        epoch=epoch,
        version=None if ending.nothing_written else row.version,
        ended_at=now if over else None,
        code=ending.code,
        message=ending.message,
        adopted=ending.adopted or row.adopted,
        replaced=ending.replaced,
    )


def _change(tx: Connection, changes: Sequence[tuple[StoredRow, StoredRow]], *, ours: bool = True) -> None:
    """Move rows on, each from the state in which its writer saw it; all of them, or RowMoved."""
    for before, after in changes:
        if not may_follow(before.state, after.state):
            raise ValueError(f"a row may not go from '{before.state}' to '{after.state}'")
    for is_open, statement in ((False, _FROM_REST), (True, _FROM_OPEN if ours else _FROM_REST)):
        part = [_columns(before, after) for before, after in changes if (before.state in OPEN) is is_open]
        if part and (found := tx.execute(statement, part).rowcount) != len(part):
            raise RowMoved(changes[0][0].plan_id, len(part) - found)


def _columns(before: StoredRow, after: StoredRow) -> dict[str, object]:
    return {
        "of_plan": before.plan_id,
        "with_number": before.row.number,
        "from_state": before.state.value,
        "from_epoch": after.epoch,
        "state": after.state.value,
        "epoch": after.epoch,
        "version": after.version,
        "tries": after.tries,
        "sent_at": after.sent_at,
        "first_sent_at": after.first_sent_at,
        "ended_at": after.ended_at,
        "code": after.code or None,
        "message": after.message or None,
        "adopted": after.adopted,
        "replaced": None if after.replaced is None else dict(after.replaced),
    }


# Built once: a plan has thousands of rows, and building a statement costs more than running it.
_FROM_REST = update(schema.plan_row).where(
    schema.plan_row.c.plan_id == bindparam("of_plan"),
    schema.plan_row.c.number == bindparam("with_number"),
    schema.plan_row.c.state == bindparam("from_state"),
)
_FROM_OPEN = _FROM_REST.where(schema.plan_row.c.epoch == bindparam("from_epoch"))


def _intent_note(row: StoredRow, plan_hash: str) -> audit.Note:
    entry = {
        "kind": row.row.kind.value,
        "plan_hash": plan_hash,
        "rule": row.row.rule,
        "version": row.version,
        "epoch": row.epoch,
        "try": row.tries,
    }
    values = {"before": dict(row.row.before), "after": dict(row.row.after)}
    return audit.Note("row.intent", entry, row.plan_id, row.row.number, row.row.account, values)


def _outcome_note(row: StoredRow, ending: Ending, epoch: int) -> audit.Note:
    entry = {
        "state": ending.state.value,
        "code": ending.code,
        "adopted": ending.adopted,
        "epoch": epoch,
        "try": row.tries,
    }
    values: dict[str, object] = {"message": ending.message} if ending.message else {}
    if ending.replaced is not None:
        values["replaced"] = dict(ending.replaced)
    return audit.Note("row.outcome", entry, row.plan_id, row.row.number, row.row.account, values)


def _set_plan(tx: Connection, plan_id: str, states: Collection[PlanState], state: PlanState, **values: object) -> bool:
    p = schema.plan.c
    chosen = (p.id == plan_id) & p.state.in_([was.value for was in states])
    return tx.execute(update(schema.plan).where(chosen).values(state=state.value, **values)).rowcount == 1
