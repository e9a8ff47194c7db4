"""Rows of decision tables against each other: overlaps, hidden rows and gaps, held to trying every kind of account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import Type
from rules.axes import Domain
from rules.rows import overlaps, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules import Table
    from tests.rules.conftest import Folder

UNIQUE = "version: 1\ntables: [{file: t.csv, hit: unique}]\n"
FIRST = "version: 1\ntables: [t.csv]\n"
TYPES = ("Prospect", "Customer", "Partner")


@dataclass(frozen=True)
class Said:
    """A cell as it is written, and the values that it matches."""

    text: str
    means: Callable[[Any], bool]


def cell(text: str, means: Callable[[Any], bool]) -> Said:
    """A cell whose meaning is told for values that are not empty."""
    return Said(text, lambda value: value is not None and means(value))


ANY = Said("", lambda _: True)
OTHERS = (Said("empty", lambda value: value is None), cell("not empty", lambda _: True), ANY)
countries = st.sampled_from((
    *OTHERS,
    cell("US", lambda value: value == "US"),
    cell("US|NO", lambda value: value in ("US", "NO")),
    Said("not US|GB", lambda value: value not in ("US", "GB")),
    cell("A..M", lambda value: "A" <= value <= "M"),
    cell(">=US", lambda value: value >= "US"),
))  # fmt: skip
sizes = st.sampled_from((
    *OTHERS,
    cell(">=50", lambda value: value >= 50),
    cell("<50", lambda value: value < 50),
    Said("not <50", lambda value: value is None or value >= 50),
    cell("0..75.5", lambda value: 0 <= value <= 75.5),
    cell("50|51", lambda value: value in (50, 51)),
    Said("not 51..1000", lambda value: value is None or not 51 <= value <= 1000),
))  # fmt: skip
days = st.sampled_from((
    *OTHERS,
    cell("<2026-01-01", lambda value: value < "2026-01-01"),
    cell("2026-01-02..2026-03-31", lambda value: "2026-01-02" <= value <= "2026-03-31"),
    cell("2026-01-01", lambda value: value == "2026-01-01"),
))  # fmt: skip
truths = st.sampled_from((*OTHERS, cell("yes", lambda value: value is True), cell("no", lambda value: value is False)))
rows = st.tuples(countries, sizes, days, truths)
PEOPLE = tuple(product(
    (None, "0", "A", "GB", "M", "NO", "P", "US", "ZA"),
    (None, -1, 0, 20, 50, 50.5, 51, 60, 75.5, 100, 1000, 2000),
    (None, "2025-06-01", "2026-01-01", "2026-01-02", "2026-02-02", "2026-03-31", "2026-06-01"),
    (None, True, False),
))  # fmt: skip
"""One account of every kind that the cells tell apart."""


def matching(row: tuple[Said, ...]) -> set[int]:
    """The people that a row takes."""
    return {
        number
        for number, person in enumerate(PEOPLE)
        if all(one.means(value) for one, value in zip(row, person, strict=True))
    }


def table_of(folder: Folder, text: str) -> Table:
    (table,) = folder.write(rules_yaml=FIRST, t_csv=text).load().tables
    return table


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(rows, min_size=1, max_size=7))
def test_overlaps_hidden_rows_and_gaps_are_those_that_trying_everyone_finds(
    folder: Folder, drawn: list[tuple[Said, ...]]
) -> None:
    lines = [",".join(one.text for one in row) + ",x" for row in drawn]
    table = table_of(folder, "\n".join(["country,employees,created_at,is_customer,then note", *lines, ""]))
    taken = [matching(row) for row in drawn]
    assert [(one.earlier.mark.line - 2, one.later.mark.line - 2) for one in overlaps(table.rows)] == [
        (next(earlier for earlier in range(later) if taken[earlier] & taken[later]), later)
        for later in range(len(taken))
        if any(taken[earlier] & taken[later] for earlier in range(later))
    ]
    found = search(table, {})
    assert found.complete
    hidden = {one.row.mark.line - 2: [row.mark.line - 2 for row in one.by] for one in found.hidden}
    assert set(hidden) == {at for at, people in enumerate(taken) if people <= set().union(*taken[:at])}
    for at, by in hidden.items():
        assert taken[at] <= set().union(*(taken[row] for row in by)), "the rows that are named hide it"
    # Only 50.5 employees tell apart what no one has: such a gap is not told.
    missed = {number for number, person in enumerate(PEOPLE) if person[1] != 50.5} - set().union(*taken)
    assert bool(found.gaps) is bool(missed)


@pytest.mark.parametrize(
    ("table", "problems"),
    [
        ("country,employees,then x\nUS|CA,>=1000,a\nCA,<=1000,b\nUS,,c\n",
         ["3:1: this row and line 2 both match an account with country = 'CA', employees = 1000",
          "4:1: this row and line 2 both match an account with country = 'US', employees = 1000"]),
        ("country,then x\nUS,a\nnot GB,b\n", ["3:1: this row and line 2 both match an account with country = 'US'"]),
        ("country,then x\nnot US,a\nempty,b\n", ["3:1: this row and line 2 both match an account with country empty"]),
        ("country,then x\n,a\n,b\n", ["3:1: this row and line 2 both match every account"]),
        ("zip,then x\n010..027,a\n027,b\n", ["3:1: this row and line 2 both match an account with zip = '027'"]),
        ("is_customer,then x\nyes,a\nno,b\nempty,c\n", []),
        ("created_at,then x\n<2026-01-01,a\n2026-01-01..2026-03-31,b\n>2026-03-31,c\n", []),
        ("employees,then x\n<50,a\n50..100,b\n>100,c\nempty,d\n", []),
        ("created_at,then x\n>2026-01-01,a\n<2026-01-02,b\n", []),
        ("type,then x\nPartner,a\nnot Partner,b\n", []),
    ],
)  # fmt: skip
def test_rows_that_are_to_be_unique_may_not_overlap(folder: Folder, table: str, problems: list[str]) -> None:
    hint = " — let one of them say less, or let the first that matches count: hit: first"
    assert folder.problems(rules_yaml=UNIQUE, t_csv=table) == [f"t.csv:{problem}{hint}" for problem in problems]


def test_a_table_of_many_overlaps_tells_the_first_twenty(folder: Folder) -> None:
    found = folder.problems(rules_yaml=UNIQUE, t_csv="country,then x\n" + ",a\n" * 5_000)
    assert len(found) == 20


def test_a_row_that_cannot_be_read_overlaps_nothing(folder: Folder) -> None:
    (found,) = folder.problems(rules_yaml=UNIQUE, t_csv="country,employees,then x\nUS,ten,a\nUS,10,b\n")
    assert "'ten' is not a number" in found


VALUES = {"type": Domain(Type.TEXT, values=TYPES)}


@pytest.mark.parametrize(
    ("table", "hidden"),
    [
        ("employees,then x\n<=50,a\n51..200,b\n1..50,c\n", {4: [2]}),
        ("employees,then x\n<50,a\n>=50,b\nempty,c\n,d\n", {5: [2, 3, 4]}),
        ("country,is_customer,then x\nUS,yes,a\nUS,no,b\nUS,empty,c\nGB,,d\nUS,,e\n", {6: [2, 3, 4]}),
        ("created_at,then x\n<=2026-01-01,a\n>=2026-01-02,b\nnot empty,c\n", {4: [2, 3]}),
        ("created_at,then x\n<=2026-01-01,a\n>=2026-01-03,b\nnot empty,c\n", {}),
        ("country,then x\nUS|GB|NO,a\nGB|US,b\n", {3: [2]}),
        ("type,then x\nProspect,a\nCustomer|Partner,b\nnot empty,c\n", {}),
        ("employees,then x\n<=50,a\n>=51,b\nnot empty,c\n", {}),
    ],
)
def test_a_row_is_hidden_where_rows_above_it_take_all_its_accounts(
    folder: Folder, table: str, hidden: dict[int, list[int]]
) -> None:
    found = search(table_of(folder, table), VALUES)
    assert {one.row.mark.line: [row.mark.line for row in one.by] for one in found.hidden} == hidden


@pytest.mark.parametrize(
    ("table", "gap"),
    [
        ("employees,then x\n1..50,a\n51..200,b\n250..1000,c\n>1000,d\n", ("employees = 225", 2)),
        ("employees,then x\n1..50,a\n51..200,b\n", ("employees = 201", 2)),
        ("employees,then x\n1..50,a\n>50,b\n", ("employees empty", None)),
        ("country,employees,then x\nGB,,a\nUS,<50,b\nUS,>=100,c\n", ("country = 'US', employees = 50", 3)),
        ("zip,then x\n01000..02799,a\n02800..05999,b\n06001..07000,c\n", ("zip = '06000'", 2)),
        ("type,then x\nProspect,a\nCustomer,b\nempty,c\n", ("type = 'Partner'", 2)),
        ("type,is_customer,then x\nProspect,,a\nPartner,,b\nCustomer,yes,c\n",
         ("type = 'Customer', is_customer = no", 2)),
        ("country,then x\nUS,a\nGB,b\n", ("any other country", None)),
        ("country,region,then x\nUS,West,a\nGB,North,b\n,South,c\n", ("any other region", None)),
        ("country,then x\nUS,a\nnot US,b\n", None),
        ("employees,then x\n0..50,a\n51..200,b\n>200,c\nempty,d\n", None),
        ("type,then x\nProspect,a\nCustomer|Partner,b\nempty,c\n", None),
    ],
)  # fmt: skip
def test_a_gap_is_told_by_an_account_that_no_row_takes(
    folder: Folder, table: str, gap: tuple[str, int | None] | None
) -> None:
    found = search(table_of(folder, table), VALUES)
    assert found.complete
    told = [(one.example, one.near.mark.line if one.near else None) for one in found.gaps]
    assert told == ([gap] if gap else [])


def test_a_table_as_long_as_may_be_is_checked_in_a_second_or_two(folder: Folder) -> None:
    """Not timed to the second: a search that tried every pair, or every account, would take minutes."""
    rows = [f"{code:05},{size},x\n" for code in range(1_250) for size in ("<50", "50..199", "200..999", ">=1000")]
    folder.write(rules_yaml=UNIQUE, t_csv="".join(["zip,employees,then x\n", *rows]))
    started = time.process_time()
    (table,) = folder.load().tables
    found = search(table, {})
    assert time.process_time() - started < 20
    assert found.complete
    assert found.hidden == ()
    assert [one.example for one in found.gaps] == ["any other zip"]


def test_a_search_that_would_take_too_long_says_that_it_has_not_ended(folder: Folder) -> None:
    rows = [
        ",".join(f">={(number * step) % 997}" if number % step else "" for step in (3, 5, 7, 11)) + ",x\n"
        for number in range(2_000)
    ]
    header = "employees,revenue,contacts,open_opportunities,then note\n"
    started = time.process_time()
    assert not search(table_of(folder, "".join([header, *rows])), {}).complete
    assert time.process_time() - started < 20
