"""Pulls one object page by page through REST: keyset order, an overlap, and proof of completeness.

Rows come in the order of (SystemModstamp, Id), from a floor on. Whatever breaks the reading (a lost locator, a query
that takes too long) restarts from the last row seen, that row included. The cursor comes to rest at the server's time
before the first query, never later. The query itself has no upper bound: a row that somebody changes during the pull
moves to the end of the order, and with a bound it would fall out of it and look deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.port import BadReply, SchemaChanged, Unreachable
from connectors.salesforce import rows, soql
from connectors.salesforce.cursor import Position, Standing
from connectors.salesforce.errors import Refused
from connectors.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.port import Record, Value
    from connectors.salesforce.client import Client, QueryPage
    from connectors.salesforce.schema import Layout

NARROWEST = timedelta(minutes=1)
"""A window that still times out when it is this narrow is not cured by halving."""
BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)
"""Salesforce was founded then: no row is older."""
MOST_RESTARTS = 5
"""Locators that may be lost in a row without one new page between them."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of one object's records, and where its pull stands when they are saved."""

    records: tuple[Record, ...]
    standing: Standing
    total: int
    """Rows that the whole window, or Bulk job, holds."""
    ends: bool = False
    """True for the last page of its window."""


class TooLarge(Exception):
    """The first page says that the object holds more rows than REST should bring."""


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open: ``floor`` is in it, ``upper`` is not. None has no end on its side."""

    floor: datetime | None = None
    upper: datetime | None = None

    def halves(self, now: datetime) -> tuple[Window, Window]:
        """Earlier and later half; Unreachable when it cannot be halved."""
        floor, upper = self.floor or BEGINNING, self.upper or now
        if upper - floor < NARROWEST:
            raise Unreachable(
                "Salesforce cannot answer the query in time, however narrow",
                hint="ask Salesforce for an index on SystemModstamp, or pull when the org is less busy",
            )
        middle = floor + (upper - floor) / 2
        return Window(self.floor, middle), Window(middle, self.upper)


@dataclass(frozen=True, slots=True)
class Walk:
    """One pull of one object through REST. ``most`` rows are brought in a full pull; more raise TooLarge."""

    client: Client
    layout: Layout
    standing: Standing
    now: datetime
    most: int | None = None

    def slices(self) -> Iterator[Slice]:
        """The pages; the last one is at rest, and comes even when nothing changed."""
        windows = [Window(self.standing.time("floor"))]
        at_rest = Standing(upto=self.standing.began)
        after = self.standing.after
        while windows:
            window = windows.pop()
            try:
                for part in self._window(window, after):
                    after = part.standing.after or after
                    # A window's last page is yielded only once it is proven whole, so the pull may rest on it.
                    yield replace(part, standing=at_rest) if part.ends and not windows else part
            except _Slow as slow:
                after = slow.after or after
                windows += reversed(Window(rest_from(window, after), window.upper).halves(self.now))

    def _window(self, window: Window, after: Position | None) -> Iterator[Slice]:
        restarts = 0
        page, seen = self._first(window, after), 0
        total = page.total
        while True:
            try:
                columns = [rows.json_columns(row, self.layout) for row in page.rows]
                seen += len(columns)
                if columns and position(columns[-1], self.layout) != after:
                    after, restarts = position(columns[-1], self.layout), 0
                self._prove(page, seen, total)
                yield Slice(self._records(columns), replace(self.standing, after=after), total, ends=not page.more)
                if not page.more:
                    return
                page = self._more(page, after)
            except _Lost as lost:
                restarts += 1
                if restarts > MOST_RESTARTS:
                    raise Unreachable(
                        f"Salesforce lost the place in the {self.layout.entity} query {restarts} times in a row",
                        hint="run again later: the pull goes on from the last saved page",
                    ) from lost
                page, seen = self._first(window, after), 0
                total = page.total

    def _first(self, window: Window, after: Position | None) -> QueryPage:
        query = soql.window(
            self.layout.columns, self.layout.entity, floor=window.floor, upper=window.upper, after=after
        )
        try:
            page = self.client.query(query, deleted=self.layout.deletable)
        except Refused as error:
            raise self._translated(error, after) from error
        if self.most is not None and page.total > self.most:
            raise TooLarge
        return page

    def _more(self, page: QueryPage, after: Position | None) -> QueryPage:
        try:
            return self.client.more(page.more)
        except Refused as error:
            if error.has("INVALID_QUERY_LOCATOR"):
                raise _Lost from error
            raise self._translated(error, after) from error

    def _translated(self, error: Refused, after: Position | None) -> Exception:
        if error.has("QUERY_TIMEOUT"):
            return TooLarge() if self.most is not None else _Slow(after)
        return schema_changed(error) or error

    def _prove(self, page: QueryPage, seen: int, total: int) -> None:
        if seen > total or (not page.more and seen != total):
            raise BadReply(
                f"Salesforce announced {total} rows of {self.layout.entity} and sent {seen}",
                hint="nothing was taken over beyond the last full page: run again",
            )

    def _records(self, columns: list[dict[str, Value]]) -> tuple[Record, ...]:
        found = (rows.record(each, self.layout, self.now) for each in columns)
        return tuple(record for record in found if record is not None)


class _Lost(Exception):
    """The query's locator is no longer known."""


class _Slow(Exception):
    """The query took too long; ``after`` is the last row seen."""

    def __init__(self, after: Position | None) -> None:
        super().__init__()
        self.after = after


def rest_from(window: Window, after: Position | None) -> datetime | None:
    """Where the rest of a window begins."""
    return Standing(upto=after.stamp).time("upto") if after else window.floor


def position(columns: Mapping[str, Value], layout: Layout) -> Position:
    """The keyset position of a row."""
    stamp = columns["SystemModstamp"]
    if not isinstance(stamp, str):
        raise BadReply(f"a {layout.entity} row has no SystemModstamp")
    return Position(stamp, rows.row_id(columns, layout))


def schema_changed(error: Refused) -> SchemaChanged | None:
    """SchemaChanged when Salesforce no longer knows a field or an object; it names it in its message."""
    if not error.has("INVALID_FIELD", "INVALID_TYPE"):
        return None
    said = "; ".join(each.message.strip().splitlines()[-1] for each in error.errors if each.message.strip())
    return SchemaChanged(
        f"a field that is read has gone: {said}",
        hint="grant Read on it again under field-level security, or correct its name in [fields]",
    )


def begun(standing: Standing | None, now: datetime, overlap: timedelta) -> Standing:
    """The standing of a pull that begins now: on from its place, from its floor, or from nothing."""
    if standing is None:
        return Standing(began=iso(now))
    if standing.began:
        return standing
    upto = standing.time("upto")
    return Standing(began=iso(now), floor=iso(upto - overlap) if upto else "")
