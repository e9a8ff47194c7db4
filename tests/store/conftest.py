"""An empty, migrated store for each test, on each engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sync_worker.store import open_store, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be made: a file, or a database of this test alone."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A migrated, empty store."""
    upgrade(url)
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """A moment to work at."""
    return datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
