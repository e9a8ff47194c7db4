"""The whole answer to ``market``: counts from the store, renewals, look-alikes, under names that people know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rules import Dialect
from sync_worker.core.market.whitespace import quarters, territories
from sync_worker.decide import build_facts, fact_settings, load_rules, people_of
from sync_worker.market.alike import gather, look
from sync_worker.market.asking import OWNER, judged, motions, understood
from sync_worker.parts import Progress, Stopped
from sync_worker.store import engagement, lookup, settings
from sync_worker.store import market as stored
from sync_worker.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.core.market.whitespace import Quarters, Territory
    from sync_worker.core.people import People
    from sync_worker.market.alike import LookAlikes
    from sync_worker.market.asking import Asked, Understood
    from sync_worker.parts import Parts

MOST_TERRITORIES = 5_000
"""More of them are no territories: the field names its accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Everything that was asked for. Territories are named as people know them; an empty name: it has none."""

    at: datetime
    by: str
    """Empty where nothing tells territories apart."""
    territories: tuple[Territory, ...]
    total: Territory
    motions: tuple[str, ...]
    """In the order of the rules; empty where they have none."""
    value: str
    renewal: str
    """The date field that says when renewals are due; empty for none."""
    quarters: Quarters
    look_alikes: LookAlikes | None
    names: Mapping[str, tuple[str, str]]
    """The name and the owner's name of each look-alike."""


def market(parts: Parts, asked: Asked) -> Market:
    """Look at every live account as the latest pull shows it. It writes nothing but the facts that rules read.

    Raises Stopped for a name that means nothing here and where nothing was pulled, RulesInvalid, StoreError.
    """
    rules, now = load_rules(parts), parts.clock()
    with parts.store.read() as tx:
        words = vocabulary(settings.get(tx, "schema"), parts.config)
    what = understood(asked, rules, words, parts.config)
    parts.watch(Progress("facts", 0))
    with parts.store.begin() as tx:
        everybody = people_of(tx, parts)
        now = build_facts(tx, parts, rules, everybody, now).now
    with parts.store.read() as tx:
        names = lookup.user_names(tx)
        seen = _seen(tx, what, rules, now)
        called = _reps(everybody, names) if what.by == OWNER else {}
        how = fact_settings(parts, everybody)
        counted = stored.cells(tx, seen, now=now, settings=how)
        found, total = territories(
            replace(each, territory=called.get(each.territory, each.territory)) for each in counted
        )
        _refuse_names(what.by, len(found))
        alike = None
        if asked.top:
            blocks = stored.stream(tx, replace(seen, fields=what.fit), now=now, settings=how)
            gathered = gather(blocks, what.fit, called=called, told=_watched(parts, total.market.accounts))
            alike = look(gathered, asked.among, top=asked.top, keep=asked.keep)
        shown = stored.named(tx, [each.account for each in alike.best] if alike else [])
    return Market(
        at=now,
        by=what.by,
        territories=found,
        total=total,
        motions=motions(rules),
        value=asked.value,
        renewal=what.renewal,
        quarters=seen.quarters,
        look_alikes=alike,
        names={account: (name, names.get(owner or "", owner or "")) for account, (name, owner) in shown.items()},
    )


def _seen(tx: Connection, what: Understood, rules: Ruleset, now: datetime) -> stored.Seen:
    """What is to be read of each account, with what the rules say of it."""
    said = judged(what, rules, Dialect(tx.dialect.name), now=now, landmark=engagement.landmark(tx))
    value = "" if said.value else what.value
    today = now.astimezone(UTC).date()
    return stored.Seen(judged=said, territory=what.field, value=value, renewal=what.renewal, quarters=quarters(today))


def _refuse_names(by: str, count: int) -> None:
    if count > MOST_TERRITORIES:
        message = f"--by: '{by}' has {count:,} values, more than any map of territories"
        raise Stopped(message, hint="name a field with fewer, or cut it with segments or a decision table")


def _watched(parts: Parts, count: int) -> Callable[[int], None]:
    """Tells how many accounts have been read, and ends the reading when somebody asks for it."""

    def told(done: int) -> None:
        if parts.stop.is_set():
            raise Stopped("told to stop while reading accounts", hint="run the same command again")
        parts.watch(Progress("accounts", done, count))

    return told


def _reps(everybody: People, names: Mapping[str, str]) -> dict[str, str]:
    """The name of each user's rep by the user's id, with the rep's id behind a name that two of them have."""
    reps = {user: everybody.reps.get(user, user) for user in names}
    times = Counter(names.get(rep, rep) for rep in set(reps.values()))
    called = {rep: names.get(rep, rep) for rep in reps.values()}
    return {user: called[rep] if times[called[rep]] == 1 else f"{called[rep]} ({rep})" for user, rep in reps.items()}
