"""A company in either CRM's sandbox or in both, a config that names them, and a store."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rules
from connectors.sandbox import Sandbox
from sync_worker.app import Worker, open_worker
from sync_worker.cli.starting import Crm, Template, config_text
from sync_worker.config import load
from sync_worker.store import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Place:
    """A folder with a config, and the CRMs behind it."""

    folder: Path
    sandboxes: Mapping[str, Sandbox]

    def worker(self, *flags: str) -> Worker:
        """A worker with the config as it is, and these settings over it."""
        return open_worker(load(self.folder / "config.toml", environ={}, flags=flags).config)

    def doctor(self, *flags: str) -> dict[str, tuple[bool | None, str, str]]:
        """What each check found: whether it is well, its message and its hint."""
        with self.worker(*flags) as worker:
            return {check.name: (check.ok, check.message, check.hint) for check in worker.doctor()}


@contextmanager
def placed(folder: Path, *crms: Crm) -> Iterator[Place]:
    """The demo's settings for these CRMs, and its rules."""
    with ExitStack() as open_:
        made = {crm: open_.enter_context(Sandbox(crm=crm, seed=7, accounts=40, reps=5)) for crm in crms}
        values = {f"{crm}.url": sandbox.url for crm, sandbox in made.items()}
        (folder / "secrets").mkdir()
        for crm, sandbox in made.items():
            values |= {f"{crm}.client_id": sandbox.client_id}
            secret = sandbox.client_secret if crm is Crm.SALESFORCE else sandbox.access_token
            file = folder / "secrets" / ("client_secret" if crm is Crm.SALESFORCE else "access_token")
            file.write_text(secret)
            file.chmod(0o600)
        (folder / "config.toml").write_text(config_text(Template.DEMO, values, crms))
        shutil.copytree(Path(rules.__file__).parent / "templates" / "starter", folder / "rules")
        upgrade(f"sqlite:///{folder / 'sync-worker.db'}")
        yield Place(folder, {str(crm): sandbox for crm, sandbox in made.items()})


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Place]:
    """One company that both CRMs have."""
    with placed(tmp_path, Crm.SALESFORCE, Crm.HUBSPOT) as place:
        yield place


@pytest.fixture(params=list(Crm))
def one(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A company that one CRM has: each of them in turn."""
    with placed(tmp_path, request.param) as place:
        yield place
