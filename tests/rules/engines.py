"""Both databases with the same facts, asked the same: what the suites on equal answers run on."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING, Any

from rules import (
    ColumnKind,
    ContactSource,
    Dialect,
    EngagementSource,
    EventsSource,
    FactColumn,
    FadingSource,
    FieldSource,
    IntentSource,
    TouchSource,
    Type,
    compile_accounts,
    compile_reps,
    needs,
    rep_needs,
)
from rules.contacts import compile_contacts, contact_needs
from tests.rules.reference import TODAY, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import psycopg

    from rules import Compiled, Ruleset
    from tests.rules.reference import Row

    Answers = dict[Dialect, tuple[Compiled, list[tuple[Any, ...]]]]

CONTACT_ID = FactColumn("contact_id", Type.TEXT, FieldSource("contact_id"))
_KINDS = {Type.TEXT: "TEXT", Type.NUMBER: "DOUBLE PRECISION", Type.BOOLEAN: "BOOLEAN", Type.DATE: "TEXT"}


def fact(column: FactColumn, row: Row, landmark: datetime) -> Any:  # noqa: PLR0911 - one return for each kind of fact
    """What the store keeps in this column for an account; counts of nothing are empty now and then, as after a join."""
    match column.source:
        case FieldSource(field=name):
            return counted(row[name]) if column.type is Type.NUMBER else row[name]
        case EngagementSource(kind=kind, half_life_days=half_life):
            since = (TODAY - landmark.date()).days
            return sum(2.0 ** ((since - age) / half_life) for age in row["events"].get(kind, ())) or row["nothing"]
        case EventsSource(kind=kind, days=most):
            return float(sum(age <= most for age in row["events"].get(kind, ()))) or row["nothing"]
        case FadingSource(kind=kind, days=most):
            return sum(max(0.0, 1 - age / most) for age in row["events"].get(kind, ())) or row["nothing"]
        case TouchSource(days=most):
            return float(sum(age <= most for age in row["touches"])) or row["nothing"]
        case IntentSource(topic=topic):
            return row["intent"].get(topic)
        case ContactSource(score=score):
            return row["contacts"].get(score)


class Engines:
    """Two databases with one table of facts each."""

    def __init__(
        self, folder: Path, server: psycopg.Connection, now: datetime, landmark: datetime, rows: list[Row]
    ) -> None:
        self.folder, self.now, self.landmark, self.rows = folder, now, landmark, rows
        self.columns: dict[str, FactColumn] = {}
        self.file = sqlite3.connect(":memory:", isolation_level=None)
        self.cursors: dict[Dialect, Any] = {Dialect.SQLITE: self.file.cursor(), Dialect.POSTGRESQL: server.cursor()}

    def __repr__(self) -> str:
        return "engines"

    def close(self) -> None:
        self.file.close()

    def _fill(self, table: str, key: str) -> None:
        """Make the table anew, with all columns that any rules have read so far."""
        columns, rows = list(self.columns.values()), self.rows
        names = ", ".join(f'"{column.name}" {_KINDS[column.type]}' for column in columns)
        values = [(f"a{at:04}", *(fact(c, row, self.landmark) for c in columns)) for at, row in enumerate(rows)]
        for dialect, cursor in self.cursors.items():
            mark = "?" if dialect is Dialect.SQLITE else "%s"
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(f"CREATE TABLE {table} ({', '.join([f'{key} TEXT PRIMARY KEY', *([names] * bool(names))])})")
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join([mark] * (len(columns) + 1))})", values)

    def _ready(self, table: str, key: str, columns: Iterable[FactColumn]) -> None:
        missing = {column.name: column for column in columns if column.name not in self.columns}
        if missing or not self.columns:
            self.columns |= missing
            self._fill(table, key)

    def ask(self, dialect: Dialect, compiled: Compiled) -> list[tuple[Any, ...]]:
        """The answers in the order of the rows."""
        return sorted(self.cursors[dialect].execute(compiled.sql).fetchall())

    def of_contacts(self, rules: Ruleset) -> Answers:
        """What each database answers of each contact; its engagement is that of the day."""
        self.landmark = self.now.replace(hour=0, minute=0)
        self._ready("contact_fact", "account_id", (CONTACT_ID, *contact_needs(rules.contacts)))
        compiled = {dialect: compile_contacts(rules.contacts, dialect, now=self.now) for dialect in Dialect}
        return {dialect: (each, self.ask(dialect, each)) for dialect, each in compiled.items()}

    def of_reps(self, rules: Ruleset) -> Answers:
        """What each database answers of each rep."""
        self._ready("rep_fact", "rep_id", rep_needs(rules))
        compiled = {dialect: compile_reps(rules, dialect, now=self.now) for dialect in Dialect}
        return {dialect: (each, self.ask(dialect, each)) for dialect, each in compiled.items()}

    def answers(self, rules: Ruleset) -> Answers:
        """What each database answers of each account."""
        self._ready("fact", "account_id", needs(rules))
        found = {}
        for dialect in Dialect:
            compiled = compile_accounts(rules, dialect, now=self.now, landmark=self.landmark)
            found[dialect] = compiled, self.ask(dialect, compiled)
        return found


def values(compiled: Compiled, answers: Iterable[Sequence[Any]], kind: ColumnKind, rule: str = "") -> list[list[Any]]:
    """Of each row the values of the columns of a kind."""
    places = [compiled.columns.index(column) for column in compiled.of(kind, rule)]
    return [[row[place] for place in places] for row in answers]


def population(seed: int, count: int, pools: dict[str, Sequence[Any]]) -> list[Row]:
    """Accounts that each hold, by field, one of the pool's values; a third of the values is empty."""
    draw = random.Random(seed)  # noqa: S311 - the same accounts each time
    rows = []
    for _ in range(count):
        row: Row = {name: None if draw.random() < 1 / 3 else draw.choice(pool) for name, pool in pools.items()}
        row["contact_id"] = "x"
        kinds = ("meeting", "web_form")
        row["events"] = {kind: [draw.choice(AGES) for _ in range(draw.choice((0, 0, 1, 1, 2, 5)))] for kind in kinds}
        row["touches"] = [draw.choice(AGES) for _ in range(draw.choice((0, 0, 1, 3)))]
        row["intent"] = {"cloud": draw.choice((None, 1.0, 59.9, 60.0, 100.0))}
        row["contacts"] = {"persona": draw.choice((None, 0.0, 12.5, 60.0))}
        row["nothing"] = draw.choice((None, 0.0))
        rows.append(row)
    return rows


AGES = (0, 0, 1, 6, 7, 8, 13, 14, 15, 28, 29, 30, 31, 59, 60, 61, 89, 90, 91, 365, 4000)
"""Days at which windows and half-lives of these tests end, and their neighbours."""
