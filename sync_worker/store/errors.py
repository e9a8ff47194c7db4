"""What can go wrong with the store, in words for people. It translates database errors and never retries."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator


class StoreError(Exception):
    """The store cannot be used. Nothing of the current transaction was kept. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


_FREE_SPACE = "free space on its volume; nothing was lost, and the same command can be run again"
_WAIT = "wait for the other sync-worker command to end, or stop it, and try again"
_RESTORE = "stop the worker, keep the file, restore the latest backup and run 'sync-worker db check'"
_RIGHTS = "give the worker's user read and write access to it and, for SQLite, to its folder"
_SERVER = "check that the database server runs and that [store] url is right"

# SQLite's primary result codes: https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_FULL: ("the disk is full", _FREE_SPACE),
    sqlite3.SQLITE_BUSY: ("another process is using it", _WAIT),
    sqlite3.SQLITE_LOCKED: ("another process is using it", _WAIT),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("the file is no SQLite database", _RESTORE),
    sqlite3.SQLITE_READONLY: ("it may not be written", _RIGHTS),
    sqlite3.SQLITE_PERM: ("it may not be opened", _RIGHTS),
    sqlite3.SQLITE_AUTH: ("it may not be opened", _RIGHTS),
    sqlite3.SQLITE_CANTOPEN: ("the file cannot be opened", _RIGHTS),
    sqlite3.SQLITE_IOERR: ("the disk failed to read or write it", "check the disk and its free space"),
}

# PostgreSQL's SQLSTATE, by the longest prefix: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "53100": ("the database server's disk is full", _FREE_SPACE),
    "53300": ("the database server takes no more connections", "raise max_connections or stop other clients"),
    "53": ("the database server lacks resources", _SERVER),
    "55P03": ("another process is using it", _WAIT),
    "40": ("another process changed it at the same time", "run the same command again"),
    "25006": ("it may not be written", "point [store] url at the primary server"),
    "42501": ("the database user may not do this", _RIGHTS),
    "28": ("the database server refused the user or password", "check the user and password in [store] url"),
    "3D": ("the database is not there", "create it, and then run 'sync-worker db upgrade'"),
    "57P": ("the database server is stopping or starting", _SERVER),
    "58": ("the database server's disk failed", _SERVER),
    "XX": ("the database is damaged", _RESTORE),
    "08": ("the database server does not answer", _SERVER),
}


_REFUSALS = {
    "does not exist": "3D",
    "authentication failed": "28",
    "no password supplied": "28",
    "no pg_hba.conf entry": "28",
    "too many": "53300",
    "remaining connection slots": "53300",
    "the database system is": "57P",
}
"""What a server says when it refuses a connection, and the SQLSTATE that it means."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what the database reports about itself into StoreError; a mistake in our own SQL stays what it is.

    ``place`` names the store without its password.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StoreError(f"the store {place} is overloaded: no connection became free", hint=_WAIT) from error
    except (OperationalError, InterfaceError, DatabaseError) as error:
        found = _reason(error)
        if found is None:
            raise
        raise StoreError(f"the store {place} cannot be used: {found[0]}", hint=found[1]) from error


def _reason(error: DBAPIError) -> tuple[str, str] | None:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None and isinstance(error, (OperationalError, InterfaceError)):
        # psycopg gives no SQLSTATE for a connection that was refused or lost: only the server's words tell them apart.
        state = next((code for words, code in _REFUSALS.items() if words in str(cause)), "08")
    if state is None:
        return None
    return next((_POSTGRESQL[state[:length]] for length in (5, 3, 2) if state[:length] in _POSTGRESQL), None)
