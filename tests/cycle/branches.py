"""One company in two CRMs for one test: both sandboxes seeded alike, so that nearly every account has a twin."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sync_worker import app
from sync_worker.cli.starting import Crm, Template, start
from sync_worker.config import load
from sync_worker.store import upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.sandbox import Sandbox
    from sync_worker.app import Worker
    from sync_worker.config import Config
    from sync_worker.store.plans import StoredPlan

LOOSE = (
    "guards.owner_moves=1",
    "guards.rep_moves=1",
    "hubspot.settle_seconds=0.1",
)
"""Guards and waits that these tests are not about."""


@dataclass
class Branches:
    """Both sandboxes, one folder, one store. Each ``worker()`` is a new life of the worker."""

    salesforce: Sandbox
    hubspot: Sandbox
    folder: Path
    ahead: timedelta = timedelta()

    def settle_in(self) -> None:
        """Config, rules and secrets, as ``init --crm both`` writes them."""
        values = {
            "salesforce.url": self.salesforce.url,
            "salesforce.client_id": self.salesforce.client_id,
            "hubspot.url": self.hubspot.url,
        }
        made = start(self.folder / "work", Template.DEMO, values, crms=tuple(Crm))
        secrets = {"client_secret": self.salesforce.client_secret, "access_token": self.hubspot.access_token}
        for name, secret in secrets.items():
            with os.fdopen(os.open(made.secrets / name, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(secret)
        upgrade(self.config().store.url)

    def config(self, *flags: str) -> Config:
        """The config, with these settings."""
        file = self.folder / "work" / "config.toml"
        # A setting of a CRM's would make it one of the config's.
        loose = [flag for flag in LOOSE if not flag.startswith("hubspot.") or "[hubspot]" in file.read_text()]
        return load(file, environ={}, flags=[*loose, *flags]).config

    def forget(self, crm: str) -> None:
        """Take a CRM out of the config, with what only two CRMs need."""
        file = self.folder / "work" / "config.toml"
        text = file.read_text()
        for section in (crm, "home"):
            text = re.sub(rf"^\[{section}\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
        file.write_text(text)

    def worker(self, *flags: str) -> Worker:
        """A worker on both CRMs, with these settings."""
        worker = app.open_worker(self.config(*flags))
        worker.parts.clock = lambda: datetime.now(UTC) + self.ahead
        return worker

    def approved(self, worker: Worker) -> StoredPlan:
        """A plan that somebody has approved, whatever guards say."""
        plan = worker.plan().plan
        assert plan is not None
        return worker.approve(plan.plan.id, by="Rita Morgan", overrides=[guard.name for guard in plan.plan.guards])
