"""How the worker stands: its last runs, what waits, what is held, what the CRM calls have cost. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


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
class Status:
    """``rows``: plan rows by state, of plans that have not ended. ``org_used`` and ``org_limit``: the CRM's own count
    of API calls in its rolling day, as last heard."""

    at: datetime
    records: Mapping[str, int]
    runs: tuple[RunLine, ...]
    waiting: tuple[WaitingPlan, ...]
    rows: Mapping[str, int]
    holds: tuple[HoldLine, ...]
    quarantined: Mapping[str, str]
    paused: str
    last_success: datetime | None
    calls_today: Mapping[str, int]
    org_used: int | None
    org_limit: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """What /readyz answers: each name is a thing that must hold before the worker writes."""

    ready: bool
    checks: Mapping[str, str]
    """Empty text: it holds. Else what is wrong."""
