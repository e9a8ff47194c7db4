"""The points in force, run over a history by the same SQL as in a cycle, so that they are judged on the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from rules import ColumnKind, Dialect, FieldSource, compile_accounts, needs
from rules.bounds import kept
from sync_worker.core.scorecard.columns import Kind
from sync_worker.learning.reading import HistoryUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules import Ruleset
    from sync_worker.core.scorecard.columns import Column, Floats

_NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""Rules over a history know no dates, so any day will do."""


def totals(rules: Ruleset, score: str, columns: Sequence[Column], called: Mapping[str, str]) -> Floats:
    """The score of every row. Raises HistoryUnusable where the rules have no such score."""
    known = [each.id for each in rules.scores]
    if score not in known:
        held = ", ".join(known) or "none"
        raise HistoryUnusable(
            [f"the rules have no score '{score}'"], f"they have {held}: name it with --champion-score"
        )
    compiled = compile_accounts(rules, Dialect.SQLITE, now=_NO_DAY, landmark=_NO_DAY)
    (total,) = compiled.of(ColumnKind.TOTAL, score)
    place = [column.name for column in compiled.columns].index(total.name)
    with closing(sqlite3.connect(":memory:")) as store:
        _fill(store, rules, {called[column.name]: column for column in columns})
        rows = store.execute(compiled.sql).fetchall()
    found = np.zeros(len(rows))
    for row in rows:
        found[int(row[0])] = row[place]
    return found


def _fill(store: sqlite3.Connection, rules: Ruleset, columns: Mapping[str, Column]) -> None:
    read = [(each.name, columns[each.source.field]) for each in needs(rules) if isinstance(each.source, FieldSource)]
    count = len(next(iter(columns.values())).places)
    names = "".join(f', "{name}"' for name, _ in read)
    store.execute(f"CREATE TABLE fact (account_id TEXT PRIMARY KEY{names})")  # rules.facts makes the names safe
    cells = [[str(number) for number in range(count)], *(_cells(column) for _, column in read)]
    marks = ", ".join("?" * len(cells))
    store.executemany(f"INSERT INTO fact VALUES ({marks})", zip(*cells, strict=True))  # noqa: S608 - question marks


def _cells(column: Column) -> list[object]:
    if column.kind is Kind.NUMBER:
        return [kept(float(number)) for number in column.numbers]
    if column.kind is Kind.YES_NO:
        return [None if place < 0 else int(column.distinct[place] == "true") for place in column.places.tolist()]
    return [None if place < 0 else column.distinct[place] for place in column.places.tolist()]
