"""The same commands on PostgreSQL, whose URL is a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.desk import Desk


def test_the_whole_way_on_postgresql(bare: Desk, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = bare
    text = desk.config.read_text().replace('url = "sqlite:///sync-worker.db"', 'url_env = "STORE_URL"')
    desk.config.write_text(text)
    monkeypatch.setenv("STORE_URL", postgres_database)
    assert desk.type("status").code == 1
    assert desk.ask("db", "upgrade")["upgraded"]
    plan = desk.ask("plan")["plan"]
    desk.ask("approve", plan["id"])
    assert desk.ask("apply", plan["id"])["complete"]
    assert desk.ask("plan")["changes"] == 0
    assert desk.ask("audit", "verify")["ok"]
    assert desk.ask("db", "check")["ok"]
    assert desk.ask("rules", "check")["stored"]["accounts"] == 150
    moved = next(row for row in plan["rows"] if row["kind"] == "owner")
    assert desk.ask("explain", moved["account"])["explanation"]["plan_rows"]
    assert desk.ask("history", moved["account"])["ownership"]["changes"][0]["plan"] == plan["id"]
    assert desk.type("status").code == 0
    assert not (desk.folder / "sync-worker.db").exists()
