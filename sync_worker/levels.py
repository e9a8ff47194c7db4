"""How first touches and covers stand: what ``levels`` asks. Reads the store, not the CRM, and keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sync_worker.assigning.levels import covers, levels, staff
from sync_worker.assigning.steps import position
from sync_worker.core.calendars import leave_around
from sync_worker.core.covers import cover
from sync_worker.core.service_levels import State, first_touches, reassign
from sync_worker.decide import build_facts, everyone, load_rules, people_of
from sync_worker.store import lookup
from sync_worker.store.levels import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sync_worker.core.calendars import Calendars
    from sync_worker.core.covers import Covers
    from sync_worker.core.service_levels import FirstTouch, Levels
    from sync_worker.core.steps import Position
    from sync_worker.parts import Parts


@dataclass(frozen=True, slots=True)
class Touch:
    """A first touch that is awaited or was missed. Moments are in the owner's own time zone."""

    account: str
    name: str
    level: str
    owner: str
    owner_name: str
    state: State
    since: datetime
    due: datetime | None
    """None: the owner is away until further notice."""
    remind: datetime | None
    reminded_at: datetime | None
    next: str
    """What becomes of a missed one: whom it goes to, or why it stays. Empty for the others."""


@dataclass(frozen=True, slots=True)
class Covered:
    """An account of an absent rep."""

    account: str
    name: str
    owner: str
    """Whose it is: to whom it goes back."""
    owner_name: str
    by: str
    """Who looks after it; empty for one that waits for its owner."""
    by_name: str
    because: str
    """Why nobody looks after it, or what comes next; empty where all is well."""


@dataclass(frozen=True, slots=True)
class Away:
    """A rep who is away, and how many accounts in scope the rep has."""

    rep: str
    name: str
    until: date | None
    """The last day; None: until further notice."""
    accounts: int


@dataclass(frozen=True, slots=True)
class LookedAfter:
    """First touches and covers as of the latest pull."""

    at: datetime
    levels: tuple[str, ...]
    """The ids of the service levels, in the order of the rules."""
    touches: tuple[Touch, ...]
    """The earliest due first."""
    away: tuple[Away, ...]
    covered: tuple[Covered, ...]


def looked_after(parts: Parts) -> LookedAfter:
    """Which first touches are awaited, due or missed, who is away, and who looks after what. Raises Stopped."""
    rules, now = load_rules(parts), parts.clock()
    with parts.store.tried_out() as tx:
        everybody = people_of(tx, parts)
        now = build_facts(tx, parts, rules, everybody, now).now
        start = position(tx, parts, rules, everybody, tuple(everyone(tx, parts, rules, now)), now)
        who = staff(tx, parts, rules, everybody, start)
        about, covering = levels(tx, parts, rules, everybody, start, who, now), covers(tx, rules, everybody, who, now)
        names, reminders = lookup.user_names(tx), told(tx)
    return LookedAfter(
        now,
        tuple(rule.id for rule in rules.service_levels),
        tuple(_touches(about, start, names, reminders)),
        tuple(_away(who.calendars, start, names, now)),
        tuple(_covered(covering, start, names)),
    )


def _touches(
    about: Levels,
    start: Position,
    names: Mapping[str, str],
    reminders: Mapping[tuple[str, str, datetime], datetime],
) -> Iterator[Touch]:
    goes = {change.account: change.after for change in reassign(about, start)}
    for one in first_touches(about, start.decisions):
        zone = about.calendars.of(one.owner).zone
        reminded = reminders.get((one.account, one.level, one.since))
        yield Touch(
            one.account, one.name, one.level, one.owner, names.get(one.owner, one.owner), one.state,
            one.since.astimezone(zone),
            one.due.astimezone(zone) if one.due else None,
            one.remind.astimezone(zone) if one.remind else None,
            reminded.astimezone(zone) if reminded else None,
            _next(about, one, goes.get(one.account), names),
        )  # fmt: skip


def _next(about: Levels, one: FirstTouch, after: str | None, names: Mapping[str, str]) -> str:
    if one.state is not State.MISSED:
        return ""
    level = about.levels[one.level]
    if after is not None:
        return f"the next plan gives it to {names.get(after, after)}"
    if level.successors is None and not level.to_pool:
        return "the level only tells it"
    return f"it stays: {one.stays or 'nobody else is there and has room'}"


def _away(calendars: Calendars, start: Position, names: Mapping[str, str], now: datetime) -> Iterator[Away]:
    owned = [decision.owner for decision in start.decisions if decision.scope]
    for rep in sorted(calendars.reps, key=lambda id_: names.get(id_, id_)):
        leave = leave_around(calendars.of(rep).absences, calendars.today(rep, now))
        if leave is not None:
            until = None if leave[1] == date.max else leave[1]
            yield Away(rep, names.get(rep, rep), until, owned.count(rep))


def _covered(found: Covers, start: Position, names: Mapping[str, str]) -> Iterator[Covered]:
    by_id = {decision.account: decision for decision in start.decisions}
    for one in cover(found, start):
        running, decision = found.running.get(one.account), by_id[one.account]
        by = running.by if running else ""
        because = one.because if one.change is None else f"the next plan: {one.change.reason}"
        yield Covered(
            one.account, decision.name, one.origin, names.get(one.origin, one.origin), by, names.get(by, by), because
        )
