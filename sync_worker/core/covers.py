"""Cover for absent reps: somebody else has an account from the first day of a leave until its owner is back.

Decides; writes nothing. A cover ends by itself: the account goes back to whoever had it, unless somebody else has
changed its owner meanwhile, or the rules return it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sync_worker.core.books import best_first, tie_breaker
from sync_worker.core.calendars import leave_around
from sync_worker.core.model import COVER, OwnerChange
from sync_worker.core.service_levels import fullness, has_room
from sync_worker.core.steps import Assignment

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sync_worker.core.calendars import Absence, Calendars
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.steps import Position, Step

BEGIN, END = "cover", "cover-end"
"""What the rule of a change begins with, before the cover's id: it tells who had an account before its cover."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Which absences are covered, and by whom."""

    id: str
    because: str
    least_days: int
    named_first: bool
    """Whether whom the absence names goes before the rest of the team."""
    protected: bool
    """Whether accounts are covered that a protect rule keeps from moving."""


@dataclass(frozen=True, slots=True)
class Covered:
    """An account that somebody has as a cover."""

    cover: str
    """The cover's id."""
    origin: str
    """The rep to whom it goes back."""
    by: str
    """The rep who has it now."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Covers:
    """What the step and its report know."""

    covers: Mapping[str, Cover]
    running: Mapping[str, Covered]
    """By account: those alone whose latest change of owner began a cover."""
    calendars: Calendars
    reps: Mapping[str, Rep]
    """Everybody who may own accounts, in a book or not."""
    teams: Mapping[str, str]
    """The team of each rep who has one."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one account whose owner is away, or which has a cover."""

    account: str
    origin: str
    change: OwnerChange | None
    because: str
    """Why it stays where it is; empty where it moves, and where its cover goes on."""


def covering(found: Covers) -> Step:
    """The step that begins and ends covers. What is covered stays out of reach of the steps after it.

    What has nobody to go back to does not: a cover whose rep has left would else hold it for ever.
    """

    def step(position: Position) -> Assignment:
        outcomes = list(cover(found, position))
        covered = {account for account, one in found.running.items() if one.origin in found.reps}
        kept = (one.account for one in outcomes if one.change is None and one.account in covered)
        return Assignment(tuple(one.change for one in outcomes if one.change), kept=frozenset(kept))

    return step


def cover(found: Covers, position: Position) -> Iterator[Outcome]:
    """What becomes of every account that is covered or is to be: those that go back first, then the best first."""
    run = _Run(found, position.load())
    able = [
        d for d in position.decisions if d.scope and d.owner and d.account not in position.taken.keys() | position.kept
    ]
    for decision in sorted(able, key=lambda d: (d.account not in found.running, *best_first(d))):
        if decision.owner != position.pool_user and (outcome := run.look(decision)) is not None:
            yield outcome


@dataclass(frozen=True, slots=True)
class _Run:
    found: Covers
    load: Counter[str]

    def look(self, decision: Decision) -> Outcome | None:
        """What becomes of one owned account; None where nobody is away."""
        covered = self.found.running.get(decision.account)
        if covered is not None and not self.found.calendars.away(covered.origin, self.found.now):
            return self._end(decision, covered)
        absence = self.found.calendars.away(decision.owner or "", self.found.now)
        if absence is None:
            return Outcome(decision.account, covered.origin, None, "") if covered else None
        return self._begin(decision, absence, covered)

    def _end(self, decision: Decision, covered: Covered) -> Outcome:
        origin, by = self._name(covered.origin), self._name(covered.by)
        rep = self.found.reps.get(covered.origin)
        if decision.held:
            return Outcome(
                decision.account, covered.origin, None, f"{origin} is back, and nothing may move it: {decision.held}"
            )
        if rep is None or decision.crm not in rep.users:
            return Outcome(decision.account, covered.origin, None, f"{origin} may not own accounts any more")
        reason = f"{origin} is back; {by} looked after it since {covered.since:%Y-%m-%d}"
        rule = f"{END}:{covered.cover}"
        return Outcome(
            decision.account, covered.origin, OwnerChange(decision.account, decision.owner, rep.id, rule, reason), ""
        )

    def _begin(self, decision: Decision, absence: Absence, covered: Covered | None) -> Outcome | None:
        owner = decision.owner or ""
        origin = covered.origin if covered else owner
        policy = self.found.covers.get(covered.cover if covered else str(decision.fields.get(COVER)))
        if policy is None or self._days(owner) < policy.least_days:
            return Outcome(decision.account, origin, None, "") if covered else None
        if decision.held:
            return Outcome(decision.account, origin, None, decision.held)
        if decision.protect and not (policy.protected or covered):
            return Outcome(decision.account, origin, None, f"protected by {decision.protect}")
        rep = self._choose(decision, policy, absence, {owner, origin})
        if rep is None:
            return Outcome(decision.account, origin, None, "nobody of the team is there and has room")
        self.load[rep.id] += 1
        why = f": {policy.because}" if policy.because else ""
        reason = f"{self._name(owner)} is away {self._until(owner)}; {rep.name} looks after it{why}"
        change = OwnerChange(decision.account, owner, rep.id, f"{BEGIN}:{policy.id}", reason)
        return Outcome(decision.account, origin, change, "")

    def _choose(self, decision: Decision, policy: Cover, absence: Absence, not_these: set[str]) -> Rep | None:
        team = self.found.teams.get(decision.owner or "")
        mates = sorted(rep for rep, other in self.found.teams.items() if team and other == team)
        named = [absence.cover] if policy.named_first and absence.cover else []
        for group in (named, mates):
            reps = [self.found.reps[id_] for id_ in group if id_ in self.found.reps and id_ not in not_these]
            if free := [rep for rep in reps if self._may(rep, decision)]:
                return min(free, key=lambda rep: (fullness(rep, decision.book, self.load), tie_breaker(rep.id)))
        return None

    def _may(self, rep: Rep, decision: Decision) -> bool:
        there = not self.found.calendars.away(rep.id, self.found.now)
        return there and decision.crm in rep.users and has_room(rep, decision.book, self.load)

    def _days(self, rep: str) -> float:
        leave = self._leave(rep)
        return 0 if leave is None else (leave[1] - leave[0]).days + 1

    def _until(self, rep: str) -> str:
        leave = self._leave(rep)
        return "until further notice" if leave is None or leave[1] == date.max else f"until {leave[1]}"

    def _leave(self, rep: str) -> tuple[date, date] | None:
        calendars = self.found.calendars
        return leave_around(calendars.of(rep).absences, calendars.today(rep, self.found.now))

    def _name(self, rep: str) -> str:
        found = self.found.reps.get(rep)
        return found.name if found else rep
