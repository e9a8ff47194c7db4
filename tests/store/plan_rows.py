"""Plans for tests of the store: sealed, with as many rows as asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.model import GuardFinding, Plan, PlanRow, RowKind
from sync_worker.core.planning import seal
from sync_worker.store import plans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sync_worker.store import Store

TRIPPED = GuardFinding("owner_moves", "412 of 1,204 accounts in scope would change owner; the limit is 60")


def row(number: int, *, after: str = "ben", rule: str = "book:emea") -> PlanRow:
    """A move of account ``acc-NUMBER`` from ann."""
    return PlanRow(
        number=number,
        crm="salesforce",
        account=f"acc-{number}",
        account_name=f"Account {number} GmbH",
        kind=RowKind.OWNER,
        before={"owner": "ann"},
        after={"owner": after},
        rule=rule,
        reason="fits the book",
        read_set="r",
    )


def plan(  # noqa: PLR0913 - what a test may want of it, by name
    now: datetime,
    plan_id: str = "plan-1",
    *,
    rows: Sequence[PlanRow] = (),
    after: str = "ben",
    guards: tuple[GuardFinding, ...] = (),
    day: datetime | None = None,
) -> Plan:
    """A sealed plan of three moves, or of the given rows; with a ``day``, for that day."""
    sealed = tuple(rows) or tuple(row(number, after=after) for number in (1, 2, 3))
    digest = seal(sealed, rules_version="r1", config_digest="c1", worker_version="0.1.0", effective_from=day)
    ends, figures = (day or now) + timedelta(hours=24), {"in_scope": 60}
    return Plan(plan_id, digest, now, ends, "r1", "c1", "0.1.0", sealed, guards, figures, day)


def approve(store: Store, plan_id: str, now: datetime, overrides: Sequence[str] = ()) -> None:
    """Approve it as rita."""
    with store.begin() as tx:
        plans.approve(
            tx,
            plan_id,
            by="rita",
            overrides=overrides,
            note="looks right",
            now=now,
            rules_version="r1",
            config_digest="c1",
        )
