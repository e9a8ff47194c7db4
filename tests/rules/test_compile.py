"""What the compiled statement answers, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, text

from rules import (
    DUE_TABLE,
    ColumnKind,
    Dialect,
    EngagementSource,
    FieldSource,
    IntentSource,
    Ruleset,
    TouchSource,
    TraceKind,
    Type,
    compile_accounts,
    compile_reps,
    needs,
    rep_needs,
    trace,
)
from tests.rules.stores import LANDMARK, NOW, Row, Store

if TYPE_CHECKING:
    from tests.rules.conftest import Folder


def rules(folder: Folder, *sections: str) -> Ruleset:
    return folder.write(rules_yaml="\n".join(["version: 1", *sections, ""])).load()


def score(parts: str, most: float = 100, tiers: str = "{A: 70, B: 45, C: 20, D: 0}") -> str:
    return f"scores:\n  - {{id: s, max: {most}, parts: {parts}, tiers: {tiers}}}"


def test_the_first_rule_that_matches_names_the_decision(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        "scope: [{id: us, when: country = 'US'}, {id: big, when: employees > 10}]",
        "protect: [{id: c, when: is_customer, because: x}, {id: o, when: open_opportunities > 0, because: y}]",
        "return: [{id: left, when: owner_active = false, reason: r}, "
        "{id: old, when: days_since(last_touch) > 90, reason: r}]",
        "books: [{id: us, accounts: country = 'US', reps: true, capacity: 1, rank: s}, "
        "{id: rest, accounts: true, reps: true, capacity: 1, rank: s}]".replace("id: us, acc", "id: us-book, acc"),
        score("{f: {max: 5, terms: [{id: t, when: true, points: 1, because: x}]}}"),
    )
    found = store.judge(
        ruleset,
        [
            {"country": "US", "employees": 50, "is_customer": True, "open_opportunities": 2, "owner_active": False},
            {"country": "GB", "employees": 50, "open_opportunities": 2, "last_touch": "2026-08-23"},
            {"last_touch": "2026-08-24T23:59:59Z"},
        ],
    )
    decided = [(row["in_scope"], row["protect"], row["return_"], row["book"]) for row in found]
    assert decided == [("us", "c", "left", "us-book"), ("big", "o", "old", "rest"), (None, None, None, "rest")]


def test_rules_without_a_section_decide_nothing(folder: Folder, store: Store) -> None:
    assert store.judge(rules(folder), [{}]) == [
        {"account_id": "a0", "in_scope": None, "protect": None, "return_": None, "book": None}
    ]


@pytest.mark.parametrize(
    ("employees", "points"),
    [(None, 0), (49, 0), (50, 0), (2525, 7.5), (5000, 15), (1e9, 15), (1e19, 0), (125.123456, 75.123456 * 15 / 4950)],
)
def test_a_scale_is_a_straight_line_between_its_ends(
    folder: Folder, store: Store, employees: float | None, points: float
) -> None:
    ruleset = rules(
        folder, score("{f: {max: 50, terms: [{id: t, scale: employees, from: 50, to: 5000, points: 15, because: x}]}}")
    )
    (row,) = store.judge(ruleset, [{"employees": employees}])
    assert row["points__1_1"] == points


def test_a_scale_may_fall_and_read_a_formula(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        score(
            "{f: {max: 50, terms: [{id: t, scale: days_since(last_touch), from: 90, to: 0, points: 9, because: x}]}}"
        ),
    )
    days: list[str | None] = ["2026-11-22T23:00:00Z", "2026-11-12", "2026-08-24", "2020-01-01", "2026-12-24", None]
    assert [row["points__1_1"] for row in store.judge(ruleset, [{"last_touch": day} for day in days])] == [
        9,
        8,
        0,
        0,
        9,
        0,
    ]


def test_engagement_halves_with_each_half_life(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder, score("{e: {max: 50, half_life: 14 days, terms: [{id: met, event: meeting, points: 10, because: x}]}}")
    )
    (column,) = needs(ruleset)
    assert column.source == EngagementSource("meeting", 14)
    # One meeting at the landmark, 28 days ago, and one today, which was folded with weight 2^(28/14).
    (row,) = store.judge(ruleset, [{column.name: 1.0 + 4.0}])
    assert row["points__1_1"] == 12.5
    assert [row["points__1_1"] for row in store.judge(ruleset, [{}, {column.name: 1e-300}, {column.name: -1e-20}])] == [
        0,
        0,
        0,
    ]
    later = NOW + timedelta(days=20_000)
    assert store.judge(ruleset, [{column.name: 5.0}], now=later)[0]["points__1_1"] == 0
    earlier = LANDMARK - timedelta(days=20_000)
    assert store.judge(ruleset, [{column.name: 5.0}], now=earlier)[0]["points__1_1"] == 0


def test_parts_are_capped_both_ways_and_the_total_lies_between_0_and_its_cap(folder: Folder, store: Store) -> None:
    terms = (
        "terms: [{id: a, when: employees > 0, points: 30, because: x}, "
        "{id: b, when: revenue > 0, points: 30, because: x}, "
        "{id: c, when: is_customer, points: -50, because: x}]"
    )
    other = "{max: 50, terms: [{id: d, when: do_not_move, points: 49, because: x}]}"
    ruleset = rules(folder, score(f"{{f: {{max: 40, {terms}}}, g: {other}}}", most=80))
    rows: list[Row] = [
        {"employees": 1, "revenue": 1},
        {"employees": 1, "revenue": 1, "is_customer": True},
        {"is_customer": True},
        {"is_customer": True, "do_not_move": True},
        {"employees": 1, "revenue": 1, "do_not_move": True},
    ]
    found = store.judge(ruleset, rows)
    assert [row["total__1"] for row in found] == [40, 10, 0, 9, 80]
    assert [row["tier__1"] for row in found] == ["C", "D", "D", "D", "A"]
    assert [row["points__1_3"] for row in found] == [0, -50, -50, -50, 0], "points are told before any cap"


def test_a_total_is_rounded_before_its_tier_is_cut(folder: Folder, store: Store) -> None:
    points = "terms: [" + ", ".join(f"{{id: t{n}, when: true, points: 0.1, because: x}}" for n in range(10)) + "]"
    ruleset = rules(folder, score(f"{{f: {{max: 50, {points}}}}}", tiers="{A: 1, B: 0}"))
    (row,) = store.judge(ruleset, [{}])
    assert reduce(add, [0.1] * 10) < 1, "the sum of ten tenths falls short of one"
    assert (row["total__1"], row["tier__1"]) == (1.0, "A")


@pytest.mark.parametrize(
    ("condition", "employees", "holds"),
    [
        ("revenue / employees > 0", 0, False),
        ("not revenue / employees > 0", 0, True),
        ("revenue / employees is empty", 0, True),
        ("revenue / employees > 0", 1e-300, False),
        ("employees * employees * employees > 1", 1e17, True),
        ("employees * employees * employees > 1", 1e300, False),
        ("employees is empty", 1e300, True),
        ("employees is empty", float("nan"), True),
        ("employees is empty", float("inf"), True),
        ("employees / 3 * 3 = employees", 7, True),
    ],
)
def test_arithmetic_stays_within_what_a_database_holds(
    folder: Folder,
    store: Store,
    condition: str,
    employees: float,
    holds: bool,  # noqa: FBT001 - a drawn or tabled case
) -> None:
    ruleset = rules(folder, f'scope: [{{id: x, when: "{condition}"}}]')
    row = {"employees": employees} | ({"revenue": 5.0} if "revenue" in condition else {})
    assert (store.judge(ruleset, [row])[0]["in_scope"] == "x") is holds


def test_text_is_ordered_by_code_point_whatever_the_database_speaks(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, "scope: [{id: x, when: country < 'a' }]")
    found = store.judge(ruleset, [{"country": value} for value in ("B", "Z", "a", "é", "_", "{")])
    assert [row["in_scope"] for row in found] == ["x", "x", None, None, "x", None]


def test_a_database_of_another_language_answers_the_same(folder: Folder, postgres_url: str) -> None:
    server = postgres_url.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS swedish")
        admin.execute(
            "CREATE DATABASE swedish TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
        )
    with psycopg.connect(server.replace("/postgres?", "/swedish?"), autocommit=True, prepare_threshold=None) as swedish:
        store = Store(Dialect.POSTGRESQL, lambda sql, values=None: swedish.execute(sql, values))
        ruleset = rules(folder, "scope: [{id: x, when: lower(country) = 'Äland' or country like 'Ö%'}]")
        found = store.judge(ruleset, [{"country": value} for value in ("ÄLAND", "äland", "ÖLAND", "öland")])
        assert [row["in_scope"] for row in found] == ["x", None, "x", None], "only A-Z are folded, on every engine"


def test_only_due_accounts_are_judged_when_asked(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, "scope: [{id: x, when: true}]")
    store.judge(ruleset, [{}, {}, {}])
    store.execute(f"CREATE TEMPORARY TABLE {DUE_TABLE} (account_id TEXT PRIMARY KEY)")
    store.execute(f"INSERT INTO {DUE_TABLE} VALUES ('a1'), ('gone')")
    compiled = compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_ids=True)
    assert [row["account_id"] for row in store.ask(compiled)] == ["a1"]


def test_reps_are_chosen_by_book(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        score("{f: {max: 5, terms: [{id: t, when: true, points: 1, because: x}]}}"),
        "books: [{id: e, accounts: true, reps: team = 'EMEA' and capacity > 0, capacity: capacity, rank: s}, "
        "{id: a, accounts: true, reps: \"not team like 'EM%'\", capacity: 9, rank: s}]",
    )
    assert [(column.name, column.type) for column in rep_needs(ruleset)] == [
        ("capacity", Type.NUMBER),
        ("team", Type.TEXT),
    ]
    people = [("r1", "EMEA", 5), ("r2", "EMEA", None), ("r3", "AMER", 5), ("r4", None, 5)]
    rows = [{"rep_id": rep, "team": team, "capacity": capacity} for rep, team, capacity in people]
    store.create("rep_fact", "rep_id", rep_needs(ruleset), rows)
    compiled = compile_reps(ruleset, store.dialect, now=NOW)
    assert [(column.kind, column.rule) for column in compiled.columns] == [
        (ColumnKind.REP_ID, ""),
        (ColumnKind.ELIGIBLE, "e"), (ColumnKind.CAPACITY, "e"),
        (ColumnKind.ELIGIBLE, "a"), (ColumnKind.CAPACITY, "a"),
    ]  # fmt: skip
    found = [tuple(row.values()) for row in store.ask(compiled)]
    assert found == [("r1", 1, 5, 0, 9), ("r2", 0, None, 0, 9), ("r3", 0, 5, 1, 9), ("r4", 0, 5, 1, 9)]


def test_needs_are_exactly_what_the_rules_read(folder: Folder) -> None:
    ruleset = rules(
        folder,
        "scope: [{id: x, when: country = 'US' and touches(30) > 1 or intent('cybersecurity') > 5}]",
        score("{e: {max: 9, half_life: 2 weeks, terms: [{id: t, event: reply, points: 1, because: x}, "
              "{id: u, when: engagement('reply') > 1, points: 1, because: x}, "
              "{id: v, scale: \"engagement('reply', 7.5)\", from: 0, to: 1, points: 1, because: x}]}}"),
    )  # fmt: skip
    assert [(column.name, column.source) for column in needs(ruleset)] == [
        ("country", FieldSource("country")),
        ("engagement__reply__14d", EngagementSource("reply", 14)),
        ("engagement__reply__7_5d", EngagementSource("reply", 7.5)),
        ("intent__cybersecurity", IntentSource("cybersecurity")),
        ("touches__30d", TouchSource(30)),
    ]


def test_a_trace_names_every_rule_in_order_with_the_values_it_saw(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        rules_yaml="version: 1\ntables: [t.csv]\n"
        "scope: [{id: a, when: territory = 'North'}, {id: b, when: employees > 10, because: Big}]\n"
        + score("{e: {max: 9, half_life: 14 days, terms: [{id: met, event: meeting, points: 10, because: Met us}]}}"),
        t_csv="country,then territory\nUS,South\nGB,North\n",
    ).load()
    columns = needs(ruleset)
    engagement = columns[2].name
    row = {"account_id": "a0", "country": "GB", "employees": 5, engagement: 4.0}
    store.create("fact", "account_id", columns, [row, {"account_id": "a1"}])
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="a0")
    (values,) = store.execute(traced.sql).fetchall()
    seen = {column.name: value for column, value in zip(traced.columns, values, strict=True)}
    told = [
        (
            column.section,
            column.rule,
            column.term,
            column.text,
            seen[column.name],
            [seen[name] for name in column.reads],
        )
        for column in traced.columns
        if column.kind in (TraceKind.TRUTH, TraceKind.POINTS, TraceKind.ROW)
    ]
    assert told == [
        ("tables", "t", "", "", 2, ["GB"]),
        ("scope", "a", "", "territory = 'North'", 1, ["North"]),
        ("scope", "b", "", "employees > 10", 0, [5]),
        ("scores", "s", "met", "meeting, half-life 14 days", 10, [1.0]),
    ]
    assert [(seen[column.name], column.most) for column in traced.of(TraceKind.PART)] == [(9, 9)]
    assert [seen[column.name] for column in (*traced.of(TraceKind.TOTAL), *traced.of(TraceKind.TIER))] == [9, "D"]
    assert traced.of(TraceKind.TRUTH, "scope")[1].because == "Big"


def test_a_trace_of_an_account_with_a_quote_in_its_id_finds_nothing_and_harms_nothing(
    folder: Folder, store: Store
) -> None:
    ruleset = rules(folder, "scope: [{id: x, when: true}]")
    store.judge(ruleset, [{}])
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="x'; DROP TABLE fact; --")
    assert store.execute(traced.sql).fetchall() == []
    assert len(store.execute("SELECT * FROM fact").fetchall()) == 1


def test_names_that_databases_would_cut_or_confuse_are_made_safe(folder: Folder, store: Store) -> None:
    from rules import FieldInfo, Vocabulary  # noqa: PLC0415 - this test alone speaks another vocabulary

    names = ["Name", "name", "NAME", "account_id", "x" * 60 + "1", "x" * 60 + "2", "touches__30d", "Grüße", "select"]
    folder.vocabulary = Vocabulary({name: FieldInfo(name, Type.TEXT) for name in names}, {})
    condition = " and ".join(f"{name} = '{number}'" for number, name in enumerate(names))
    ruleset = rules(folder, f'scope: [{{id: x, when: "{condition}"}}]')
    columns = {column.source.field: column.name for column in needs(ruleset) if isinstance(column.source, FieldSource)}
    assert len({name.lower() for name in columns.values()}) == len(names)
    (row,) = store.judge(ruleset, [{columns[name]: str(number) for number, name in enumerate(names)}])
    assert row["in_scope"] == "x"


def test_many_rules_with_one_outcome_are_no_deep_expression(folder: Folder, store: Store) -> None:
    zips = "zip,then territory\n" + "".join(f"{n:05},Home\n" for n in range(4_000))
    sizes = (
        "employees,zip,then size_class\n" + "".join(f"{n}..{n},not empty,Known\n" for n in range(1_100)) + ",,Other\n"
    )
    scope = ", ".join(f"{{id: r{n}, when: territory = 'Home' and employees > {n}}}" for n in range(500))
    ruleset = folder.write(
        rules_yaml=f"version: 1\ntables: [z.csv, s.csv]\nscope: [{scope}]\n", z_csv=zips, s_csv=sizes
    ).load()
    (row, other) = store.judge(ruleset, [{"employees": 1_099, "zip": "03999"}, {"employees": 1_099, "zip": "x"}])
    assert (row["in_scope"], row["then__1"], row["then__2"]) == ("r0", "Home", "Known")
    assert (other["in_scope"], other["then__1"]) == (None, None)
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="a0")
    assert len(store.execute(traced.sql).fetchall()) == 1


def test_four_hundred_terms_and_long_tables_compile(folder: Folder, store: Store) -> None:
    terms = ", ".join(f"{{id: t{n}, when: employees > {n}, points: 0.01, because: x}}" for n in range(400))
    table = "zip,then territory\n" + "".join(f"{n:05},T{n % 40}\n" for n in range(5_000))
    ruleset = folder.write(
        rules_yaml="version: 1\ntables: [z.csv]\n" + score(f"{{f: {{max: 50, terms: [{terms}]}}}}"), z_csv=table
    ).load()
    found = store.judge(ruleset, [{"employees": 100.5, "zip": "04999"}, {"zip": "05000"}])
    assert [(row["total__1"], row["then__1"]) for row in found] == [(1.01, "T39"), (0.0, None)]


def test_now_needs_a_time_zone_and_days_are_days_in_utc(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, "scope: [{id: x, when: days_since(last_touch) = 1}]")
    with pytest.raises(ValueError, match="time zone"):
        compile_accounts(ruleset, store.dialect, now=NOW.replace(tzinfo=None), landmark=LANDMARK)
    tokyo = datetime.fromisoformat("2026-11-23T08:00:00+09:00")
    assert store.judge(ruleset, [{"last_touch": "2026-11-21T00:00:00Z"}], now=tokyo)[0]["in_scope"] == "x"


def test_the_text_passes_through_sqlalchemy_unharmed(folder: Folder, postgres_database: str) -> None:
    ruleset = rules(folder, "scope: [{id: x, when: \"country like ':a %% 100\\\\%' or country = ':b'\"}]")
    for dialect, url in ((Dialect.SQLITE, "sqlite://"), (Dialect.POSTGRESQL, postgres_database)):
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE fact (account_id TEXT, country TEXT)"))
            rows = [{"id": str(number), "country": value} for number, value in enumerate((":a x 100%", ":b", ":c"))]
            connection.execute(text("INSERT INTO fact VALUES (:id, :country)"), rows)
            sql = compile_accounts(ruleset, dialect, now=NOW, landmark=LANDMARK).sql
            found = connection.execute(text(sql.replace(":", "\\:"))).all()
        assert [row.in_scope for row in sorted(found)] == ["x", "x", None]
        engine.dispose()
