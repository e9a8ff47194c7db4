"""A place for a store, empty or migrated, for each test on each engine."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from sync_worker.store import open_store
from sync_worker.store.schema import metadata
from tests.store.people import rules_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rules import Ruleset
    from sync_worker.store import Store

EMPTY = f"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica; -- the triggers that guard the audit stay quiet
TRUNCATE {", ".join(f'"{table}"' for table in metadata.tables)} RESTART IDENTITY;
DROP TABLE IF EXISTS fact, rep_fact, contact_fact, contact_best, outcome
"""


@pytest.fixture
def now() -> datetime:
    """A moment to work at."""
    return datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def rules(tmp_path: Path) -> Ruleset:
    """Scores of contacts, and nothing else."""
    return rules_in(tmp_path / "rules")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made: no file yet, or an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty store."""
    return str(request.getfixturevalue(f"{request.param}_store"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The same, open."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(migrated_file: Path, tmp_path: Path) -> str:
    """A migrated, empty file."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'store.db')}"


@pytest.fixture
def postgresql_store(migrated_database: str) -> Iterator[str]:
    """A migrated, empty database: the same one for every test, emptied after each."""
    yield migrated_database
    with psycopg.connect(migrated_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(EMPTY.encode())
