"""Bringing a store's tables up to this version. The only part of the store that loads Alembic."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect

import migrations
from sync_worker.store.engine import Place, connect, place
from sync_worker.store.errors import StoreError
from sync_worker.store.opening import revision
from sync_worker.store.schema import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

_LOCK = 6_107_318_942
"""Any number, as long as it stays the same: upgrades of one PostgreSQL database take turns on it."""


def upgrade(url: str) -> None:
    """Make the store, or bring its tables up to this version, in one transaction. Safe to run again at any time.

    A new SQLite file can be read and written by its owner only. Raises StoreError.
    """
    where = place(url)
    _make_file(where)
    store = connect(where)
    try:
        with store.begin() as tx:
            _run(tx, where)
    finally:
        store.close()


def config(tx: Connection) -> Config:
    """Alembic's configuration, on this transaction. The revisions come with the installed package."""
    from alembic.config import Config  # noqa: PLC0415 - Alembic loads for a third of a second, and commands need it once

    settings = Config(stdout=io.StringIO())
    settings.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = tx
    return settings


def _run(tx: Connection, where: Place) -> None:
    from alembic import command  # noqa: PLC0415 - the same

    if where.dialect == "postgresql":
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    found = revision(tx)
    if found is not None and found not in migrations.REVISIONS:
        raise StoreError(
            f"the store {where} is at revision {found}, which is newer than this version of sync-worker",
            hint="install the sync-worker version that made it, or a later one",
        )
    if found is None:
        _require_room(tx, where)
    command.upgrade(config(tx), "head")


def _require_room(tx: Connection, where: Place) -> None:
    taken = sorted(set(inspect(tx).get_table_names()) & set(metadata.tables))
    if taken:
        raise StoreError(
            f"the store {where} holds tables of something else: {', '.join(taken)}",
            hint="give sync-worker a database, or a file, of its own",
        )


def _make_file(where: Place) -> None:
    if where.file is None:
        return
    try:
        # The mode is set at creation, so that there is no moment at which others may read it.
        os.close(os.open(where.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        hint = "make the folder and give the worker's user write access to it"
        raise StoreError(f"the store {where} cannot be made: {error.strerror}", hint=hint) from error
