"""The step of an assignment that routes: what a route matches in the pool is given at once, in turn. Decides only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sync_worker.core.books import tie_breaker
from sync_worker.core.families import families
from sync_worker.core.model import OwnerChange
from sync_worker.core.routing import telling
from sync_worker.core.routing.choosing import Case, Counts, barred, choose
from sync_worker.core.routing.policy import By, Member, Nobody
from sync_worker.core.routing.telling import Candidate
from sync_worker.core.routing.turns import Amount, Balance, RouteTurn, due, record, shares
from sync_worker.core.steps import Assignment, Unassigned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.core.model import Decision
    from sync_worker.core.routing.choosing import Choice
    from sync_worker.core.routing.policy import Desk, RoutePolicy
    from sync_worker.core.routing.turns import Ledger
    from sync_worker.core.steps import Position, Step

_LAST = datetime.max.replace(tzinfo=UTC)
"""What nobody saw arrive comes last."""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of one account that a route matches."""

    account: str
    candidates: tuple[Candidate, ...]
    change: OwnerChange | None = None
    """None: nobody got it."""
    turn: RouteTurn | None = None
    because: str = ""
    """Why nobody got it."""
    kept: bool = False
    """Whether it stays in the pool, out of reach of the steps after this one."""


def routing(desk: Desk) -> Step:
    """The step that gives accounts of the pool by routes."""

    def step(position: Position) -> Assignment:
        given = list(routed(desk, position))
        stays = [one for one in given if one.kept]
        return Assignment(
            tuple(one.change for one in given if one.change),
            tuple(Unassigned(one.account, one.because) for one in stays),
            tuple(one.turn for one in given if one.turn),
            frozenset(one.account for one in stays),
        )

    return step


def routed(desk: Desk, position: Position) -> Iterator[Given]:
    """What becomes of every account of the pool that a route matches, one after the other."""
    run = _Run.of(desk, position)
    for decision in waiting(desk, position):
        yield run.give(decision)


def waiting(desk: Desk, position: Position) -> list[Decision]:
    """The accounts of the pool that a route matches, in the order in which they came; the best first of one moment."""

    def key(decision: Decision) -> tuple[datetime, float, str]:
        arrival = desk.arrivals.get(decision.account)
        best = max((score.total for score in decision.scores.values()), default=0.0)
        return arrival.at if arrival else _LAST, -best, tie_breaker(decision.account)

    # Whom a fixed book names gets the account: given to another today, it would move once more tomorrow.
    free = (d for d in position.movable() if not d.resting and d.named_owner is None)
    pool = (d for d in free if d.owner == position.pool_user)
    return sorted((d for d in pool if d.fields.get("route") in desk.routes), key=key)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the routes. Loads, ledgers and caps go on counting from turn to turn."""

    desk: Desk
    counts: Counts
    owners: Mapping[str, str]
    """Whose an account is by its nearest parent, for routes by owner."""

    @classmethod
    def of(cls, desk: Desk, position: Position) -> _Run:
        return cls(desk, Counts.of(desk, position), dict(_by_family(desk, position)))

    def give(self, decision: Decision) -> Given:
        """Give one account to whoever's turn it is, or say why nobody gets it."""
        case, choice = choose(self._case(decision))
        return self._given(case, choice) if choice else self._nobody(case)

    def _case(self, decision: Decision) -> Case:
        policy = self.desk.routes[str(decision.fields["route"])]
        members = self._members(policy, decision)
        bars = {one.rep.id: barred(one, policy, decision, self.counts) for one in members}
        arrival = self.desk.arrivals.get(decision.account)
        return Case(policy, decision, arrival, members, bars, self.counts.ledgers[policy.id], self.counts.load)

    def _members(self, policy: RoutePolicy, decision: Decision) -> tuple[Member, ...]:
        members = sorted(policy.members, key=lambda member: member.rep.id)
        owner = self.owners.get(decision.account)
        return tuple(one for one in members if policy.by is not By.OWNER or one.rep.id == owner)

    def _given(self, case: Case, choice: Choice) -> Given:
        policy, ledger, one, value = case.policy, case.ledger, case.round, case.value
        grown = shares(ledger, due(ledger, one), one, value) if policy.by.takes_turns else {}
        told = _candidates(case, grown)
        account, rep = case.decision.account, choice.member.rep.id
        turn = RouteTurn(policy.id, account, rep, value, grown, tuple(sorted(one.away)), told)
        chosen = choice.chosen
        if choice.in_turn:
            chosen += f" ({telling.stands(_entitled(ledger, grown, turn.rep), one.measure)})"
        return self._moved(case, choice.member, turn, telling.reason(policy, chosen, tuple(_notes(case, choice))))

    def _nobody(self, case: Case) -> Given:
        policy, why = case.policy, telling.why_nobody(case.policy, case.members, case.bars)
        told, standing_in = _candidates(case, {}), policy.fallback
        if standing_in is not None:
            member = Member(standing_in)
            bar = barred(member, policy, case.decision, self.counts)
            if bar is None:
                turn = RouteTurn(policy.id, case.decision.account, standing_in.id, case.value, {}, (), told)
                return self._moved(case, member, turn, telling.reason(policy, f"{standing_in.name} stands in", [why]))
            why = f"{why}; {standing_in.name}, who stands in, is {bar.because}"
        elif policy.unknown:
            why = f"{why}; no rep who may own accounts has the address {policy.unknown} of who stands in"
        return Given(case.decision.account, told, because=why, kept=policy.nobody is not Nobody.POOL)

    def _moved(self, case: Case, member: Member, turn: RouteTurn, reason: str) -> Given:
        """Count the turn, and say it as a change."""
        account, policy = case.decision.account, case.policy
        record(self.counts.ledgers[policy.id], turn)
        self.counts.load[member.rep.id] += 1
        for cap in self.counts.caps[policy.id]:
            cap.add(member.rep.id, account)
        change = OwnerChange(account, case.decision.owner, member.rep.id, f"route:{policy.id}", reason)
        return Given(account, turn.candidates, change, turn)


def _entitled(ledger: Ledger, grown: Mapping[str, Amount], rep: str) -> Balance:
    """How a rep stands with the account's share, and without the account."""
    known = ledger.get(rep, Balance())
    return Balance(known.received, known.entitled.plus(grown.get(rep, Amount())))


def _notes(case: Case, choice: Choice) -> Iterator[str]:
    if choice.again and choice.member.rep.id == case.before:
        yield f"{choice.member.rep.name} had it before, and nobody else is free"
    if case.absent:
        yield "nobody who may have it is there, so absence is ignored"
    yield from telling.absentees(case.members, case.bars)


def _candidates(case: Case, grown: Mapping[str, Amount]) -> tuple[Candidate, ...]:
    measure = case.policy.by.measure
    stood = {one.rep.id: _entitled(case.ledger, grown, one.rep.id) for one in case.members}
    return tuple(
        Candidate(rep, case.bars[rep], each.received.of(measure), each.entitled.of(measure))
        for rep, each in stood.items()
    )


def _by_family(desk: Desk, position: Position) -> Iterator[tuple[str, str]]:
    """The owner of each account's nearest parent that has one, where a route asks for it."""
    if not desk.parents:
        return
    owners = {d.account: d.owner for d in position.decisions}
    owners |= {account: change.after for account, change in position.taken.items()}
    found = families(desk.parents)
    for decision in position.decisions:
        above = (owners.get(one) for one in found.ancestors(decision.account))
        if owner := next((one for one in above if one and one != position.pool_user), None):
            yield decision.account, owner
