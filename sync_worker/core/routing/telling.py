"""Why a rep got a routed account, and why the others did not, as a rep will read it. Words only; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sync_worker.core.routing.policy import Bar, By
from sync_worker.core.routing.turns import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.calendars import Absence
    from sync_worker.core.routing.policy import Barred, Bars, Member, RoutePolicy
    from sync_worker.core.routing.turns import Balance

NAMED = 2
"""How many absent reps a reason names."""
LISTED = 3
"""How many reps are named who may not have an account."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of the route as the account's turn came. Amounts are in the measure of the route's turns."""

    rep: str
    barred: Barred | None
    """What kept the rep from it; None where nothing did."""
    received: float
    """Until then."""
    entitled: float
    """Until then, with this account's share for those who could have had it."""


def until(absence: Absence | None) -> str:
    """As in: away until 2026-12-03, which is the last day."""
    if absence is None:
        return "away"
    return "away until further notice" if absence.last == date.max else f"away until {absence.last.isoformat()}"


def figure(amount: float, measure: Measure) -> str:
    """Accounts with one digit after the point, value without."""
    return f"{amount:,.0f}" if measure is Measure.VALUE else f"{amount:.1f}"


def stands(balance: Balance, measure: Measure) -> str:
    """As in: 2.0 of 2.4 entitled."""
    received, entitled = balance.received.of(measure), balance.entitled.of(measure)
    return f"{figure(received, measure)} of {figure(entitled, measure)} entitled"


def reason(policy: RoutePolicy, chosen: str, notes: Sequence[str]) -> str:
    """The whole sentence: why the route, who, and what else there is to say."""
    return "; ".join([f"{policy.because or policy.id}: {chosen}", *notes])


def absentees(members: Sequence[Member], bars: Bars) -> tuple[str, ...]:
    """Who is away, the first ones by name."""
    away = [(one.rep.name, found.because) for one in members if (found := bars[one.rep.id]) and found.bar is Bar.AWAY]
    told = [f"{name} is {because}" for name, because in away[:NAMED]]
    more = len(away) - NAMED
    return (*told, *([f"{more} more are away"] if more > 1 else ["1 more is away"] if more == 1 else []))


def why_nobody(policy: RoutePolicy, members: Sequence[Member], bars: Bars) -> str:
    """Why no member may have an account, as one sentence."""
    if not members and policy.by is By.OWNER:
        return f"the route {policy.id} gives it to the owner of its parent, and it has none"
    if not members:
        return f"no active rep belongs to the route {policy.id}"
    told = [f"{one.rep.name} is {found.because}" for one in members if (found := bars[one.rep.id])]
    more = [f"and so on for {len(told) - LISTED:,} more"] if len(told) > LISTED else []
    return f"nobody of the route {policy.id} is free: {'; '.join([*told[:LISTED], *more])}"
