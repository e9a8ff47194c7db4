"""The little company of docs/explain.md: three reps, five accounts, a clock that stands. No CRM: records as pulled."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from connectors.port import Stream
from rules import load
from sync_worker.config import load as load_config
from sync_worker.decide import decide
from sync_worker.parts import Parts
from sync_worker.store import cycles, lookup, open_store, settings, upgrade
from tests.cycle.office import CONFIG
from tests.store.crm import account, activity, other, page, save

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.port import Value
    from rules import Ruleset, Vocabulary

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FIELDS = {
    "accounts": {
        **dict.fromkeys(("name", "owner", "country", "type", "industry"), "text"),
        "employees": "number",
        "created_at": "date",
    },
    "users": {"name": "text", "email": "text", "team": "text"},
}
REPS = {"u1": ("Ann Lee", "Enterprise"), "u2": ("Bo Falk", "Mid-Market"), "u3": ("Cy Ode", "Enterprise")}
ACCOUNTS: dict[str, dict[str, Value]] = {
    "001A": {"name": "Acme", "owner": "u1", "country": "DE", "employees": 1200.0, "industry": "Banking"},
    "001B": {"name": "Birch", "owner": "pool", "country": "FR", "employees": 950.0, "industry": "Software"},
    "001C": {"name": "Cedar", "owner": "pool", "country": "DE", "employees": 4000.0, "industry": "Energy"},
    "001D": {"name": "Delta", "owner": "u3", "country": "US", "employees": 80.0},
    "001E": {"name": "Elm", "owner": "u2", "country": "DE", "employees": 300.0},
}
TOUCHED = {"001A": "2026-09-01T10:00:00Z", "001E": "2026-11-12T10:00:00Z"}


class Company:
    """A store with all of it, and the worker's parts around it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.now = folder, NOW
        url = url or f"sqlite:///{folder / 'store.db'}"
        upgrade(url)
        (folder / "secret").write_text("x")
        file = folder / "config.toml"
        settings_of = {"store": url, "url": "http://127.0.0.1:1", "client_id": "x", "salesforce": "", "pool": "pool"}
        text = CONFIG.format(**settings_of, policy="approve", owner_moves=0.5)
        # The mapped fields of the demo's org are none of this one's.
        kept = text[: text.index("[fields]")] + text[text.index("[pool]") :]
        file.write_text(kept)
        self.parts = Parts(
            config=load_config(file, environ={}).config,
            store=open_store(url),
            make_connectors=dict,
            read_rules=self.read_rules,
            clock=lambda: self.now,
            monotonic=lambda: 0.0,
            stop=threading.Event(),
            watch=lambda _: None,
        )
        self._fill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.parts.store.close()

    def read_rules(self, words: Vocabulary) -> Ruleset:
        return load(self.folder / "rules", words)

    def write(self, rules: str) -> None:
        """Let these be the rules."""
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "rules" / "rules.yaml").write_text(rules)

    def change(self, account_id: str, **fields: Value) -> None:
        """Let the CRM show other values of an account."""
        with self.parts.store.begin() as tx:
            known = lookup.get(tx, Stream.ACCOUNTS, account_id)
            fields = {**(known.fields if known else {}), **fields}
            save(tx, page(account(account_id, self.now, **fields)), self.now)

    def happen(self, id_: str, account_id: str, kind: str, at: datetime) -> None:
        """Let something have been done with an account."""
        done = activity(id_, self.now, account=account_id, kind=kind, at=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        with self.parts.store.begin() as tx:
            save(tx, page(done), self.now)

    def decide(self, at: datetime) -> None:
        """Decide at a moment, as a run does after its pull."""
        self.now = at
        with self.parts.store.begin() as tx:
            run = cycles.start(tx, "plan", at)
        decide(self.parts, cycle=run)

    def _fill(self) -> None:
        since = NOW - timedelta(days=400)
        people: list[Any] = [
            other(Stream.USERS, id_, since, name=name, email=f"{id_}@x.example", username=id_, team=team,
                  active=True, can_own=True)
            for id_, (name, team) in {**REPS, "pool": ("Account Pool", None)}.items()
        ]  # fmt: skip
        created = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        accounts = [account(id_, since, created_at=created, **fields) for id_, fields in ACCOUNTS.items()]
        touches = [
            activity(f"t{id_}", since, account=id_, kind="email", at=at, owner=ACCOUNTS[id_]["owner"])
            for id_, at in TOUCHED.items()
        ]
        with self.parts.store.begin() as tx:
            settings.put(tx, "schema", {"salesforce": {s: _described(f) for s, f in FIELDS.items()}}, since)
            for shown in (people, accounts):
                save(tx, page(*shown), since)
            save(tx, page(*touches), NOW)


def _described(fields: dict[str, str]) -> dict[str, dict[str, object]]:
    return {
        name: {"name": name, "crm_name": name, "type": kind, "label": name, "values": [], "writable": True}
        for name, kind in fields.items()
    }
