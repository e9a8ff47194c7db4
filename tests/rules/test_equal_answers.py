"""Every construct has one meaning: SQLite, PostgreSQL and a plain reading of the documentation give equal answers.

``reference`` is the plain reading, ``drawing`` and ``folders`` draw what is asked, ``engines`` asks the databases.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import ColumnKind, Dialect, load, trace
from tests.rules import folders, reference
from tests.rules.drawing import FACTS, POOLS, REP_POOLS, VOCABULARY
from tests.rules.engines import Engines, population, values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rules import Ruleset
    from tests.rules.folders import DrawnBook, DrawnRules, DrawnScore, DrawnTable, Sections
    from tests.rules.reference import Said

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
LANDMARK = datetime(2026, 9, 1, tzinfo=UTC)
IN_CI = {"conditions": 500, "tables": 400, "rules": 300, "scores": 400, "reps": 250, "traces": 150}
"""Examples by suite where everything is checked; elsewhere a tenth of them."""


def examples(suite: str) -> settings:
    most = IN_CI[suite] if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else IN_CI[suite] // 10
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=most, deadline=None, suppress_health_check=slow)


@pytest.fixture
def engines(tmp_path: Path, postgres_database: str) -> Iterator[Engines]:
    folder = tmp_path / "rules"
    folder.mkdir()
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server:
        made = Engines(folder, server, NOW, LANDMARK, population(1, 80, POOLS))
        yield made
        made.close()


def loaded(engines: Engines, sections: Sections) -> Ruleset:
    sections.write(engines.folder)
    return load(engines.folder, VOCABULARY)


def test_two_thousand_examples_are_tried() -> None:
    assert sum(IN_CI.values()) >= 2_000


@examples("conditions")
@given(said=st.lists(FACTS.conditions(), min_size=4, max_size=6))
def test_a_condition_holds_on_every_engine_exactly_when_the_documentation_says(
    engines: Engines, said: list[Said]
) -> None:
    answers = engines.answers(loaded(engines, folders.judged(said)))
    for dialect, (compiled, found) in answers.items():
        for facts, points in zip(engines.rows, values(compiled, found, ColumnKind.POINTS), strict=True):
            for one, held in zip(said, points, strict=True):
                assert bool(held) is bool(one.means(facts)), (dialect, one.text, facts)


@examples("tables")
@given(drawn=folders.tables())
def test_a_decision_table_gives_the_same_outputs_on_every_engine(engines: Engines, drawn: list[DrawnTable]) -> None:
    answers = engines.answers(loaded(engines, folders.with_tables(drawn)))
    for dialect, (compiled, found) in answers.items():
        for facts, outputs in zip(engines.rows, values(compiled, found, ColumnKind.OUTPUT), strict=True):
            seen = dict(facts)
            for table in drawn:
                seen |= table.means(seen)
            should = [seen[name] for table in drawn for name, _ in table.outputs]
            assert outputs == should, (dialect, [table.csv for table in drawn], facts)


@examples("rules")
@given(drawn=folders.rules)
def test_the_first_rule_of_each_section_is_the_same_on_every_engine(engines: Engines, drawn: DrawnRules) -> None:
    answers = engines.answers(loaded(engines, drawn.sections()))
    kinds = (ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK)
    for dialect, (compiled, found) in answers.items():
        columns = [values(compiled, found, kind) for kind in kinds]
        for facts, *matched in zip(engines.rows, *columns, strict=True):
            assert [one for (one,) in matched] == drawn.means(facts), (dialect, drawn, facts)


@examples("scores")
@given(drawn=folders.scores("s", {"A": 70, "B": 45.5, "C": 20, "D": 0}))
def test_a_score_is_the_same_on_every_engine(engines: Engines, drawn: DrawnScore) -> None:
    answers = engines.answers(loaded(engines, folders.Sections({"scores": [drawn.written()]})))
    per_engine = []
    for compiled, found in answers.values():
        kinds = (ColumnKind.POINTS, ColumnKind.TOTAL, ColumnKind.TIER)
        per_engine.append(list(zip(*(values(compiled, found, kind) for kind in kinds), strict=True)))
    for facts, lite, server in zip(engines.rows, *per_engine, strict=True):
        should = [amount for part in drawn.points(facts) for amount in part]
        assert lite[0] == pytest.approx(should, rel=1e-9, abs=1e-6), (drawn.written(), facts)
        assert server[0] == pytest.approx(should, rel=1e-9, abs=1e-6), (drawn.written(), facts)
        assert lite[1:] == server[1:]
        assert lite[1][0] == pytest.approx(drawn.total(facts), abs=2e-6), (drawn.written(), facts)
        assert lite[2][0] == reference.tier(lite[1][0], drawn.tiers)


@examples("reps")
@given(drawn=folders.books)
def test_a_book_takes_the_same_reps_on_every_engine(engines: Engines, drawn: list[DrawnBook]) -> None:
    if engines.rows and "team" not in engines.rows[0]:
        engines.rows = population(2, 60, REP_POOLS)
    for dialect, (compiled, found) in engines.of_reps(loaded(engines, folders.of_reps(drawn))).items():
        eligible, capacity = (values(compiled, found, kind) for kind in (ColumnKind.ELIGIBLE, ColumnKind.CAPACITY))
        for person, fits, room in zip(engines.rows, eligible, capacity, strict=True):
            assert [bool(one) for one in fits] == [bool(b.reps.means(person)) for b in drawn], (dialect, drawn, person)
            said = [person[b.capacity] if isinstance(b.capacity, str) else float(b.capacity) for b in drawn]
            assert room == said, (dialect, drawn, person)


@examples("traces")
@given(said=st.lists(FACTS.conditions(), min_size=2, max_size=4), at=st.integers(0, 79))
def test_a_trace_shows_the_truth_that_the_evaluation_used(engines: Engines, said: list[Said], at: int) -> None:
    ruleset = loaded(engines, folders.judged(said))
    engines.answers(ruleset)
    should = [int(bool(one.means(engines.rows[at]))) for one in said]
    for dialect in Dialect:
        traced = trace(ruleset, dialect, now=NOW, landmark=LANDMARK, account_id=f"a{at:04}")
        (row,) = engines.cursors[dialect].execute(traced.sql).fetchall()
        truths = [value for column, value in zip(traced.columns, row, strict=True) if column.kind == "truth"]
        assert truths == should, dialect
