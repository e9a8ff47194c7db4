"""A house for each test, on a fresh SQLite file; copied from one migrated store, because migrating takes longer."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sync_worker.store import open_store, upgrade
from tests.apply.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store's file."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def house(migrated: Path, tmp_path: Path) -> Iterator[House]:
    """A worker with an empty store and an empty CRM."""
    file = tmp_path / "store.db"
    shutil.copy(migrated, file)
    store = open_store(f"sqlite:///{file}")
    yield House(store)
    store.close()
