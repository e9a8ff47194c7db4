"""Undoes a plan by another plan, which waits for approval like any other. Writes nothing to the CRM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.port import CrmError
from sync_worker.apply.holds import told
from sync_worker.apply.reading import SLACK, owner_moves
from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.steps import Assignment
from sync_worker.core.undoing import TOUCHED, Situation, Written, moved_after, undo
from sync_worker.decide import decide
from sync_worker.pull import pull
from sync_worker.sealing import at_rest, save_in
from sync_worker.store import audit, lookup, ownership, plans
from sync_worker.store.plans import PlanRefused
from sync_worker.store.standing import DO_NOT_MOVE, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

    from connectors.port import Connector
    from sync_worker.core.traces import OwnerMove
    from sync_worker.core.undoing import Left, Undo
    from sync_worker.decide import Decided
    from sync_worker.parts import Parts
    from sync_worker.pull import PullReport
    from sync_worker.store.ownership import Owned
    from sync_worker.store.plans import StoredPlan, StoredRow

TYPED_WRONGLY = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants undone."""

    plan: str
    """The plan's id, or the beginning of it."""
    by: str
    rows: frozenset[int] = frozenset()
    """Only these rows; empty: every owner change that was written."""
    overwrote: bool = False
    """Only rows whose write replaced what a person had just written."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """What is undone, by which plan, and what is not. ``plan``: None when no row can be undone."""

    undoes: str
    pulled: PullReport
    decided: Decided
    left: tuple[Left, ...]
    plan: StoredPlan | None


def rollback(parts: Parts, asked: Asked, *, cycle: int) -> RollbackReport:
    """Seal a plan that gives accounts back to whom they had before, where nobody else has moved them since.

    Raises PlanNotFound, PlanRefused (nothing to undo, no such row), CrmError, StoreError, Stopped.
    """
    with parts.store.read() as tx:
        undone = plans.get(tx, asked.plan)
    chosen(undone, asked)  # refuses before the CRM is asked for anything
    pulled = pull(parts, cycle=cycle)
    decided = decide(parts, cycle=cycle)
    with parts.store.read() as tx:
        rows = chosen(plans.get(tx, undone.plan.id), asked)
    written = [Written(row.row, row.state, row.replaced) for row in rows]
    situation = _situation(parts, decided, rows)
    found = undo(undone.plan.id, written, situation, hold_days=parts.config.apply.hold_days)
    stored = _save(parts, decided, asked, found, undone.plan.id) if found.rows else None
    return RollbackReport(undone.plan.id, pulled, decided, found.left, stored)


def chosen(stored: StoredPlan, asked: Asked) -> list[StoredRow]:
    """The rows to look at: those that were named, or all owner changes that left for the CRM. Raises PlanRefused."""
    plan_id = stored.plan.id
    if stored.state is PlanState.APPLYING:
        hint = "wait for that run to end; one that was interrupted is settled by 'sync-worker apply' or the next cycle"
        raise PlanRefused(f"plan {plan_id} is being applied", hint=hint)
    if not any(row.state in TOUCHED for row in stored.rows):
        never = f"'sync-worker reject {plan_id}' makes sure that it never is"
        hint = never if stored.state in plans.WAITING else "'sync-worker history' lists the plans that there are"
        raise PlanRefused(f"nothing of plan {plan_id} was ever written: there is nothing to undo", hint=hint)
    if unknown := sorted(asked.rows - {row.row.number for row in stored.rows}):
        message = f"plan {plan_id} has no row {unknown[0]}: its rows are 1 to {len(stored.rows)}"
        hint = f"'sync-worker show {plan_id} --all' numbers them"
        raise PlanRefused(message, hint=hint, exit_code=TYPED_WRONGLY)
    named = [row for row in stored.rows if row.row.number in asked.rows] if asked.rows else _moves(stored)
    rows = [row for row in named if row.state is RowState.OVERWROTE] if asked.overwrote else named
    if not rows:
        what = "replaced no change of a person's" if asked.overwrote else "changed no owner"
        hint = f"see what became of its rows with 'sync-worker show {plan_id}'"
        raise PlanRefused(f"plan {plan_id} {what}: there is nothing to undo", hint=hint)
    return rows


def _moves(stored: StoredPlan) -> list[StoredRow]:
    return [row for row in stored.rows if row.row.kind is RowKind.OWNER and row.state in TOUCHED]


def _situation(parts: Parts, decided: Decided, rows: Sequence[StoredRow]) -> Situation:
    with parts.store.read() as tx:
        past = {row.row.account: _since(tx, row) for row in rows}
        owners = {account: fields["owner"] for account, fields in shown(tx, ["owner"]).items()}
        able = frozenset(user.id for user in lookup.users(tx) if user.active and user.can_own)
    return Situation(
        owners=owners,
        decisions={decision.account: decision for decision in decided.decisions},
        moved=dict(_moved(parts, rows, past, decided.names)),
        marked=frozenset(decision.account for decision in decided.decisions if decision.held == DO_NOT_MOVE),
        able=able,
        pools=frozenset(decided.people.pools.values()),
        names=decided.names,
        crms=parts.config.crms,
    )


def _since(tx: Connection, row: StoredRow) -> list[Owned]:
    """The account's changes of owner that were seen after the row's own, the latest first."""
    past = ownership.history(tx, row.row.account)
    own = (row.plan_id, row.row.number)
    place = next((at for at, one in enumerate(past) if (one.plan_id, one.row_number) == own), 0)
    return past[:place]


def _moved(
    parts: Parts, rows: Sequence[StoredRow], past: Mapping[str, Sequence[Owned]], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The accounts that somebody else has moved since these rows were written, and how, in words.

    The CRM's history knows what happened between two pulls, and by whom; without one, what the pulls saw has to do.
    """
    for crm, connector in parts.connectors.items():
        own = [row for row in rows if row.row.crm == crm]
        moves = _histories(connector, own)
        skew = parts.clock() - connector.clock()
        for row in own:
            account, later = row.row.account, past[row.row.account]
            if why := _by_history(row, moves.get(account, ()), later, skew, names) or _by_pulls(row, later, names):
                yield account, why


def _histories(connector: Connector, rows: Sequence[StoredRow]) -> Mapping[str, Sequence[OwnerMove]]:
    try:
        return owner_moves(connector, rows)
    except CrmError:
        return {}


def _by_history(
    row: StoredRow, moves: Sequence[OwnerMove], later: Sequence[Owned], skew: timedelta, names: Mapping[str, str]
) -> str:
    sent = row.first_sent_at or row.sent_at
    if sent is None:
        return ""
    ours = sum(one.plan_id is not None for one in later)
    write, since = row.row.after.get("owner"), sent - skew - SLACK
    move = moved_after(moves, write=write, since=since, tries=max(row.tries, 1), ours=ours)
    return told(move, names) if move else ""


def _by_pulls(row: StoredRow, later: Sequence[Owned], names: Mapping[str, str]) -> str:
    theirs = next((one for one in later if one.plan_id is None), None)
    if theirs is not None:
        return f"somebody gave it to {names.get(theirs.after or '', theirs.after) or 'nobody'} on {theirs.at:%Y-%m-%d}"
    if later and later[0].after != row.row.after.get("owner"):
        return f"plan {later[0].plan_id} has moved it since"
    return ""


def _save(parts: Parts, decided: Decided, asked: Asked, found: Undo, undone: str) -> StoredPlan:
    """Seal and save, and record in the same transaction who asked for it."""
    # What the rules would do besides is not in this plan, and has no place in its figures.
    alone = replace(decided, assignment=Assignment((), ()))
    with parts.store.begin() as tx:
        stored = save_in(tx, parts, alone, at_rest(tx, parts, decided, found.rows))
        entry = {"undoes": undone, "rows": sorted(asked.rows), "overwrote": asked.overwrote, "left": len(found.left)}
        who = {"by": asked.by, "note": asked.note}
        audit.append(tx, "rollback.asked", entry, plan_id=stored.plan.id, now=parts.clock(), secret_values=who)
    return stored
