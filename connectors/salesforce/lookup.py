"""Reads named records as they are now: by query, or with the ETags that make an owner write conditional.

An ETag is a hash of an Account's whole row, so whole rows are read for it, whatever fields are mapped. One row is read
by its own GET, which is what Salesforce documents. More are read as GET nodes of a composite graph, 200 to a call: for
composite sub-requests the documentation shows the ETag in an example, for graphs it says nothing. Where an org's nodes
carry none, one GET per row is made instead, for as long as the process lives. There is no third way: a condition weaker
than the ETag is never used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.port import BadReply, SchemaChanged
from connectors.salesforce import rows, soql
from connectors.salesforce.errors import Refused
from connectors.salesforce.reader import schema_changed
from connectors.transport import Garbled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.port import Record, Value
    from connectors.salesforce.client import Client, SubReply
    from connectors.salesforce.schema import Layout

GRAPH_NODES = 200
"""Rows in one graph. Salesforce allows 500 nodes; 200 is the size of a collections write, so reads and writes match."""
GRAPH_TRIES = 3


class Lookup:
    """Reads by id. Remembers whether this org's graph nodes carry ETags."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._nodes_have_etags = True

    def now(self, layout: Layout, ids: Sequence[str], now: datetime) -> Iterator[Record]:
        """The records that still exist, through queries by id."""
        for query in soql.by_ids(list(layout.columns), layout.entity, ids):
            for columns in self.everything(query, layout):
                record = rows.record(columns, layout, now)
                if record is not None and not record.deleted:
                    yield record

    def everything(self, query: str, layout: Layout) -> Iterator[dict[str, Value]]:
        """Every row of a small query, typed; complete or BadReply."""
        try:
            for row in self._client.every_row(query, layout.entity):
                yield rows.json_columns(row, layout)
        except Refused as error:
            raise schema_changed(error) or error from error

    def versioned(self, layout: Layout, ids: Sequence[str], now: datetime) -> Iterator[Record]:
        """The accounts that still exist, each with the ETag of the very reply that its fields come from."""
        own = {column: kind for column, kind in layout.columns.items() if "." not in column}
        plain = replace(
            layout, columns=own, fields={name: column for name, column in layout.fields.items() if column in own}
        )
        for start in range(0, len(ids), GRAPH_NODES):
            found = list(self._versions(plain, ids[start : start + GRAPH_NODES], now))
            yield from found if len(own) == len(layout.columns) else self._completed(found, layout, now)

    def _completed(self, found: Sequence[Record], layout: Layout, now: datetime) -> Iterator[Record]:
        """Fields of parents, which cannot be read with an ETag, are read after it.

        If a record changes between the two, its ETag is out of date and the write ends as a conflict, which is safe.
        """
        later = {record.ref: record for record in self.now(layout, [record.ref.id for record in found], now)}
        for record in found:
            if record.ref in later:
                yield replace(later[record.ref], version=record.version)

    def _versions(self, layout: Layout, ids: Sequence[str], now: datetime) -> Iterator[Record]:
        found = self._from_graph(layout, ids) if self._nodes_have_etags and len(ids) > 1 else None
        if found is None:
            found = self._one_by_one(layout, ids)
        for row, etag in found:
            _check_columns(row, layout)
            record = rows.record(rows.json_columns(row, layout), layout, now)
            if record is not None and not record.deleted:
                yield replace(record, version=etag)

    def _from_graph(self, layout: Layout, ids: Sequence[str]) -> list[tuple[Mapping[str, object], str]] | None:
        """Rows and ETags; None when the nodes carry none, or when rows keep vanishing between two calls."""
        wanted = list(ids)
        for _ in range(GRAPH_TRIES):
            if not wanted:
                return []
            replies = self._graph(layout, wanted)
            if not self._nodes_have_etags:
                return None
            good = [reply for reply in replies if reply.status == 200]  # noqa: PLR2004 - a GET that worked
            lost = [reply for reply in replies if reply.status == 404]  # noqa: PLR2004 - a record that is gone
            if good and len(good) + len(lost) == len(wanted):
                return self._with_etags(good)
            # One record that is gone may halt the whole graph, so ask which ones are still there and ask again.
            wanted = self._still_there(layout, wanted)
        return None

    def _graph(self, layout: Layout, ids: Sequence[str]) -> list[SubReply]:
        try:
            return self._client.row_versions(layout.entity, ids)
        except Refused:
            # An org that has no graph resource reads row by row.
            self._nodes_have_etags = False
            return []

    def _with_etags(self, replies: Sequence[SubReply]) -> list[tuple[Mapping[str, object], str]] | None:
        found = [(reply.body, reply.headers.get("etag")) for reply in replies]
        if not all(etag for _, etag in found):
            self._nodes_have_etags = False
            return None
        if not all(isinstance(body, dict) for body, _ in found):
            raise Garbled("a graph's node holds no record")
        return [(body, etag) for body, etag in found if isinstance(body, dict) and etag]

    def _still_there(self, layout: Layout, ids: Sequence[str]) -> list[str]:
        bare = replace(layout, columns={"Id": layout.columns["Id"]}, fields={})
        alive: set[Value] = set()
        for query in soql.by_ids(["Id"], layout.entity, ids):
            alive |= {columns["Id"] for columns in self.everything(query, bare)}
        return [each for each in ids if each in alive]

    def _one_by_one(self, layout: Layout, ids: Sequence[str]) -> list[tuple[Mapping[str, object], str]]:
        found: list[tuple[Mapping[str, object], str]] = []
        for each in ids:
            try:
                row, etag = self._client.row_version(layout.entity, each)
            except Refused as error:
                if error.has("NOT_FOUND", "ENTITY_IS_DELETED"):
                    continue
                raise
            if not etag:
                raise BadReply(
                    f"Salesforce sent {layout.entity} {each} without an ETag, so its owner cannot be written safely",
                    hint="a proxy may strip the header: let ETag and If-Match pass",
                )
            found.append((row, etag))
        return found


def _check_columns(row: Mapping[str, object], layout: Layout) -> None:
    absent = sorted(set(layout.columns) - row.keys())
    if absent:
        raise SchemaChanged(
            f"{layout.entity} no longer shows {', '.join(absent)}",
            hint="grant Read on it again under field-level security, or correct its name in [fields]",
        )
