"""Named conditions, schemes, routes, includes() and lists from files mean the same on each store, and in the guide."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from rules import ColumnKind, TraceKind, load, trace
from tests.rules.engines import Engines, population, values
from tests.rules.policies import POOLS, SECTIONS, VOCABULARY, DrawnPolicy, policies
from tests.rules.stores import LANDMARK, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_CI = 200
KINDS = (ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK, ColumnKind.ROUTE)


@pytest.fixture
def engines(tmp_path: Path, postgres_database: str) -> Iterator[Engines]:
    folder = tmp_path / "rules"
    folder.mkdir()
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server:
        made = Engines(folder, server, NOW, LANDMARK, population(3, 60, POOLS))
        yield made
        made.close()


@settings(
    max_examples=IN_CI if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else IN_CI // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=policies())
def test_segments_and_the_rules_that_read_them_are_the_same_on_every_engine(
    engines: Engines, drawn: DrawnPolicy
) -> None:
    drawn.sections().write(engines.folder)
    ruleset = load(engines.folder, VOCABULARY)
    should = [drawn.means(row) for row in engines.rows]
    for dialect, (compiled, found) in engines.answers(ruleset).items():
        assert [one.rule for one in compiled.of(ColumnKind.SEGMENT)] == [scheme.name for scheme in drawn.schemes]
        segments = values(compiled, found, ColumnKind.SEGMENT)
        assert segments == [list(told.values()) for told, _ in should], dialect
        for at, (section, kind) in enumerate(zip(SECTIONS, KINDS, strict=True)):
            wanted = [[rules[at]] for _, rules in should]
            assert values(compiled, found, kind) == (wanted if compiled.of(kind) else [[]] * len(wanted)), section
        traced = trace(ruleset, dialect, now=NOW, landmark=LANDMARK, account_id="a0007")
        (row,) = engines.cursors[dialect].execute(traced.sql).fetchall()
        told = [value for column, value in zip(traced.columns, row, strict=True)
                if column.kind is TraceKind.OUTPUT and column.section == "segments"]  # fmt: skip
        assert told == list(should[7][0].values()), "a trace tells what the evaluation found"
