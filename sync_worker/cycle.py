"""One cycle, top to bottom: recover, pull, decide, plan, apply, verify. The page to read first.

Each step may also be run alone, by a command or a job. Steps hand their results on through the store, so that a crash
between any two of them loses nothing.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.apply import apply_plan, verify_plan
from sync_worker.apply import recover as settle
from sync_worker.approval import agreed, refuse_early, refuse_read_only
from sync_worker.core.rebalance import EVERY_DAY
from sync_worker.decide import decide, look_again
from sync_worker.pull import pull
from sync_worker.sealing import difference, priority_fields, save_sealed
from sync_worker.store.lease import Lease

if TYPE_CHECKING:
    from sync_worker.apply import ApplyReport, RecoverReport, VerifyReport
    from sync_worker.core.rebalance import Wanted
    from sync_worker.decide import Decided
    from sync_worker.parts import Parts
    from sync_worker.pull import PullReport
    from sync_worker.store.plans import StoredPlan


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What was pulled and decided, and the plan that came of it: None when the CRM already shows what should be."""

    pulled: PullReport
    decided: Decided
    plan: StoredPlan | None


@dataclass(frozen=True, slots=True)
class CycleReport:
    """One whole cycle. ``applied`` and ``verified``: None when there was nothing to write, or a person must agree."""

    recovered: RecoverReport
    planned: PlanReport
    applied: ApplyReport | None = None
    verified: VerifyReport | None = None


def run(parts: Parts, cycle: int) -> CycleReport:
    """Make the CRM show what the rules say, as far as the policy lets the worker act alone."""
    recovered = recover(parts)
    planned = plan(parts, cycle)
    if planned.plan is None or not agreed(parts, planned.plan):
        return CycleReport(recovered, planned)
    applied, verified = apply(parts, planned.plan.plan.id, cycle)
    return CycleReport(recovered, planned, applied, verified)


def recover(parts: Parts) -> RecoverReport:
    """Settle, by reading the CRM, what an earlier life sent and never heard of again: before anything is planned."""
    with applier(parts) as lease:
        return settle(**parts.tools(), lease=lease)


def plan(parts: Parts, cycle: int, wanted: Wanted = EVERY_DAY) -> PlanReport:
    """Pull, decide, and seal what differs from the CRM, judged by the guards. Writes nothing to the CRM."""
    pulled = pull(parts, cycle=cycle)
    decided = decide(parts, cycle=cycle, wanted=wanted)
    rows = difference(parts, decided)
    if not rows:
        return PlanReport(pulled, decided, None)
    return PlanReport(pulled, decided, save_sealed(parts, decided, rows))


def apply(parts: Parts, plan_id: str, cycle: int) -> tuple[ApplyReport, VerifyReport]:
    """Look at the CRM again, write what was approved and still holds, and look once more at what was written.

    Raises PlanRefused, LeaseHeld, CrmError, StoreError, Stopped.
    """
    found = refuse_early(parts, plan_id)
    recover(parts)
    pull(parts, cycle=cycle)
    refuse_read_only(parts)
    fresh, allowed = look_again(parts, found), priority_fields(parts.config).names()
    with applier(parts) as lease:
        applied = apply_plan(found, **parts.tools(), lease=lease, fresh=fresh, allowed=allowed)
        verified = verify_plan(found, **parts.tools(), lease=lease)
    return applied, verified


def applier(parts: Parts) -> Lease:
    """Be the one worker that writes, for as long as a ``with`` block lasts (I18). Raises LeaseHeld."""
    return Lease.acquire(parts.store, signature())


def signature() -> str:
    """How this process signs the lease."""
    return f"{socket.gethostname()}:{os.getpid()}"
