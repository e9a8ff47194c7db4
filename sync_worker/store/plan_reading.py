"""Plans and their rows as they stand in the store. Reads; decides and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sync_worker.core.model import GuardFinding, Plan, PlanRow, PlanState, RowKind, RowState
from sync_worker.store import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.core.model import Value


UNBOUND = (schema.plan_row.c.version == "") & (schema.plan_row.c.kind == RowKind.OWNER.value)
"""Owner changes that have left without a condition: one that nobody has heard of may land over somebody's edit."""


class PlanNotFound(Exception):
    """No plan has this id, or several begin with it. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PlanAmbiguous(PlanNotFound):
    """Several plans begin with the given letters."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A plan row with what has become of it."""

    row: PlanRow
    plan_id: str
    state: RowState
    epoch: int | None = None
    version: str | None = None
    """The token of the latest try, kept while that try may have landed; empty for a write without a condition."""
    tries: int = 0
    sent_at: datetime | None = None
    """When the latest try left."""
    first_sent_at: datetime | None = None
    """When the earliest one left of those that may have landed."""
    ended_at: datetime | None = None
    code: str = ""
    message: str = ""
    adopted: bool = False
    replaced: Mapping[str, Value] | None = None
    """What somebody else had written and our write replaced; None unless the row ended as ``overwrote``."""

    @property
    def unbound(self) -> bool:
        """Whether an owner change has left that no version holds back, and may have landed."""
        return self.row.kind is RowKind.OWNER and self.version == ""

    @property
    def unheard(self) -> bool:
        """Whether a try of it that may have landed got no answer."""
        if self.state is RowState.CONFIRMED:
            return self.adopted or self.first_sent_at != self.sent_at
        return self.version is not None


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it stands in the store."""

    plan: Plan
    state: PlanState
    rows: tuple[StoredRow, ...]
    decided_by: str = ""
    decided_at: datetime | None = None
    overrides: frozenset[str] = frozenset()
    note: str = ""
    ended_at: datetime | None = None

    def open_guards(self) -> tuple[GuardFinding, ...]:
        """The tripped guards that no override names."""
        return tuple(guard for guard in self.plan.guards if guard.name not in self.overrides)


@dataclass(frozen=True, slots=True)
class PlanHead:
    """A plan without its rows, for lists."""

    id: str
    hash: str
    state: PlanState
    created_at: datetime
    expires_at: datetime
    decided_by: str
    guards: tuple[GuardFinding, ...]
    summary: Mapping[str, object]
    counts: Mapping[RowState, int]
    effective_from: datetime | None = None


def get(tx: Connection, id_or_prefix: str) -> StoredPlan:
    """The plan with this id, or the only one whose id begins so. Raises PlanNotFound, PlanAmbiguous."""
    p = schema.plan.c
    head = tx.execute(select(schema.plan).where(p.id == _find(tx, id_or_prefix))).one()
    r = schema.plan_row.c
    rows = tx.execute(select(schema.plan_row).where(r.plan_id == head.id).order_by(r.number))
    return _stored_plan(head, tuple(stored_row(row) for row in rows))


def latest(tx: Connection) -> StoredPlan | None:
    """The newest plan of all; None before the first one."""
    p = schema.plan.c
    found = tx.scalar(select(p.id).order_by(p.created_at.desc(), p.id).limit(1))
    return None if found is None else get(tx, found)


def list_(tx: Connection, limit: int = 20, states: Collection[PlanState] = ()) -> list[PlanHead]:
    """The newest plans first, without their rows; of the given states only, if any are given."""
    p = schema.plan.c
    wanted = select(schema.plan).order_by(p.created_at.desc(), p.id).limit(limit)
    if states:
        wanted = wanted.where(p.state.in_([state.value for state in states]))
    return [_plan_head(tx, head) for head in tx.execute(wanted).all()]


def counts(tx: Connection, plan_id: str) -> Mapping[RowState, int]:
    """How many rows of the plan are in each state that occurs."""
    r = schema.plan_row.c
    found = tx.execute(select(r.state, func.count()).where(r.plan_id == plan_id).group_by(r.state))
    return {RowState(state): count for state, count in sorted(found)}


def accounts(tx: Connection, plan_id: str) -> list[str]:
    """The accounts of a plan's rows, by its whole id."""
    c = schema.plan_row.c
    return list(tx.scalars(select(c.account_id).distinct().where(c.plan_id == plan_id).order_by(c.account_id)))


def decided_by(tx: Connection, plan_id: str) -> str:
    """Who approved or rejected the plan; empty while nobody has."""
    return tx.scalar(select(schema.plan.c.decided_by).where(schema.plan.c.id == plan_id)) or ""


def stored_row(row: Any) -> StoredRow:  # noqa: ANN401 - a row of the plan_row table
    """A plan row from its columns."""
    sealed = PlanRow(
        number=row.number,
        crm=row.crm,
        account=row.account_id,
        account_name=row.account_name,
        kind=RowKind(row.kind),
        before=row.before,
        after=row.after,
        rule=row.rule,
        reason=row.reason,
        read_set=row.read_set,
        rest_days=row.rest_days,
    )
    names = ("epoch", "version", "tries", "sent_at", "first_sent_at", "ended_at", "adopted", "replaced")
    life = {name: getattr(row, name) for name in names}
    return StoredRow(sealed, row.plan_id, RowState(row.state), code=row.code or "", message=row.message or "", **life)


def _find(tx: Connection, id_or_prefix: str) -> str:
    p = schema.plan.c
    begins = func.substr(p.id, 1, len(id_or_prefix)) == id_or_prefix
    ids = list(tx.scalars(select(p.id).where(begins).order_by(p.id).limit(10))) if id_or_prefix else []
    if id_or_prefix in ids or len(ids) == 1:
        return id_or_prefix if id_or_prefix in ids else ids[0]
    if ids:
        message = f"several plans begin with '{id_or_prefix}': {', '.join(ids)}"
        raise PlanAmbiguous(message, hint="give more letters of the one you mean")
    raise PlanNotFound(f"there is no plan '{id_or_prefix}'", hint="'sync-worker history' lists the plans there are")


def _stored_plan(head: Any, rows: tuple[StoredRow, ...]) -> StoredPlan:  # noqa: ANN401 - a row of the plan table
    plan = Plan(
        id=head.id,
        hash=head.hash,
        created_at=head.created_at,
        expires_at=head.expires_at,
        rules_version=head.rules_version,
        config_digest=head.config_digest,
        worker_version=head.worker_version,
        rows=tuple(row.row for row in rows),
        guards=_findings(head),
        summary=head.summary,
        effective_from=head.effective_from,
    )
    return StoredPlan(
        plan,
        PlanState(head.state),
        rows,
        decided_by=head.decided_by or "",
        decided_at=head.decided_at,
        overrides=frozenset(head.overrides or ()),
        note=head.note or "",
        ended_at=head.ended_at,
    )


def _plan_head(tx: Connection, head: Any) -> PlanHead:  # noqa: ANN401 - a row of the plan table
    return PlanHead(
        head.id,
        head.hash,
        PlanState(head.state),
        head.created_at,
        head.expires_at,
        head.decided_by or "",
        _findings(head),
        head.summary,
        counts(tx, head.id),
        head.effective_from,
    )


def _findings(head: Any) -> tuple[GuardFinding, ...]:  # noqa: ANN401 - a row of the plan table
    return tuple(GuardFinding(guard["name"], guard["message"]) for guard in head.guards)
