"""Field writes, 200 to a collections call. Matches the reply to its rows by id and place, and never by hope.

Collections take no condition: a version given with a write that changes no owner is not sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import CrmError, Outcome, WriteResult
from connectors.salesforce import soql
from connectors.salesforce.errors import Refused, outcome_of, row_errors
from connectors.salesforce.writes import BROKEN, Doubts, Row, refused, unknown
from connectors.values import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.salesforce.client import Client

BATCH_ROWS = 200
MOST_SPLITS = 40
"""Calls that the search for the bad rows of one refused batch may make. Twelve bad rows among 200 are found with it."""
CLOCKS = timedelta(seconds=5)
"""How far the clocks of Salesforce's machines are taken to lie apart, when a row is proven untouched by its time."""
SCHEMA_CODES = ("INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE")
"""Refusals that hold for every row alike, so that looking for the bad one is of no use."""
ID_LENGTH = 15
"""The part of a record id that names the record; the last three characters only check it."""


class Batches:
    """Sends rows that change no owner."""

    def __init__(self, client: Client, doubts: Doubts) -> None:
        self._client = client
        self._doubts = doubts
        self._splits = 0

    def send(self, rows: Sequence[Row]) -> Iterator[WriteResult]:
        """One result for each row; n rows cost ceil(n/200) calls when all is well."""
        for part in parts(rows):
            self._splits = 0
            yield from self._batch(part)

    def _batch(self, part: Sequence[Row]) -> Iterator[WriteResult]:
        self._doubts.check()
        sent = self._client.latest_time()
        try:
            reply = self._client.write_fields([_body(row) for row in part])
        except BROKEN as error:
            self._doubts.lost(error)
            yield from (unknown(row, error) for row in part)
        except Refused as error:
            self._doubts.answered()
            yield from self._refused(part, error, sent)
        else:
            self._doubts.answered()
            yield from matched(part, reply)

    def _refused(self, part: Sequence[Row], error: Refused, sent: datetime | None) -> Iterator[WriteResult]:
        """A refusal that names no row: once rows are proven untouched, the bad ones are looked for by halves."""
        if len(part) == 1:
            yield refused(part[0], error.status, error)
            return
        proven = self._untouched(part, sent)
        yield from (unknown(row, error) for row in part if row.record not in proven)
        rest = [row for row in part if row.record in proven]
        if not rest or error.has(*SCHEMA_CODES) or self._splits >= MOST_SPLITS:
            yield from (refused(row, error.status, error) for row in rest)
            return
        middle = (len(rest) + 1) // 2
        for half in (rest[:middle], rest[middle:]):
            if half:
                self._splits += 1
                yield from self._batch(half)

    def _untouched(self, part: Sequence[Row], sent: datetime | None) -> set[str]:
        """Records that Salesforce has not changed since before the batch was sent; none when that time is not known."""
        if sent is None:
            return set()
        latest = (sent - CLOCKS).replace(microsecond=0)
        try:
            found = {each for entity in {row.entity for row in part} for each in self._older(entity, part, latest)}
        except CrmError:
            # Without the read there is no proof; the refusal itself stays what it is.
            return set()
        return {row.record for row in part if row.record[:ID_LENGTH] in found}

    def _older(self, entity: str, part: Sequence[Row], latest: datetime) -> Iterator[str]:
        ids = [row.record for row in part if row.entity == entity]
        for query in soql.by_ids(["Id", "SystemModstamp"], entity, ids):
            for row in self._client.query(query).rows:
                if instant(row.get("SystemModstamp")) < latest:
                    yield str(row.get("Id"))[:ID_LENGTH]


def parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Batches of up to 200 in order; a record named twice goes into two batches, which Salesforce demands."""
    part: list[Row] = []
    named: set[str] = set()
    for row in rows:
        key = row.record[:ID_LENGTH]
        if len(part) == BATCH_ROWS or key in named:
            yield part
            part, named = [], set()
        part.append(row)
        named.add(key)
    if part:
        yield part


def matched(part: Sequence[Row], reply: Sequence[object]) -> Iterator[WriteResult]:
    """One result per row, never by hope.

    An entry counts for the row whose id it bears; one without an id counts for the row at its place, and only if the
    reply is as long as the request and every id in it stands where it should.
    """
    by_id = _by_id(reply)
    ordered = len(reply) == len(part) and all(
        _id(entry) in {"", row.record[:ID_LENGTH]} for entry, row in zip(reply, part, strict=True)
    )
    for place, row in enumerate(part):
        entry = by_id.get(row.record[:ID_LENGTH])
        if entry is None and ordered:
            entry = reply[place]
        yield _result(row, entry)


def _by_id(reply: Sequence[object]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for entry in reply:
        key = _id(entry)
        # Two answers for one record contradict each other or the request: neither counts.
        found[key] = None if key in found and found[key] != entry else entry
    found.pop("", None)
    return found


def _id(entry: object) -> str:
    value = entry.get("id") if isinstance(entry, dict) else None
    return value[:ID_LENGTH] if isinstance(value, str) else ""


def _result(row: Row, entry: object) -> WriteResult:
    if not isinstance(entry, dict):
        return WriteResult(row.write_id, Outcome.UNKNOWN, "", "the reply does not mention this row")
    if entry.get("success") is True and _id(entry) == row.record[:ID_LENGTH]:
        return WriteResult(row.write_id, Outcome.DONE)
    if entry.get("success") is not False:
        return WriteResult(row.write_id, Outcome.UNKNOWN, "", "the reply says neither yes nor no")
    outcome, error = outcome_of(row_errors(entry.get("errors")))
    return WriteResult(row.write_id, outcome, error.code, error.message)


def _body(row: Row) -> dict[str, object]:
    return {"attributes": {"type": row.entity}, "id": row.record, **row.fields}
