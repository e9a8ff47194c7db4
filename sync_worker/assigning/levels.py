"""Service levels and covers as steps want them. Reads the rules and the store, not the CRM; decides nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rules import ColumnKind, Dialect, compile_reps
from rules.facts import FIRST_TOUCH
from sync_worker.assigning.presence import known, presence
from sync_worker.assigning.routes import everyone
from sync_worker.core.covers import Cover, Covered, Covers, covering
from sync_worker.core.model import SERVICE_LEVEL
from sync_worker.core.service_levels import (
    FirstTouch,
    Levels,
    Owned,
    ServiceLevel,
    Span,
    State,
    Successors,
    first_touches,
    reassigning,
)
from sync_worker.store import decisions, facts, lookup
from sync_worker.store.levels import Reminded, earlier_owners, latest_turns, remind, running_covers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from rules import Ruleset
    from rules.presence import ServiceLevel as LevelRule
    from rules.presence import Span as SpanRule
    from sync_worker.core.calendars import Calendars
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.people import People
    from sync_worker.core.steps import Position, Step
    from sync_worker.parts import Parts

LOOKS_BACK = timedelta(days=90)
"""How long somebody counts as a previous owner, and a turn as taken."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who may own accounts, with what calendars and teams say of them."""

    calendars: Calendars
    reps: Mapping[str, Rep]
    teams: Mapping[str, str]


def looking_after(  # noqa: PLR0913, PLR0917 - what the steps are made of
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, now: datetime
) -> tuple[Step, ...]:
    """The steps of service levels and covers; none where the rules have neither, and no cover runs."""
    if not (rules.service_levels or rules.covers or running_covers(tx)):
        return ()
    who = staff(tx, parts, rules, everybody, start)
    about = levels(tx, parts, rules, everybody, start, who, now)
    return (reassigning(about), covering(covers(tx, rules, everybody, who, now)))


def reminders(  # noqa: PLR0913, PLR0917 - what they are made of
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, now: datetime
) -> tuple[FirstTouch, ...]:
    """The first touches of which the owners are to be told now: each is noted in the store, and never told again."""
    if not any(rule.remind for rule in rules.service_levels):
        return ()
    who = staff(tx, parts, rules, everybody, start)
    waiting = first_touches(levels(tx, parts, rules, everybody, start, who, now), start.decisions)
    due = {
        Reminded(one.account, one.level, one.owner, one.since): one for one in waiting if one.state is State.REMINDED
    }
    return tuple(due[told] for told in remind(tx, list(due), now))


def kept_places(tx: Connection, everybody: People) -> Counter[str]:
    """How many places each rep's books keep free for accounts that come back when their covers end."""
    return Counter(everybody.rep(one.origin) or one.origin for one in running_covers(tx))


def staff(tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position) -> Staff:
    """Everybody who is active and may own accounts, but for the pool's user."""
    reps, people = everyone(tx, everybody, start), known(lookup.users(tx), rules, everybody)
    teams = {rep: team for rep in reps if rep in people and (team := people[rep].text("team"))}
    return Staff(presence(tx, parts, rules, everybody), reps, teams)


def levels(  # noqa: PLR0913, PLR0917 - what they are made of
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, who: Staff, now: datetime
) -> Levels:
    """The service levels, and what they ask of the accounts that they are about."""
    reps = _successors(tx, parts, rules, everybody)
    found = {
        rule.id: _level(rule, reps.get(rule.id, frozenset()), _turns(tx, rule.id, everybody, now))
        for rule in rules.service_levels
    }
    # Whoever covers an account has not got it for good: taking it away would keep it from going back.
    covered = {one.account for one in running_covers(tx)}
    owned = [one for one in start.decisions if one.owner not in (None, start.pool_user) and one.account not in covered]
    about = [one for one in owned if one.fields.get(SERVICE_LEVEL)]
    return Levels(found, _owned(tx, about, everybody, now), who.calendars, who.reps, now)


def covers(tx: Connection, rules: Ruleset, everybody: People, who: Staff, now: datetime) -> Covers:
    """The covers, and those that run."""
    found = {
        rule.id: Cover(rule.id, rule.because, rule.least_days, rule.by == "cover", rule.protected)
        for rule in rules.covers
    }
    running = {
        one.account: Covered(
            one.cover, everybody.rep(one.origin) or one.origin, everybody.rep(one.by) or one.by, one.since
        )
        for one in running_covers(tx)
    }
    return Covers(found, running, who.calendars, who.reps, who.teams, now)


def _successors(tx: Connection, parts: Parts, rules: Ruleset, everybody: People) -> Mapping[str, frozenset[str]]:
    """The reps to whom each service level gives what was missed."""
    compiled = compile_reps(rules, Dialect(parts.store.dialect), now=parts.clock())
    key = compiled.of(ColumnKind.REP_ID)[0].name
    fits = {column.rule: column.name for column in compiled.of(ColumnKind.ELIGIBLE)}
    fits = {rule.id: fits[rule.id] for rule in rules.service_levels if rule.id in fits}
    rows = list(decisions.evaluate(tx, compiled.sql)) if fits else []
    return {
        level: frozenset(everybody.rep(str(row[key])) or "" for row in rows if row[column])
        for level, column in fits.items()
    }


def _turns(tx: Connection, level: str, everybody: People, now: datetime) -> Mapping[str, datetime]:
    latest: dict[str, datetime] = {}
    for user, at in latest_turns(tx, f"service:{level}", now - LOOKS_BACK).items():
        rep = everybody.rep(user) or user
        latest[rep] = max(latest.get(rep, at), at)
    return latest


def _level(rule: LevelRule, reps: frozenset[str], turns: Mapping[str, datetime]) -> ServiceLevel:
    to = rule.reassign
    return ServiceLevel(
        id=rule.id,
        because=rule.because,
        first_touch=_span(rule.first_touch),
        remind=_span(rule.remind) if rule.remind else None,
        successors=Successors(reps, to.by == "round robin", turns) if to and to.reps else None,
        to_pool=to is not None and to.reps is None,
    )


def _span(rule: SpanRule) -> Span:
    return Span(timedelta(minutes=rule.minutes), rule.working, rule.text)


def _owned(tx: Connection, about: Collection[Decision], everybody: People, now: datetime) -> Mapping[str, Owned]:
    """Since when each account is its owner's, when it was touched, who had it; not where the store cannot say."""
    accounts = sorted(decision.account for decision in about)
    inputs, earlier = facts.inputs(tx, accounts), earlier_owners(tx, accounts, now - LOOKS_BACK)
    found = {}
    for account in accounts:
        since, last = (_moment(inputs[account][name]) for name in FIRST_TOUCH)
        if since is not None:
            before = frozenset(everybody.rep(user) or user for user in earlier.get(account, ()))
            found[account] = Owned(since, last, before)
    return found


def _moment(value: object) -> datetime | None:
    """A fact of the type date as a moment in UTC: a whole day begins at its midnight."""
    if not value:
        return None
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
