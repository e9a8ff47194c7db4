"""Works out which accounts leads and lines of files are about, and takes people's word on it. It asks no CRM."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker import __version__
from sync_worker.core.canonical import digest
from sync_worker.core.matching import Aliases, Thresholds, match
from sync_worker.parts import Stopped
from sync_worker.pool import answers_to
from sync_worker.store import aliases, lookup, matchable, settings
from sync_worker.store import matches as kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.config import Config
    from sync_worker.core.matching import Match, Sought
    from sync_worker.parts import Parts
    from sync_worker.store.matches import Pair, Rate

_LEADS = "leads_matched"
"""The setting that says what the matches of leads rest on."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What there is of matches. ``pairs``: those in ``state``, as many as were asked for, of ``in_all``."""

    state: str
    rates: tuple[Rate, ...]
    pairs: tuple[Pair, ...]
    auto: float | None


def match_leads(tx: Connection, config: Config, now: datetime) -> None:
    """Work out anew whose every lead is, if anything has changed that this rests on."""
    rests_on = ground(tx, config)
    if settings.get(tx, _LEADS) == rests_on:
        return
    sought = dict(matchable.leads(tx, config.crms))
    found = find(tx, config, kept.LEADS, sought)
    kept.keep(tx, kept.LEADS, {key: (shown(one), found[key]) for key, one in sought.items()})
    settings.put(tx, _LEADS, rests_on, now)


def ground(tx: Connection, config: Config) -> str:
    """What matches rest on: they need not be made again before this has changed."""
    said = kept.latest_verdict(tx)
    return digest([__version__, matchable.ground(tx, config.crms), asdict(config.matching), config.pool.user, said])


def find(tx: Connection, config: Config, source: str, sought: Mapping[str, Sought]) -> dict[str, Match]:
    """The match of each of these, by key. What people have said of the source's keys goes before all but an id."""
    verdicts = kept.said(tx, source)
    asked = {
        key: replace(one, accepted=verdicts[key].accepted, rejected=verdicts[key].rejected) if key in verdicts else one
        for key, one in sought.items()
    }
    if not asked:
        return {}
    named = {id_ for one in asked.values() for id_ in (one.account, one.accepted) if id_}
    pools = {user.id for user in lookup.users(tx) if answers_to(user, config.pool.user)}
    found = match(
        list(dict.fromkeys(asked.values())),
        matchable.accounts(tx, config.crms),
        aliases.winners(tx, Stream.ACCOUNTS, named | set(config.matching.aliases.values())),
        thresholds=Thresholds(config.matching.auto, config.matching.review),
        aliases=Aliases.of(config.matching.aliases.items()),
        standing=lambda accounts: matchable.standing(tx, accounts, pools),
    )
    return {key: found[one] for key, one in asked.items()}


def shown(one: Sought) -> str:
    """What people see of something that is sought: a company's name, its site, or an id."""
    return one.name or one.host or one.account


def told(parts: Parts, state: str, source: str, limit: int) -> Matched:
    """What the store has of matches: it compares nothing anew."""
    with parts.store.read() as tx:
        rates = tuple(rate for rate in kept.rates(tx) if source in {"", rate.source})
        return Matched(state, rates, tuple(kept.listed(tx, state, source, limit)), parts.config.matching.auto)


def judge(parts: Parts, id_: str, *, accepted: bool, by: str, note: str) -> Pair:
    """Keep a person's word on a pair, named by its id or the beginning of it.

    Raises Stopped where that names none, or several.
    """
    with parts.store.begin() as tx:
        found = kept.by_id(tx, id_) if id_ else []
        if not found:
            raise Stopped(f"there is no match {id_}", hint="'sync-worker matches list' shows their ids")
        if len(found) > 1:
            named = ", ".join(pair.id for pair in found)
            raise Stopped(f"{id_} may be any of {named}", hint="write more of the id")
        kept.decide(tx, found[0], accepted=accepted, by=by, note=note, now=parts.clock())
        return found[0]
