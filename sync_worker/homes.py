"""Pairs the accounts that two CRMs have, as the config says: each has one home, where alone it is planned."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker import __version__
from sync_worker.core.canonical import digest
from sync_worker.core.homes import Homes, Listed, pair
from sync_worker.core.matching import site_of
from sync_worker.store import aliases, lookup, settings, twins
from sync_worker.store.matchable import HOSTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from sync_worker.config import Config, HomeConfig


_GROUND = "twins_paired"
"""The setting that says what the pairs rest on: reading all accounts takes long, and mostly none has changed."""


def pair_up(tx: Connection, config: Config, now: datetime) -> None:
    """Keep the twins of now, and how many records share a site with too many others to be paired."""
    rests_on = digest([__version__, config.crms, asdict(config.home), lookup.latest_change(tx, Stream.ACCOUNTS)])
    if settings.get(tx, _GROUND) == rests_on:
        return
    settings.put(tx, _GROUND, rests_on, now)
    if len(config.crms) == 1:
        twins.keep(tx, Homes((), 0), now)
        return
    accounts = [_listed(id_, crm, fields, config.home) for id_, crm, fields in twins.listed(tx)]
    merged = aliases.winners(tx, Stream.ACCOUNTS, {one.link for one in accounts if one.link})
    accounts = [replace(one, link=merged.get(one.link, one.link)) if one.link else one for one in accounts]
    twins.keep(tx, pair(accounts, home=config.home.crm, by_site=config.home.by_domain), now)


def _listed(id_: str, crm: str, fields: Mapping[str, Value], home: HomeConfig) -> Listed:
    sites = (site_of(str(fields.get(name) or "")) for name in HOSTS)
    return Listed(
        id=id_,
        crm=crm,
        link=_link(fields.get(home.link)),
        site=next((site for site in sites if site), ""),
        home=str(fields.get(home.field) or "").strip().casefold(),
    )


def _link(said: Value) -> str:
    """The id that a field holds, be it a text or a number."""
    return str(int(said) if isinstance(said, float) and said.is_integer() else said or "").strip()
