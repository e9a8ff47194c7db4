"""A whole office for one test: a sandbox CRM, a config, the demo's rules, a store. Real HTTP, a real file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import rules
from sync_worker import app
from sync_worker.config import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.port import Value
    from connectors.sandbox import Sandbox
    from sync_worker.app import Worker
    from sync_worker.config import Config
    from sync_worker.store.plans import StoredPlan

TEMPLATES = Path(rules.__file__).parent / "templates"

CONFIG = """
[store]
url = "{store}"
[salesforce]
url = "{url}"
client_id = "{client_id}"
client_secret_file = "secret"
{salesforce}
[fields]
score = "score"
tier = "tier"
reasons = "reasons"
do_not_move = "do_not_move"
[fields.users]
capacity = "Book_Capacity__c"
[fields.accounts]
region = "Region__c"
segment = "Segment__c"
score = "Priority_Score__c"
tier = "Priority_Tier__c"
reasons = "Priority_Reasons__c"
do_not_move = "Do_Not_Move__c"
renewal_date = "Renewal_Date__c"
intent_cybersecurity = "Intent_Cybersecurity__c"
intent_cloud_migration = "Intent_Cloud_Migration__c"
intent_data_privacy = "Intent_Data_Privacy__c"
intent_updated = "Intent_Updated__c"
[intent]
observed = "intent_updated"
[intent.topics]
cybersecurity = "intent_cybersecurity"
cloud_migration = "intent_cloud_migration"
data_privacy = "intent_data_privacy"
[pool]
user = "{pool}"
[apply]
policy = "{policy}"
[guards]
owner_moves = {owner_moves}
"""


@dataclass
class Office:
    """One company. Each ``worker()`` is a new life of the worker on the same store."""

    sandbox: Sandbox
    folder: Path
    store: str
    ahead: timedelta = timedelta()
    """How far the worker's clock runs ahead of this machine's."""

    def config(self, *, policy: str = "approve", owner_moves: float = 0.10, salesforce: str = "") -> Config:
        """The config, written anew with these settings."""
        (self.folder / "secret").write_text(self.sandbox.client_secret)
        file = self.folder / "config.toml"
        file.write_text(
            CONFIG.format(
                store=self.store,
                url=self.sandbox.url,
                client_id=self.sandbox.client_id,
                salesforce=salesforce,
                pool=self.pool,
                policy=policy,
                owner_moves=owner_moves,
            )
        )
        return load(file, environ={}).config

    @property
    def rules(self) -> Path:
        """The rules folder."""
        return self.folder / "rules"

    @property
    def pool(self) -> str:
        """The pool user's username."""
        return next(str(user["Username"]) for user in self.users() if user["Name"] == "Account Pool")

    def users(self) -> list[dict[str, Value]]:
        """The CRM's users."""
        return self.sandbox.company.rows("User")

    def account(self, id_: str) -> dict[str, Value]:
        """An account as the CRM has it."""
        return dict(self.sandbox.company.get("Account", id_) or {})

    def worker(self, config: Config | None = None) -> Worker:
        """A worker on this office's store and CRM."""
        worker = app.open_worker(config or self.config())
        worker.parts.clock = lambda: datetime.now(UTC) + self.ahead
        return worker

    def approved(self, worker: Worker, overrides: Sequence[str] = ()) -> StoredPlan:
        """A plan that somebody has approved."""
        plan = worker.plan().plan
        assert plan is not None
        return worker.approve(plan.plan.id, by="Rita Morgan", overrides=overrides)
