"""What is agreed for a later day and what is planned until then share every rep's places, against a CRM over HTTP."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind
from sync_worker.core.rebalance import Wanted

if TYPE_CHECKING:
    from sync_worker.store.plans import StoredPlan
    from tests.cycle.office import Office


def gains(plan: StoredPlan | None, pool: str) -> Counter[str]:
    owners = [row.row.after["owner"] for row in plan.rows if row.row.kind is RowKind.OWNER] if plan else []
    return Counter(str(owner) for owner in owners if owner != pool)


def test_no_plan_until_then_gives_away_the_places_of_an_agreed_one(office: Office) -> None:
    with office.worker() as worker:
        report = worker.plan(wanted=Wanted(effective_from=worker.parts.clock() + timedelta(days=3)))
        later, pool = report.plan, report.decided.people.pool
        assert later is not None
        alone = gains(worker.plan().plan, pool)
        worker.approve(later.plan.id, by="Rita Morgan", overrides=[guard.name for guard in later.plan.guards])
        daily = worker.plan()
    assert alone.total(), "there is something to give"
    has = Counter(one.owner for one in daily.decided.decisions if one.scope)
    for id_, rep in daily.decided.reps.items():
        both = gains(later, pool)[id_] + gains(daily.plan, pool)[id_]
        assert not both or has[id_] + both <= max(rep.capacity.values())
    assert gains(daily.plan, pool).total() < alone.total()
