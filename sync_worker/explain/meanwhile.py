"""What goes on with an account besides the rules: a plan that waits and would move it, a cover that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sync_worker.core.model import PlanState
from sync_worker.store import levels, lookup, schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

WAITS = {
    PlanState.PLANNED: "waits for approval",
    PlanState.HELD: "waits for approval",
    PlanState.APPROVED: "is approved",
    PlanState.APPLYING: "is being applied",
}
"""Plans whose rows may still go out, and how that is told."""


def meanwhile(tx: Connection, account: str, now: datetime) -> Iterator[str]:
    """Whole sentences, the cover first."""
    names = lookup.user_names(tx)
    for one in levels.running_covers(tx):
        if one.account == account:
            by, origin = names.get(one.by, one.by), names.get(one.origin, one.origin)
            yield f"{by} looks after it for {origin}, to whom it goes back by itself."
    r, p = schema.plan_row.c, schema.plan.c
    wanted = (
        select(p.id, p.state, r.after, r.reason)
        .join(schema.plan, p.id == r.plan_id)
        .where(r.account_id == account, r.kind == "owner", r.state.in_(("planned", "approved")))
        .where(p.state.in_([state.value for state in WAITS]), p.expires_at > now)
        .order_by(p.created_at, p.id)
    )
    for plan, state, after, reason in tx.execute(wanted):
        to = names.get(after["owner"], after["owner"])
        yield f"Plan {plan}, which {WAITS[PlanState(state)]}, gives it to {to}: {reason}."
