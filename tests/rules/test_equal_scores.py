"""Any score comes to the same total and tier on SQLite and PostgreSQL, and to what the guide's arithmetic gives."""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import ColumnKind, Dialect, Type, compile_accounts, needs
from rules.model import EventTerm, Fade, ScaleTerm, WhenTerm
from tests.rules.test_compile import LANDMARK, NOW, Row, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.model import Score, Term
    from tests.rules.conftest import Folder

points = st.sampled_from((-40, -2.5, -0.1, 0.1, 0.3, 1, 7, 33.333333, 60))
ends = st.tuples(st.integers(-5, 100), st.integers(101, 5_000)).flatmap(st.permutations)
when = st.builds(
    lambda number, given: f"{{id: t@, when: employees > {number}, points: {given}, because: x}}",
    st.integers(0, 200),
    points,
)
scale = st.builds(
    lambda pair, given: (
        f"{{id: t@, scale: employees / 3, from: {pair[0]}, to: {pair[1]}, points: {given}, because: x}}"
    ),
    ends,
    points,
)
event = st.builds(lambda given: f"{{id: t@, event: meeting, points: {given}, because: x}}", points)
decays = ("half_life: 14 days", "linear: 60 days", "window: 30 days")
parts = st.lists(
    st.tuples(
        st.sampled_from(decays),
        st.sampled_from((5, 12.5, 40, 100)),
        st.lists(st.one_of(when, scale, event), min_size=1, max_size=5),
    ),
    min_size=1,
    max_size=3,
)
accounts = st.lists(
    st.tuples(
        st.none() | st.floats(-100, 20_000, allow_nan=False, width=32),
        st.none() | st.floats(0, 50, allow_nan=False, width=32),
    ),
    min_size=1,
    max_size=8,
)


def worth(term: Term, employees: float | None, meetings: float | None) -> float:
    """The guide's table of terms, once more."""
    match term:
        case WhenTerm():
            floor = float(term.when.text.rpartition(">")[2])
            return term.points if employees is not None and employees > floor else 0.0
        case ScaleTerm():
            if employees is None:
                return 0.0
            share = (employees / 3 - term.start) / (term.end - term.start)
            return term.points * min(1.0, max(0.0, share))
        case EventTerm():
            # The facts hold what was folded 28 days ago, and sums and counts as of today.
            if term.decay.fade is Fade.WINDOW:
                return term.points * (meetings or 0.0)
            left = (meetings or 0.0) * (0.25 if term.decay.fade is Fade.HALF_LIFE else 1.0)
            return term.points * math.floor(left * 1e6 + 0.5) / 1e6


def expected(score: Score, employees: float | None, meetings: float | None) -> float:
    sums = [sum(worth(term, employees, meetings) for term in part.terms) for part in score.parts]
    capped = [min(part.max, max(-part.max, found)) for part, found in zip(score.parts, sums, strict=True)]
    return min(score.max, max(0.0, sum(capped)))


@pytest.fixture
def stores(postgres_database: str) -> Iterator[list[Store]]:
    file = sqlite3.connect(":memory:", isolation_level=None)
    url = postgres_database.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as server:
        yield [
            Store(Dialect.SQLITE, file.execute),
            Store(Dialect.POSTGRESQL, server.execute),
        ]
    file.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=parts, table=accounts)
def test_a_total_is_the_same_everywhere_and_what_the_guide_says(
    folder: Folder,
    stores: list[Store],
    drawn: list[tuple[str, float, list[str]]],
    table: list[tuple[float | None, ...]],
) -> None:
    number = iter(range(1_000))
    written = ", ".join(
        f"p{at}: {{max: {most}, {decay}, terms: [{', '.join(term.replace('@', str(next(number))) for term in terms)}]}}"
        for at, (decay, most, terms) in enumerate(drawn)
    )
    tiers = "{A: 70, B: 45.5, C: 20, D: 0}"
    folder.write(rules_yaml=f"version: 1\nscores: [{{id: s, max: 90, parts: {{{written}}}, tiers: {tiers}}}]\n")
    ruleset = folder.load()
    columns = needs(ruleset)
    assert {column.type for column in columns} <= {Type.NUMBER}
    rows: list[Row] = []
    for at, (employees, meetings) in enumerate(table):
        row: dict[str, Any] = {"account_id": f"a{at}"}
        row |= {column.name: meetings if "meeting" in column.name else employees for column in columns}
        rows.append(row)
    answers = []
    for store in stores:
        store.create("fact", "account_id", columns, rows)
        compiled = compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK)
        answers.append(store.ask(compiled))
    assert answers[0] == answers[1]
    total, tier = compiled.of(ColumnKind.TOTAL)[0].name, compiled.of(ColumnKind.TIER)[0].name
    for found, (employees, meetings) in zip(answers[0], table, strict=True):
        should = expected(ruleset.scores[0], employees, meetings)
        assert found[total] == pytest.approx(should, abs=1e-6)
        assert found[tier] == next(t.name for t in ruleset.scores[0].tiers if found[total] >= t.floor)
