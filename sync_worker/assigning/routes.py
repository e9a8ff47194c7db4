"""Routes with their members, caps and turns, as the routing step wants them. Reads rules and store, not the CRM."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rules import ColumnKind, Dialect, compile_members, compile_routed
from sync_worker.assigning.named import directory
from sync_worker.assigning.presence import presence
from sync_worker.core.model import Rep
from sync_worker.core.routing import Absent, By, Cap, Desk, Member, Nobody, RoutePolicy
from sync_worker.store import decisions, engagement, lookup, turns
from sync_worker.store.moves import moves_since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from rules import Route, RouteCap, Ruleset
    from sync_worker.core.named import Directory
    from sync_worker.core.people import People
    from sync_worker.core.steps import Position
    from sync_worker.parts import Parts


def desk(  # noqa: PLR0913, PLR0917 - what turns rest on
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, now: datetime
) -> Desk | None:
    """All routes, with what their turns rest on; None where the rules have no route."""
    if not rules.routes:
        return None
    reps, members = everyone(tx, everybody, start), _members(tx, parts, rules, everybody, now)
    read = _routed(tx, parts, rules, now)
    known = directory(tx, everybody)
    scores = {score.id for score in rules.scores}
    policies = [
        _policy(route, _chosen(route, reps, members, known), _stands_in(route, reps, known), route.value in scores)
        for route in rules.routes
    ]
    pool = [d.account for d in start.decisions if d.owner == start.pool_user and d.fields.get("route")]
    return Desk(
        {
            policy.id: replace(
                policy,
                values=read.values[policy.id],
                caps=tuple(_cap(tx, route, place, read, everybody, now) for place in range(len(route.caps))),
            )
            for policy, route in zip(policies, rules.routes, strict=True)
        },
        presence(tx, parts, rules, everybody),
        now,
        turns.ledgers(tx),
        turns.arrivals(tx, pool, everybody, now),
        turns.parents(tx) if any(policy.by is By.OWNER for policy in policies) else {},
    )


def everyone(tx: Connection, everybody: People, start: Position) -> Mapping[str, Rep]:
    """Every rep who may own accounts somewhere, with the capacities of those who fill books. Never the pool."""
    users = {user.id: user for user in lookup.users(tx)}
    found = {}
    for rep, own in sorted(everybody.users.items()):
        able = {crm: id_ for crm, id_ in own.items() if users[id_].active and users[id_].can_own}
        if able and rep != everybody.pool:
            capacity = start.reps[rep].capacity if rep in start.reps else {}
            found[rep] = Rep(rep, str(users[rep].fields.get("name") or rep), able, capacity)
    return found


def _members(
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, now: datetime
) -> Mapping[str, Mapping[str, float]]:
    """Weight by rep, for each route. Of two users' weights the larger one counts."""
    compiled = compile_members(rules, Dialect(parts.store.dialect), now=now)
    rep_id = compiled.of(ColumnKind.REP_ID)[0].name
    columns = {
        route.id: (compiled.of(ColumnKind.MEMBER, route.id)[0].name, compiled.of(ColumnKind.WEIGHT, route.id)[0].name)
        for route in rules.routes
    }
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in decisions.evaluate(tx, compiled.sql):
        user = str(row[rep_id])
        for route, (member, weight) in columns.items() if user in everybody else ():
            if row[member]:
                rep = everybody.reps.get(user, user)
                found[route][rep] = max(_number(row[weight]), found[route].get(rep, 0.0))
    return found


def _chosen(
    route: Route, reps: Mapping[str, Rep], members: Mapping[str, Mapping[str, float]], known: Directory
) -> tuple[Member, ...]:
    if route.by == By.OWNER:
        return tuple(Member(rep) for rep in reps.values())
    if route.rep:
        person = known.find(route.rep)
        return (Member(reps[person.rep]),) if person and person.rep in reps else ()
    weights = members.get(route.id, {})
    return tuple(Member(reps[rep], weights[rep]) for rep in sorted(weights) if rep in reps)


def _stands_in(route: Route, reps: Mapping[str, Rep], known: Directory) -> Rep | None:
    """Who stands in; nobody where no rep has the address, and then an account is held."""
    person = known.find(route.stand_in) if route.stand_in else None
    return reps.get(person.rep) if person else None


def _policy(route: Route, members: tuple[Member, ...], stands_in: Rep | None, scored: bool) -> RoutePolicy:  # noqa: FBT001 - whether its value is a score
    return RoutePolicy(
        id=route.id,
        by=By(route.by),
        members=members,
        because=route.because,
        score=route.value if scored else "",
        sticky_days=route.sticky_days,
        absent=Absent(route.absence),
        working_hours=route.working_hours,
        nobody=Nobody.HOLD if route.nobody == "rep" else Nobody(route.nobody),
        fallback=stands_in,
        unknown=route.stand_in if stands_in is None else "",
    )


# Caps


def _cap(  # noqa: PLR0913, PLR0917 - what a cap rests on
    tx: Connection, route: Route, place: int, read: _Routed, everybody: People, now: datetime
) -> Cap:
    cap = route.caps[place]
    if cap.holding:
        among = read.among[route.id, place] if cap.when is not None else None
        return Cap(cap.most, said(cap), holding=True, among=among)
    used = moves_since(tx, f"route:{route.id}", begun(cap, now))
    return Cap(cap.most, said(cap), everybody.counted(used))


def said(cap: RouteCap) -> str:
    """A cap in words, as reasons tell it."""
    if cap.holding:
        return f"{cap.most:,} held" + (f" where {cap.when.text}" if cap.when else "")
    return f"{cap.most:,} a {cap.every}" if cap.every else f"{cap.most:,} within {cap.within_days:,} days"


def begun(cap: RouteCap, now: datetime) -> datetime:
    """Since when a cap on what is given counts: the UTC day, week or month, or so many days until now."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match cap.every:
        case "day":
            return midnight
        case "week":
            return midnight - timedelta(days=midnight.weekday())
        case "month":
            return midnight.replace(day=1)
        case _:
            return now - timedelta(days=cap.within_days)


# What is read of accounts


@dataclass(frozen=True, slots=True)
class _Routed:
    """Values of accounts by route, and the accounts that a cap counts, by route and place."""

    values: defaultdict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    among: defaultdict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))


def _routed(tx: Connection, parts: Parts, rules: Ruleset, now: datetime) -> _Routed:
    found = _Routed()
    landmark = engagement.landmark(tx)
    compiled = compile_routed(rules, Dialect(parts.store.dialect), now=now, landmark=landmark)
    if compiled is None:
        return found
    values = [(column.name, column.rule) for column in compiled.of(ColumnKind.VALUE)]
    caps = [(column.name, (column.rule, int(column.term))) for column in compiled.of(ColumnKind.CAP)]
    account_id = compiled.of(ColumnKind.ACCOUNT_ID)[0].name
    for row in decisions.evaluate(tx, compiled.sql):
        account = str(row[account_id])
        for name, route in values:
            if row[name] is not None:
                found.values[route][account] = _number(row[name])
        for name, cap in caps:
            if row[name] is not None:
                found.among[cap].add(account)
    return found


def _number(value: object) -> float:
    return 0.0 if value is None else float(str(value))
