"""A vocabulary like a real org's, and a folder that rules are written into."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest

from rules import Dialect, FieldInfo, Ruleset, RulesInvalid, Type, Vocabulary, load
from tests.rules.stores import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def fields(names: str, kind: Type) -> dict[str, FieldInfo]:
    return {name: FieldInfo(name, kind) for name in names.split()}


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    picklists = {
        "type": FieldInfo("type", Type.TEXT, "Account Type", ("Prospect", "Customer", "Partner")),
        "segment": FieldInfo("segment", Type.TEXT, "Segment", ("Enterprise", "Mid-Market")),
    }
    account = {
        **fields("name owner industry country region parent website phone owner_team zip", Type.TEXT),
        **fields("domain lead_source products", Type.TEXT),
        **fields("revenue employees open_opportunities won_opportunities contacts vendor_fit mql_score", Type.NUMBER),
        **fields("created_at renewal_date last_touch last_engagement owned_since", Type.DATE),
        **fields("do_not_move owner_active in_pool is_customer", Type.BOOLEAN),
        **picklists,
    }
    rep = {**fields("name email team role region title time_zone", Type.TEXT), **fields("capacity", Type.NUMBER)}
    topics = frozenset({"cybersecurity", "cloud_migration", "data_privacy"})
    events, touches = (
        frozenset(["meeting", "web_form", "reply", "webinar"]),
        frozenset(["call", "email", "meeting", "task"]),
    )
    contact = {
        **fields("name email title department", Type.TEXT),
        **fields("seniority", Type.NUMBER),
        **fields("joined_on", Type.DATE),
        **fields("opted_out", Type.BOOLEAN),
    }
    return Vocabulary(account, rep, topics, events, touches, contact)


class Folder:
    """A rules folder that is written and read in one breath."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self.path, self.vocabulary = path, vocabulary

    def write(self, **files: str | bytes) -> Folder:
        """Write files; ``rules_yaml`` is rules.yaml."""
        for name, content in files.items():
            path = self.path / ".".join(name.rsplit("_", 1))
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def load(self) -> Ruleset:
        return load(self.path, self.vocabulary)

    def problems(self, **files: str | bytes) -> list[str]:
        """What is wrong with the files; nothing if they load."""
        self.write(**files)
        try:
            self.load()
        except RulesInvalid as invalid:
            return [str(problem) for problem in invalid.problems]
        return []

    def faults(self, condition: str) -> list[str]:
        """What is wrong with one account condition, as ``column: message``, the column counted from 1."""
        quoted = condition.replace("\\", "\\\\").replace('"', '\\"')
        found = self.problems(rules_yaml=f'version: 1\nscope:\n  - id: x\n    when: "{quoted}"\n')
        return [problem.removeprefix("rules.yaml:4:") for problem in found]


@pytest.fixture
def folder(tmp_path: Path, vocabulary: Vocabulary) -> Folder:
    path = tmp_path / "rules"
    path.mkdir()
    return Folder(path, vocabulary)


@pytest.fixture(params=list(Dialect))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param is Dialect.SQLITE:
        file = sqlite3.connect(":memory:", isolation_level=None)
        yield Store(Dialect.SQLITE, lambda sql, values=(): file.execute(sql, values))
        file.close()
        return
    url = request.getfixturevalue("postgres_url").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as server:
        server.execute("CREATE SCHEMA IF NOT EXISTS compiling")
        server.execute("SET search_path TO compiling")
        yield Store(Dialect.POSTGRESQL, lambda sql, values=None: server.execute(sql, values))
        server.execute("DROP SCHEMA compiling CASCADE")
