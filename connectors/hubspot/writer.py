"""Sends writes, 100 to a batch update, each exactly once, and says truthfully what is known of each row.

HubSpot compares no versions: whoever writes last wins, so a version given with a write is not sent, and what stood
there before must be read just before, and the history afterwards, by the caller. A batch whose reply was lost is
UNKNOWN as a whole. A refusal that names no record is followed up by halves, once its rows are proven untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import requests

from connectors.hubspot.client import IN_BATCH
from connectors.hubspot.errors import BUSY, Refused, RowError, Throttled
from connectors.hubspot.fields import OBJECTS
from connectors.hubspot.values import instant, to_text
from connectors.port import PUT_OFF, BadReply, CrmError, NotPermitted, Outcome, Unreachable, WriteResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.hubspot.client import Client
    from connectors.hubspot.replies import BatchReply
    from connectors.port import Field, Write

MOST_SPLITS = 40
"""Calls that the search for the bad rows of one refused batch may make."""
MOST_DOUBTS = 3
"""Batches in a row without an answer before the rest is not sent."""
CLOCKS = timedelta(seconds=5)
"""How far the clocks of HubSpot's machines are taken to lie apart, when a row is proven untouched by its time."""
BROKEN = (Unreachable, BadReply, requests.RequestException)
"""What leaves open whether a write has landed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One write in HubSpot's words."""

    write_id: str
    entity: str
    record: str
    properties: Mapping[str, str]


def row_of(write: Write, fields: Mapping[str, Field]) -> Row:
    """The row of a write. ValueError for what cannot be meant, NotPermitted for a property that cannot be written."""
    unknown = sorted(set(write.changes) - fields.keys())
    if unknown or not write.changes:
        raise ValueError(
            f"write {write.id}: no mapped field of {write.ref.stream}: {', '.join(unknown) or 'none given'}"
        )
    objects = OBJECTS[write.ref.stream]
    if len(objects) != 1 or not write.ref.id.isdecimal():
        raise ValueError(f"write {write.id}: {write.ref.stream} {write.ref.id!r} is no record that can be written")
    locked = sorted(fields[name].crm_name for name in write.changes if not fields[name].writable)
    if locked:
        raise NotPermitted(
            f"HubSpot does not let anybody edit {', '.join(locked)}", hint="map a property that is not read-only"
        )
    return Row(
        write.id, objects[0], write.ref.id, {fields[name].crm_name: to_text(v) for name, v in write.changes.items()}
    )


class Writer:
    """Sends rows; one result each, as it is known."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._splits = 0
        self._doubts = 0

    def send(self, rows: Sequence[Row]) -> Iterator[WriteResult]:
        """LimitReached, Unauthorized and NotPermitted end it: rows not yet sent get no result. See also Unreachable."""
        self._doubts = 0
        for part in parts(rows):
            self._splits = 0
            yield from self._batch(part)

    def _batch(self, part: Sequence[Row]) -> Iterator[WriteResult]:
        if self._doubts >= MOST_DOUBTS:
            raise Unreachable(
                f"{self._doubts} batches of writes in a row got no answer",
                hint="their outcome is unknown until they are read again; the remaining writes were not sent",
            )
        sent = self._client.latest_time()
        try:
            reply = self._client.write(part[0].entity, [_input(row) for row in part])
        except Throttled as error:
            yield from (WriteResult(row.write_id, Outcome.BUSY, PUT_OFF, str(error)) for row in part)
        except BROKEN as error:
            self._doubts += 1
            text = str(error) if isinstance(error, CrmError) else "the reply cannot be read"
            yield from (WriteResult(row.write_id, Outcome.UNKNOWN, "", text) for row in part)
        except Refused as error:
            self._doubts = 0
            yield from self._refused(part, error.error, sent)
        else:
            self._doubts = 0
            yield from matched(part, reply)

    def _refused(self, part: Sequence[Row], error: RowError, sent: datetime | None) -> Iterator[WriteResult]:
        if len(part) == 1:
            yield _failed(part[0], error)
            return
        proven = self._untouched(part, sent)
        yield from (
            WriteResult(row.write_id, Outcome.UNKNOWN, error.category, error.message)
            for row in part
            if row.record not in proven
        )
        rest = [row for row in part if row.record in proven]
        if not rest or error.category in BUSY or self._splits >= MOST_SPLITS:
            yield from (_failed(row, error) for row in rest)
            return
        middle = (len(rest) + 1) // 2
        for half in (rest[:middle], rest[middle:]):
            if half:
                self._splits += 1
                yield from self._batch(half)

    def _untouched(self, part: Sequence[Row], sent: datetime | None) -> set[str]:
        """Records that have not changed since before the batch was sent; those that are gone have not, either."""
        if sent is None:
            return set()
        latest = (sent - CLOCKS).replace(microsecond=0)
        ids = [row.record for row in part]
        try:
            reply = self._client.read(part[0].entity, ids, ["hs_object_id", "hs_merged_object_ids"])
            alive = {str(row["id"]) for row in reply.rows if instant(row.get("updatedAt")) < latest}
        except (CrmError, ValueError):
            # Without the read there is no proof; the refusal itself stays what it is.
            return set()
        gone = {each for error in reply.errors if error.outcome is Outcome.GONE for each in error.ids}
        return alive | (gone & set(ids))


def parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Batches of up to 100 of one object, in order; a record named twice goes into two, which HubSpot demands."""
    part: list[Row] = []
    for row in rows:
        if len(part) == IN_BATCH or any(each.record == row.record or each.entity != row.entity for each in part):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def matched(part: Sequence[Row], reply: BatchReply) -> Iterator[WriteResult]:
    """One result per row, by its record's id or by the trace that was sent along, and never by place."""
    done = {str(each["id"]) for each in reply.rows}
    moved = {str(each.get("objectWriteTraceId")): str(each["id"]) for each in reply.rows}
    for row in part:
        errors = [each for each in reply.errors if row.record in each.ids or row.write_id in each.traces]
        if row.record in done and not errors:
            yield WriteResult(row.write_id, Outcome.DONE)
        elif row.record in done:
            yield WriteResult(row.write_id, Outcome.UNKNOWN, errors[0].category, "the reply says both yes and no")
        elif errors:
            yield _failed(row, errors[0])
        elif row.write_id in moved:
            text = f"the record was merged into {moved[row.write_id]}, which this write has changed"
            yield WriteResult(row.write_id, Outcome.UNKNOWN, "", text)
        else:
            yield WriteResult(row.write_id, Outcome.UNKNOWN, "", "the reply does not mention this row")


def _failed(row: Row, error: RowError) -> WriteResult:
    return WriteResult(row.write_id, error.outcome, error.category, error.message)


def _input(row: Row) -> dict[str, object]:
    return {"id": row.record, "properties": dict(row.properties), "objectWriteTraceId": row.write_id}
