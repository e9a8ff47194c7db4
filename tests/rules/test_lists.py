"""Lists name their values in a rules file or take them from a column of a CSV file, and stay fast when long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Row, Store

FROM_FILE = "version: 1\nlists: {targets: {file: t.csv, column: domain}}\nscope: [{id: x, when: domain in targets}]\n"


def test_a_list_takes_the_filled_cells_of_a_column_each_once(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        rules_yaml=FROM_FILE, t_csv='who,domain\nAda,acme.com\n,globex.com\nBo,\n\nCy,acme.com\nDi,"a,b\'s"\n'
    ).load()
    assert ruleset.lists == {"targets": ("acme.com", "globex.com", "a,b's")}
    assert ruleset.warnings == ()
    found = store.judge(ruleset, [{"domain": name} for name in ("acme.com", "a,b's", "ACME.com", None)])
    assert [row["in_scope"] for row in found] == ["x", "x", None, None]


def test_a_listed_number_or_date_is_compared_as_one(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        rules_yaml="version: 1\nlists: {sizes: {file: t.csv, column: size}, days: {file: t.csv, column: day}}\n"
        "scope: [{id: x, when: employees in sizes}, {id: y, when: renewal_date not in days}]\n",
        t_csv="size,day\n5,2026-11-22\n7.50,2026-11-23\n",
    ).load()
    accounts: list[Row] = [
        {"employees": 7.5, "renewal_date": "2026-11-22"},
        {"renewal_date": "2026-11-23T10:00:00Z"},
        {},
    ]
    assert [row["in_scope"] for row in store.judge(ruleset, accounts)] == ["x", None, "y"]


def test_what_does_not_fit_is_told_at_its_cell(folder: Folder) -> None:
    found = folder.problems(
        rules_yaml="version: 1\nlists: {l: {file: t.csv, column: a}}\nscope: [{id: x, when: type in l}, "
        "{id: y, when: employees in l}]\n",
        t_csv='a\nPartner\nPrtner\n"Multi\nline"\n',
    )
    assert found == [
        "t.csv:2:1: 'Partner' is not a number, but the list is compared with 'employees'",
        "t.csv:3:1: 'Prtner' is not a number, but the list is compared with 'employees'",
        "t.csv:3:1: 'Prtner' is not a value of the picklist 'type' — did you mean 'Partner'?",
        "t.csv:4:1: 'Multi\\u000aline' is not a number, but the list is compared with 'employees'",
        "t.csv:4:1: 'Multi\\u000aline' is not a value of the picklist 'type' — known: Customer, Partner, Prospect",
    ]


def test_of_a_list_that_is_wrong_throughout_the_first_twenty_are_told(folder: Folder) -> None:
    values = "".join(f"no{number}\n" for number in range(30_000))
    start = time.process_time()
    found = folder.problems(rules_yaml=FROM_FILE.replace("domain in", "type in"), t_csv=f"domain\n{values}")
    assert len(found) == 20
    assert time.process_time() - start < 5, "the rest is not compared with the picklist"


@pytest.mark.parametrize(
    ("said", "table", "told"),
    [
        ("{file: tt.csv, column: domain}", "domain\na\n",
         "rules.yaml:2:25: there is no file 'tt.csv' in the folder — did you mean 't.csv'?"),
        ("{file: t.csv, column: domian}", "domain,x\na,b\n",
         "rules.yaml:2:40: 't.csv' has no column 'domian' — did you mean 'domain'?"),
        ("{file: t.csv}", "domain\na\n", "rules.yaml:2:18: the key 'column' is missing here"),
        ("{column: domain}", "domain\na\n", "rules.yaml:2:18: the key 'file' is missing here"),
        ("{file: t.csv, colum: domain}", "domain\na\n",
         "rules.yaml:2:32: unknown key 'colum' — did you mean 'column'?"),
        ("{file: t.csv, column: domain}", "domain,x,domain\na,b,c\n", "t.csv:1:10: the column 'domain' is here twice"),
        ("{file: t.csv, column: domain}", "domain\n", "t.csv:1:1: the column 'domain' has no values — write one"),
        ("{file: t.csv, column: domain}", "domain,x\n,a\n", "t.csv:1:1: the column 'domain' has no values"),
        ("{file: t.csv, column: domain}", "", "t.csv:1:1: the table is empty"),
        ("{file: t.csv, column: domain}", "domain,x\na,b,c\n", "t.csv:2:1: the row has 3 cells, the header has 2"),
        ("{file: t.csv, column: domain}", "domain;x\na;b\n", "t.csv:1:1: the columns are separated by semicolons"),
        ("{file: [t.csv], column: domain}", "domain\na\n", "rules.yaml:2:25: a list stands where a text is wanted"),
        ("5", "domain\na\n", "rules.yaml:2:18: 'targets' is a list — begin each entry with '- '"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(folder: Folder, said: str, table: str, told: str) -> None:
    text = FROM_FILE.replace("{file: t.csv, column: domain}", said)
    found = folder.problems(rules_yaml=text, t_csv=table)
    assert any(one.startswith(told) for one in found), found


def test_a_file_that_a_list_uses_may_be_a_table_as_well(folder: Folder) -> None:
    ruleset = folder.write(rules_yaml=FROM_FILE + "tables: [t.csv]\n", t_csv="domain,then tag\nacme.com,x\n").load()
    assert ruleset.lists["targets"] == ("acme.com",)
    assert ruleset.warnings == ()


def test_a_list_that_no_condition_uses_is_told(folder: Folder) -> None:
    text = "version: 1\nlists: {used: [a], alone: [b], langs: [DE]}\nscope: [{id: x, when: country in used}]\n"
    found = folder.write(rules_yaml=text).load().warnings
    assert [str(warning) for warning in found] == [
        "rules.yaml:2:20: no condition uses the list 'alone' — remove it, or use it",
        "rules.yaml:2:32: no condition uses the list 'langs' — remove it, or use it",
    ]
    books = 'books: [{id: b, accounts: country in alone, reps: "includes(title, langs)", capacity: 1, rank: s}]\n'
    score = "scores: [{id: s, max: 1, parts: {p: {max: 1, terms: [{id: t, when: true, points: 1, because: x}]}}, "
    assert folder.write(rules_yaml=f"{text}{books}{score}tiers: {{A: 0}}}}]\n").load().warnings == ()


def test_fifty_thousand_values_are_read_and_compared_in_good_time(folder: Folder, store: Store) -> None:
    values = "".join(f"company-{number}.example\n" for number in range(50_000))
    start = time.process_time()
    ruleset = folder.write(rules_yaml=FROM_FILE, t_csv=f"domain\n{values}").load()
    found = store.judge(ruleset, [{"domain": f"company-{number}.example"} for number in (0, 49_999, 50_000)])
    assert [row["in_scope"] for row in found] == ["x", "x", None]
    assert time.process_time() - start < 5


def test_a_list_has_an_end(folder: Folder) -> None:
    values = "".join(f"{number}.example\n" for number in range(50_001))
    found = folder.problems(rules_yaml=FROM_FILE, t_csv=f"domain\n{values}")
    assert [problem.partition(" ")[2] for problem in found] == ["the table has 50,001 rows, over 50,000 — split it"]


def test_lists_that_are_compared_again_and_again_have_an_end(folder: Folder) -> None:
    values = "".join(f"{number}.example\n" for number in range(50_000))
    rules = "".join(f"  - {{id: x{number}, when: domain in targets}}\n" for number in range(11))
    text = FROM_FILE.partition("scope")[0] + f"scope:\n{rules}"
    (found,) = folder.problems(rules_yaml=text, t_csv=f"domain\n{values}")
    assert found == (
        "rules.yaml:14:21: the conditions compare with more than 500,000 values of lists together — "
        "compare once, as a segment, and let rules read that"
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("a\n" * 8_000_000, "t.csv:300001:1: the table has more than 300,000 cells — split it, or delete the columns"),
        ("," * 16_000_000, "t.csv:2:300000: the table has more than 300,000 cells"),
        ("x," * 40 + '"y"\n' + ("x," * 40 + "\n") * 190_000, "t.csv:7319:5: the table has more than 300,000 cells"),
        ("a" * 16_000_000, "t.csv:2:1: the cell has more than 32,767 characters — a double quote takes in all"),
        ('"' * 16_000_000, "t.csv:2:1: the cell has more than 32,767 characters"),
        ('"' + "a\n" * 8_000_000, "t.csv:2:1: a double quote is not closed"),
    ],
    ids=["rows", "commas", "quoted", "long", "quotes", "open"],
)
def test_a_file_made_to_exhaust_the_worker_is_refused_in_good_time(folder: Folder, table: str, told: str) -> None:
    start = time.process_time()
    found = folder.problems(rules_yaml=FROM_FILE, t_csv=f"domain\n{table}")
    assert any(one.startswith(told) for one in found), found
    assert time.process_time() - start < 5
