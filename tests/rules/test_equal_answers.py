"""Any condition has one meaning: SQLite, PostgreSQL and a plain reading of the documentation give equal answers."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import add, eq, ge, gt, le, lt, mul, sub, truediv
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import ColumnKind, Dialect, FieldInfo, Type, Vocabulary, compile_accounts, load, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rules import Ruleset

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
LANDMARK = NOW - timedelta(days=28)
TODAY = NOW.date()
FIELDS = {
    **dict.fromkeys(("country", "industry"), Type.TEXT),
    **dict.fromkeys(("employees", "revenue", "limit"), Type.NUMBER),
    **dict.fromkeys(("is_customer", "in_pool"), Type.BOOLEAN),
    **dict.fromkeys(("created_at", "last_touch"), Type.DATE),
}
VOCABULARY = Vocabulary(
    {name: FieldInfo(name, kind) for name, kind in FIELDS.items()}, {}, frozenset({"cloud"}), frozenset({"meeting"})
)
COLUMNS = {
    **{name: name for name in FIELDS},
    "intent": "intent__cloud",
    "engagement": "engagement__meeting__14d",
    "touches": "touches__30d",
}
TEXTS = ("US", "us", "GB", "NO", "Ünïted", "O'Neil", "100%", "a_b", "back\\slash", "日本", "🚀", "Z", "a:b", "02139")
NUMBERS = (0.0, 1.0, -1.0, 2.5, 60.0, 1000.0, 99.999, 1e12, -0.25)
DAYS = ("2026-11-22", "2026-11-21", "2026-11-23", "2026-10-23", "2024-02-29", "1970-01-01", "2100-12-31")
MOMENTS = ("2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", "2026-08-24T07:15:00Z")

Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A piece of a condition: how it is written, and what the documentation says it means for a row."""

    text: str
    means: Callable[[Row], Any]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def ascii_lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value[:10])


def field(name: str) -> Said:
    return Said(name, lambda row: row[name])


def days(call: str, name: str, sign: int) -> Said:
    def means(row: Row) -> float | None:
        found = day(row[name])
        return None if found is None else sign * float((TODAY - found).days)

    return Said(f"{call}({name})", means)


def engagement(row: Row) -> float:
    value: float = (row["engagement"] or 0.0) * 0.25  # 28 days are two half-lives
    return value if value >= 1e-9 else 0.0


texts = st.sampled_from(TEXTS).map(lambda text: Said(quoted(text), lambda _: text))
text_values = st.one_of(
    st.sampled_from(("country", "industry")).map(field),
    st.sampled_from(("country", "industry")).map(
        lambda name: Said(f"lower({name})", lambda row: row[name] and ascii_lower(row[name]))
    ),
    st.tuples(st.sampled_from(("country", "industry")), st.sampled_from(TEXTS)).map(
        lambda pair: Said(f"coalesce({pair[0]}, {quoted(pair[1])})", lambda row: row[pair[0]] or pair[1])
    ),
)
figures = st.sampled_from((0, 1, 5, 14, 30, 60, 90, 2.5, 1000, 25000, 0.5)).map(
    lambda n: Said(f"{n}", lambda _: float(n))
)
dates = st.sampled_from(DAYS).map(lambda text: Said(quoted(text), lambda _: day(text)))
date_values = st.sampled_from(("created_at", "last_touch")).map(lambda name: Said(name, lambda row: day(row[name])))
day_counts = st.one_of(
    st.sampled_from(("created_at", "last_touch")).map(lambda name: days("days_since", name, 1)),
    st.sampled_from(("created_at", "last_touch")).map(lambda name: days("days_until", name, -1)),
)
plain_numbers = st.one_of(
    st.sampled_from(("employees", "revenue", "limit")).map(field),
    day_counts,
    st.just(Said("intent('cloud')", lambda row: row["intent"])),
    st.just(Said("engagement('meeting')", engagement)),
    st.just(Said("engagement('meeting', 14)", engagement)),
    st.just(Said("touches(30)", lambda row: row["touches"] or 0.0)),
)


COUNTED: dict[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def arithmetic(left: Said, operator: str, right: Said) -> Said:
    def means(row: Row) -> float | None:
        a, b = left.means(row), right.means(row)
        if a is None or b is None or (operator == "/" and b == 0):
            return None
        return COUNTED[operator](a, b)

    return Said(f"({left.text} {operator} {right.text})", means)


numbers = st.one_of(
    plain_numbers,
    st.builds(arithmetic, plain_numbers, st.sampled_from("+-*/"), st.one_of(plain_numbers, figures)),
    plain_numbers.map(lambda said: Said(f"-{said.text}", lambda row: None if (v := said.means(row)) is None else -v)),
)

COMPARED = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def comparison(left: Said, sign: str, right: Said) -> Said:
    def means(row: Row) -> bool:
        a, b = left.means(row), right.means(row)
        if sign in ("<>", "!="):
            return a is None or b is None or a != b
        return a is not None and b is not None and COMPARED[sign](a, b)

    return Said(f"{left.text} {sign} {right.text}", means)


def between(value: Said, low: Said, high: Said, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    def means(row: Row) -> bool:
        found = [part.means(row) for part in (value, low, high)]
        return (None not in found and found[1] <= found[0] <= found[2]) != negated

    return Said(f"{value.text} {'not ' if negated else ''}between {low.text} and {high.text}", means)


def membership(value: Said, choices: list[Said], negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    def means(row: Row) -> bool:
        found = value.means(row)
        return (found is not None and found in [choice.means(row) for choice in choices]) != negated

    return Said(f"{value.text} {'not ' if negated else ''}in ({', '.join(choice.text for choice in choices)})", means)


def like(value: Said, pattern: str, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    expression = re.sub(r"\\(.)|(%)|(_)|(.)", _regex, ascii_lower(pattern))

    def means(row: Row) -> bool:
        found = value.means(row)
        return (found is not None and re.fullmatch(expression, ascii_lower(found), re.DOTALL) is not None) != negated

    return Said(f"{value.text} {'not ' if negated else ''}like {quoted(pattern)}", means)


def _regex(found: re.Match[str]) -> str:
    escaped, run, one, other = found.groups()
    return ".*" if run else "." if one else re.escape(escaped or other)


def emptiness(value: Said, negated: bool) -> Said:  # noqa: FBT001 - a drawn or tabled case
    words = "is not empty" if negated else "is empty"
    return Said(f"{value.text} {words}", lambda row: (value.means(row) is None) != negated)


signs = st.sampled_from(("=", "<>", "!=", "<", "<=", ">", ">="))
patterns = st.sampled_from(
    ("U%", "%s", "_S", "%", "ünï%", "100\\%", "a\\_b", "%\\\\%", "o'neil", "__", "%A%", "🚀", "%:%")
)
atoms = st.one_of(
    st.builds(comparison, text_values, signs, st.one_of(texts, text_values)),
    st.builds(comparison, st.one_of(numbers, figures), signs, st.one_of(figures, numbers)),
    st.builds(comparison, day_counts, signs, figures),
    st.builds(comparison, figures, signs, day_counts),
    st.builds(comparison, date_values, signs, st.one_of(dates, date_values)),
    st.builds(
        comparison,
        st.sampled_from(("is_customer", "in_pool")).map(field),
        st.sampled_from(("=", "<>")),
        st.sampled_from((Said("true", lambda _: True), Said("false", lambda _: False), field("in_pool"))),
    ),
    st.builds(between, numbers, st.just(Said("1", lambda _: 1.0)), st.just(Said("90", lambda _: 90.0)), st.booleans()),
    st.builds(between, date_values, date_values, date_values, st.booleans()),
    st.builds(membership, text_values, st.lists(texts, min_size=1, max_size=4), st.booleans()),
    st.builds(membership, plain_numbers, st.lists(figures, min_size=1, max_size=4), st.booleans()),
    st.builds(membership, date_values, st.lists(dates, min_size=1, max_size=4), st.booleans()),
    st.builds(like, text_values, patterns, st.booleans()),
    st.builds(emptiness, st.one_of(text_values, numbers, date_values, st.just(field("is_customer"))), st.booleans()),
    st.builds(
        lambda value: Said(f"has({value.text})", lambda row: value.means(row) is not None),
        st.one_of(text_values, plain_numbers),
    ),
    st.sampled_from(("is_customer", "in_pool")).map(lambda name: Said(name, lambda row: row[name] is True)),
    st.just(Said("true", lambda _: True)),
)


def joined(word: str, sides: list[Said]) -> Said:
    test = all if word == "and" else any
    text = f" {word} ".join(f"({side.text})" for side in sides)
    return Said(text, lambda row: test(side.means(row) for side in sides))


conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda said: Said(f"not ({said.text})", lambda row: not said.means(row))),
        st.builds(joined, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)
rows = st.fixed_dictionaries(
    {
        **{name: st.none() | st.sampled_from(TEXTS) for name in ("country", "industry")},
        **{name: st.none() | st.sampled_from(NUMBERS) for name in ("employees", "revenue", "limit")},
        **{name: st.none() | st.booleans() for name in ("is_customer", "in_pool")},
        **{name: st.none() | st.sampled_from(DAYS + MOMENTS) for name in ("created_at", "last_touch")},
        "intent": st.none() | st.sampled_from((1.0, 59.9, 60.0, 100.0)),
        "engagement": st.none() | st.sampled_from((0.0, 1.0, 4.0, 10.0, 1e-12)),
        "touches": st.none() | st.sampled_from((0.0, 1.0, 30.0)),
    }
)


class Engines:
    """Both databases with the same facts, asked the same."""

    def __init__(self, folder: Path, server: psycopg.Connection) -> None:
        self.folder = folder
        self.file = sqlite3.connect(folder.parent / "facts.db", isolation_level=None)
        self.cursors: dict[Dialect, Any] = {Dialect.SQLITE: self.file.cursor(), Dialect.POSTGRESQL: server.cursor()}
        kinds = {Type.TEXT: "TEXT", Type.NUMBER: "DOUBLE PRECISION", Type.BOOLEAN: "BOOLEAN", Type.DATE: "TEXT"}
        types = {name: kinds[FIELDS.get(name, Type.NUMBER)] for name in COLUMNS}
        shape = ", ".join(f'"{column}" {types[name]}' for name, column in COLUMNS.items())
        for cursor in self.cursors.values():
            cursor.execute(f"CREATE TABLE fact (account_id TEXT PRIMARY KEY, {shape})")

    def fill(self, rows: list[Row]) -> None:
        table = [(f"a{number}", *(row[name] for name in COLUMNS)) for number, row in enumerate(rows)]
        for dialect, cursor in self.cursors.items():
            mark = "?" if dialect is Dialect.SQLITE else "%s"
            cursor.execute("DELETE FROM fact")
            cursor.executemany(f"INSERT INTO fact VALUES ({', '.join([mark] * (len(COLUMNS) + 1))})", table)

    def ask(self, dialect: Dialect, sql: str) -> list[tuple[Any, ...]]:
        return sorted(self.cursors[dialect].execute(sql).fetchall())


@pytest.fixture
def engines(tmp_path: Path, postgres_database: str) -> Iterator[Engines]:
    folder = tmp_path / "rules"
    folder.mkdir()
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server:
        made = Engines(folder, server)
        yield made
        made.file.close()


def rules_of(folder: Path, said: list[Said]) -> Ruleset:
    terms = [{"id": f"t{number}", "when": one.text, "points": 1, "because": "x"} for number, one in enumerate(said)]
    score = {"id": "s", "max": 1000, "parts": {"all": {"max": 1000, "terms": terms}}, "tiers": {"A": 0}}
    (folder / "rules.yaml").write_text(f"version: 1\nscores: [{json.dumps(score, ensure_ascii=False)}]\n")
    return load(folder, VOCABULARY)


QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@QUICK
@given(said=st.lists(conditions, min_size=4, max_size=8), table=st.lists(rows, min_size=6, max_size=10))
def test_a_condition_holds_on_every_engine_exactly_when_the_documentation_says(
    engines: Engines, said: list[Said], table: list[Row]
) -> None:
    ruleset = rules_of(engines.folder, said)
    engines.fill(table)
    for dialect in Dialect:
        compiled = compile_accounts(ruleset, dialect, now=NOW, landmark=LANDMARK)
        points = [compiled.columns.index(column) for column in compiled.of(ColumnKind.POINTS)]
        for row in engines.ask(dialect, compiled.sql):
            facts = table[int(row[0][1:])]
            for one, place in zip(said, points, strict=True):
                assert bool(row[place]) is bool(one.means(facts)), (dialect, one.text, facts)


@QUICK
@given(said=st.lists(conditions, min_size=2, max_size=4), facts=rows)
def test_a_trace_shows_the_truth_that_the_evaluation_used(engines: Engines, said: list[Said], facts: Row) -> None:
    ruleset = rules_of(engines.folder, said)
    engines.fill([facts])
    for dialect in Dialect:
        traced = trace(ruleset, dialect, now=NOW, landmark=LANDMARK, account_id="a0")
        (row,) = engines.ask(dialect, traced.sql)
        truths = [value for column, value in zip(traced.columns, row, strict=True) if column.kind == "truth"]
        assert truths == [int(bool(one.means(facts))) for one in said], dialect
