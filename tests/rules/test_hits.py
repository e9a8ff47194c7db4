"""Which rows of a decision table count: the first, the only one, or all. Both stores give what the rows say."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import ColumnKind, Dialect, FieldSource, Type, compile_accounts, load, needs, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rules import Ruleset, Vocabulary
    from tests.rules.conftest import Folder

NOW = datetime(2026, 11, 22, tzinfo=UTC)
COUNTRIES = ("US", "GB", "NO")
SIZES = (None, -1.0, 0.0, 10.0, 50.0, 75.5, 1000.0)
PEOPLE = [
    {"country": country, "employees": size, "is_customer": customer}
    for country in (None, *COUNTRIES)
    for size in SIZES
    for customer in (None, True, False)
]


class Stores:
    """The same people on both databases."""

    def __init__(self, server: psycopg.Connection) -> None:
        self.file = sqlite3.connect(":memory:")
        self.cursors: dict[Dialect, Any] = {Dialect.SQLITE: self.file.cursor(), Dialect.POSTGRESQL: server.cursor()}
        shape = "account_id TEXT, country TEXT, employees DOUBLE PRECISION, is_customer BOOLEAN"
        rows = [(f"{number:03}", *person.values()) for number, person in enumerate(PEOPLE)]
        for dialect, cursor in self.cursors.items():
            mark = "?" if dialect is Dialect.SQLITE else "%s"
            cursor.execute(f"CREATE TABLE fact ({shape})")
            cursor.executemany(f"INSERT INTO fact VALUES ({', '.join([mark] * 4)})", rows)

    def answers(self, rules: Ruleset) -> list[list[tuple[Any, ...]]]:
        """The tables' outputs for each person, store by store."""
        found = []
        for dialect, cursor in self.cursors.items():
            compiled = compile_accounts(rules, dialect, now=NOW, landmark=NOW)
            places = [compiled.columns.index(column) for column in compiled.of(ColumnKind.OUTPUT)]
            rows = sorted(cursor.execute(compiled.sql).fetchall())
            found.append([tuple(row[place] for place in places) for row in rows])
        return found


@pytest.fixture
def stores(postgres_database: str) -> Iterator[Stores]:
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server:
        made = Stores(server)
        yield made
        made.file.close()


def rules_of(path: Path, vocabulary: Vocabulary, hit: str, lines: list[list[str]]) -> Ruleset:
    """The rules of a folder with this one table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    (path / "t.csv").write_text(text.getvalue())
    (path / "rules.yaml").write_text(f"version: 1\ntables: [{{file: t.csv, hit: {hit}}}]\n")
    return load(path, vocabulary)


@dataclass(frozen=True)
class Said:
    """A cell as it is written, and the values that it matches."""

    text: str
    means: Callable[[Any], bool]


ANY = Said("", lambda _: True)
countries = st.sampled_from((
    ANY,
    Said("US", lambda value: value == "US"),
    Said("US|NO", lambda value: value in ("US", "NO")),
    Said("not US|GB", lambda value: value not in ("US", "GB")),
    Said("empty", lambda value: value is None),
    Said("GB", lambda value: value == "GB"),
))  # fmt: skip
sizes = st.sampled_from((
    ANY,
    Said(">=50", lambda value: value is not None and value >= 50),
    Said("<50", lambda value: value is not None and value < 50),
    Said("0..75.5", lambda value: value is not None and 0 <= value <= 75.5),
    Said("not empty", lambda value: value is not None),
))  # fmt: skip
truths = st.sampled_from((ANY, Said("yes", lambda value: value is True), Said("no", lambda value: value is False)))
texts = st.sampled_from(("", "a", "b", "it's", "x|y"))
figures = st.sampled_from(("", "0", "0.1", "0.2", "-0.3", "0.07", "0.29", "1.15", "7", "-7", "1000000", "0.000001"))
rows = st.tuples(countries, sizes, truths, texts, figures)
looked_up = st.tuples(countries.filter(lambda said: re.fullmatch(r"[A-Z|]*", said.text)), texts, figures)


def matches(cells: tuple[Said, ...], person: dict[str, Any]) -> bool:
    """Whether every cell of a row matches."""
    return all(cell.means(value) for cell, value in zip(cells, person.values(), strict=True))


def collected(given_: list[tuple[str, str]]) -> tuple[str | None, float | None]:
    """What the outputs of the rows that match give together, as the guide says it."""
    said = [text for text, _ in given_ if text]
    added = [Fraction(figure) for _, figure in given_ if figure]
    return ("|".join(said) or None, float(sum(added)) if added else None)


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(table=st.lists(rows, min_size=1, max_size=12))
def test_all_rows_that_match_count_where_a_table_collects(
    stores: Stores, tmp_path: Path, vocabulary: Vocabulary, table: list[tuple[Any, ...]]
) -> None:
    filled = [row for row in table if any(isinstance(cell, str) and cell for cell in row) or row[:3] != (ANY,) * 3]
    if not filled:
        return
    header = ["country", "employees", "is_customer", "then note", "then points (number)"]
    lines = [[cell if isinstance(cell, str) else cell.text for cell in row] for row in filled]
    expected = [collected([row[3:] for row in filled if matches(row[:3], person)]) for person in PEOPLE]
    for found in stores.answers(rules_of(tmp_path, vocabulary, "collect", [header, *lines])):
        assert found == expected


@QUICK
@given(table=st.lists(looked_up, min_size=1, max_size=12))
def test_a_look_up_collects_the_same_way(
    stores: Stores, tmp_path: Path, vocabulary: Vocabulary, table: list[tuple[Any, ...]]
) -> None:
    filled = [row for row in table if row[0].text or row[1] or row[2]]
    if not filled:
        return
    lines = [[row[0].text, *row[1:]] for row in filled]
    rules = rules_of(tmp_path, vocabulary, "collect", [["country", "then note", "then points (number)"], *lines])
    expected = [collected([row[1:] for row in filled if row[0].means(person["country"])]) for person in PEOPLE]
    for found in stores.answers(rules):
        assert found == expected


def test_collected_texts_are_read_with_like_and_numbers_with_comparisons(
    stores: Stores, tmp_path: Path, vocabulary: Vocabulary
) -> None:
    lines = [["country", "employees", "then offers", "then points (number)"],
             ["US", "", "cloud", "0.1"], ["", ">=50", "edge", "0.2"]]  # fmt: skip
    (tmp_path / "scope.yaml").write_text(
        "version: 1\nscope: [{id: both, when: \"offers = 'cloud|edge' and points = 0.3\"}]\n"
    )
    rules = rules_of(tmp_path, vocabulary, "collect", lines)
    for dialect, cursor in stores.cursors.items():
        compiled = compile_accounts(rules, dialect, now=NOW, landmark=NOW)
        found = {PEOPLE[int(row[0])]["country"] for row in cursor.execute(compiled.sql).fetchall() if row[1]}
        assert found == {"US"}


def test_a_trace_names_every_row_that_a_collecting_table_counted(
    stores: Stores, tmp_path: Path, vocabulary: Vocabulary
) -> None:
    lines = [["country", "then note"], ["US", "a"], ["GB", "b"], ["US|NO", ""], ["", "d"]]
    rules = rules_of(tmp_path, vocabulary, "collect", lines)
    us = next(number for number, person in enumerate(PEOPLE) if person["country"] == "US")
    for dialect, cursor in stores.cursors.items():
        traced = trace(rules, dialect, now=NOW, landmark=NOW, account_id=f"{us:03}")
        seen = dict(zip((column.name for column in traced.columns), cursor.execute(traced.sql).fetchone(), strict=True))
        assert (seen["row__1"], seen["then__1"]) == ("1|3|4", "a|d")
        assert next(column.type for column in traced.columns if column.name == "row__1") is Type.TEXT


@pytest.mark.parametrize("columns", ["country,employees", "country"])
def test_a_table_as_long_as_may_be_collects_on_both_stores(
    stores: Stores, tmp_path: Path, vocabulary: Vocabulary, columns: str
) -> None:
    header = [*columns.split(","), "then note", "then points (number)"]
    line = [["US" if name == "country" else ">=50" for name in columns.split(",")] for _ in range(5_000)]
    rules = rules_of(tmp_path, vocabulary, "collect", [header, *([*cells, "x", "0.1"] for cells in line)])
    for found in stores.answers(rules):
        assert set(found) == {(None, None), ("|".join("x" * 5_000), 500.0)}


def test_outputs_of_one_matching_row_are_the_same_whether_first_or_unique(
    folder: Folder, stores: Stores, tmp_path: Path, vocabulary: Vocabulary
) -> None:
    lines = [["country", "then note"], ["US", "a"], ["GB|NO", "b"], ["empty", "c"]]
    first = stores.answers(rules_of(tmp_path, vocabulary, "first", lines))
    assert first == stores.answers(rules_of(tmp_path, vocabulary, "unique", lines))
    assert set(first[0]) == {("a",), ("b",), ("c",)}
    assert [column.source for column in needs(folder.write(
        rules_yaml="version: 1\ntables: [{file: t.csv, hit: collect}]", t_csv="country,then note\nUS,a\n").load()
    )] == [FieldSource("country")]  # fmt: skip
