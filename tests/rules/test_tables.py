"""Decision tables: what a cell may say, and the traps that spreadsheets set."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rules import ColumnKind, Dialect, FieldSource, compile_accounts, needs

if TYPE_CHECKING:
    from tests.rules.conftest import Folder

NOW = datetime(2026, 11, 22, tzinfo=UTC)
USES = "version: 1\ntables: [t.csv]\n"


def answers(folder: Folder, table: str, facts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The table's outputs for each account."""
    rules = folder.write(rules_yaml=USES, t_csv=table).load()
    columns = [column.source.field for column in needs(rules) if isinstance(column.source, FieldSource)]
    store = sqlite3.connect(":memory:")
    store.execute(f"CREATE TABLE fact ({', '.join(['account_id', *columns])})")
    for number, row in enumerate(facts):
        store.execute(
            f"INSERT INTO fact VALUES ({', '.join('?' * (len(columns) + 1))})",
            [number, *(row.get(name) for name in columns)],
        )
    compiled = compile_accounts(rules, Dialect.SQLITE, now=NOW, landmark=NOW)
    places = [compiled.columns.index(column) for column in compiled.of(ColumnKind.OUTPUT)]
    found = sorted(store.execute(compiled.sql).fetchall())
    store.close()
    return [tuple(row[place] for place in places) for row in found]


@pytest.mark.parametrize(
    ("field", "cell", "matching", "others"),
    [
        ("country", "US", ["US"], ["us", "GB", None]),
        ("country", "US | CA|NO", ["US", "CA", "NO"], ["GB", None]),
        ("country", "not US|CA", ["GB", None], ["US", "CA"]),
        ("country", "empty", [None], ["US"]),
        ("country", "not empty", ["US"], [None]),
        ("country", "'empty'", ["empty"], [None, "US"]),
        ("country", "'a|b'|'it''s'", ["a|b", "it's"], ["a", "b"]),
        ("country", "'1..5'", ["1..5"], ["3"]),
        ("zip", "01000..02799", ["02139", "01000", "02799"], ["00999", "02800", None]),
        ("zip", "02139", ["02139"], ["2139"]),
        ("employees", "100", [100], [99, None]),
        ("employees", ">=1000", [1000, 5000], [999, None]),
        ("employees", "> 1000", [1000.5], [1000]),
        ("employees", "<-5", [-6], [-5]),
        ("employees", "100..500", [100, 500, 250.5], [99, 501, None]),
        ("employees", "-5..-1", [-3], [0]),
        ("employees", "not 100..500", [99, 501, None], [100, 500]),
        ("employees", "not >=1000", [999, None], [1000]),
        ("employees", "1|2|3.5", [1, 3.5], [4]),
        ("created_at", "2026-01-01", ["2026-01-01", "2026-01-01T23:59:59Z"], ["2026-01-02", None]),
        ("created_at", "2026-01-01..2026-01-31", ["2026-01-31T12:00:00Z"], ["2026-02-01"]),
        ("is_customer", "yes", [True], [False, None]),
        ("is_customer", "No", [False], [True, None]),
        ("is_customer", "", [True, False, None], []),
        ("type", "Prospect|Customer", ["Customer"], ["Partner"]),
    ],
)
def test_a_cell_matches(folder: Folder, field: str, cell: str, matching: list[Any], others: list[Any]) -> None:
    table = f"{field},then hit\n{cell},yes\n"
    found = answers(folder, table, [{field: value} for value in (*matching, *others)])
    assert found == [("yes",)] * len(matching) + [(None,)] * len(others)


def test_the_first_row_that_matches_gives_all_outputs_and_none_gives_empty_ones(folder: Folder) -> None:
    table = "country,employees,then team,then weight (number)\nUS,>=1000,Big,2.5\nUS,,Small,\n,>=1000,Other,-1\n"
    facts: list[dict[str, Any]] = [
        {"country": "US", "employees": 5000},
        {"country": "US"},
        {"country": "GB", "employees": 1000},
        {"country": "GB"},
    ]
    assert answers(folder, table, facts) == [("Big", 2.5), ("Small", None), ("Other", -1.0), (None, None)]


def test_a_look_up_table_keeps_its_order_too(folder: Folder) -> None:
    table = "country,then team,then rank (number)\nUS,A,1\nGB|DE,B,\nGB|FR,A,2\n,Rest,9\n"
    facts = [{"country": country} for country in ("US", "GB", "DE", "FR", "NO", None)]
    assert answers(folder, table, facts) == [("A", 1), ("B", None), ("B", None), ("A", 2), ("Rest", 9), ("Rest", 9)]


def test_outputs_are_fields_of_conditions_and_of_later_tables(folder: Folder) -> None:
    rules = folder.write(
        rules_yaml="version: 1\ntables: [a.csv, b.csv]\nscope: [{id: x, when: desk = 'North' and weight > 1}]",
        a_csv="country,then region_code\nUS,AMER\n",
        b_csv="region_code,then desk,then weight (number)\nAMER,North,2\n",
    ).load()
    assert [column.name for column in needs(rules)] == ["country"]
    assert [table.name for table in rules.tables] == ["a", "b"]


def test_quotes_and_lines_follow_rfc_4180(folder: Folder) -> None:
    table = '"country","then ""x"""\n'
    found = folder.problems(rules_yaml=USES, t_csv=table)
    assert found[0].startswith("t.csv:1:11: 'then \"x\"' is no output")
    table = 'country,"then motto"\r\n"US","In ""quotes"", and\nover lines"\r\n\r\n'
    assert answers(folder, table, [{"country": "US"}]) == [('In "quotes", and\nover lines',)]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "1:1: the table is empty"),
        ("country,then x\n", "1:1: the table has no rows"),
        ("country;then x\nUS;1\n", "1:1: the columns are separated by semicolons — save the table with commas"),
        ("country\tthen x\nUS\t1\n", "1:1: the columns are separated by tabs"),
        ("country\nUS\n", "1:1: the table has no output — head a column with 'then', such as: then territory"),
        ("contry,then x\nUS,1\n", "1:1: unknown field 'contry' — did you mean 'country'?"),
        ("country,then country\nUS,1\n", "1:9: 'country' is already a field"),
        ("country,=> x\nUS,1\n", "1:9: '=> x' is no output — write 'then NAME' or 'then NAME (number)'"),
        ("country,country,then x\nUS,US,1\n", "1:9: the column 'country' is here twice"),
        ("country,,then x\nUS,,1\n", "1:9: the column has no name"),
        ("country,then x\nUS,a,b\n", "2:1: the row has 3 cells, the header has 2 — a comma inside a cell needs"),
        ("country,then x\nUS,1,5\n", "2:1: the row has 3 cells, the header has 2: '1,5' may be one number — write 1.5"),
        ("country,then x\nUS\n", "2:1: the row has 1 cells, the header has 2 — every column needs its comma"),
        ('country,then x\n"US,1\n', "2:1: a double quote is not closed"),
        ("employees,then x\nUS,1\n", "2:1: 'US' is not a number, as 'employees' wants — write 100, >=100, 100..500"),
        ('employees,then x\n"1,5",1\n', "2:1: '1,5' is not a number, as 'employees' wants: it has a comma"),
        ("employees,then x\n500..100,1\n", "2:1: nothing lies between 500 and 100 — the lower comes first"),
        ("created_at,then x\n>=01/02/2026,1\n", "2:1: '01/02/2026' is not a date, as 'created_at' wants"),
        ("is_customer,then x\nmaybe,1\n", "2:1: 'maybe' is neither yes nor no, as 'is_customer' wants"),
        ("is_customer,then x\n>yes,1\n", "2:1: 'is_customer' is yes or no and knows no order"),
        ("type,then x\nUS,1\n", "2:1: 'US' is not a value of the picklist 'type'"),
        ("country,then x\nUS||CA,1\n", "2:1: a value is missing — write 'empty' for accounts without one"),
        ("country,then x (number)\nUS,ten\n", "2:4: 'ten' is not a number, as 'then x (number)' wants"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(folder: Folder, table: str, problem: str) -> None:
    (found,) = folder.problems(rules_yaml=USES, t_csv=table)
    assert found.startswith(f"t.csv:{problem}"), found


def test_what_excel_writes_is_read_or_explained(folder: Folder) -> None:
    table = "country,then city\r\nCH,Zürich\r\n"
    assert answers(folder, "\ufeff" + table, [{"country": "CH"}]) == [("Zürich",)]
    (found,) = folder.problems(t_csv=table.encode("cp1252"))
    assert found == (
        "t.csv:2:5: the file is not UTF-8: here stands 'CH,Zürich' if it is Windows-1252 — "
        "save it as UTF-8 (Excel: 'CSV UTF-8')"
    )
    (found,) = folder.problems(t_csv=table.encode("utf-16"))
    assert found == "t.csv:1:1: the file is UTF-16 — save it as UTF-8 (Excel: 'CSV UTF-8')"


@pytest.mark.parametrize(
    ("table", "warning"),
    [
        ("zip,then x\n10115,a\n2139,b\n80331,c\n",
         ("t.csv:3:1: '2139' may have lost its leading zeros to a spreadsheet — most here have 5 digits: "
         "format the column as text, then write 02139")),
        ("zip,then x\n1.2E+09,a\n", ("t.csv:2:1: '1.2E+09' may be a code that a spreadsheet turned into a number"
         " — its digits are lost: format the column as text, then write them again")),
        ("zip,then x\n,a\n10115,b\n", "t.csv:3:1: this row is never reached — line 2 matches everything: put it last"),
    ],
)  # fmt: skip
def test_what_is_legal_and_hardly_meant_is_a_warning(folder: Folder, table: str, warning: str) -> None:
    rules = folder.write(rules_yaml=USES, t_csv=table).load()
    assert [str(found) for found in rules.warnings] == [warning]


def test_a_broken_table_is_the_only_one_at_fault(folder: Folder) -> None:
    (found,) = folder.problems(
        rules_yaml="version: 1\ntables: [t.csv]\nscope: [{id: x, when: desk = 'North' and weight > 1}]",
        t_csv="contry,then desk,then weight (number)\nUS,North,1\n",
    )
    assert found == "t.csv:1:1: unknown field 'contry' — did you mean 'country'?"


def test_a_table_that_nobody_lists_is_a_warning(folder: Folder) -> None:
    rules = folder.write(rules_yaml="version: 1", t_csv="country,then x\nUS,1\n").load()
    assert [str(found) for found in rules.warnings] == [
        "t.csv:1:1: no rules file uses this table — add it: tables: [t.csv]"
    ]
