"""Sends writes, each exactly once, and says truthfully what is known of each row. Nothing here is ever retried.

A change of owner goes as one conditional PATCH (If-Match), alone or 25 to a composite call; all other changes go 200 to
a collections call (batches.py). A request that broke on the way is UNKNOWN: only a read can tell whether it landed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from connectors.port import Outcome, WriteResult
from connectors.salesforce.batches import Batches
from connectors.salesforce.errors import Refused, outcome_of, row_errors
from connectors.salesforce.writes import BROKEN, Doubts, Row, refused, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.salesforce.client import Client, SubReply

COMPOSITE_ROWS = 25


class Writer:
    """Sends rows; one result each, as it is known."""

    def __init__(self, client: Client, *, composite: bool) -> None:
        self._client = client
        self._composite = composite

    def send(self, rows: Sequence[Row]) -> Iterator[WriteResult]:
        """Results as they come. LimitReached, Unauthorized and NotPermitted end it: rows not yet sent get no result."""
        doubts = Doubts()
        conditional = [row for row in rows if row.if_match is not None]
        if self._composite:
            yield from self._together(conditional, doubts)
        else:
            yield from self._one_by_one(conditional, doubts)
        yield from Batches(self._client, doubts).send([row for row in rows if row.if_match is None])

    def _one_by_one(self, rows: Sequence[Row], doubts: Doubts) -> Iterator[WriteResult]:
        for row in rows:
            doubts.check()
            try:
                self._client.write_row(row.entity, row.record, row.fields, row.if_match or "")
            except Refused as error:
                doubts.answered()
                yield refused(row, error.status, error)
            except BROKEN as error:
                doubts.lost(error)
                yield unknown(row, error)
            else:
                doubts.answered()
                yield WriteResult(row.write_id, Outcome.DONE)

    def _together(self, rows: Sequence[Row], doubts: Doubts) -> Iterator[WriteResult]:
        for start in range(0, len(rows), COMPOSITE_ROWS):
            part = rows[start : start + COMPOSITE_ROWS]
            doubts.check()
            try:
                replies = self._client.write_rows(
                    [(row.entity, row.record, row.fields, row.if_match or "") for row in part]
                )
            except BROKEN as error:
                doubts.lost(error)
                yield from (unknown(row, error) for row in part)
            except Refused as error:
                doubts.answered()
                yield from (unknown(row, error) for row in part)
            else:
                doubts.answered()
                yield from (_sub_result(row, replies.get(f"r{index}")) for index, row in enumerate(part))


def _sub_result(row: Row, reply: SubReply | None) -> WriteResult:
    if reply is None:
        return WriteResult(row.write_id, Outcome.UNKNOWN, "", "the reply does not mention this row")
    if reply.status in {requests.codes.no_content, requests.codes.ok}:
        return WriteResult(row.write_id, Outcome.DONE)
    outcome, error = outcome_of(row_errors(reply.body), reply.status)
    return WriteResult(row.write_id, outcome, error.code, error.message)
