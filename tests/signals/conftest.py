"""A store on each engine with a few accounts, a folder for files, and the parts that taking them in needs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from connectors.port import Cursor, Page, Record, Ref, Stream
from sync_worker.config import Config, IntentConfig, PoolConfig, SalesforceConfig, SignalsConfig
from sync_worker.parts import Parts
from sync_worker.store import records, settings
from tests.store.conftest import (  # noqa: F401 - the stores of both engines, as their own tests have them
    postgresql_store,
    sqlite_store,
    store,
    url,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from connectors.port import Connector, Value
    from rules import Ruleset, Vocabulary
    from sync_worker.store import Store

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

TYPES = {
    "name": "text",
    "owner": "text",
    "website": "text",
    "parent": "text",
    "industry": "text",
    "employees": "number",
}


def no_connectors() -> Mapping[str, Connector]:
    """Files ask no CRM."""
    raise AssertionError


def no_rules(_: Vocabulary) -> Ruleset:
    """Taking in reads no rules."""
    raise AssertionError


@dataclass
class Desk:
    """A folder for files, a store, and the worker's parts on both."""

    folder: Path
    parts: Parts
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def store(self) -> Store:
        """The store."""
        return self.parts.store

    def drop(self, name: str, content: str | bytes) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def configure(self, **signals: object) -> None:
        """Change the settings of [signals]."""
        own = replace(self.parts.config.signals, **signals)  # type: ignore[arg-type] # each test names what is there
        self.parts.config = replace(self.parts.config, signals=own)

    def accounts(self, crm: str = "salesforce", **shown: Mapping[str, Value]) -> None:
        """Let a CRM show these accounts, by id; ids that Python cannot spell begin with an underscore."""
        with self.store.begin() as tx:
            found = tuple(
                Record(Ref(Stream.ACCOUNTS, id_.removeprefix("_")), {"name": id_, "owner": "u1", **fields}, NOW)
                for id_, fields in shown.items()
            )
            page = Page(found, Cursor("c"), full=False)
            records.save_page(
                tx, crm, Stream.ACCOUNTS, page, cycle=1, now=NOW, touches=("call",), engagement=("meeting",)
            )


@pytest.fixture
def desk(
    store: Store,  # noqa: F811 - pytest hands it over
    tmp_path: Path,
) -> Desk:
    """A desk with an empty folder and a store without accounts."""
    folder = tmp_path / "signals"
    folder.mkdir()
    config = Config(
        salesforce=SalesforceConfig(url="https://acme.my.salesforce.com"),
        intent=IntentConfig(topics={"security": "", "cloud": ""}),
        signals=SignalsConfig(folder=folder, topics={"Cyber Security": "security"}),
        pool=PoolConfig(user="pool@acme.example"),
    )
    schema = {
        name: {"name": name, "crm_name": name, "type": kind, "label": "", "values": [], "writable": False}
        for name, kind in TYPES.items()
    }
    with store.begin() as tx:
        settings.put(tx, "schema", {"salesforce": {"accounts": schema}}, NOW)
    parts = Parts(
        config=config,
        store=store,
        make_connectors=no_connectors,
        read_rules=no_rules,
        clock=lambda: NOW,
        monotonic=lambda: 0.0,
        stop=threading.Event(),
        watch=lambda _: None,
    )
    return Desk(folder, parts)
