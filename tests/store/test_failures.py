"""Whatever fails, nothing half written stays, and a person reads what happened and what to do."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

import migrations
from connectors.port import Cursor, Page, Stream
from sync_worker.store import StoreError, check, engine, open_store, records, schema, settings, upgrade
from sync_worker.store.upsert import next_numbers
from tests.store.crm import account, full, page, save

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store


# Opening ---------------------------------------------------------------------------------------------------------


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with pytest.raises(StoreError, match="there is no store") as caught:
        open_store(f"sqlite:///{file}")
    assert caught.value.hint == "run 'sync-worker db upgrade'"
    assert not file.exists()


def test_a_new_file_belongs_to_its_owner_only(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        upgrade(f"sqlite:///{tmp_path / 'new.db'}")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_the_journal_of_a_file_belongs_to_its_owner_too(sqlite_store: str, tmp_path: Path, now: datetime) -> None:
    (tmp_path / "store.db").chmod(0o600)
    store = open_store(sqlite_store)
    with store.begin() as tx:
        settings.put(tx, "x", 1, now)
        beside = [file for file in tmp_path.iterdir() if file.name != "store.db"]
        assert beside
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in beside)
    store.close()


def test_a_file_that_others_may_read_is_a_finding(sqlite_store: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").chmod(0o644)
    assert any("mode 0644" in problem for problem in check(sqlite_store).problems)


def test_a_store_without_tables_says_how_to_get_them(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    with pytest.raises(StoreError, match="has no tables yet") as caught:
        open_store(empty_url)
    assert caught.value.hint == "run 'sync-worker db upgrade'"


def test_a_store_of_a_newer_version_is_neither_opened_nor_upgraded(store: Store, url: str) -> None:
    with store.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(StoreError, match="newer than this version") as caught:
            open_store(url)
        assert "install the sync-worker version" in caught.value.hint
        with pytest.raises(StoreError, match="newer than this version"):
            upgrade(url)
    finally:
        with store.begin() as tx:
            tx.execute(text(f"UPDATE alembic_version SET version_num = '{migrations.HEAD}'"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://u:secret@h/d", "neither sqlite nor postgresql"),
        ("secret", "no database URL"),
        ("postgresql://u:secret@h:port/d", "no database URL"),
        ("", "no database URL"),
    ],
)
def test_a_url_that_no_store_can_have_is_explained_without_its_password(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
    assert caught.value.hint


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreError, match="does not answer") as caught:
        open_store("postgresql://worker:secret@127.0.0.1:9/store")
    assert "worker:***@127.0.0.1:9" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_explained(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="the database is not there") as caught:
        open_store(postgres_url.replace("/postgres?", "/nowhere?"))
    assert "sync-worker db upgrade" in caught.value.hint


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no file"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_store_in_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        upgrade(f"sqlite:///{tmp_path / 'no' / 'such' / 'x.db'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_this_user_may_not_use_is_explained(sqlite_store: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").chmod(0o600)
    os.setreuid(65534, 0)
    try:
        with pytest.raises(StoreError, match="may not be read and written by this user") as caught:
            open_store(sqlite_store)
    finally:
        os.setreuid(0, 0)
    assert "give the worker's user read and write access" in caught.value.hint


# Damage ----------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"These are my notes. " * 500)
    for use in (open_store, upgrade, check):
        with pytest.raises(StoreError, match="no SQLite database") as caught:
            use(f"sqlite:///{file}")
        assert "restore the latest backup" in caught.value.hint


def test_a_damaged_file_is_explained_when_it_is_met_and_found_by_a_check(
    sqlite_store: str, tmp_path: Path, now: datetime
) -> None:
    store = open_store(sqlite_store)
    with store.begin() as tx:
        save(tx, full(*(account(f"{n:05}", now, text="x" * 500) for n in range(500))), now)
    store.close()
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 3 : 2 * len(content) // 3] = os.urandom(2 * len(content) // 3 - len(content) // 3)
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught:
        _read_all(sqlite_store)
    assert "restore the latest backup" in caught.value.hint
    assert "damaged" in _problems(sqlite_store)


def _read_all(url: str) -> None:
    """Damage is met at once or later, by which pages it has hit."""
    store = open_store(url)
    try:
        with store.read() as tx:
            tx.execute(select(schema.record)).all()
    finally:
        store.close()


def _problems(url: str) -> str:
    try:
        return " ".join(check(url).problems)
    except StoreError as error:
        return str(error)


def test_a_sound_store_passes_its_check_and_a_missing_trigger_does_not(store: Store, url: str) -> None:
    report = check(url)
    assert report.ok, report.problems
    assert report.rows["record"] == 0
    with store.begin() as tx:
        on = store.dialect == "postgresql"
        tx.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_no_update" if on else "DROP TRIGGER audit_no_update"))
    try:
        (problem,) = check(url).problems
        assert "audit_no_update" in problem
    finally:
        if store.dialect == "postgresql":
            with store.begin() as tx:
                tx.execute(text("ALTER TABLE audit ENABLE TRIGGER audit_no_update"))


# Full, locked, killed --------------------------------------------------------------------------------------------


def test_a_full_disk_keeps_nothing_of_the_transaction(sqlite_store: str, now: datetime) -> None:
    store = open_store(sqlite_store)
    with store.begin() as tx:
        save(tx, page(account("a", now), cursor="first"), now)
    big = page(*(account(f"b{n}", now, text="x" * 5_000) for n in range(200)), cursor="second")
    with pytest.raises(StoreError, match="the disk is full") as caught, store.begin() as tx:  # noqa: PT012 - any may fail
        # SQLite answers SQLITE_FULL at this limit exactly as it does when the volume has no space left.
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
        save(tx, big, now)
    assert "free space" in caught.value.hint
    store.close()
    store = open_store(sqlite_store)
    with store.begin() as tx:
        assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) == Cursor("first")
        assert records.live_count(tx, Stream.ACCOUNTS) == 1
        save(tx, big, now)
        assert records.live_count(tx, Stream.ACCOUNTS) == 201, "with space again, the same page is saved"
    store.close()


def test_a_store_that_somebody_else_keeps_locked_is_explained(sqlite_store: str, now: datetime) -> None:
    store = engine.connect(engine.place(sqlite_store), wait_seconds=0.2)
    with store.begin() as tx:
        settings.put(tx, "x", 1, now)
        locked = pytest.raises(StoreError, match="another process is using it")
        with locked as caught, engine.connect(store.place, wait_seconds=0.2).begin():
            pass
    assert "wait for the other sync-worker command" in caught.value.hint
    store.close()


def test_a_commit_that_a_reader_keeps_from_the_disk_is_undone_and_explained(sqlite_store: str, now: datetime) -> None:
    store = engine.connect(engine.place(sqlite_store), wait_seconds=0.2, wal=False)
    with store.read() as reader:
        assert settings.get(reader, "x") is None
        with pytest.raises(StoreError, match="another process is using it"), store.begin() as tx:
            settings.put(tx, "x", 1, now)
    with store.begin() as tx:
        assert settings.get(tx, "x") is None
        settings.put(tx, "x", 2, now)
    with store.read() as tx:
        assert settings.get(tx, "x") == 2
    store.close()


def test_writers_wait_for_each_other(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        settings.put(tx, "count", 0, now)

    def add(_: int) -> None:
        with store.begin() as tx:
            save(tx, page(account("a", now)), now)
            first = next_numbers(tx, "turn", 1)
            settings.put(tx, "count", settings.get(tx, "count") + 1, now)
            assert first >= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    with store.read() as tx:
        assert settings.get(tx, "count") == 20


def test_a_read_sees_one_moment_and_cannot_write(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        settings.put(tx, "x", 1, now)
    with pytest.raises((StoreError, DBAPIError)), store.read() as tx:
        settings.put(tx, "x", 2, now)
    if store.dialect == "postgresql":  # a rollback journal makes the writer wait instead
        with store.read() as before:
            assert settings.get(before, "x") == 1
            with store.begin() as tx:
                settings.put(tx, "x", 3, now)
            assert settings.get(before, "x") == 1
    with store.read() as tx:
        assert settings.get(tx, "x") in {1, 3}


def test_a_database_that_was_restarted_is_met_again_without_an_error(store: Store, url: str, now: datetime) -> None:
    if store.dialect == "sqlite":
        return
    with store.begin() as tx:
        settings.put(tx, "x", 1, now)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with store.read() as tx:
        assert settings.get(tx, "x") == 1


def test_a_connection_that_is_lost_in_mid_transaction_is_explained_and_keeps_nothing(
    store: Store, url: str, now: datetime
) -> None:
    if store.dialect == "sqlite":
        return
    lost = pytest.raises(StoreError, match=r"stopping or starting|does not answer")
    with lost, store.begin() as tx:
        settings.put(tx, "x", 1, now)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        settings.put(tx, "y", 1, now)
    with store.read() as tx:
        assert settings.get(tx, "x") is None


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from sync_worker.store import open_store, records
from sync_worker.store.upsert import next_numbers
from tests.store.crm import account, full, save
now = datetime(2026, 11, 20, tzinfo=UTC)
store = open_store(sys.argv[1])
number = 0
while True:
    with store.begin() as tx:
        records_ = [account(f"{number:06}-{n}", now, text="x" * 2000) for n in range(20)]
        save(tx, full(*records_, cursor=str(number)), now)
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("fatal", [0, 3])
def test_a_page_and_its_cursor_are_there_together_or_not_at_all_after_a_kill(
    store: Store, url: str, fatal: int
) -> None:
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(fatal)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    with store.read() as tx:
        assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) == (Cursor(str(fatal - 1)) if fatal else None)
        assert records.live_count(tx, Stream.ACCOUNTS) == 20 * fatal
    assert check(url).problems in {(), *_permissions(url)}


def test_a_kill_at_any_moment_leaves_whole_pages(store: Store, url: str) -> None:
    store.close()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, "-1"],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout:
        for _ in range(5):
            process.stdout.readline()
        timer = threading.Timer(0.013, process.kill)
        timer.start()
        said = [int(line) for line in process.stdout]
        timer.join()
    with store.read() as tx:
        cursor = records.cursor(tx, "salesforce", Stream.ACCOUNTS)
        assert cursor is not None
        assert int(cursor.value) >= max(said, default=4), "what was said to be saved is saved"
        assert records.live_count(tx, Stream.ACCOUNTS) == 20 * (int(cursor.value) + 1)


def _permissions(url: str) -> set[tuple[str, ...]]:
    """A copied file has the mode of any new file; that is no concern of these tests."""
    return {problems for problems in [check(url).problems] if all("mode" in problem for problem in problems)}


# What is chosen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
        ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 60, 0), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_write_ahead_logging_is_used_only_where_its_race_is_mended(
    version: tuple[int, int, int], *, safe: bool
) -> None:
    assert engine.wal_is_safe(version) is safe


@pytest.mark.parametrize(("wal", "journal"), [(True, "wal"), (False, "delete")])
def test_a_file_is_synced_fully_with_keys_enforced(sqlite_store: str, *, wal: bool, journal: str) -> None:
    store = engine.connect(engine.place(sqlite_store), wal=wal)
    with store.begin() as tx:
        asked = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "journal_mode")}
        level = tx.exec_driver_sql("PRAGMA synchronous").scalar_one()
    store.close()
    assert asked == {"foreign_keys": 1, "journal_mode": journal}
    assert level >= 2, "FULL, or more"


def test_a_file_from_a_machine_with_another_library_changes_its_journal(sqlite_store: str, now: datetime) -> None:
    for wal in (True, False, True):
        store = engine.connect(engine.place(sqlite_store), wal=wal)
        with store.begin() as tx:
            settings.put(tx, "x", wal, now)
        with store.read() as tx:
            assert settings.get(tx, "x") is wal
        store.close()


UPGRADE = "import sys; from sync_worker.store import upgrade; sys.stdin.read(1); upgrade(sys.argv[1])"


def test_two_upgrades_at_once_take_turns(empty_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, empty_url]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate("x")[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert check(empty_url).ok


def test_a_missing_driver_is_named_with_the_extra_that_brings_it() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from sync_worker.store import *\n"
        "try: open_store('postgresql://h/d')\n"
        "except StoreError as error: print(error, '|', error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "needs the package psycopg" in done.stdout, done.stderr
    assert "extra 'postgresql'" in done.stdout


def test_no_message_carries_what_was_to_be_stored(store: Store, now: datetime) -> None:
    row = {"stream": "accounts", "id": "a", "fields": {"name": "Secret AG"}, "modified": now, "sequence": 1}
    with pytest.raises(DBAPIError) as caught, store.begin() as tx:
        tx.execute(insert(schema.record), [row, row])
    if store.dialect == "sqlite":
        assert "Secret" not in str(caught.value)
    assert "Secret" not in str(caught.value.statement)


def test_an_empty_page_still_moves_the_cursor(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        empty = Page((), Cursor("c9"), full=False)
        records.save_page(tx, "salesforce", Stream.LEADS, empty, cycle=1, now=now, touches=(), engagement=())
        assert records.cursor(tx, "salesforce", Stream.LEADS) == Cursor("c9")
