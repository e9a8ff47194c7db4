"""An office for each test, small unless the test asks for more."""

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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The demo's company with 400 accounts and 10 reps."""
    shutil.copytree(TEMPLATES / "demo", tmp_path / "rules")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(store)
    with Sandbox(seed=7, accounts=400, reps=10) as sandbox:
        yield Office(sandbox, tmp_path, store)
