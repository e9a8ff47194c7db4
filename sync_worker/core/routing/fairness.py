"""How fair each route has been: what every member has received and was entitled to, and what bars whom now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.routing.caps import counted
from sync_worker.core.routing.policy import By
from sync_worker.core.routing.step import routed, waiting
from sync_worker.core.routing.telling import until
from sync_worker.core.routing.turns import Balance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.core.routing.caps import CapCount
    from sync_worker.core.routing.policy import Desk, Member, RoutePolicy
    from sync_worker.core.routing.turns import Amount, Ledger
    from sync_worker.core.steps import Position


TURNS_TO_JUDGE = 10
"""Fewer turns than this that were due to a rep tell nothing of fairness: whole accounts are too coarse."""


@dataclass(frozen=True, slots=True)
class CapUsed:
    """A cap, and how much of it one rep has used."""

    cap: str
    used: int
    most: int


@dataclass(frozen=True, slots=True)
class MemberStands:
    """How one rep stands with one route."""

    rep: str
    name: str
    weight: float
    away: str
    """As in: away until 2026-12-03; empty for a rep who is there."""
    working: bool
    """Whether it is the rep's working time; always, where the route does not ask for hours."""
    received: Amount
    entitled: Amount
    ahead: float
    """Received - entitled, in the measure of the route's turns: below 0 for a rep who is behind."""
    off: float | None
    """Received ÷ entitled - 1, in the same measure; None before ten turns were due."""
    caps: tuple[CapUsed, ...]


@dataclass(frozen=True, slots=True)
class RouteStands:
    """How one route stands."""

    route: str
    by: By
    members: tuple[MemberStands, ...]
    """By name. Of a route by owner only those who have received something."""
    waiting: int
    """How many accounts of the pool it matches."""
    left: tuple[tuple[str, str], ...]
    """Those that nobody may have now, and why."""
    off: float | None
    """The largest deviation of any member's, in size."""


def standing(desk: Desk, position: Position) -> tuple[RouteStands, ...]:
    """All routes, in the order of the rules, as the next plan would find them."""
    given = {one.account: one for one in routed(desk, position)}
    matched = waiting(desk, position)
    return tuple(
        _route(
            policy,
            desk,
            position,
            [given[d.account].because for d in matched if d.fields["route"] == policy.id],
            [d.account for d in matched if d.fields["route"] == policy.id],
        )
        for policy in desk.routes.values()
    )


def _route(policy: RoutePolicy, desk: Desk, position: Position, because: list[str], accounts: list[str]) -> RouteStands:
    members = tuple(_members(policy, desk, position))
    left = tuple((account, why) for account, why in zip(accounts, because, strict=True) if why)
    off = [abs(one.off) for one in members if one.off is not None]
    return RouteStands(policy.id, policy.by, members, len(accounts), left, max(off, default=None))


def _members(policy: RoutePolicy, desk: Desk, position: Position) -> Iterator[MemberStands]:
    ledger: Ledger = desk.ledgers.get(policy.id, {})
    caps = counted(policy.caps, position)
    for member in sorted(policy.members, key=lambda one: (one.rep.name, one.rep.id)):
        if policy.by is not By.OWNER or member.rep.id in ledger:
            yield _member(member, policy, desk, ledger.get(member.rep.id, Balance()), caps)


def _member(
    member: Member, policy: RoutePolicy, desk: Desk, balance: Balance, caps: tuple[CapCount, ...]
) -> MemberStands:
    absence = desk.presence.away(member.rep.id, desk.now)
    received, entitled = balance.received.of(policy.by.measure), balance.entitled.of(policy.by.measure)
    judged = balance.entitled.count >= TURNS_TO_JUDGE and entitled > 0
    return MemberStands(
        rep=member.rep.id,
        name=member.rep.name,
        weight=member.weight,
        away=until(absence) if absence is not None else "",
        working=not policy.working_hours or desk.presence.working(member.rep.id, desk.now),
        received=balance.received,
        entitled=balance.entitled,
        ahead=-balance.behind(policy.by.measure) if policy.by.takes_turns else 0.0,
        off=round(received / entitled - 1, 6) if judged else None,
        caps=tuple(CapUsed(one.cap.said, one.used[member.rep.id], one.cap.most) for one in caps),
    )
