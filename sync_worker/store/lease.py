"""The one applier (I18): a lease row with an epoch, on database time, and a file lock beside an SQLite database.

The lease keeps two workers from working at once. What protects the CRM is the pre-read and the conditional write.
"""

from __future__ import annotations

import fcntl
import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Float, bindparam, cast, func, literal_column, select, update

from sync_worker.store import schema
from sync_worker.store.errors import StoreError
from sync_worker.store.upsert import insert_if_absent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from sqlalchemy import ColumnElement, Connection, Update

    from sync_worker.store import Store

NAME = "applier"


class LeaseHeld(StoreError):
    """Another worker is applying. ``until``: when its lease ends if it says no more, UTC."""

    def __init__(self, holder: str, until: datetime) -> None:
        super().__init__(
            f"another worker is at it: {holder}, at least until {until:%Y-%m-%d %H:%M:%S} UTC",
            hint="wait for it to end, or stop it; after a crash the lease ends by itself",
        )
        self.holder = holder
        self.until = until


class LeaseLost(StoreError):
    """Our lease has ended or another worker has it: nothing more may be written."""

    def __init__(self) -> None:
        super().__init__(
            "the lease is lost: this process was frozen for too long, or another worker has taken over",
            hint="nothing was written since; the next run goes on where this one stopped",
        )


def boot_seconds() -> float:
    """Seconds that no clock change disturbs and that go on while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Lease:
    """A held lease. Get one from ``Lease.acquire``; leave it with ``release`` or at the end of a ``with`` block."""

    def __init__(  # noqa: PLR0913 - the parts of a held lease; only ``acquire`` calls this
        self, store: Store, holder: str, ttl: float, epoch: int, *, seconds: Callable[[], float], lock: _FileLock | None
    ) -> None:
        self.holder = holder
        self.epoch = epoch
        """Grows with every new holder: a row that carries it was last touched by this life of the worker."""
        self._store = store
        self._ttl = ttl
        self._seconds = seconds
        self._lock = lock
        self._since = seconds()
        self._lost = False

    @classmethod
    def acquire(
        cls, store: Store, holder: str, ttl: float = 60.0, *, seconds: Callable[[], float] = boot_seconds
    ) -> Self:
        """Take the lease for ``ttl`` seconds. Raises LeaseHeld while another worker has it.

        Every holder on SQLite also holds the file lock, which the system frees when a process dies: then the row of
        a dead one is taken over at once. On PostgreSQL it is taken over when it has ended.
        """
        lock = _lock(store)
        asked = seconds()
        try:
            if lock:
                lock.sign(holder)
            with store.begin() as tx:
                epoch = _take(tx, holder, ttl, alone=lock is not None)
        except BaseException:
            if lock:
                lock.free()
            raise
        lease = cls(store, holder, ttl, epoch, seconds=seconds, lock=lock)
        lease._since = asked
        return lease

    def left(self) -> float:
        """Seconds until the lease ends, at the latest reckoning; 0 when it is lost."""
        return 0.0 if self._lost else max(0.0, self._since + self._ttl - self._seconds())

    def usable(self) -> bool:
        """Whether more than half of the lease is left: only then may a write go out."""
        return self.left() > self._ttl / 2

    def renew(self) -> None:
        """Begin the lease anew, even one that has ended, unless another worker has taken it: then LeaseLost."""
        asked = self._seconds()
        with self._store.begin() as tx:
            # An ended lease that nobody took has the same epoch still: nobody else can have applied anything.
            self._hold(tx, _renewal(tx.dialect.name), self._ttl)
        self._since = asked

    def keep(self) -> None:
        """Renew when a quarter of the lease has gone by; cheap enough to be called between any two writes."""
        if self.left() < 0.75 * self._ttl:
            self.renew()

    def fence(self, tx: Connection) -> None:
        """Raise LeaseLost unless the lease is ours, by the database's clock, while this transaction lasts."""
        self._hold(tx, _fence(tx.dialect.name), self._ttl / 2)

    def release(self) -> None:
        """Give the lease back, so that the next worker need not wait. Safe to call twice."""
        try:
            if not self._lost:
                with self._store.begin() as tx:
                    tx.execute(update(_lease).where(_MINE).values(expires_at=0.0), self._names())
        finally:
            self._lost = True
            if self._lock:
                self._lock.free()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _hold(self, tx: Connection, statement: Update, seconds: float) -> None:
        if self._lost or tx.execute(statement, self._names() | {"seconds": seconds}).rowcount != 1:
            self._lost = True
            raise LeaseLost

    def _names(self) -> dict[str, object]:
        return {"mine": self.holder, "my_epoch": self.epoch}


def current(tx: Connection) -> tuple[str, datetime] | None:
    """Who holds the lease and until when; None when nobody does."""
    row = tx.execute(select(schema.lease).where(schema.lease.c.name == NAME)).one_or_none()
    if row is None or row.expires_at <= (tx.scalar(select(_now(tx.dialect.name))) or 0.0):
        return None
    return row.holder, datetime.fromtimestamp(row.expires_at, UTC)


_lease = schema.lease
_MINE = (_lease.c.name == NAME) & (_lease.c.holder == bindparam("mine")) & (_lease.c.epoch == bindparam("my_epoch"))


def _lock(store: Store) -> _FileLock | None:
    if store.place.file is None:
        return None
    try:
        return _FileLock.take(store.place.file)
    except LeaseHeld:
        with store.read() as tx:
            found = current(tx)
        if found is None:  # it has the lock and is just taking the lease, or just giving it back
            raise
        raise LeaseHeld(*found) from None


@cache
def _renewal(dialect: str) -> Update:
    return update(_lease).where(_MINE).values(expires_at=_now(dialect) + bindparam("seconds", type_=Float))


@cache
def _fence(dialect: str) -> Update:
    """Changes nothing; but it locks the row, so that nobody takes the lease over before the transaction ends."""
    lasts = _lease.c.expires_at > _now(dialect) + bindparam("seconds", type_=Float)
    return update(_lease).where(_MINE, lasts).values(epoch=_lease.c.epoch)


def _take(tx: Connection, holder: str, ttl: float, *, alone: bool) -> int:
    c = schema.lease.c
    insert_if_absent(tx, schema.lease, {"name": NAME, "holder": "", "epoch": 0, "expires_at": 0.0})
    row = tx.execute(select(c.holder, c.epoch, c.expires_at).where(c.name == NAME).with_for_update()).one()
    now = tx.scalar(select(_now(tx.dialect.name))) or 0.0
    if row.expires_at > now and not alone:
        raise LeaseHeld(row.holder, datetime.fromtimestamp(row.expires_at, UTC))
    epoch = int(row.epoch) + 1
    tx.execute(update(schema.lease).where(c.name == NAME).values(holder=holder, epoch=epoch, expires_at=now + ttl))
    return epoch


def _now(dialect: str) -> ColumnElement[float]:
    """Seconds since 1970 by the database's clock, at the moment of the statement."""
    if dialect == "postgresql":
        return cast(func.extract("epoch", func.clock_timestamp()), Float)
    return (func.julianday("now", type_=Float) - literal_column("2440587.5", Float)) * literal_column("86400.0", Float)


class _FileLock:
    """An exclusive lock on ``FILE.lock``. The system frees it when the process ends, however it ends."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def take(cls, database: Path) -> Self:
        """Raises LeaseHeld when another process, or another lease of this one, has it."""
        file = database.with_name(database.name + ".lock")
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"the file {file} cannot be written: {error.strerror}", hint=_FILE_HINT) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 200).decode(errors="replace").strip()
            os.close(handle)
            if not isinstance(error, BlockingIOError):
                raise StoreError(f"the file {file} cannot be locked: {error.strerror}", hint=_LOCK_HINT) from error
            raise LeaseHeld(holder or "a process on this machine", datetime.now(UTC)) from error
        return cls(handle)

    def sign(self, holder: str) -> None:
        """Tell others who holds it."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, holder.encode()[:200], 0)

    def free(self) -> None:
        """Let go. Safe to call twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


_FILE_HINT = "give the worker's user read and write access to the store's folder"
_LOCK_HINT = "keep the store on a local disk: SQLite on a network file system is not supported"
