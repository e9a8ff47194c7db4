"""Plans and their decisions: saved, renewed, approved, rejected, expired. A decision is made once and audited.

What happens to single rows while a plan is applied is in ``outbox``. Nothing here talks to a CRM.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sync_worker.core.model import Plan, PlanRow, PlanState, RowState
from sync_worker.core.planning import seal
from sync_worker.store import audit, schema
from sync_worker.store.plan_reading import (
    UNBOUND,
    PlanAmbiguous,
    PlanHead,
    PlanNotFound,
    StoredPlan,
    StoredRow,
    counts,
    decided_by,
    get,
    latest,
    list_,
    stored_row,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

__all__ = [
    "UNBOUND",
    "PlanAmbiguous",
    "PlanHead",
    "PlanNotFound",
    "PlanRefused",
    "StoredPlan",
    "StoredRow",
    "approve",
    "check_current",
    "check_due",
    "counts",
    "decided_by",
    "expire",
    "get",
    "held",
    "latest",
    "list_",
    "moved_on",
    "next_due",
    "reject",
    "save",
    "stored_row",
    "supersede_older",
]

WAITING = frozenset({PlanState.PLANNED, PlanState.HELD, PlanState.APPROVED})
"""Plans that may still be applied. One that is being applied is not waiting: only its own run ends it."""

UNSENT = frozenset({RowState.PLANNED, RowState.APPROVED})
"""Rows of which nothing has left."""

STALE = 7
GUARD = 6


class PlanRefused(Exception):
    """The plan may not be decided or applied so. ``hint`` names the way out, ``exit_code`` the command's answer."""

    def __init__(self, message: str, *, hint: str = "", exit_code: int = STALE) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


def save(tx: Connection, plan: Plan, *, now: datetime) -> str:
    """Store a sealed plan and return its id.

    A waiting plan with the same hash says the same: it is renewed instead, with its decision, unless this one trips a
    guard that the other did not trip. Every other waiting plan for the same day is superseded: what waits for a later
    day is left alone by the plans of each day.
    """
    notes = _expire(tx, now)
    same = _waiting(tx, plan)
    notes += _supersede(tx, _same_day(plan.effective_from), except_for=same, now=now)
    if same is not None:
        tx.execute(update(schema.plan).where(schema.plan.c.id == same).values(expires_at=plan.expires_at))
        renewed = {"hash": plan.hash, "expires_at": plan.expires_at.isoformat()}
        audit.append_all(tx, [*notes, audit.Note("plan.renewed", renewed, plan_id=same)], now=now)
        return same
    _insert(tx, plan)
    audit.append_all(tx, [*notes, _saved_note(plan)], now=now)
    return plan.id


def approve(  # noqa: PLR0913 - a decision has these parts, by name
    tx: Connection,
    plan_id: str,
    *,
    by: str,
    overrides: Collection[str],
    note: str,
    now: datetime,
    rules_version: str,
    config_digest: str,
) -> None:
    """Let the plan be applied. Raises PlanRefused (6: guards, 7: stale or not waiting) and changes nothing then."""
    stored = get(tx, plan_id)
    _check_waiting(stored, {PlanState.PLANNED, PlanState.HELD})
    check_current(stored, now=now, rules_version=rules_version, config_digest=config_digest)
    _check_overrides(stored.plan, frozenset(overrides))
    decision = {"decided_by": by, "decided_at": now, "overrides": sorted(overrides), "note": note}
    _decide(tx, stored, PlanState.APPROVED, decision)
    _move_rows(tx, [stored.plan.id], {RowState.PLANNED}, RowState.APPROVED)
    entry = {"hash": stored.plan.hash, "overrides": sorted(overrides), "guards": _guards(stored.plan)}
    _note_decision(tx, "plan.approved", stored.plan.id, entry, by=by, note=note, now=now)


def reject(tx: Connection, plan_id: str, *, by: str, note: str, now: datetime) -> None:
    """Make sure that the rest of a plan is never applied. Raises PlanRefused when it does not wait any more."""
    stored = get(tx, plan_id)
    _check_waiting(stored, WAITING)
    decision = {"decided_by": by, "decided_at": now, "note": note, "ended_at": now}
    _decide(tx, stored, PlanState.REJECTED, decision)
    end_unsent(tx, [stored.plan.id], RowState.CANCELLED, "the plan was rejected", now)
    _note_decision(tx, "plan.rejected", stored.plan.id, {"hash": stored.plan.hash}, by=by, note=note, now=now)


def expire(tx: Connection, now: datetime) -> int:
    """End every waiting plan that has outlived its time (I10, I22); returns how many."""
    notes = _expire(tx, now)
    audit.append_all(tx, notes, now=now)
    return len(notes)


def supersede_older(tx: Connection, now: datetime) -> None:
    """Of several waiting plans (an interrupted one waits again) only the newest may still be applied.

    Those that wait for a day of their own are none of these.
    """
    p = schema.plan.c
    waiting = p.state.in_([state.value for state in WAITING]) & _same_day(None)
    newest = tx.scalar(select(p.id).where(waiting).order_by(p.created_at.desc(), p.id).limit(1))
    audit.append_all(tx, _supersede(tx, _same_day(None), except_for=newest, now=now), now=now)


def next_due(tx: Connection, now: datetime) -> str | None:
    """The id of the approved plan that is to be applied first: the earliest day first, then the latest made."""
    p = schema.plan.c
    due = (p.state == PlanState.APPROVED.value) & (p.effective_from.is_(None) | (p.effective_from <= now))
    dated_first = (p.effective_from.is_(None), p.effective_from, p.created_at.desc(), p.id)
    return tx.scalar(select(p.id).where(due).order_by(*dated_first).limit(1))


def check_due(stored: StoredPlan, now: datetime) -> None:
    """Raise PlanRefused before the day from which the plan may be applied."""
    day = stored.plan.effective_from
    if day is not None and now < day:
        message = f"plan {stored.plan.id} takes effect on {day:%Y-%m-%d %H:%M} UTC: nothing of it is written before"
        hint = "the daemon applies it then if it is approved; 'sync-worker apply' does so from then on, too"
        raise PlanRefused(message, hint=hint)


def check_current(stored: StoredPlan, *, now: datetime, rules_version: str, config_digest: str) -> None:
    """Raise PlanRefused unless the plan is what was sealed, still lives, and rests on these rules and this config."""
    plan, again = stored.plan, "run 'sync-worker plan' to make a new one"
    if now >= plan.expires_at:
        raise PlanRefused(f"plan {plan.id} expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC", hint=again)
    if plan.rules_version != rules_version:
        raise PlanRefused(f"the rules have changed since plan {plan.id} was made", hint=again)
    if plan.config_digest != config_digest:
        raise PlanRefused(f"the config has changed since plan {plan.id} was made", hint=again)
    sealed = seal(
        plan.rows,
        rules_version=plan.rules_version,
        config_digest=plan.config_digest,
        worker_version=plan.worker_version,
        effective_from=plan.effective_from,
    )
    if sealed != plan.hash:
        hint = "somebody changed it in the store: run 'sync-worker audit verify', then make a new plan"
        raise PlanRefused(f"plan {plan.id} is not what was sealed: its hash does not match its rows", hint=hint)


def _waiting(tx: Connection, plan: Plan) -> str | None:
    p = schema.plan.c
    states = [state.value for state in WAITING]
    wanted = select(p.id, p.guards).where((p.hash == plan.hash) & p.state.in_(states)).order_by(p.created_at.desc())
    # The same rows may weigh more than before: the share of fewer accounts in scope, or of a smaller book.
    tripped = {guard.name for guard in plan.guards}
    known = ((row.id, {guard["name"] for guard in row.guards}) for row in tx.execute(wanted))
    return next((plan_id for plan_id, names in known if tripped <= names), None)


def _expire(tx: Connection, now: datetime) -> list[audit.Note]:
    p = schema.plan.c
    if ids := _end_waiting(tx, p.expires_at <= now, PlanState.EXPIRED, now):
        end_unsent(tx, ids, RowState.EXPIRED, "the plan expired before this row was sent", now)
    return [audit.Note("plan.expired", plan_id=plan_id) for plan_id in ids]


def _same_day(day: datetime | None) -> ColumnElement[bool]:
    p = schema.plan.c
    return p.effective_from.is_(None) if day is None else p.effective_from == day


def _supersede(
    tx: Connection, chosen: ColumnElement[bool], *, except_for: str | None, now: datetime
) -> list[audit.Note]:
    others = chosen & (schema.plan.c.id != (except_for or ""))
    if ids := _end_waiting(tx, others, PlanState.SUPERSEDED, now):
        end_unsent(tx, ids, RowState.SUPERSEDED, "a newer plan took its place", now)
    return [audit.Note("plan.superseded", plan_id=plan_id) for plan_id in ids]


def _end_waiting(tx: Connection, chosen: ColumnElement[bool], state: PlanState, now: datetime) -> list[str]:
    """End these of the waiting plans; one statement, so that a run that begins meanwhile keeps its plan."""
    waiting = schema.plan.c.state.in_([state.value for state in WAITING])
    ended = update(schema.plan).where(waiting, chosen).values(state=state.value, ended_at=now)
    return sorted(tx.scalars(ended.returning(schema.plan.c.id)))


def _insert(tx: Connection, plan: Plan) -> None:
    state = PlanState.HELD if plan.guards else PlanState.PLANNED
    head = {
        "id": plan.id,
        "hash": plan.hash,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "state": state.value,
        "rules_version": plan.rules_version,
        "config_digest": plan.config_digest,
        "worker_version": plan.worker_version,
        "guards": _guards(plan),
        "summary": dict(plan.summary),
        "effective_from": plan.effective_from,
    }
    tx.execute(insert(schema.plan).values(head))
    if plan.rows:
        tx.execute(insert(schema.plan_row), [_columns(plan.id, row) for row in plan.rows])


def _columns(plan_id: str, row: PlanRow) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "number": row.number,
        "account_id": row.account,
        "crm": row.crm,
        "account_name": row.account_name,
        "kind": row.kind.value,
        "before": dict(row.before),
        "after": dict(row.after),
        "rule": row.rule,
        "reason": row.reason,
        "read_set": row.read_set,
        "rest_days": row.rest_days,
        "state": RowState.PLANNED.value,
        "tries": 0,
        "adopted": False,
    }


def _saved_note(plan: Plan) -> audit.Note:
    kinds = Counter(row.kind.value for row in plan.rows)
    entry = {
        "hash": plan.hash,
        "rules": plan.rules_version,
        "config": plan.config_digest,
        "worker": plan.worker_version,
        "rows": dict(kinds),
        "guards": _guards(plan),
        **({"from": plan.effective_from.isoformat()} if plan.effective_from else {}),
    }
    return audit.Note("plan.saved", entry, plan_id=plan.id)


def _guards(plan: Plan) -> list[dict[str, str]]:
    return [{"name": guard.name, "message": guard.message} for guard in plan.guards]


def _check_waiting(stored: StoredPlan, states: Iterable[PlanState]) -> None:
    if stored.state in states:
        return
    since = f" since {stored.decided_at:%Y-%m-%d %H:%M} UTC by {stored.decided_by}" if stored.decided_at else ""
    apply = f"apply it with 'sync-worker apply {stored.plan.id}'"
    hint = apply if stored.state is PlanState.APPROVED else "make a new plan with 'sync-worker plan'"
    raise PlanRefused(f"plan {stored.plan.id} does not wait for a decision: it is {stored.state}{since}", hint=hint)


def _check_overrides(plan: Plan, overrides: frozenset[str]) -> None:
    tripped = {guard.name: guard.message for guard in plan.guards}
    if unknown := sorted(overrides - tripped.keys()):
        names = ", ".join(sorted(tripped)) or "none"
        message = f"plan {plan.id} trips no guard '{unknown[0]}'; it trips: {names}"
        raise PlanRefused(message, hint="leave the override out, or name a guard that it trips", exit_code=GUARD)
    if missing := sorted(tripped.keys() - overrides):
        raise held(plan, missing)


def held(plan: Plan, missing: Sequence[str]) -> PlanRefused:
    """The refusal of a plan of whose guards some are named by no override. The way out names all that it trips."""
    messages = {guard.name: guard.message for guard in plan.guards}
    flags = " ".join(f"--override {guard.name}" for guard in plan.guards)
    told = "; ".join(f"{name}: {messages[name]}" for name in missing)
    hint = f"read it with 'sync-worker show {plan.id}', then 'sync-worker approve {plan.id} {flags}'"
    return PlanRefused(f"plan {plan.id} is held by {told}", hint=hint, exit_code=GUARD)


def _decide(tx: Connection, stored: StoredPlan, state: PlanState, decision: Mapping[str, Any]) -> None:
    p, plan_id = schema.plan.c, stored.plan.id
    as_seen = update(schema.plan).where(p.id == plan_id, p.state == stored.state.value)
    if tx.execute(as_seen.values(state=state.value, **decision)).rowcount != 1:
        raise moved_on(plan_id)


def moved_on(plan_id: str) -> PlanRefused:
    """The refusal of a plan that another process has just decided, begun or replaced."""
    hint = f"see what has become of it with 'sync-worker show {plan_id}'"
    return PlanRefused(f"plan {plan_id} has just been decided, begun or replaced by somebody else", hint=hint)


def _note_decision(  # noqa: PLR0913 - the parts of a decision, by name
    tx: Connection, kind: str, plan_id: str, entry: Mapping[str, object], *, by: str, note: str, now: datetime
) -> None:
    audit.append(tx, kind, entry, plan_id=plan_id, now=now, secret_values={"by": by, "note": note})


def _move_rows(
    tx: Connection,
    plan_ids: Sequence[str],
    states: Collection[RowState],
    state: RowState,
    *only: ColumnElement[bool],
    **values: object,
) -> None:
    r = schema.plan_row.c
    chosen = r.plan_id.in_(plan_ids) & r.state.in_([was.value for was in states])
    tx.execute(update(schema.plan_row).where(chosen, *only).values(state=state.value, **values))


def end_unsent(tx: Connection, plan_ids: Sequence[str], state: RowState, message: str, now: datetime) -> None:
    """End the rows of these plans of which nothing is under way.

    An owner change without a condition whose earlier try may still land does not end: a reading has to settle it.
    """
    waiting = f"{message}, but an earlier try of it may still land"
    _move_rows(tx, plan_ids, {RowState.APPROVED}, RowState.UNKNOWN, UNBOUND, message=waiting)
    _move_rows(tx, plan_ids, UNSENT, state, message=message, ended_at=now)
