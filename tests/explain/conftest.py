"""An office for each test, and one that several tests only look at."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.store import upgrade
from tests.cycle.office import TEMPLATES, Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.app import Worker


def opened(folder: Path, store: str) -> Iterator[Office]:
    shutil.copytree(TEMPLATES / "demo", folder / "rules")
    upgrade(store)
    with Sandbox(seed=7, accounts=120, reps=10) as sandbox:
        yield Office(sandbox, folder, store)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The demo's company with 120 accounts and 10 reps."""
    yield from opened(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that has pulled the same company and planned: only to be looked at."""
    folder = tmp_path_factory.mktemp("office")
    for office in opened(folder, f"sqlite:///{folder / 'store.db'}"):
        with office.worker() as worker:
            worker.plan()
            yield worker
