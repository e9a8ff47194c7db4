"""The Salesforce connector: the port's verbs, each handed to the module that knows it. Holds no rule of its own.

One connector is one run: its ceiling of calls counts from its creation. It is used by one thread at a time; only the
token is shared safely.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from connectors.described import changed
from connectors.meter import Meter
from connectors.origin import Origin
from connectors.port import (
    Budget,
    Connector,
    Cursor,
    History,
    NotPermitted,
    Page,
    Record,
    Ref,
    Schema,
    Stream,
    Unreachable,
    User,
    Write,
    WriteResult,
)
from connectors.salesforce import cursor, reader, rows, schema, soql
from connectors.salesforce.auth import bearer
from connectors.salesforce.bulk import Haul, JobGone, NotInBulk
from connectors.salesforce.client import Client
from connectors.salesforce.endpoints import ENDPOINTS
from connectors.salesforce.errors import Refused, judge
from connectors.salesforce.fields import OBJECTS, VERSIONED, merged
from connectors.salesforce.history import histories
from connectors.salesforce.lookup import Lookup
from connectors.salesforce.writer import Writer
from connectors.salesforce.writes import row_of
from connectors.transport import TimeLimits, Transport

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.salesforce.cursor import Standing
    from connectors.salesforce.jobs import JobLog
    from connectors.salesforce.reader import Slice
    from connectors.salesforce.schema import Layout
    from connectors.salesforce.settings import SalesforceSettings
    from connectors.salesforce.writes import Row

CURSOR_LIVES = timedelta(days=14)
"""Deleted rows stay visible for 15 days; a pull from an older cursor could miss a deletion, so it starts anew."""
USAGE = re.compile(r"(?:^|[^-\w])api-usage=(\d+)/(\d+)")


class SalesforceConnector(Connector):
    """See Connector. ``fields`` are the configuration's names over DEFAULT_FIELDS; an empty name leaves one out.

    ``stop`` wakes every wait. Building it calls nobody; a setting that cannot be right raises ValueError.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        fields: Mapping[Stream, Mapping[str, str]],
        *,
        stop: threading.Event | None = None,
        jobs: JobLog,
    ) -> None:
        self._settings = settings
        self._mapping = merged(fields)
        self._jobs = jobs
        self._transport = _transport(settings, stop)
        self._client = Client(self._transport, settings.api_version)
        self._lookup = Lookup(self._client)
        self._writer = Writer(self._client, composite=settings.composite_owner_writes)
        self._describes: dict[str, Mapping[str, Any] | None] = {}
        self._schema = Schema({}, {})
        """What is known so far; a stream is described when it is first needed, or with all others by ``describe``."""

    def describe(self) -> Schema:
        """See Connector. One call for each of the seven objects, and for each parent whose fields are mapped.

        Made anew each time. Raises NotPermitted naming every field that is read and cannot be seen; SchemaChanged if
        all could be seen before.
        """
        describes = self._describe_objects(self._mapping)
        try:
            found = schema.build(self._mapping, describes)
        except NotPermitted as error:
            if not self._schema.fields:
                raise
            raise changed(error) from error
        self._describes, self._schema = describes, found
        return found

    def _known(self, stream: Stream) -> Schema:
        """A schema that holds this stream at least; costs one call for each object not yet described."""
        if stream not in self._schema.fields:
            mapping = {stream: self._mapping[stream]}
            self._describes |= self._describe_objects(mapping)
            found = schema.build(mapping, self._describes)
            self._schema = Schema({**self._schema.fields, **found.fields}, {**self._schema.digests, **found.digests})
        return self._schema

    def _layouts(self, stream: Stream) -> list[Layout]:
        known = self._known(stream)
        return schema.layouts(stream, known, self._describes)

    def _describe_objects(self, mapping: Mapping[Stream, Mapping[str, str]]) -> dict[str, Mapping[str, Any] | None]:
        found = {entity: self._described(entity) for stream in mapping for entity in OBJECTS[stream]}
        return found | {entity: self._described(entity) for entity in sorted(schema.parents(mapping, found))}

    def _described(self, entity: str) -> Mapping[str, Any] | None:
        try:
            return self._client.describe(entity)
        except Refused:
            # Refused by name: the org lacks the object, or hides it from the user, which the schema then tells.
            return None

    def users(self) -> Iterable[User]:
        """See Connector. One query."""
        layout = self._layouts(Stream.USERS)[0]
        query = soql.select(layout.columns, layout.entity)
        return [rows.user(columns, layout) for columns in self._lookup.everything(query, layout)]

    def pull(self, stream: Stream, since: Cursor | None) -> Iterator[Page]:
        """See Connector. A full pull costs a call for each 2,000 rows, or one Bulk job; a quiet one a call per object.

        Pages that go on from the cursor of a broken-off full pull are not marked full: they are only its rest.
        """
        layouts = self._layouts(stream)
        digest = self._known(stream).digests[stream]
        now = self._client.server_time()
        before = cursor.decode(since, digest)
        if any(self._expired(standing, now) for standing in before.values()):
            before = {}
        full = not before
        standings = dict(before)
        if not layouts:
            yield Page((), cursor.encode(digest, {}), full=full, expected=0)
        opened = [_opened(self._slices(layout, self._begun(before, layout, now), now)) for layout in layouts]
        expected = sum(first.total for first, _ in opened)
        for layout, (_, parts) in zip(layouts, opened, strict=True):
            for part in parts:
                standings[layout.entity] = part.standing
                yield Page(part.records, cursor.encode(digest, standings), full=full, expected=expected)

    def _begun(self, before: Mapping[str, Standing], layout: Layout, now: datetime) -> Standing:
        return reader.begun(before.get(layout.entity), now, timedelta(minutes=self._settings.overlap_minutes))

    def _slices(self, layout: Layout, begun: Standing, now: datetime) -> Iterator[Slice]:
        if begun.job:
            try:
                yield from self._haul(layout, begun, now).slices()
            except JobGone:
                begun = reader.begun(None, now, timedelta())
            else:
                return
        if begun.floor or begun.after:
            yield from reader.Walk(self._client, layout, begun, now).slices()
            return
        yield from self._full(layout, begun, now)

    def _full(self, layout: Layout, begun: Standing, now: datetime) -> Iterator[Slice]:
        """The first REST page tells how many rows there are, so choosing between REST and Bulk costs no call."""
        haul = self._haul(layout, begun, now)
        haul.clear_away()
        try:
            yield from reader.Walk(self._client, layout, begun, now, self._settings.bulk_threshold).slices()
        except reader.TooLarge:
            pass
        else:
            return
        try:
            yield from haul.slices()
        except NotInBulk:
            yield from reader.Walk(self._client, layout, begun, now).slices()
        except JobGone as error:
            raise Unreachable(f"{haul.purpose}: the Bulk job is gone", hint="run again: it starts anew") from error

    def _haul(self, layout: Layout, begun: Standing, now: datetime) -> Haul:
        return Haul(self._client, layout, self._jobs, self._transport.stop, begun, now)

    @staticmethod
    def _expired(standing: Standing, now: datetime) -> bool:
        at = standing.time("upto") or standing.time("floor") or standing.time("began")
        return at is not None and at < now - CURSOR_LIVES

    def read(self, refs: Sequence[Ref], *, versions: bool = False) -> Iterable[Record]:
        """See Connector. Accounts get ETags as versions; the other streams have none."""
        for stream, ids in _by_stream(refs).items():
            for layout in self._layouts(stream):
                mine = [each for each in ids if not _is_other(each, layout.entity)]
                lookup = self._lookup.versioned if versions and stream is VERSIONED else self._lookup.now
                yield from lookup(layout, mine, self._client.server_time())

    def write(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
        """See Connector. Every write is checked before the first one leaves, when the first result is asked for."""
        yield from self._writer.send([self._row(write) for write in writes])

    def _row(self, write: Write) -> Row:
        entity = next(entity for entity in OBJECTS[write.ref.stream] if not _is_other(write.ref.id, entity))
        return row_of(write, entity, self._known(write.ref.stream).fields[write.ref.stream])

    def history(self, refs: Sequence[Ref], field: str) -> Iterable[History]:
        """See Connector. A query for each 200 records, and no other to see whether they are there.

        Needs field history tracking in the org; without it nothing has a change. ValueError for an unknown field.
        """
        for stream, ids in _by_stream(refs).items():
            known = self._known(stream).fields[stream]
            if field not in known:
                raise ValueError(f"{stream} has no mapped field {field!r}")
            yield from histories(self._client, self._layouts(stream)[0], ids, known[field].crm_name)

    def clock(self) -> datetime:
        """See Connector."""
        return self._client.server_time()

    def budget(self) -> Budget:
        """See Connector. Calls nobody: ``used`` and ``limit`` are None until the first reply."""
        return self._transport.meter.budget()

    def close(self) -> None:
        """See Connector."""
        self._transport.close()


def _opened(parts: Iterator[Slice]) -> tuple[Slice, Iterator[Slice]]:
    """The first page, which tells how many rows there are, and all pages with it."""
    first = next(parts)
    return first, chain((first,), parts)


def _by_stream(refs: Sequence[Ref]) -> dict[Stream, list[str]]:
    """The ids, each once, by their stream."""
    found: dict[Stream, list[str]] = {}
    for ref in dict.fromkeys(refs):
        found.setdefault(ref.stream, []).append(soql.record_id(ref.id))
    return found


def _is_other(record: str, entity: str) -> bool:
    """True for an Event's id where Tasks are read, and the other way round; their key prefixes are Salesforce's own."""
    return {"Task": record.startswith("00U"), "Event": record.startswith("00T")}.get(entity, False)


def _transport(settings: SalesforceSettings, stop: threading.Event | None) -> Transport:
    transport = Transport(
        Origin(settings.url),
        ENDPOINTS,
        judge=judge,
        usage=usage,
        meter=Meter(settings.call_share_org, settings.call_share_run, settings.calls_per_run),
        limits=TimeLimits(settings.timeout_connect, settings.timeout_read),
        patience=settings.patience,
        stop=stop,
    )
    transport.bearer = bearer(settings.auth, transport)
    return transport


def usage(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls used and the org's limit, from ``Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=…``."""
    found = USAGE.search(headers.get("Sforce-Limit-Info", ""))
    return (int(found[1]), int(found[2])) if found else None
