"""How the worker stands: its last runs, what waits, what is held, what the CRM calls have cost. Changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker.core.model import PlanState
from sync_worker.store import cycles, holds, lookup, outbox, plans, settings, signals, twins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from sync_worker.parts import Parts

RUNS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RunLine:
    """One past run of a command or a job. ``calls`` are API calls by kind."""

    id: int
    kind: str
    started_at: datetime
    seconds: float | None
    outcome: str
    calls: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class HoldLine:
    """An account that the worker stays away from."""

    account: str
    name: str
    kind: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """A plan that waits for a person, or to be applied."""

    id: str
    state: str
    owner_changes: int
    priority_writes: int
    expires_at: datetime
    guards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrgCalls:
    """A CRM's own count of API calls in its day, whoever made them, as last heard."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand at ``at``, UTC."""

    at: datetime
    records: Mapping[str, int]
    """Live records by stream."""
    runs: tuple[RunLine, ...]
    """Latest first."""
    waiting: tuple[WaitingPlan, ...]
    rows: Mapping[str, int]
    """Plan rows by state."""
    holds: tuple[HoldLine, ...]
    quarantined: Mapping[str, str]
    """Why, by stream and id."""
    paused: str
    """By whom, since when and why; empty when nothing is paused."""
    last_success: datetime | None
    calls_today: Mapping[str, int]
    """The worker's own API calls of the last 24 hours, by kind."""
    org_calls: Mapping[str, OrgCalls]
    """By CRM; one that has not told yet is left out."""
    org_used: int | None
    """``org_calls`` of the only CRM that has told; None where two have."""
    org_limit: int | None
    signals: SignalsLine | None = None
    """What files told; None while none has."""
    twins: int = 0
    """Accounts that two CRMs have."""
    doubtful_twins: int = 0
    """Records that share a site with another CRM's, and with so many that nobody can say with which."""


@dataclass(frozen=True, slots=True)
class SignalsLine:
    """What files told, in short. ``told``: topics and values; the next two are of them."""

    files: int
    told: int
    matched: int
    stale: int
    not_taken: int
    """Lines, and whole files."""


def status(parts: Parts) -> Status:
    """How things stand, from the store alone: it answers while the CRM is away."""
    now = parts.clock()
    with parts.store.read() as tx:
        paused = settings.paused(tx)
        told = settings.get(tx, "org_calls") or {}
        org = {crm: OrgCalls(**told[crm]) for crm in parts.config.crms if crm in told}
        only = next(iter(org.values())) if len(org) == 1 else None
        return Status(
            at=now,
            records={stream.value: lookup.live_count(tx, stream) for stream in Stream},
            runs=tuple(run_line(one) for one in cycles.recent(tx, RUNS_SHOWN)),
            waiting=waiting_plans(tx),
            rows={state.value: count for state, count in outbox.by_state(tx).items()},
            holds=hold_lines(tx, now),
            quarantined={f"{ref.stream} {ref.id}": why for ref, why in lookup.quarantined(tx).items()},
            paused=f"by {paused.by} since {paused.since:%Y-%m-%d %H:%M} UTC: {paused.reason}" if paused else "",
            last_success=cycles.last_success(tx),
            calls_today=calls_since(tx, now - timedelta(days=1)),
            org_calls=org,
            org_used=only.used if only else None,
            org_limit=only.limit if only else None,
            signals=signals_line(tx, now),
            twins=twins.count(tx),
            doubtful_twins=twins.doubtful(tx),
        )


def signals_line(tx: Connection, now: datetime) -> SignalsLine | None:
    """What files told, in short; None while none has."""
    files = signals.files_in_all(tx)
    if not files:
        return None
    found = signals.sources(tx, now)
    return SignalsLine(
        files=files,
        told=sum(one.told for one in found),
        matched=sum(one.matched for one in found),
        stale=sum(one.stale for one in found),
        not_taken=signals.bad_in_all(tx),
    )


def run_line(run: cycles.Cycle) -> RunLine:
    """One past run, for people."""
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunLine(run.id, run.kind, run.started_at, seconds, run.outcome, run.calls, run.error)


def waiting_plans(tx: Connection) -> tuple[WaitingPlan, ...]:
    """The plans that a person or the worker is still to act on, the newest first."""
    states = (PlanState.PLANNED, PlanState.HELD, PlanState.APPROVED, PlanState.APPLYING)
    return tuple(
        WaitingPlan(
            id=head.id,
            state=head.state.value,
            owner_changes=int(str(head.summary.get("owner_changes", 0))),
            priority_writes=int(str(head.summary.get("priority_writes", 0))),
            expires_at=head.expires_at,
            guards=tuple(f"{guard.name}: {guard.message}" for guard in head.guards),
        )
        for head in plans.list_(tx, states=states)
    )


def hold_lines(tx: Connection, now: datetime) -> tuple[HoldLine, ...]:
    """The accounts that the worker stays away from, with their names."""
    lines = []
    for hold in holds.current(tx, now):
        found = lookup.get(tx, Stream.ACCOUNTS, hold.account)
        name = str(found.fields.get("name") or hold.account) if found else hold.account
        lines.append(HoldLine(hold.account, name, hold.kind, hold.until, hold.reason))
    return tuple(lines)


def calls_since(tx: Connection, since: datetime) -> Mapping[str, int]:
    """The API calls of all runs that began since, by kind."""
    calls: Counter[str] = Counter()
    for run in cycles.since(tx, since):
        calls.update(run.calls)
    return dict(sorted(calls.items()))


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the worker may write. ``checks`` holds every thing that must be so; an empty text means that it is."""

    ready: bool
    checks: Mapping[str, str]


def health(parts: Parts) -> Health:
    """What /readyz asks of the store: whether anything there keeps the worker from writing."""
    now = parts.clock()
    with parts.store.read() as tx:
        paused = settings.paused(tx)
        oldest = outbox.oldest_open(tx)
        overdue = oldest is not None and now - oldest > timedelta(days=1)
        checks = {
            "store": "",
            "pause": f"paused by {paused.by}: {paused.reason}; 'sync-worker resume' ends it" if paused else "",
            "rows": f"a row was sent at {oldest:%Y-%m-%d %H:%M} UTC and has no outcome" if overdue and oldest else "",
        }
    return Health(not any(checks.values()), checks)
