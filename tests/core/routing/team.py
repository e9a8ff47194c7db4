"""A team to route to: reps, accounts in the pool, absences by plain dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sync_worker.core.calendars import Absence
from sync_worker.core.model import Decision, Rep, Score
from sync_worker.core.routing import Arrival, By, Desk, Member, RoutePolicy, RouteTurn, replay, routing
from sync_worker.core.steps import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.steps import Assignment

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POOL = "pool"
CRM = "salesforce"


@dataclass
class Office:
    """Who is away on which days; nobody works at night. A presence for routes, with UTC for everybody's zone."""

    absences: dict[str, list[tuple[date, date]]] = field(default_factory=dict)
    night: bool = False

    def away(self, rep: str, at: datetime) -> Absence | None:
        day = at.date()
        found = (Absence(first, last) for first, last in self.absences.get(rep, ()) if first <= day <= last)
        return next(found, None)

    def working(self, rep: str, at: datetime) -> bool:
        return not self.night and self.away(rep, at) is None


def rep(id_: str, capacity: Mapping[str, int] | None = None) -> Rep:
    return Rep(id_, id_.title(), {CRM: id_}, capacity or {})


def members(*ids: str, **weights: float) -> tuple[Member, ...]:
    return tuple(Member(rep(id_), weights.get(id_, 1.0)) for id_ in (ids or tuple(weights)))


def account(id_: str, *, route: str | None = "in", owner: str = POOL, value: float = 10.0, **more: Any) -> Decision:
    scores = {"priority": Score(value, "A", ())}
    fields = {"route": route}
    told = {"scope": "all", "protect": None, "return_": None, "book": None, **more}
    return Decision(account=id_, crm=CRM, name=id_, owner=owner, scores=scores, fields=fields, **told)


def route(by: By = By.ROUND_ROBIN, team: Sequence[Member] | None = None, **more: Any) -> RoutePolicy:
    return RoutePolicy("in", by, tuple(team if team is not None else members("ann", "bob", "cem")), **more)


@dataclass
class Days:
    """Runs of one route, one after the other: what a run gives is owned, and counts in the ledger of the next."""

    policy: RoutePolicy
    office: Office = field(default_factory=Office)
    now: datetime = NOW
    turns: list[RouteTurn] = field(default_factory=list)
    owned: dict[str, str] = field(default_factory=dict)

    def run(self, accounts: Iterable[Decision], **more: Any) -> Assignment:
        found = self.look(list(accounts), **more)
        self.turns += found.turns
        self.owned |= {change.account: change.after for change in found.changes}
        return found

    def look(self, accounts: Sequence[Decision], **more: Any) -> Assignment:
        ledgers = replay(self.turns)
        desk = Desk({self.policy.id: self.policy}, self.office, self.now, ledgers, **more)
        reps = {member.rep.id: member.rep for member in self.policy.members if member.rep.capacity}
        had = [account(id_, route=None, owner=owner) for id_, owner in self.owned.items()]
        return routing(desk)(Position((*accounts, *had), reps, POOL))

    def each(self, accounts: Iterable[Decision]) -> list[str]:
        """Who gets them, one run for each."""
        return [self.run([one]).changes[0].after for one in accounts]

    def sleep(self, days: int = 1) -> None:
        self.now += timedelta(days=days)


def arrived(days_ago: int, before: str = "") -> Arrival:
    return Arrival(NOW - timedelta(days=days_ago), timedelta(days=days_ago), before)
