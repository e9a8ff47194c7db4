"""Names for ids, for what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.store import lookup

if TYPE_CHECKING:
    from sqlalchemy import Connection


def users(tx: Connection) -> dict[str, str]:
    """Every user's name by id, those included who are gone; the id where the name is empty."""
    return lookup.user_names(tx)
