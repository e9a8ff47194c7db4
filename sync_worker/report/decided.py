"""Views of a person's decision on a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Text, Tone
from sync_worker.report.words import instant

if TYPE_CHECKING:
    from sync_worker.report.document import Answer
    from sync_worker.store.plans import StoredPlan


def approved(stored: StoredPlan) -> Answer:
    """``approve``."""
    plan = stored.plan
    past = f", past {', '.join(sorted(stored.overrides))}" if stored.overrides else ""
    return (
        Text(f"plan {plan.id} is approved by {stored.decided_by}{past}", Tone.GOOD),
        Commands(((f"sync-worker apply {plan.id}", f"write it now; it expires {instant(plan.expires_at)}"),)),
    ), _payload(stored)


def rejected(stored: StoredPlan) -> Answer:
    """``reject``."""
    return (Text(f"plan {stored.plan.id} is rejected by {stored.decided_by}: it will never be applied"),), _payload(
        stored
    )


def _payload(stored: StoredPlan) -> dict[str, object]:
    return {
        "plan": {
            "id": stored.plan.id,
            "hash": stored.plan.hash,
            "state": stored.state.value,
            "decided_by": stored.decided_by,
            "decided_at": stored.decided_at,
            "overrides": stored.overrides,
            "note": stored.note,
            "expires_at": stored.plan.expires_at,
        }
    }
