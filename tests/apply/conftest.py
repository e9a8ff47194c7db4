"""A house for each test, on a fresh SQLite file; copied from one migrated store, because migrating takes longer."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sync_worker.store import Store, open_store, upgrade
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
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    file = tmp_path / "store.db"
    shutil.copy(migrated, file)
    opened = open_store(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def house(store: Store) -> House:
    """A worker with an empty store and an empty CRM."""
    return House(store)


@pytest.fixture
def hub(store: Store) -> House:
    """The same at a CRM that compares no versions."""
    return House(store, conditional=False)
