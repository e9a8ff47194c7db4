"""How a route gave an account to a rep, or would: who was considered, what barred whom, and whose turn it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.assigning.routes import desk
from sync_worker.assigning.steps import position
from sync_worker.core.routing.step import routed
from sync_worker.decide import everyone
from sync_worker.report.words import figure
from sync_worker.store import lookup, turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.core.people import People
    from sync_worker.core.routing import Candidate
    from sync_worker.parts import Parts


@dataclass(frozen=True, slots=True)
class Considered:
    """A rep of the route as the account's turn came."""

    rep: str
    """The rep's id."""
    name: str
    got_it: bool
    bar: str
    """crm, weight, away, hours, full, cap or previous; empty where nothing kept the rep from it."""
    because: str
    """The same in words, to be read after 'is'."""
    received: float
    entitled: float
    """With this account's share. Both in accounts, or in value where the route takes turns by value."""


@dataclass(frozen=True, slots=True)
class Turned:
    """One turn. Without a plan it is what the next plan would do."""

    route: str
    plan: str
    at: datetime
    state: str
    """What became of the plan's row; empty where there is no plan."""
    goes_to: str
    """A name; empty where nobody may have it."""
    because: str
    """The reason in the plan, or why nobody may have it."""
    candidates: tuple[Considered, ...]

    @property
    def next(self) -> bool:
        """Whether it is what the next plan would do."""
        return not self.plan


def turn_of(tx: Connection, account: str) -> Turned | None:
    """How a route gave the account, the latest time; None if none ever did."""
    found = turns.latest(tx, account)
    if found is None:
        return None
    turn, plan, at, state = found
    names = lookup.user_names(tx)
    told = _considered(turn.candidates, turn.rep, names)
    return Turned(turn.route, plan, at, state, names.get(turn.rep, turn.rep), "", told)


def turn_next(  # noqa: PLR0913, PLR0917 - what the next plan rests on
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, account: str, now: datetime
) -> Turned | None:
    """What the next plan's routes do with an account; None where none gives it out, or it is not there to be given."""
    start = position(tx, parts, rules, everybody, everyone(tx, parts, rules, now), now)
    found = desk(tx, parts, rules, everybody, start, now)
    given = next((one for one in routed(found, start) if one.account == account), None) if found else None
    if given is None or not (given.change or given.kept):
        return None
    route = next(str(one.fields["route"]) for one in start.decisions if one.account == account)
    names, after = lookup.user_names(tx), given.change.after if given.change else ""
    told = _considered(given.candidates, after, names)
    because = given.change.reason if given.change else given.because
    return Turned(route, "", now, "", names.get(after, after), because, told)


def in_the_way(turn: Turned, rep: str, name: str) -> str:
    """Why a rep does not get what a route gives out, in a sentence; empty for the one who gets it."""
    own = next((one for one in turn.candidates if one.rep == rep), None)
    if own is None:
        return f"The route {turn.route} gives it out, and {name} does not belong to that route."
    if own.got_it:
        return ""
    if own.bar:
        return f"The route {turn.route} gives it out, and {name} is {own.because}."
    stood = f"{figure(own.received)} of {figure(own.entitled)} that {name} is entitled to"
    return f"The route {turn.route} gives it out, and it is the turn of {turn.goes_to} ({stood} have come)."


def _considered(candidates: Iterable[Candidate], winner: str, names: Mapping[str, str]) -> tuple[Considered, ...]:
    """Who got it first, then those who could have had it, the furthest behind first, then the others by name."""
    told = [
        Considered(
            one.rep,
            names.get(one.rep, one.rep),
            one.rep == winner,
            one.barred.bar.value if one.barred else "",
            one.barred.because if one.barred else "",
            one.received,
            one.entitled,
        )
        for one in candidates
    ]
    return tuple(sorted(told, key=lambda one: (not one.got_it, bool(one.bar), one.received - one.entitled, one.name)))
