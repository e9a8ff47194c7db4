"""What must hold before the first write of a plan. It refuses or lets pass; it writes nothing to the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.model import PlanState, RowKind
from sync_worker.store import outbox, plans, settings
from sync_worker.store.lease import LeaseLost
from sync_worker.store.plans import GUARD, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from sync_worker.apply.values import Fresh, Tools
    from sync_worker.store.plans import StoredPlan

SKEW_SECONDS = 300
"""A clock further off than this makes expiry, holds and rests wrong (I24)."""

FAILED = 1


def begin(tools: Tools, plan_id: str, fresh: Fresh, allowed: Collection[str]) -> StoredPlan:
    """Check everything, in the order of what a person has to mend first, and mark the plan as being applied.

    Raises PlanRefused (7: stale or not approved, 6: guards, 1: paused, clock), PlanNotFound, LeaseLost.
    """
    _check_clock(fresh)
    if not tools.lease.usable():
        raise LeaseLost
    with tools.writing() as tx:
        now = tools.clock()
        stored = plans.get(tx, plan_id)
        check_approved(stored)
        plans.check_current(stored, now=now, rules_version=fresh.rules_version, config_digest=fresh.config_digest)
        plans.check_due(stored, now)
        if missing := [guard.name for guard in stored.open_guards()]:
            raise plans.held(stored.plan, missing)
        _check_crms(stored, tools.connectors)
        _check_fields(stored, allowed)
        _check_pause(tx)
        if not outbox.begin_run(tx, stored.plan.id, epoch=tools.lease.epoch, now=now):
            raise plans.moved_on(stored.plan.id)
    return stored


def _check_clock(fresh: Fresh) -> None:
    crm, worst = max(fresh.crm_clock_skew_seconds.items(), key=lambda one: abs(one[1]), default=("", 0.0))
    if abs(worst) > SKEW_SECONDS:
        whose = f"{crm}'s" if len(fresh.crm_clock_skew_seconds) > 1 else "the CRM's"
        message = f"this machine's clock is {worst:+,.0f} seconds off {whose}"
        hint = f"set the clock (NTP): nothing is written while it is more than {SKEW_SECONDS} seconds off"
        raise PlanRefused(message, hint=hint, exit_code=FAILED)


def check_approved(stored: StoredPlan) -> None:
    """Raise PlanRefused, with the command that comes next, unless the plan is approved."""
    if stored.state is PlanState.APPROVED:
        return
    plan_id = stored.plan.id
    hints = {
        PlanState.PLANNED: f"read it with 'sync-worker show {plan_id}', then 'sync-worker approve {plan_id}'",
        PlanState.APPLYING: "another run is at it, or was interrupted: the next cycle settles it first",
    }
    if stored.state is PlanState.HELD:
        raise plans.held(stored.plan, [guard.name for guard in stored.plan.guards])
    hint = hints.get(stored.state, "run 'sync-worker plan' to make a new one")
    raise PlanRefused(f"plan {plan_id} is not approved: it is {stored.state}", hint=hint)


def _check_crms(stored: StoredPlan, known: Collection[str]) -> None:
    """No row may be left behind because its CRM has gone from the config."""
    if missing := sorted({row.crm for row in stored.plan.rows} - set(known)):
        message = f"plan {stored.plan.id} writes to {missing[0]}, which the config does not name"
        hint = f"put [{missing[0]}] back into the config, or make a new plan without it"
        raise PlanRefused(message, hint=hint)


def _check_fields(stored: StoredPlan, allowed: Collection[str]) -> None:
    """I8: an owner row writes the owner alone, a priority row some of the allowed fields and never the owner."""
    priorities = frozenset(allowed) - {"owner"}
    for row in stored.plan.rows:
        may = frozenset({"owner"}) if row.kind is RowKind.OWNER else priorities
        if bad := sorted({*row.after, *row.before} - may):
            message = (
                f"row {row.number} of plan {stored.plan.id} would write '{bad[0]}', which the worker may not write"
            )
            hint = "name the field in [fields] or [fields.models], and make a new plan"
            raise PlanRefused(message, hint=hint, exit_code=GUARD)


def _check_pause(tx: Connection) -> None:
    if pause := settings.paused(tx):
        message = f"paused by {pause.by} since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}"
        raise PlanRefused(message, hint="'sync-worker resume' lets writes go on", exit_code=FAILED)
