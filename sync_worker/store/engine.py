"""Connections and transactions for SQLite and PostgreSQL. It knows no table and decides nothing about records."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from sync_worker.core.canonical import canonical
from sync_worker.store.errors import StoreError, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

DialectName = Literal["sqlite", "postgresql"]

WAIT_SECONDS = 30
"""How long one command waits for another one's transaction before it gives up."""

WAL_SAFE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""Where SQLite's WAL-reset race is mended: patch releases of two branches, and every release from the last on."""


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether write-ahead logging can be trusted in this SQLite library; the rollback journal always can."""
    return version >= WAL_SAFE[-1] or any(version[:2] == mended[:2] and version >= mended for mended in WAL_SAFE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is. ``str()`` is fit for messages: it holds no password."""

    url: URL
    dialect: DialectName
    file: Path | None
    """The database file, for SQLite."""

    def __str__(self) -> str:
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)


def place(url: str) -> Place:
    """Read a store URL. Raises StoreError for one that no store can have."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("[store] url is no database URL", hint=_URL_HINT) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise StoreError(f"[store] url {url} names no file", hint=_URL_HINT)
        return Place(parsed, "sqlite", Path(parsed.database))
    if backend in {"postgresql", "postgres"}:
        return Place(parsed.set(drivername="postgresql+psycopg"), "postgresql", None)
    raise StoreError(f"[store] url names '{backend}', which is neither sqlite nor postgresql", hint=_URL_HINT)


_OPTIONS: dict[str, Any] = {"hide_parameters": True, "json_serializer": canonical}

_URL_HINT = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. Safe to share between threads; each transaction has a connection of its own."""

    place: Place
    engine: Engine = field(repr=False)

    @property
    def dialect(self) -> DialectName:
        """Which SQL it speaks."""
        return self.place.dialect

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed and on disk when the block ends, undone when it raises.

        Raises StoreError when the database cannot take it (full, locked for 30 s, damaged, gone).
        """
        with explained(str(self.place)), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def tried_out(self) -> Iterator[Connection]:
        """A write transaction that is undone when the block ends: to work something out and leave nothing behind."""
        with explained(str(self.place)), self.engine.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            finally:
                transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction, which sees one moment of the store throughout and cannot write."""
        with explained(str(self.place)), self.engine.connect() as connection:
            options: dict[str, Any] = {"reads_only": True}
            if self.dialect == "postgresql":
                options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            with connection.execution_options(**options).begin():
                yield connection

    def close(self) -> None:
        """Let go of every connection. Safe to call twice."""
        self.engine.dispose()


def connect(where: Place, *, wait_seconds: float = WAIT_SECONDS, wal: bool | None = None) -> Store:
    """A store that has not been looked at: no connection is made yet, and SQLite files are never created.

    ``wal`` chooses SQLite's journal; None: write-ahead logging where the library can be trusted with it.
    """
    if where.file is None:
        return Store(where, _postgresql(where.url, wait_seconds))
    return Store(
        where, _sqlite(where.file, wait_seconds, wal_is_safe(sqlite3.sqlite_version_info) if wal is None else wal)
    )


def _postgresql(url: URL, wait_seconds: float) -> Engine:
    try:
        # A database that was restarted is noticed before a statement is sent, not by a failed one.
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **_OPTIONS)
    except ModuleNotFoundError as error:
        hint = "install sync-worker with its extra 'postgresql'"
        raise StoreError("a PostgreSQL store needs the package psycopg, which is not installed", hint=hint) from error

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg is an extra, not always here
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute("SET synchronous_commit TO on")
            cursor.execute(f"SET lock_timeout TO '{wait_seconds}s'")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def _sqlite(file: Path, wait_seconds: float, wal: bool) -> Engine:  # noqa: FBT001 - said by name in ``connect``
    address = f"file:{quote(str(file.absolute()))}?mode=rw"

    def opened() -> sqlite3.Connection:
        # isolation_level None: the driver opens no transaction of its own, so BEGIN is what we say it is.
        return sqlite3.connect(
            address, uri=True, timeout=wait_seconds, isolation_level=None, check_same_thread=False
        )  # fmt: skip

    engine = create_engine("sqlite://", creator=opened, poolclass=QueuePool, **_OPTIONS)
    event.listen(engine, "connect", partial(_prepare_sqlite, wal=wal))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object, *, wal: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")
    # Below so many pages (256 MB) a long write keeps its changes in memory, and readers are not shut out by it.
    connection.execute("PRAGMA cache_spill = 65536")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
    # EXTRA is FULL, and syncs the folder after a rollback journal is deleted: without that, a power cut can bring
    # the journal back and undo a commit that was reported done.
    connection.execute(f"PRAGMA synchronous = {'FULL' if wal else 'EXTRA'}")


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("PRAGMA query_only = " + ("ON" if reads else "OFF"))
    # IMMEDIATE: a write transaction waits for its turn before it reads, and cannot fail half way for want of the lock.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
