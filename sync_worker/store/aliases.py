"""Merged records: which id lives on. A chain of merges always points at its last winner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from sync_worker.store.schema import alias
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection


def winners(tx: Connection, stream: str, ids: Collection[str]) -> dict[str, str]:
    """The winner's id for each of these ids that lost a merge."""
    found: dict[str, str] = {}
    for part in chunks(sorted(ids)):
        lost = select(alias.c.old_id, alias.c.new_id).where(alias.c.stream == stream, alias.c.old_id.in_(part))
        found |= {row.old_id: row.new_id for row in tx.execute(lost)}
    return found


def merge(tx: Connection, stream: str, old: str, new: str, now: datetime) -> str | None:
    """Let ``old`` and all that pointed at it point at the last winner, which is returned; None for a circle."""
    last = winners(tx, stream, {new}).get(new, new)
    if last == old:
        return None
    upsert(tx, alias, [{"stream": stream, "old_id": old, "new_id": last, "at": now}])
    chained = update(alias).where(alias.c.stream == stream, alias.c.new_id == old)
    tx.execute(chained.values(new_id=last))
    return last


def forget(tx: Connection, stream: str, ids: Collection[str]) -> None:
    """These records live again."""
    for part in chunks(sorted(ids)):
        tx.execute(delete(alias).where(alias.c.stream == stream, alias.c.old_id.in_(part)))
