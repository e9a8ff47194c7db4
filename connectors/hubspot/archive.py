"""Finds what has been archived, a few pages of the archive in each increment. Reads only.

Archiving moves no date, no search shows archived records, and their list, which reaches back about 90 days, comes in
the order of ids: where in it a new one stands cannot be known. So the list is walked round and round, from where the
last increment left off. A record archived behind the walker is met in the next round, which looks as far back as the
beginning of the round before; a full pull, which brings everything that is there, begins a new round.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.hubspot import rows
from connectors.hubspot.errors import Refused
from connectors.hubspot.values import instant
from connectors.port import BadReply
from connectors.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.hubspot.client import Client
    from connectors.hubspot.cursor import Standing
    from connectors.hubspot.replies import ListPage, Row
    from connectors.hubspot.schema import Layout
    from connectors.port import Record

PAGES = 5
"""Pages of 100 in one increment: an archive of up to 500 records is walked round in each."""
LATE = timedelta(minutes=15)
"""How much earlier than the round before a record may say that it was archived: clocks differ, lists lag."""


def walked(client: Client, layout: Layout, standing: Standing, now: datetime) -> tuple[tuple[Record, ...], Standing]:
    """The records that the next pages show as archived since the round before, and where the walk stands after them."""
    since = standing.time("swept") or standing.time("floor") or now
    found: list[Record] = []
    standing = replace(standing, sweeping=standing.sweeping or iso(now))
    for _ in range(PAGES):
        page = _page(client, layout, standing)
        for row in page.rows:
            if _archived(row) >= since - LATE:
                found += _gone(row, layout, now)
        standing = replace(standing, place=page.after)
        if not page.after:
            return tuple(found), replace(standing, swept=standing.sweeping, sweeping="")
    return tuple(found), standing


def _page(client: Client, layout: Layout, standing: Standing) -> ListPage:
    columns = list(layout.columns)
    try:
        page = client.list(layout.entity, columns, after=standing.place, archived=True)
    except Refused:
        # HubSpot no longer knows the mark: the round is walked from its beginning.
        if not standing.place:
            raise
        return client.list(layout.entity, columns, archived=True)
    if page.after and page.after == standing.place:
        raise BadReply(f"HubSpot's list of archived {layout.entity} does not move on", hint="run again later")
    return page


def _archived(row: Row) -> datetime:
    try:
        return instant(row.get("archivedAt") or row.get("updatedAt"))
    except ValueError as error:
        raise BadReply(f"the archived record {row['id']} does not say since when it is") from error


def _gone(row: Row, layout: Layout, now: datetime) -> Iterator[Record]:
    """The record, and those that it had been merged from, which no search tells of any more."""
    yield replace(rows.record(row, layout, {}, now), deleted=True)
    yield from rows.losers(row, layout)
