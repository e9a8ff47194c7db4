"""Pulls one object: everything by list, or what has changed by search, confirmed in the primary store.

A search's index runs behind the records and shows only so many results. So every search looks back over an overlap,
asks for ids alone, in their order and beyond the last one seen (a new search for each page, hence no limit of
results), and the records themselves are then read as they are. Archived records are in no search: ``archive`` finds
them. The cursor comes to rest at the server's time before the first call, never later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from connectors.hubspot import archive, rows
from connectors.hubspot.client import IN_BATCH, IN_LINKS
from connectors.hubspot.cursor import Standing
from connectors.hubspot.errors import Refused
from connectors.hubspot.replies import unanswered
from connectors.hubspot.values import milliseconds
from connectors.port import BadReply
from connectors.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from connectors.hubspot.client import Client
    from connectors.hubspot.schema import Layout
    from connectors.port import Record


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of one object's records, and where its pull stands when they are saved."""

    records: tuple[Record, ...]
    standing: Standing
    total: int
    """How many records the pull will bring, by the index, which may lag."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One pull of one object."""

    client: Client
    layout: Layout
    standing: Standing
    now: datetime

    def slices(self) -> Iterator[Slice]:
        """The pages; the last one is at rest, and comes even when nothing changed."""
        yield from self._increment() if self.standing.floor else self._everything()

    def _everything(self) -> Iterator[Slice]:
        total = self.client.search(self.layout.entity, (), limit=1).total
        after, restarted = self.standing.after, False
        while True:
            try:
                page = self.client.list(
                    self.layout.entity, list(self.layout.columns), links=self.layout.links, after=after
                )
            except Refused:
                # HubSpot no longer knows the mark: once, the list is read again from its beginning.
                if not after or restarted:
                    raise
                after, restarted = "", True
                continue
            if page.after and page.after == after:
                raise BadReply(f"HubSpot's list of {self.layout.entity} does not move on", hint="run again later")
            after = page.after
            standing = replace(self.standing, after=after) if after else self.standing.at_rest()
            yield Slice(tuple(self._records(page.rows, None)), standing, total)
            if not after:
                return

    def _increment(self) -> Iterator[Slice]:
        floor = self.standing.time("floor") or self.now
        gone: tuple[Record, ...] = ()
        standing, last, total = self.standing, self.standing.after or "0", -1
        if not standing.after:
            gone, standing = archive.walked(self.client, self.layout, standing, self.now)
        while True:
            filters = [
                {"propertyName": self.layout.modified, "operator": "GTE", "value": milliseconds(floor)},
                {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            ]
            page = self.client.search(self.layout.entity, filters)
            ids = [str(row["id"]) for row in page.rows]
            self._check_order(ids, last, more=page.more)
            total = page.total if total < 0 else total
            last = ids[-1] if ids else last
            standing = replace(standing, after=last) if page.more else standing.at_rest()
            yield Slice((*gone, *self.read(ids)), standing, total)
            if not page.more:
                return
            gone = ()

    def _check_order(self, ids: Sequence[str], last: str, *, more: bool) -> None:
        numbers = [int(last), *map(int, ids)]
        if any(one >= other for one, other in pairwise(numbers)) or (more and not ids):
            raise BadReply(
                f"a search of {self.layout.entity} did not come in the order of ids", hint="run again: nothing is lost"
            )

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        """The records of these ids as they are now, and what merges have made of those that are gone."""
        for start in range(0, len(ids), IN_LINKS):
            yield from self._read(ids[start : start + IN_LINKS])

    def _read(self, ids: Sequence[str]) -> Iterator[Record]:
        found: list[rows.Row] = []
        merged: list[str] = []
        for start in range(0, len(ids), IN_BATCH):
            part = ids[start : start + IN_BATCH]
            reply = self.client.read(self.layout.entity, part, list(self.layout.columns))
            found += reply.rows
            absent, strangers = unanswered(reply, part)
            merged += absent if strangers else ()
        alive = list(dict.fromkeys(str(row["id"]) for row in found))
        linked = {to: self.client.associations(self.layout.entity, to, alive) for to in self.layout.links if alive}
        yield from self._records(found, linked)
        yield from self._merged(merged)

    def _merged(self, ids: Sequence[str]) -> Iterator[Record]:
        """Records that answer under another id, which does not say whose it was: asked one by one."""
        for each in ids:
            for row in self.client.read(self.layout.entity, [each], list(self.layout.columns)).rows:
                if str(row["id"]) != each:
                    yield rows.loser(each, row, self.layout)

    def _records(self, found: Sequence[rows.Row], linked: Mapping[str, Mapping[str, str]] | None) -> Iterator[Record]:
        for row in found:
            links = (
                rows.inline_links(row)
                if linked is None
                else {to: each.get(str(row["id"])) for to, each in linked.items()}
            )
            yield rows.record(row, self.layout, links, self.now)
            yield from rows.losers(row, self.layout)


def begun(standing: Standing | None, now: datetime, overlap: timedelta) -> Standing:
    """The standing of a pull that begins now: on from its place, from its floor, or from nothing."""
    if standing is None:
        # What is archived from now on may have been listed before.
        return Standing(began=iso(now), swept=iso(now))
    if standing.began:
        return standing
    upto = standing.time("upto")
    return replace(standing, upto="", began=iso(now), floor=iso(upto - overlap) if upto else "")
