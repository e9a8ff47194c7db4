"""Who lets a plan be written: a person, or the policy where no guard objects. Writes nothing to the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import digest
from sync_worker.apply.outset import check_approved
from sync_worker.core.model import PlanState
from sync_worker.parts import Stopped
from sync_worker.store import plans, settings
from sync_worker.vocabulary import read_only

if TYPE_CHECKING:
    from collections.abc import Collection

    from sync_worker.parts import Parts
    from sync_worker.store.plans import StoredPlan

POLICY = "the policy 'automatic'"
"""Who approved a plan that no guard held, where the config lets the worker write alone."""


EDIT_HINT = (
    "Salesforce: give it Edit under field-level security; HubSpot: name a property that is neither calculated nor "
    "read-only; 'sync-worker doctor' checks it"
)


def agreed(parts: Parts, stored: StoredPlan) -> bool:
    """True when the plan may be written: a person has approved it, or the policy does and no guard holds it."""
    if stored.state is PlanState.PLANNED and parts.config.apply.policy == "automatic":
        approve(parts, stored.plan.id, by=POLICY)
        return True
    return stored.state is PlanState.APPROVED


def approve(parts: Parts, plan_id: str, *, by: str, overrides: Collection[str] = (), note: str = "") -> StoredPlan:
    """Let a plan be written, in somebody's name. Raises PlanRefused: stale, over a guard, not waiting."""
    with parts.store.begin() as tx:
        found = plans.get(tx, plan_id).plan.id
        plans.approve(
            tx,
            found,
            by=by,
            overrides=overrides,
            note=note,
            now=parts.clock(),
            rules_version=digest(parts.config.rules.folder),
            config_digest=parts.config.digest,
        )
        return plans.get(tx, found)


def refuse_early(parts: Parts, plan_id: str) -> str:
    """The plan's whole id. Raises PlanRefused when it may not be applied, before the CRM is asked for anything."""
    with parts.store.read() as tx:
        stored = plans.get(tx, plan_id)
    if stored.state is not PlanState.APPLYING:  # one that was interrupted is settled first
        check_approved(stored)
    plans.check_current(
        stored,
        now=parts.clock(),
        rules_version=digest(parts.config.rules.folder),
        config_digest=parts.config.digest,
    )
    plans.check_due(stored, parts.clock())
    return stored.plan.id


def refuse_read_only(parts: Parts) -> None:
    """Raise Stopped, before the first row, when the latest pull shows that a field to be written may not be."""
    with parts.store.read() as tx:
        locked = read_only(settings.get(tx, "schema"), parts.config)
    if locked:
        raise Stopped(f"the integration user may not edit {', '.join(locked)} of accounts", hint=EDIT_HINT)
