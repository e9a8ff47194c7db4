"""Finding a store and judging whether this version may use it. It creates nothing and changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from migrations import HEAD, REVISIONS
from sync_worker.store.engine import Place, Store, connect, place
from sync_worker.store.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

UPGRADE = "run 'sync-worker db upgrade'"


def open_store(url: str) -> Store:
    """The store at this URL, ready for use.

    Raises StoreError when it is not there, may not be used, is damaged, or has tables of another version.
    """
    where = place(url)
    require_file(where)
    store = connect(where)
    try:
        with store.read() as tx:
            require_revision(where, revision(tx))
    except BaseException:
        store.close()
        raise
    return store


def revision(tx: Connection) -> str | None:
    """The revision of the tables; None where no migration has run."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require_file(where: Place) -> None:
    """Raise StoreError unless an SQLite store's file is there and may be used. PostgreSQL tells when it is asked."""
    if where.file is None:
        return
    if not where.file.exists():
        raise StoreError(f"there is no store at {where}", hint=UPGRADE)
    if not where.file.is_file():
        raise StoreError(f"the store {where} is no file", hint="let [store] url name a file")
    # SQLite writes its journal beside the file, so it needs the folder as well.
    for path in (where.file, where.file.absolute().parent):
        if not os.access(path, os.R_OK | os.W_OK):
            raise StoreError(
                f"the store {where} cannot be used: {path} may not be read and written by this user",
                hint="give the worker's user read and write access to the file and its folder",
            )


def require_revision(where: Place, found: str | None) -> None:
    """Raise StoreError unless the tables are those of this version."""
    if found == HEAD:
        return
    if found is None:
        raise StoreError(f"the store {where} has no tables yet", hint=UPGRADE)
    if found in REVISIONS:
        raise StoreError(f"the store {where} is at revision {found}, this version needs {HEAD}", hint=UPGRADE)
    raise StoreError(
        f"the store {where} is at revision {found}, which is newer than this version of sync-worker ({HEAD})",
        hint="install the sync-worker version that made it, or a later one",
    )
