"""The HubSpot connector: the port's verbs, each handed to the module that knows it. Holds no rule of its own.

One connector is one run: its ceiling of calls counts from its creation. It is used by one thread at a time; only the
token is shared safely.
"""

from __future__ import annotations

import hashlib
import json
import time
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from connectors.described import changed
from connectors.hubspot import cursor, pace, reader, rows, schema
from connectors.hubspot.auth import bearer
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Standing
from connectors.hubspot.endpoints import ENDPOINTS
from connectors.hubspot.errors import judge
from connectors.hubspot.fields import OBJECTS, merged
from connectors.hubspot.history import histories
from connectors.hubspot.pace import Pace
from connectors.hubspot.settings import RefreshToken
from connectors.hubspot.writer import Writer, row_of
from connectors.meter import Meter
from connectors.origin import Origin
from connectors.port import (
    BY_APP,
    Budget,
    Connector,
    Cursor,
    Field,
    History,
    NotPermitted,
    Page,
    Record,
    Ref,
    Schema,
    Stream,
    User,
    Write,
    WriteResult,
)
from connectors.transport import TimeLimits, Transport

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.hubspot.reader import Slice
    from connectors.hubspot.schema import Layout
    from connectors.hubspot.settings import HubSpotSettings

CURSOR_LIVES = timedelta(days=60)
"""Archived records stay listed for about 90 days; a pull from an older cursor could miss one, so it starts anew."""
LEAST_DAILY = 250_000
"""Calls a day on the smallest plan. Under OAuth no reply names the account's own number."""
OWNERS = "owners"


class HubSpotConnector(Connector):
    """See Connector. ``fields`` are the configuration's own names, over the defaults. ``jobs`` is not needed.

    ``stop`` ends every wait, and ``tick``, a monotonic clock in seconds, tells how long one must be.
    """

    conditional = False

    def __init__(
        self,
        settings: HubSpotSettings,
        fields: Mapping[Stream, Mapping[str, str]],
        *,
        stop: threading.Event | None = None,
        jobs: object = None,  # noqa: ARG002 - every connector is built alike; HubSpot has no jobs to remember
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._mapping = merged(fields)
        self._transport = _transport(settings, stop)
        paced = Pace(settings.burst_share, settings.searches_per_second, self._transport.stop, tick)
        self._client = Client(self._transport, settings.api_version, paced)
        self._transport.bearer = bearer(settings.auth, self._client.token, tick=tick)
        self._writer = Writer(self._client)
        self._described: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._schema = Schema({}, {})
        self._owners: list[rows.Row] = []

    def describe(self) -> Schema:
        """See Connector. One call for each of the seven objects.

        Made anew each time. Raises NotPermitted naming every mapped property that is not there; SchemaChanged if all
        were there before.
        """
        described = {entity: self._client.properties(entity) for stream in self._mapping for entity in OBJECTS[stream]}
        try:
            found = schema.build(self._mapping, described)
        except NotPermitted as error:
            if not self._schema.fields:
                raise
            raise changed(error) from error
        self._described, self._schema = described, found
        return found

    def _known(self, stream: Stream) -> Mapping[str, Field]:
        """The stream's fields; costs one call for each object not yet described."""
        if stream not in self._schema.fields:
            for entity in OBJECTS[stream]:
                if entity not in self._described:
                    self._described[entity] = self._client.properties(entity)
            found = schema.build({stream: self._mapping[stream]}, self._described)
            self._schema = Schema({**self._schema.fields, **found.fields}, {**self._schema.digests, **found.digests})
        return self._schema.fields[stream]

    def _layouts(self, stream: Stream) -> list[Layout]:
        self._known(stream)
        return schema.layouts(stream, self._schema, self._described)

    def users(self) -> Iterable[User]:
        """See Connector. The owners: a call for each hundred active ones, and for each hundred archived ones."""
        self._known(Stream.USERS)
        self._owners = [*self._client.owners(archived=False), *self._client.owners(archived=True)]
        return [rows.user(owner, self._mapping[Stream.USERS]) for owner in self._owners]

    def pull(self, stream: Stream, since: Cursor | None) -> Iterator[Page]:
        """See Connector. Costs calls in proportion to records, or to changes.

        In full, a call for each 100 records, and one more. An increment: a search for each 200 changes, a read for
        each 100, and up to five pages of the archive. Associations are a call for each 200 changes.

        Pages that go on from the cursor of a broken-off full pull are not marked full: they are only its rest.
        """
        self._known(stream)
        digest = self._schema.digests[stream]
        before = cursor.decode(since, digest)
        if stream is Stream.USERS:
            yield self._user_page(before, digest)
            return
        now = self._client.server_time()
        if before and any(_expired(standing, now) for standing in before.values()):
            before = None
        full = before is None
        standings = dict(before or {})
        layouts = self._layouts(stream)
        if not layouts:
            yield Page((), cursor.encode(digest, {}), full=full, expected=0)
        opened = [_opened(self._walk(layout, standings.get(layout.entity), now).slices()) for layout in layouts]
        expected = sum(first.total for first, _ in opened)
        for layout, (_, parts) in zip(layouts, opened, strict=True):
            for part in parts:
                standings[layout.entity] = part.standing
                yield Page(part.records, cursor.encode(digest, standings), full=full, expected=expected)

    def _walk(self, layout: Layout, before: Standing | None, now: datetime) -> reader.Walk:
        begun = reader.begun(before, now, timedelta(minutes=self._settings.overlap_minutes))
        return reader.Walk(self._client, layout, begun, now)

    def _user_page(self, before: dict[str, Standing] | None, digest: str) -> Page:
        """All owners, or none if nothing about any of them has changed: they have no time that could be trusted."""
        self.users()
        found = tuple(rows.user_record(owner, self._mapping[Stream.USERS]) for owner in self._owners)
        seen = hashlib.sha256(json.dumps(self._owners, sort_keys=True, default=str).encode()).hexdigest()
        same = before is not None and before.get(OWNERS, Standing()).digest == seen
        standing = cursor.encode(digest, {OWNERS: Standing(digest=seen)})
        return Page(() if same else found, standing, full=before is None, expected=0 if same else len(found))

    def read(self, refs: Sequence[Ref], *, versions: bool = False) -> Iterable[Record]:
        """See Connector. ``versions`` changes nothing: HubSpot has none. Merged records count as gone."""
        del versions
        for stream, ids in _by_stream(refs).items():
            for layout in self._layouts(stream):
                asked = set(ids)
                walk = reader.Walk(self._client, layout, Standing(), self._client.server_time())
                yield from (each for each in walk.read(ids) if each.ref.id in asked and not each.deleted)

    def write(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
        """See Connector. Every write is checked before the first one leaves, when the first result is asked for."""
        yield from self._writer.send([row_of(write, self._known(write.ref.stream)) for write in writes])

    def history(self, refs: Sequence[Ref], field: str) -> Iterable[History]:
        """See Connector. A read for each 50 records. HubSpot keeps the latest 20 values of most properties.

        ``by`` is the owner's id; for what is no person's doing ``SOURCE:id``, such as ``INTEGRATION:3817446``. The
        first person met costs the calls of ``users``, unless they have been made. ValueError for an unknown field.
        """
        for stream, ids in _by_stream(refs).items():
            known = self._known(stream)
            if field not in known:
                raise ValueError(f"{stream} has no mapped field {field!r}")
            left = dict.fromkeys(ids)
            for entity in OBJECTS[stream]:
                if left and known[field].crm_name in self._described[entity]:
                    for each in histories(self._client, entity, list(left), stream, known[field], self._author):
                        left.pop(each.ref.id, None)
                        yield each

    def _author(self, version: rows.Row) -> str:
        kind, source = str(version.get("sourceType") or "UNKNOWN"), str(version.get("sourceId") or "")
        user = str(version.get("updatedByUserId") or "") or source.removeprefix("userId:")
        # An app's write may name the user who let the app in: it is the app's all the same.
        if user == source or f"{kind}:" in BY_APP:
            return f"{kind}:{source}"
        if not self._owners:
            self.users()
        return next((str(owner["id"]) for owner in self._owners if rows.user_id(owner) == user), f"user:{user}")

    def clock(self) -> datetime:
        """See Connector."""
        return self._client.server_time()

    def budget(self) -> Budget:
        """See Connector. Calls nobody: ``used`` and ``limit`` are None until a reply names them."""
        return self._transport.meter.budget()

    def close(self) -> None:
        """See Connector."""
        self._transport.close()


def _opened(parts: Iterator[Slice]) -> tuple[Slice, Iterator[Slice]]:
    """The first page, which tells how many records there are, and all pages with it."""
    first = next(parts)
    return first, chain((first,), parts)


def _expired(standing: Standing, now: datetime) -> bool:
    at = standing.time("upto") or standing.time("floor") or standing.time("began")
    times = [each for each in (at, standing.time("swept")) if each is not None]
    return bool(times) and min(times) < now - CURSOR_LIVES


def _by_stream(refs: Sequence[Ref]) -> dict[Stream, list[str]]:
    """The ids, each once, by their stream."""
    found: dict[Stream, list[str]] = {}
    for ref in dict.fromkeys(refs):
        found.setdefault(ref.stream, []).append(_record_id(ref))
    return found


def _record_id(ref: Ref) -> str:
    if not ref.id.isdecimal():
        raise ValueError(f"{ref.id!r} is no id of a HubSpot record")
    return ref.id


def _transport(settings: HubSpotSettings, stop: threading.Event | None) -> Transport:
    per_run = settings.calls_per_run
    if per_run is None and isinstance(settings.auth, RefreshToken):
        per_run = int(LEAST_DAILY * settings.call_share_run)
    return Transport(
        Origin(settings.url),
        ENDPOINTS,
        judge=judge,
        usage=pace.daily,
        meter=Meter(settings.call_share_org, settings.call_share_run, per_run),
        limits=TimeLimits(settings.timeout_connect, settings.timeout_read),
        patience=settings.patience,
        stop=stop,
    )
