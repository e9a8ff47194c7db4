"""Where everything stands before an assignment, and its steps, in order. Reads the store, not the CRM."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sync_worker.assigning.levels import kept_places, looking_after
from sync_worker.assigning.limits import freed_today, policies, promised_later
from sync_worker.assigning.named import claims, directory, fixed_books
from sync_worker.assigning.presence import presence
from sync_worker.assigning.priced import filling_by_prices
from sync_worker.assigning.reps import reps_of
from sync_worker.assigning.routes import desk
from sync_worker.core.books import refilling, returning
from sync_worker.core.named import claiming, fixing
from sync_worker.core.rebalance import EVERY_DAY
from sync_worker.core.routing import routing
from sync_worker.core.routing.telling import until
from sync_worker.core.steps import Position, left_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.core.calendars import Calendars
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.people import People
    from sync_worker.core.rebalance import Wanted
    from sync_worker.core.steps import Step
    from sync_worker.parts import Parts


def position(  # noqa: PLR0913, PLR0917 - what it is made of
    tx: Connection,
    parts: Parts,
    rules: Ruleset,
    everybody: People,
    decided: Iterable[Decision],
    now: datetime,
    day: datetime | None = None,
) -> Position:
    """Where everything stands now, with one rep for all users of one person. ``day``: the later one that is planned.

    Places that agreed plans of other days are to fill are as good as filled.
    """
    reps = reps_of(tx, parts, rules, everybody)
    return Position(
        tuple(everybody.seen(decision) for decision in decided),
        _with_absences(reps, presence(tx, parts, rules, everybody), now) if rules.absences else reps,
        everybody.pool,
        Counter(freed_today(tx, everybody, now))
        + kept_places(tx, everybody)
        + Counter(promised_later(tx, everybody, day)),
    )


def _with_absences(reps: Mapping[str, Rep], calendars: Calendars, now: datetime) -> Mapping[str, Rep]:
    away = {rep: found for rep in reps if (found := calendars.away(rep, now)) is not None}
    return {id_: replace(rep, away=until(away[id_])) if id_ in away else rep for id_, rep in reps.items()}


def steps(  # noqa: PLR0913, PLR0917 - what steps are made of
    tx: Connection,
    parts: Parts,
    rules: Ruleset,
    everybody: People,
    start: Position,
    now: datetime,
    wanted: Wanted = EVERY_DAY,
) -> tuple[Step, ...]:
    """What may move an account, the strongest first: what one step moves is out of reach of those after it.

    ``start`` is where everything stands before the first of them; ``wanted`` is what somebody asked for besides.
    Raises Stopped where that cannot be had.
    """
    books, _ = policies(tx, rules, everybody, now)
    return (
        *_before_books(tx, parts, rules, everybody, start, now),
        *filling_by_prices(tx, books, wanted.rebalance, now),
        refilling(books),
    )


def as_books_find_it(  # noqa: PLR0913, PLR0917 - what steps are made of
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, now: datetime
) -> Position:
    """Where everything stands when the books are to be filled, after all that goes before them."""
    return left_by(start, _before_books(tx, parts, rules, everybody, start, now))


def _before_books(  # noqa: PLR0913, PLR0917 - what steps are made of
    tx: Connection, parts: Parts, rules: Ruleset, everybody: People, start: Position, now: datetime
) -> tuple[Step, ...]:
    books, returns = policies(tx, rules, everybody, now)
    known = directory(tx, everybody)
    return (
        returning(returns),
        *looking_after(tx, parts, rules, everybody, start, now),
        *([routing(routes)] if (routes := desk(tx, parts, rules, everybody, start, now)) else []),
        claiming(books, known, claims(tx, parts.config)),
        fixing(fixed_books(rules, books), known),
    )
