"""First touches: until when each is due by the owner's own clock, and the step that reassigns what was missed.

Decides; writes nothing. The clock runs from when the owner got the account, and stops while the owner is away.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sync_worker.core.books import tie_breaker
from sync_worker.core.calendars import DAY_AND_NIGHT
from sync_worker.core.model import SERVICE_LEVEL, OwnerChange
from sync_worker.core.steps import Assignment

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.calendars import Calendars
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.steps import Position, Step

POOL_RESTS_DAYS = 1
"""How long a missed account rests in the pool: so whoever left it is known there, and does not get it straight back."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, as people wrote it: of the owner's working time, or of days and nights."""

    length: timedelta
    working: bool
    text: str


@dataclass(frozen=True, slots=True)
class Successors:
    """Who may get a missed account. ``by_turn``: whose turn is longest ago; else who has the emptiest book."""

    reps: frozenset[str]
    by_turn: bool
    turns: Mapping[str, datetime] = field(default_factory=dict)
    """When each rep last got an account by this service level; missing ones never did."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """How soon an account is to be touched."""

    id: str
    because: str
    first_touch: Span
    remind: Span | None = None
    successors: Successors | None = None
    to_pool: bool = False


@dataclass(frozen=True, slots=True)
class Owned:
    """Since when an account's owner has it, when anybody last touched it, and which reps had it before."""

    since: datetime
    last_touch: datetime | None
    earlier: frozenset[str] = frozenset()

    @property
    def touched(self) -> bool:
        """Whether it was touched since. A touch of which the CRM tells the day alone counts for all of that day."""
        last = self.last_touch
        if last is None or last >= self.since:
            return last is not None
        return last.timetz() == time(tzinfo=UTC) and last.date() >= self.since.astimezone(UTC).date()


class State(StrEnum):
    """How a first touch stands."""

    RUNNING = "running"
    REMINDED = "reminded"
    """The time to remind has come."""
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class FirstTouch:
    """An account whose first touch is awaited, or was missed. Moments are in UTC."""

    account: str
    name: str
    level: str
    owner: str
    since: datetime
    state: State
    due: datetime | None
    """None: the owner is away until further notice, or works no hours within a year."""
    remind: datetime | None
    stays: str = ""
    """Why it stays with its owner although it was missed: what protects or holds it, or a fixed book; else empty."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What the step and its report know: the levels, the accounts that they are about, the reps."""

    levels: Mapping[str, ServiceLevel]
    owned: Mapping[str, Owned]
    """By account; one that is not here is about nobody's first touch."""
    calendars: Calendars
    reps: Mapping[str, Rep]
    """Everybody who may own accounts, in a book or not."""
    now: datetime


def first_touches(found: Levels, decisions: Iterable[Decision]) -> tuple[FirstTouch, ...]:
    """Every awaited and every missed first touch, the earliest due first. Decisions name reps as owners."""
    waiting = [one for decision in decisions if (one := _first_touch(found, decision)) is not None]
    return tuple(
        sorted(waiting, key=lambda one: (one.due or datetime.max.replace(tzinfo=UTC), tie_breaker(one.account)))
    )


def reassigning(found: Levels) -> Step:
    """The step that takes away what was not touched in time."""

    def step(position: Position) -> Assignment:
        return Assignment(reassign(found, position))

    return step


def reassign(found: Levels, position: Position) -> tuple[OwnerChange, ...]:
    """The missed accounts that may move and that somebody else may get, the earliest due first."""
    run = _Run(found, position, position.load(), {id_: _turns(level) for id_, level in found.levels.items()})
    movable = {decision.account: decision for decision in position.movable()}
    missed = [one for one in first_touches(found, movable.values()) if one.state is State.MISSED and not one.stays]
    given = (run.take(one, movable[one.account]) for one in missed)
    return tuple(change for change in given if change is not None)


def due(calendars: Calendars, owner: str, since: datetime, span: Span) -> datetime | None:
    """When the span ends for the owner, in UTC; a rep who is away loses none of it."""
    if span.working:
        return calendars.after(owner, since, span.length)
    hours = replace(calendars.of(owner), week=DAY_AND_NIGHT, holidays={})
    first, last = (moment.astimezone(hours.zone).date() for moment in (since, since + span.length))
    if not any(absence.first <= last and first <= absence.last for absence in hours.absences):
        return since + span.length
    return replace(calendars, reps={owner: hours}).after(owner, since, span.length)


def _first_touch(found: Levels, decision: Decision) -> FirstTouch | None:
    level, owned = found.levels.get(str(decision.fields.get(SERVICE_LEVEL))), found.owned.get(decision.account)
    if level is None or owned is None or owned.touched or not decision.owner or not decision.scope:
        return None
    ends = due(found.calendars, decision.owner, owned.since, level.first_touch)
    remind = due(found.calendars, decision.owner, owned.since, level.remind) if level.remind else None
    state = State.RUNNING
    if ends is not None and ends <= found.now:
        state = State.MISSED
    elif remind is not None and remind <= found.now:
        state = State.REMINDED
    stays = (f"protected by {decision.protect}" if decision.protect else "") or decision.held
    if not stays and decision.named_owner is not None:
        stays = f"the book {decision.book} names its owner"
    return FirstTouch(
        decision.account, decision.name, level.id, decision.owner, owned.since, state, ends, remind, stays
    )


def _turns(level: ServiceLevel) -> dict[str, tuple[datetime, int]]:
    turns = level.successors.turns if level.successors else {}
    return {rep: (at, 0) for rep, at in turns.items()}


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the step. Loads and turns go on counting."""

    found: Levels
    position: Position
    load: Counter[str]
    turns: Mapping[str, dict[str, tuple[datetime, int]]]

    def take(self, missed: FirstTouch, decision: Decision) -> OwnerChange | None:
        """Give one account to its successor; None where nobody may get it."""
        level = self.found.levels[missed.level]
        if level.to_pool:
            return self._change(missed, level, self.position.pool_user, "it goes back to the pool")
        free = [rep for rep in self._able(level, decision) if not self.found.calendars.away(rep.id, self.found.now)]
        earlier = self.found.owned[missed.account].earlier
        others = [rep for rep in free if rep.id not in earlier]
        if not free or level.successors is None:
            return None
        chosen = self._choose(level, level.successors, others or free, decision)
        self.load[chosen.id] += 1
        self.turns[level.id][chosen.id] = (self.found.now, self.load.total())
        again = "" if others else ", who had it before, since nobody else is free"
        return self._change(missed, level, chosen.id, f"it goes to {chosen.name}{again}")

    def _able(self, level: ServiceLevel, decision: Decision) -> Sequence[Rep]:
        named = sorted(level.successors.reps) if level.successors else ()
        reps = (self.found.reps[id_] for id_ in named if id_ in self.found.reps and id_ != decision.owner)
        return [rep for rep in reps if decision.crm in rep.users and has_room(rep, decision.book, self.load)]

    def _choose(self, level: ServiceLevel, successors: Successors, reps: Sequence[Rep], decision: Decision) -> Rep:
        turns = self.turns[level.id]

        def by_turn(rep: Rep) -> tuple[datetime, int, str]:
            return (*turns.get(rep.id, (_NEVER, 0)), tie_breaker(rep.id))

        def by_load(rep: Rep) -> tuple[float, str]:
            return fullness(rep, decision.book, self.load), tie_breaker(rep.id)

        return min(reps, key=by_turn) if successors.by_turn else min(reps, key=by_load)

    def _change(self, missed: FirstTouch, level: ServiceLevel, after: str, outcome: str) -> OwnerChange:
        owner = self.found.reps.get(missed.owner)
        zone = self.found.calendars.of(missed.owner).zone
        by = f"{missed.due.astimezone(zone):%Y-%m-%d %H:%M} ({zone})" if missed.due else ""
        why = f"{level.because}: " if level.because else ""
        text = (
            f"{why}not touched by {by}, {level.first_touch.text} after {owner.name if owner else missed.owner} got it"
        )
        rests = POOL_RESTS_DAYS if level.to_pool else 0
        return OwnerChange(missed.account, missed.owner, after, f"service:{level.id}", f"{text}; {outcome}", rests)


def room_of(rep: Rep, book: str | None) -> int | None:
    """How many accounts a rep may own who is to have one of this book; None: no book says anything of the rep.

    Of a rep for whom the book is not, the largest of the rep's own books counts.
    """
    return rep.capacity.get(book or "", max(rep.capacity.values(), default=None))


def has_room(rep: Rep, book: str | None, load: Mapping[str, int]) -> bool:
    """Whether one more account of the book stays within the rep's capacity."""
    room = room_of(rep, book)
    return room is None or load.get(rep.id, 0) < room


def fullness(rep: Rep, book: str | None, load: Mapping[str, int]) -> float:
    """How full the rep's book is: from 0 to 1 where a capacity is known, else beyond by the number of accounts."""
    room = room_of(rep, book)
    return load.get(rep.id, 0) / room if room else 1.0 + load.get(rep.id, 0)
