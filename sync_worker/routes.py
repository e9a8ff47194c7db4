"""How routes stand: what the command ``routes`` asks. Reads the store, not the CRM, and keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.assigning.routes import desk
from sync_worker.assigning.steps import position
from sync_worker.core.routing import standing
from sync_worker.decide import build_facts, everyone, load_rules, people_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sync_worker.core.routing import RouteStands
    from sync_worker.parts import Parts


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes as of the latest pull."""

    at: datetime
    routes: tuple[RouteStands, ...]
    accounts: Mapping[str, str]
    """Names of the accounts that wait, by id."""


def routes(parts: Parts) -> Routes:
    """What each route's members have received and were entitled to, who is away, and what waits. Raises Stopped."""
    rules, now = load_rules(parts), parts.clock()
    with parts.store.tried_out() as tx:
        everybody = people_of(tx, parts)
        now = build_facts(tx, parts, rules, everybody, now).now
        decided = tuple(everyone(tx, parts, rules, now))
        start = position(tx, parts, rules, everybody, decided, now)
        found = desk(tx, parts, rules, everybody, start, now)
    stands = standing(found, start) if found else ()
    names = {decision.account: decision.name for decision in decided}
    return Routes(now, stands, {account: names[account] for one in stands for account, _ in one.left})
