"""Since when accounts have their owners, as the CRM showed it. Reads; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, union

from connectors.port import Stream
from sync_worker.store.json_sql import reader
from sync_worker.store.schema import owner_history, record

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def owned_since(tx: Connection, since: datetime) -> frozenset[str]:
    """The accounts whose owner has them since this moment at the earliest: changed, or the account made, since then."""
    made = reader(tx.dialect.name).date(record.c.fields, "created_at")
    young = select(record.c.id).where(record.c.stream == Stream.ACCOUNTS.value, made >= f"{since:%Y-%m-%dT%H:%M:%SZ}")
    changed = select(owner_history.c.account_id).where(owner_history.c.at >= since)
    return frozenset(tx.scalars(union(young, changed)))
