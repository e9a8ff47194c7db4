"""A desk for each test, with a small company of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from tests.cli.desk import Desk, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYNC_WORKER_CONFIG", "SYNC_WORKER_PROFILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A desk without a store."""
    with Sandbox(seed=7, accounts=150, reps=6) as sandbox:
        settle(tmp_path / "work", sandbox)
        yield Desk(tmp_path / "work", sandbox, capsys)


@pytest.fixture
def desk(bare: Desk) -> Desk:
    """A desk with an empty store."""
    assert bare.type("db", "upgrade", "--quiet").code == 0
    return bare
