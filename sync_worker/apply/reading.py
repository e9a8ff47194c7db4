"""Reads records as they are now, for pre-reads, settling and verification. It decides nothing about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.port import CrmError, Ref, Stream
from sync_worker.core.lifecycle import OwnerMove, Seen, untouched
from sync_worker.core.model import RowKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from connectors.port import Connector
    from sync_worker.core.model import Value
    from sync_worker.store.plans import StoredRow

READ_AT_ONCE = 200


def read(connector: Connector, rows: Iterable[StoredRow], *, versions: bool) -> Mapping[str, Seen]:
    """What the CRM shows now, by account id; gone accounts are left out. Raises CrmError."""
    refs = sorted({Ref(Stream.ACCOUNTS, row.row.account) for row in rows})
    if not refs:
        return {}
    asked = {ref.id for ref in refs}
    return {
        record.ref.id: Seen(record.fields, record.version)
        for record in connector.read(refs, versions=versions)
        # A record under another id is a merge's winner: it is never followed silently.
        if record.ref.id in asked and not record.deleted and record.merged_into is None
    }


def owner_moves(connector: Connector, account: str) -> list[OwnerMove]:
    """The owner changes in the CRM's own history, oldest first; none where it keeps none. Raises CrmError."""
    changes = connector.history(Ref(Stream.ACCOUNTS, account), "owner")
    return [OwnerMove(change.at, change.before, change.after, change.by) for change in changes]


def proves_untouched(connector: Connector, row: StoredRow, owner: Value, since: datetime) -> bool:
    """Whether the history proves that the owner did not change since; no proof where it cannot be read."""
    if row.row.kind is not RowKind.OWNER:
        return False
    try:
        return untouched(owner_moves(connector, row.row.account), owner=owner, since=since)
    except CrmError:
        return False
