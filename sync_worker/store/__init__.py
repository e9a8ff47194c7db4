"""The local store: SQLAlchemy Core on SQLite or PostgreSQL. Remembers nothing that could not be computed again."""

from __future__ import annotations

from sync_worker.store.checking import CheckReport
from sync_worker.store.engine import Store
from sync_worker.store.errors import StoreError
from sync_worker.store.opening import open_store

__all__ = ["CheckReport", "Store", "StoreError", "check", "open_store", "upgrade"]


def upgrade(url: str) -> None:
    """Make the store, or bring its tables up to this version. Raises StoreError."""
    from sync_worker.store.upgrading import upgrade as run  # noqa: PLC0415 - it loads Alembic, which few commands need

    run(url)


def check(url: str) -> CheckReport:
    """Look for damage, missing triggers and tables of another version. Raises StoreError if it cannot be opened."""
    from sync_worker.store.checking import check as run  # noqa: PLC0415 - few commands need it

    return run(url)
