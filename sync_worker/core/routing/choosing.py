"""Which rep of a route gets one account: who may have it at all, and whose turn it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from sync_worker.core.books import tie_breaker
from sync_worker.core.routing import telling
from sync_worker.core.routing.caps import counted
from sync_worker.core.routing.policy import ABSENT, Bar, Barred, By, Nobody
from sync_worker.core.routing.turns import DIGITS, Round, due, next_rep

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Mapping

    from sync_worker.core.calendars import Absence
    from sync_worker.core.model import Decision
    from sync_worker.core.routing.caps import CapCount
    from sync_worker.core.routing.policy import Arrival, Bars, Desk, Member, RoutePolicy
    from sync_worker.core.routing.turns import Ledger
    from sync_worker.core.steps import Position


@dataclass(frozen=True, slots=True)
class Case:
    """One account as its turn comes."""

    policy: RoutePolicy
    decision: Decision
    arrival: Arrival | None
    members: tuple[Member, ...]
    """In the order of their ids."""
    bars: Bars
    ledger: Ledger
    load: Mapping[str, int]
    """How many accounts each rep has by now."""
    absent: bool = False
    """Whether absence is ignored, since nobody else is left."""

    @property
    def before(self) -> str:
        """Who had the account before it came to the pool; empty where nobody did."""
        return (self.arrival.before if self.arrival else "") or self.decision.previous_owner or ""

    @property
    def free(self) -> tuple[Member, ...]:
        """Those who may have it."""
        return tuple(one for one in self.members if self.bars[one.rep.id] is None)

    @property
    def round(self) -> Round:
        """Their weights, and those of members who are away."""
        away = {
            one.rep.id: one.weight
            for one in self.members
            if (found := self.bars[one.rep.id]) is not None and found.bar is Bar.AWAY
        }
        present = {one.rep.id: one.weight for one in self.free}
        return Round(present, away, self.policy.absent, self.policy.by.measure)

    @property
    def value(self) -> float:
        """What the account is worth. In turns by value one that has none counts as the average until now."""
        if (value := self.policy.value(self.decision)) > 0 or self.policy.by is not By.VALUE:
            return round(value, DIGITS)
        received = [self.ledger[rep].received for rep in sorted(self.ledger)]
        count, total = sum(one.count for one in received), sum(one.value for one in received)
        return round(total / count, DIGITS) if count and total else 1.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets an account, and how that is said."""

    member: Member
    chosen: str
    in_turn: bool = False
    again: bool = False
    """Whether the rep had it before, and nobody else is free."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What goes on counting from turn to turn of one run."""

    load: Counter[str]
    """How many accounts each rep has by now."""
    ledgers: Mapping[str, Ledger]
    """By route."""
    caps: Mapping[str, tuple[CapCount, ...]]
    """By route."""
    absences: Mapping[str, Absence]
    """Who is away, by rep."""
    off_hours: Collection[str]
    """The reps whose working time it is not. These two hold for the whole run."""

    @classmethod
    def of(cls, desk: Desk, position: Position) -> Self:
        """Where a run begins."""
        members = {one.rep.id for route in desk.routes.values() for one in route.members}
        reps = sorted(members | {route.fallback.id for route in desk.routes.values() if route.fallback})
        return cls(
            position.load(),
            {id_: dict(desk.ledgers.get(id_, {})) for id_ in desk.routes},
            {id_: counted(route.caps, position) for id_, route in desk.routes.items()},
            {rep: found for rep in reps if (found := desk.presence.away(rep, desk.now)) is not None},
            frozenset(rep for rep in reps if not desk.presence.working(rep, desk.now)),
        )


def barred(member: Member, policy: RoutePolicy, decision: Decision, counts: Counts) -> Barred | None:
    """What keeps a member from an account; None where nothing does."""
    rep, load = member.rep, counts.load[member.rep.id]
    if decision.crm not in rep.users:
        return Barred(Bar.CRM, f"no active user of {decision.crm} who may own accounts")
    if member.weight <= 0:
        return Barred(Bar.WEIGHT, "without a share: the weight is 0 or empty")
    if (absence := counts.absences.get(rep.id)) is not None:
        return Barred(Bar.AWAY, telling.until(absence))
    if policy.working_hours and rep.id in counts.off_hours:
        return Barred(Bar.HOURS, "outside working hours")
    room = rep.capacity.get(decision.book or "")
    if room is not None and load >= room:
        return Barred(Bar.FULL, f"full, with {load:,} of {room:,} accounts")
    cap = next((one.cap for one in counts.caps[policy.id] if one.bars(rep.id, decision.account)), None)
    return Barred(Bar.CAP, f"at the cap of {cap.said}") if cap else None


def choose(case: Case) -> tuple[Case, Choice | None]:
    """Who gets it, and the case with those barred who had it before; None where nobody may have it."""
    case = _without_absence(case)
    if not case.free:
        return case, None
    if (stuck := _sticky(case)) is not None:
        return case, stuck
    others = [one for one in case.free if one.rep.id != case.before]
    again = not others and case.policy.by is not By.OWNER
    if others and len(others) < len(case.free):
        previous = Barred(Bar.PREVIOUS, "the one who had it before it came to the pool")
        case = _with(case, {**case.bars, case.before: previous})
    return case, _by(case, again=again)


def _without_absence(case: Case) -> Case:
    """The case with those free who are only away, where nobody else is and the route says so."""
    policy = case.policy
    if case.free or policy.nobody is not Nobody.IGNORE_ABSENCE or policy.fallback is not None:
        return case
    bars = {rep: None if found is not None and found.bar in ABSENT else found for rep, found in case.bars.items()}
    return _with(case, bars, absent=True)


def _with(case: Case, bars: Bars, *, absent: bool = False) -> Case:
    return Case(
        case.policy, case.decision, case.arrival, case.members, bars, case.ledger, case.load, case.absent or absent
    )


def _sticky(case: Case) -> Choice | None:
    """Back to the rep who had it, where the route says so and that is not long ago."""
    arrival, days = case.arrival, case.policy.sticky_days
    member = next((one for one in case.free if one.rep.id == case.before), None)
    if not days or arrival is None or member is None or arrival.missed or arrival.since > timedelta(days=days):
        return None
    return Choice(member, f"back to {member.rep.name}, who had it until {arrival.at.date().isoformat()}")


def _by(case: Case, *, again: bool) -> Choice:
    policy, free = case.policy, {one.rep.id: one for one in case.free}
    match policy.by:
        case By.NAMED:
            member = case.free[0]
            return Choice(member, member.rep.name, again=again)
        case By.OWNER:
            member = case.free[0]
            return Choice(member, f"{member.rep.name}, who owns its parent")
        case By.LEAST_LOADED:
            rep = min(free, key=lambda one: (round(case.load.get(one, 0) / free[one].weight, 6), _tie(policy.id, one)))
            told = f"{free[rep].rep.name}, who has the fewest accounts ({case.load.get(rep, 0):,})"
            return Choice(free[rep], told, again=again)
        case _:
            one = case.round
            size = case.value if policy.by is By.VALUE else 1.0
            balances = due(case.ledger, one)
            rep = next_rep(balances, one.present, one.measure, size, lambda rep: _tie(policy.id, rep))
            return Choice(free[rep], f"turn of {free[rep].rep.name}", in_turn=True, again=again)


def _tie(route: str, rep: str) -> str:
    return tie_breaker(f"{route} {rep}")
