"""The whole answer to ``market``: counts from the store, renewals, look-alikes, under names that people know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rules import Dialect
from sync_worker.core.market.whitespace import quarters, territories
from sync_worker.decide import fact_settings, load_rules, people_of
from sync_worker.explain.now import refresh
from sync_worker.market.alike import gather, look
from sync_worker.market.asking import OWNER, judged, motions, understood
from sync_worker.parts import Progress, Stopped
from sync_worker.store import engagement, lookup, settings
from sync_worker.store import market as stored
from sync_worker.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from sync_worker.core.market.whitespace import Quarters, Territory
    from sync_worker.market.alike import LookAlikes
    from sync_worker.market.asking import Asked
    from sync_worker.parts import Parts
    from sync_worker.store.derivable import FactSettings

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
    refresh(parts, rules, now)
    with parts.store.read() as tx:
        said = judged(
            what.by, asked.value, rules, Dialect(parts.store.dialect), now=now, landmark=engagement.landmark(tx)
        )
        seen = stored.Seen(
            judged=said,
            territory=what.field,
            value=what.value,
            renewal=what.renewal,
            quarters=quarters(now.astimezone(UTC).date()),
        )
        how = fact_settings(parts, people_of(tx, parts))
        found, total = territories(stored.cells(tx, seen, now=now, settings=how))
        _refuse_names(what.by, len(found))
        alike = _alike(tx, parts, asked, replace(seen, fields=what.fit), how, total.market.accounts)
        people = lookup.user_names(tx)
        shown = stored.named(tx, [each.account for each in alike.best] if alike else [])
    called = _distinct(people) if what.by == OWNER else {}
    return Market(
        at=now,
        by=what.by,
        territories=tuple(replace(each, name=called.get(each.name, each.name)) for each in found),
        total=total,
        motions=motions(rules),
        value=asked.value,
        renewal=what.renewal,
        quarters=seen.quarters,
        look_alikes=_called(alike, called) if alike else None,
        names={account: (name, people.get(owner or "", owner or "")) for account, (name, owner) in shown.items()},
    )


def _refuse_names(by: str, count: int) -> None:
    if count > MOST_TERRITORIES:
        message = f"--by: '{by}' has {count:,} values, more than any map of territories"
        raise Stopped(message, hint="name a field with fewer, or cut it with segments or a decision table")


def _alike(  # noqa: PLR0913, PLR0917 - what one stream needs
    tx: Connection, parts: Parts, asked: Asked, seen: stored.Seen, how: FactSettings, count: int
) -> LookAlikes | None:
    if not asked.top:
        return None

    def told(done: int) -> None:
        if parts.stop.is_set():
            raise Stopped("told to stop while reading accounts", hint="run the same command again")
        parts.watch(Progress("accounts", done, count))

    blocks = stored.stream(tx, seen, now=parts.clock(), settings=how)
    return look(gather(blocks, seen.fields, told), asked.among, top=asked.top, keep=asked.keep)


def _distinct(people: Mapping[str, str]) -> dict[str, str]:
    """Users' names by id, with the id behind a name that two of them have."""
    times = Counter(people.values())
    return {id_: name if times[name] == 1 else f"{name} ({id_})" for id_, name in people.items()}


def _called(alike: LookAlikes, people: Mapping[str, str]) -> LookAlikes:
    """With territories under the names of people, where users' ids tell them apart."""
    return replace(
        alike,
        counts={people.get(name, name): count for name, count in alike.counts.items()},
        values={people.get(name, name): value for name, value in alike.values.items()},
        best=tuple(replace(each, territory=people.get(each.territory, each.territory)) for each in alike.best),
    )
