"""What is counted of all accounts is what evaluating them one by one adds up to, on both stores."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rules import Counted, Dialect, compile_counts, compile_looks
from rules.lint import Stored, in_order, of_stored
from tests.rules.stores import LANDMARK, NOW, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules import Ruleset
    from tests.rules.conftest import Folder

RULES = """version: 1
lists: {home: [US, GB, NO, XX], nowhere: [AA, BB], codes: [EN, DE]}
tables: [t.csv, {file: c.csv, hit: collect}]
segments: {size: {big: employees > 1000, huge: employees > 100000, small: otherwise}}
scope:
  - {id: here, when: country in home}
  - {id: there, when: country = 'DE'}
  - {id: nobody, when: country in nowhere}
protect:
  - {id: customer, when: is_customer, because: x}
  - {id: never, when: in_pool, because: x}
  - {id: behind, when: is_customer and employees > 10, because: x}
return:
  - {id: quiet, when: days_since(last_touch) > 90 or last_touch is empty, reason: x, rest: 5 days}
books:
  - {id: big, accounts: size = 'big', reps: "true", capacity: 5, rank: s}
  - {id: none, accounts: "includes(region, codes)", reps: "true", capacity: 5, rank: s}
routes:
  - {id: r, when: note = 'a', to: {team: X, by: round robin}, because: x}
scores:
  - id: s
    max: 20
    tiers: {A: 15, B: 5, C: 0}
    parts:
      fit: {max: 10, terms: [{id: size, scale: employees, from: 0, to: 1000, points: 8, because: x},
                             {id: rich, when: revenue > 10, points: 2, because: x}]}
      seen: {max: 10, half_life: 14 days, terms: [{id: met, event: meeting, points: 3, because: x}]}
"""
SCORES = RULES[RULES.index("scores:") :]
TABLES = {"t_csv": "country,then note\nUS,a\nGB,b\n", "c_csv": "employees,then many\n>5,x\n>50,y\n"}
PEOPLE: list[dict[str, Any]] = [
    {"country": country, "employees": employees, "is_customer": customer, "last_touch": touch, "region": region}
    for country in ("US", "GB", "DE", "FR")
    for employees, customer, touch, region in (
        (5000.0, True, "2026-11-01", "EN; FR"), (200.0, False, None, "FR"), (None, None, "2026-05-05", None),
    )
]  # fmt: skip


@pytest.fixture
def stores(postgres_database: str) -> Iterator[list[Store]]:
    with (
        sqlite3.connect(":memory:") as file,
        psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server,
    ):
        yield [Store(Dialect.SQLITE, file.execute), Store(Dialect.POSTGRESQL, server.execute)]
    file.close()


def counts(store: Store, rules: Ruleset) -> dict[tuple[Counted, str, str], int]:
    """The counts on the facts that were judged last."""
    counted = compile_counts(rules, store.dialect, now=NOW, landmark=LANDMARK)
    return dict(zip(counted.keys, store.execute(counted.sql).fetchone(), strict=True))


def missing(store: Store, rules: Ruleset) -> dict[str, set[Any]]:
    """The lists' values that no account has."""
    found: dict[str, set[Any]] = {}
    for look in compile_looks(rules, store.dialect):
        texts = [row[0] for row in store.execute(look.sql).fetchall() if row[0] is not None]
        seen = {part.strip() for text in texts for part in text.split(";")} if look.several else set(texts)
        found[look.listed] = set(look.choices) - seen
    return found


def test_counts_are_what_the_accounts_add_up_to(folder: Folder, stores: list[Store]) -> None:
    rules = folder.write(rules_yaml=RULES, **TABLES).load()
    seen = []
    for store in stores:
        judged = store.judge(rules, PEOPLE)
        found = counts(store, rules)
        inside = [row for row in judged if row["in_scope"]]
        assert found[Counted.ACCOUNTS, "", ""] == len(PEOPLE)
        assert found[Counted.IN_SCOPE, "", ""] == len(inside) == 9
        for section, column in (("protect", "protect"), ("return", "return_"), ("books", "book"), ("routes", "route")):
            for (what, first, second), count in found.items():
                if (what, first) == (Counted.DECIDES, section):
                    assert count == sum(row[column] == second for row in inside), (section, second)
        for name in ("big", "huge", "small"):
            assert found[Counted.DECIDES, "size", name] == sum(row["segment__1"] == name for row in inside)
        for tier in "ABC":
            assert found[Counted.TIER, "s", tier] == sum(row["tier__1"] == tier for row in inside)
        for number, term in enumerate(("size", "rich", "met"), 1):
            assert found[Counted.GIVES, "s", term] == sum(row[f"points__1_{number}"] != 0 for row in inside)
        assert found[Counted.FILLED, "employees", ""] == 6
        assert found[Counted.FILLED, "revenue", ""] == 0
        assert found[Counted.UNBOOKED, "", ""] == sum(row["book"] is None for row in inside)
        seen.append(found)
    assert seen[0] == seen[1]


def test_values_of_lists_are_looked_for_among_the_accounts(folder: Folder, stores: list[Store]) -> None:
    rules = folder.write(rules_yaml=RULES, **TABLES).load()
    for store in stores:
        store.judge(rules, PEOPLE)
        assert missing(store, rules) == {"home": {"NO", "XX"}, "nowhere": {"AA", "BB"}, "codes": {"DE"}}


def test_what_the_accounts_say_of_the_rules_is_told(folder: Folder, stores: list[Store]) -> None:
    rules = folder.write(rules_yaml=RULES, **TABLES).load()
    store = stores[0]
    store.judge(rules, PEOPLE * 3)
    lists = {"home": (frozenset({"NO", "XX"}), 4), "nowhere": (frozenset({"AA", "BB"}), 2)}
    found = in_order(of_stored(rules, Stored(counts(store, rules), lists), {"in_pool"}))
    told = [(f"{one.mark.line} {one.severity} {one.code}: {one.message}", one.hint) for one in found]
    assert [f"{text} — {hint}" if "is empty for all" in hint else text for text, hint in told] == [
        "2 note list-values: 2 of the 4 values of the list 'home' are no account's: 'NO', 'XX'",
        "2 warning dead-list: no account has any value of the list 'nowhere'",
        "4 warning never-matches: the segment 'huge' matches none of 27 accounts in scope",
        "8 warning never-matches: the rule 'nobody' matches none of 36 accounts",
        (
            "11 note never-matches: the rule 'never' matches none of 27 accounts in scope"
            " — 'in_pool' is empty for all of them"
        ),
        "12 note never-first: the rule 'behind' matches 9 of 27 accounts in scope (33%), and rules above it take all",
        "17 note no-book: no book takes 18 of 27 accounts in scope (67%)",
        "17 note never-first: the book 'none' matches 9 of 27 accounts in scope (33%), and rules above it take all",
        "21 note empty-tier: no account in scope reaches tier A of 's'",
        "26 warning empty-field: 'revenue' is empty for 27 of 27 accounts in scope (100%)",
        "26 note dead-term: the term 'rich' matches none of 27 accounts in scope — 'revenue' is empty for all of them",
        "27 warning dead-term: the term 'met' gives no account in scope any points",
    ]


def test_what_books_ask_of_accounts_is_counted_too(folder: Folder, stores: list[Store]) -> None:
    book = (
        "{id: b, model: fixed, owner: owner, accounts: true, reps: true, capacity: 5, rank: s, "
        "affinity: [{id: big, accounts: employees > 5, add: 1, because: x}], worked: {green: touches(30) > 0}}"
    )
    rules = folder.write(rules_yaml=f"version: 1\nscope: [{{id: all, when: true}}]\n{SCORES}\nbooks: [{book}]").load()
    for store in stores:
        store.judge(rules, [{"employees": 9.0} for _ in range(20)])
        told = [f"{one.severity} {one.code}: {one.message}" for one in of_stored(rules, Stored(counts(store, rules)))]
        assert {
            "note never-matches: the state 'green' matches none of 20 accounts in scope",
            "note always-matches: the affinity 'big' matches all 20 accounts in scope",
            "warning empty-field: 'owner' is empty for 20 of 20 accounts in scope (100%)",
        } <= set(told)


def test_of_no_accounts_nothing_is_said(folder: Folder, stores: list[Store]) -> None:
    rules = folder.write(rules_yaml=RULES, **TABLES).load()
    for store in stores:
        store.judge(rules, [])
        assert list(of_stored(rules, Stored(counts(store, rules)))) == []


def test_rules_without_scores_books_or_scope_are_counted_too(folder: Folder, stores: list[Store]) -> None:
    rules = folder.write(rules_yaml="version: 1\nprotect: [{id: p, when: is_customer, because: x}]\n").load()
    for store in stores:
        store.judge(rules, [{"is_customer": True}])
        assert counts(store, rules)[Counted.IN_SCOPE, "", ""] == 0
        assert list(of_stored(rules, Stored(counts(store, rules)))) == []


def test_two_hundred_conditions_over_twenty_thousand_accounts_are_counted_in_seconds(
    folder: Folder, stores: list[Store]
) -> None:
    """Not timed to the second: one pass for each condition would take minutes."""
    rules = "".join(
        f"  - {{id: r{number}, because: x, when: \"employees > {number} and country <> 'C{number}'\"}}\n"
        for number in range(200)
    )
    loaded = folder.write(rules_yaml=f"version: 1\nscope: [{{id: all, when: true}}]\nprotect:\n{rules}").load()
    store = stores[0]
    store.judge(loaded, [])
    store.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO fact (account_id, employees, country) SELECT 'a' || i, i % 300 + 0.0, 'C' || (i % 7) FROM n"
    )
    started = time.process_time()
    found = counts(store, loaded)
    assert time.process_time() - started < 15
    assert found[Counted.HOLDS, "2", ""] == sum(i % 300 > 0 and i % 7 != 0 for i in range(1, 20_001))
