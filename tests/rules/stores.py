"""A database with the facts of one test, and what compiled rules answer on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rules import Dialect, Type, compile_accounts, compile_reps, needs, rep_needs
from rules.bounds import kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules import Compiled, FactColumn, Ruleset

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
LANDMARK = NOW - timedelta(days=28)
KINDS = {Type.TEXT: "TEXT", Type.NUMBER: "DOUBLE PRECISION", Type.BOOLEAN: "BOOLEAN", Type.DATE: "TEXT"}

Row = dict[str, Any]


class Store:
    """One database with the facts of one test. Rows name only what is not empty."""

    def __init__(self, dialect: Dialect, execute: Callable[..., Any]) -> None:
        self.dialect, self.execute = dialect, execute

    def create(self, table: str, key: str, columns: tuple[FactColumn, ...], rows: list[Row]) -> None:
        shape = ", ".join([f"{key} TEXT PRIMARY KEY", *(f'"{c.name}" {KINDS[c.type]}' for c in columns)])
        self.execute(f"DROP TABLE IF EXISTS {table}")
        self.execute(f"CREATE TABLE {table} ({shape})")
        mark = "?" if self.dialect is Dialect.SQLITE else "%s"
        numbers = {column.name for column in columns if column.type is Type.NUMBER}
        for given in rows:
            row = {name: kept(value) if name in numbers else value for name, value in given.items()}
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join([mark] * len(row))
            self.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))

    def judge_reps(self, rules: Ruleset, rows: list[Row], now: datetime = NOW) -> list[Row]:
        keyed = [{"rep_id": f"r{number}", **row} for number, row in enumerate(rows)]
        self.create("rep_fact", "rep_id", rep_needs(rules), keyed)
        return self.ask(compile_reps(rules, self.dialect, now=now))

    def ask(self, compiled: Compiled) -> list[Row]:
        names = [column.name for column in compiled.columns]
        return [dict(zip(names, row, strict=True)) for row in sorted(self.execute(compiled.sql).fetchall())]

    def judge(self, rules: Ruleset, rows: list[Row], now: datetime = NOW, landmark: datetime = LANDMARK) -> list[Row]:
        keyed = [{"account_id": f"a{number}", **row} for number, row in enumerate(rows)]
        self.create("fact", "account_id", needs(rules), keyed)
        return self.ask(compile_accounts(rules, self.dialect, now=now, landmark=landmark))
