"""I18: one applier at a time, on both engines, by the database's clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sync_worker.store import StoreError, lease, open_store
from sync_worker.store.lease import Lease, LeaseHeld, LeaseLost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.store import Store


@pytest.fixture
def pg_store(postgresql_store: str) -> Iterator[Store]:
    """PostgreSQL alone: no file lock tells there whether a holder lives."""
    opened = open_store(postgresql_store)
    yield opened
    opened.close()


@pytest.fixture
def file_store(sqlite_store: str) -> Iterator[Store]:
    """SQLite alone: the file lock tells at once that a holder has died."""
    opened = open_store(sqlite_store)
    yield opened
    opened.close()


class Seconds:
    """A clock of one process, which a test may freeze or move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def expire(store: Store) -> None:
    """Let the lease's time run out in the database."""
    with store.begin() as tx:
        tx.execute(text("UPDATE lease SET expires_at = 1"))


def test_the_second_of_two_workers_is_told_who_is_at_it_and_until_when(store: Store) -> None:
    with Lease.acquire(store, "alpha:1") as held:
        assert held.usable()
        with pytest.raises(LeaseHeld, match="another worker is at it: alpha:1") as refused:
            Lease.acquire(store, "beta:2")
        assert refused.value.holder == "alpha:1"
        left = refused.value.until - datetime.now(UTC)
        assert timedelta(seconds=30) < left < timedelta(seconds=61)


def test_a_released_lease_is_free_at_once_and_the_epoch_grows(store: Store) -> None:
    epochs = []
    for _ in range(3):
        with Lease.acquire(store, "alpha") as held:
            epochs.append(held.epoch)
    assert epochs == [1, 2, 3]


def test_who_holds_the_lease_can_be_asked(store: Store) -> None:
    with store.read() as tx:
        assert lease.current(tx) is None
    with Lease.acquire(store, "alpha"), store.read() as tx:
        found = lease.current(tx)
        assert found is not None
        assert found[0] == "alpha"
    with store.read() as tx:
        assert lease.current(tx) is None


def test_writes_stop_at_half_the_lease_without_renewal(store: Store) -> None:
    seconds = Seconds()
    held = Lease.acquire(store, "alpha", 60.0, seconds=seconds)
    seconds.now += 29
    assert held.usable()
    seconds.now += 2
    assert not held.usable()
    held.renew()
    assert held.usable()
    held.release()
    assert not held.usable()


def test_a_lease_is_kept_by_renewing_it_when_a_quarter_is_gone(store: Store) -> None:
    seconds = Seconds()
    held = Lease.acquire(store, "alpha", 60.0, seconds=seconds)
    for _ in range(20):
        seconds.now += 16
        held.keep()
        assert held.left() > 45
    held.release()


def test_the_fence_holds_only_while_the_lease_is_ours_by_the_database_clock(store: Store) -> None:
    held = Lease.acquire(store, "alpha")
    with store.begin() as tx:
        held.fence(tx)
    expire(store)
    assert held.usable()  # by the clock of this process, which the fence does not ask
    with pytest.raises(LeaseLost), store.begin() as tx:
        held.fence(tx)
    assert not held.usable()
    held.release()


def test_an_ended_lease_that_nobody_took_can_be_renewed(store: Store) -> None:
    held = Lease.acquire(store, "alpha")
    expire(store)
    held.renew()
    with store.begin() as tx:
        held.fence(tx)
    held.release()


def test_a_frozen_worker_finds_that_another_has_taken_over(pg_store: Store) -> None:
    frozen = Lease.acquire(pg_store, "alpha")
    expire(pg_store)
    with Lease.acquire(pg_store, "beta") as held:
        assert held.epoch == frozen.epoch + 1
        with pytest.raises(LeaseLost, match="another worker has taken over"):
            frozen.renew()
        assert not frozen.usable()
        frozen.release()  # which must not give away what is beta's
        with pg_store.begin() as tx:
            held.fence(tx)


def test_a_release_of_a_lost_lease_leaves_the_new_holder_alone(pg_store: Store) -> None:
    lost = Lease.acquire(pg_store, "alpha")
    expire(pg_store)
    with Lease.acquire(pg_store, "beta"):
        lost.release()
        with pytest.raises(LeaseHeld, match="beta"):
            Lease.acquire(pg_store, "gamma")


def test_of_many_workers_at_once_one_gets_the_lease(store: Store, url: str) -> None:
    got: list[Lease] = []
    refused: list[LeaseHeld] = []
    start = threading.Barrier(6)

    def ask(name: str) -> None:
        own = open_store(url)
        start.wait()
        try:
            got.append(Lease.acquire(own, name))
        except LeaseHeld as error:
            refused.append(error)
        finally:
            own.close()

    askers = [threading.Thread(target=ask, args=(f"worker-{n}",)) for n in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(got) == 1
    assert len(refused) == 5
    with store.begin() as tx:
        got[0].fence(tx)
    if got[0]._lock:
        got[0]._lock.free()


HOLD = """
import sys
from sync_worker.store import open_store
from sync_worker.store.lease import Lease
lease = Lease.acquire(open_store(sys.argv[1]), "the dead one", 3600.0)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lease_of_a_killed_process_is_free_at_once_on_sqlite(file_store: Store, sqlite_store: str) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", HOLD, sqlite_store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdin is not None
    assert worker.stdout.readline() == "held\n"
    with pytest.raises(LeaseHeld, match="the dead one"):
        Lease.acquire(file_store, "alpha")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(20)
    worker.stdout.close()
    worker.stdin.close()
    with Lease.acquire(file_store, "alpha") as held:
        assert held.epoch == 2


def test_the_lock_file_is_private_and_a_folder_without_rights_says_so(file_store: Store, tmp_path: Path) -> None:
    with Lease.acquire(file_store, "alpha"):
        lock = tmp_path / "store.db.lock"
        assert lock.stat().st_mode & 0o777 == 0o600
        assert lock.read_text() == "alpha"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        Lease.acquire(file_store, "alpha")
