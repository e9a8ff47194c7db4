"""The query language: what is written can be read again, and means what Python would make of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.company import Company
from connectors.sandbox.effects import EffectLog
from connectors.sandbox.seed import seed_company
from connectors.sandbox.soql import QueryError, parse, run
from connectors.sandbox.soql.moments import span
from connectors.sandbox.soql.tree import All, Any, Compare, In, Literal, Not, Order, Path, Select
from connectors.sandbox.view import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value
    from connectors.sandbox.schema import Row

TODAY = date(2026, 11, 20)
COMPANY = Company(seed_company(3, 120, 6, TODAY), EffectLog(), Clock())

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
COLUMNS = {
    "string": st.sampled_from(["Name", "BillingCity", "Owner.Name", "Parent.Owner.Department", "Industry"]),
    "number": st.sampled_from(["NumberOfEmployees", "AnnualRevenue", "Intent_Cybersecurity__c"]),
    "boolean": st.sampled_from(["Do_Not_Move__c", "Owner.IsActive"]),
    "date": st.sampled_from(["LastActivityDate", "Renewal_Date__c"]),
}
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "string": st.sampled_from(["Prospect", "london", "EMEA Enterprise", "a%", "_o%", "%s", "o'b\\", "é%_"]) | TEXT,
    "number": st.floats(-1e6, 1e6, allow_nan=False) | st.integers(0, 300).map(float),
    "boolean": st.booleans(),
    "date": st.dates(date(2026, 1, 1), date(2027, 1, 1)).map(str),
}
OPERATORS = {
    "string": ["=", "!=", "<", "<=", ">", ">=", "like"],
    "number": ["=", "!=", "<", "<=", ">", ">="],
    "boolean": ["=", "!="],
    "date": ["=", "!=", "<", "<=", ">", ">="],
}


@st.composite
def comparisons(draw: st.DrawFn) -> Compare | In:
    kind = draw(st.sampled_from(sorted(COLUMNS)))
    left = Path(tuple(draw(COLUMNS[kind]).split(".")))
    if draw(st.integers(0, 9)) == 0:
        return Compare(left, draw(st.sampled_from(["=", "!="])), Literal("null", None))
    if draw(st.integers(0, 4)) == 0:
        values = draw(st.lists(VALUES[kind], min_size=1, max_size=4))
        return In(left, tuple(Literal(kind, value) for value in values), negated=draw(st.booleans()))
    return Compare(left, draw(st.sampled_from(OPERATORS[kind])), Literal(kind, draw(VALUES[kind])))


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Any(tuple(parts)))
    ),
    max_leaves=8,
)
SELECTS = st.builds(
    Select,
    columns=st.lists(COLUMNS["string"].map(lambda name: Path(tuple(name.split(".")))), min_size=1, unique=True).map(
        tuple
    ),
    source=st.just("Account"),
    where=st.none() | CONDITIONS,
    order=st.lists(
        st.builds(Order, COLUMNS["number"].map(lambda name: Path((name,))), st.booleans(), st.booleans()), max_size=2
    ).map(tuple),
    limit=st.none() | st.integers(0, 100),
    offset=st.integers(0, 50),
)


@given(SELECTS)
def test_a_printed_statement_reads_as_the_same_tree(select: Select) -> None:
    assert str(parse(str(select))) == str(select)


@given(CONDITIONS)
def test_a_condition_picks_the_rows_that_python_picks(condition: Compare | In | Not | All | Any) -> None:
    text = f"SELECT Id FROM Account WHERE {condition}"
    found = {row["Id"] for row in run(COMPANY, parse(text), text, TODAY).rows}
    wanted = {row["Id"] for row in COMPANY.rows("Account") if _holds(condition, row)}
    assert found == wanted


def _value(path: Path, row: Row | None) -> object:
    tables = {"Owner": ("OwnerId", "User"), "Parent": ("ParentId", "Account")}
    for name in path.names[:-1]:
        if row is None:
            return None
        reference, table = tables[name]
        row = COMPANY.tables[table].get(str(row.get(reference)))
    value = None if row is None else row.get(path.names[-1])
    return value.lower() if isinstance(value, str) else value


def _plain(literal: Literal) -> object:
    value = literal.value
    if literal.kind == "string":
        return re.sub(r"\\([_%])", r"\1", str(value)).lower() or None
    return value


def _holds(condition: object, row: Row) -> bool:
    """The meaning of a condition, written a second time."""
    match condition:
        case All(parts):
            return all(_holds(part, row) for part in parts)
        case Any(parts):
            return any(_holds(part, row) for part in parts)
        case Not(inner):
            return not _holds(inner, row)
        case In(left, choices, negated) if isinstance(left, Path) and isinstance(choices, tuple):
            known = [_plain(each) if each.value != "" else "" for each in choices]
            return (_value(left, row) in known) is not negated
        case Compare(left, op, right) if isinstance(left, Path):
            return _compares(op, _value(left, row), right)
    raise AssertionError(condition)


def _compares(op: str, value: object, right: Literal) -> bool:
    wanted = _plain(right)
    if op == "like":
        return isinstance(value, str) and _like(str(right.value).lower(), value)
    if op in {"=", "!="}:
        return (value == wanted) is (op == "=")
    if value is None:
        return False
    tests: dict[str, Callable[[object, object], bool]] = {
        "<": lambda a, b: a < b,  # type: ignore[operator]
        "<=": lambda a, b: a <= b,  # type: ignore[operator]
        ">": lambda a, b: a > b,  # type: ignore[operator]
        ">=": lambda a, b: a >= b,  # type: ignore[operator]
    }
    return tests[op](value, "" if wanted is None else wanted)


def _like(pattern: str, text: str) -> bool:
    """LIKE by plain recursion."""
    if not pattern:
        return not text
    if pattern[0] == "\\" and pattern[1:2] in {"%", "_"} and len(pattern) > 1:
        return text[:1] == pattern[1] and _like(pattern[2:], text[1:])
    if pattern[0] == "%":
        return any(_like(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"_", text[0]} and _like(pattern[1:], text[1:])


@pytest.mark.parametrize(
    ("statement", "code", "told"),
    [
        ("SELECT Id FRM Account", "MALFORMED_QUERY", "Row:1:Column:11\nunexpected token: 'FRM'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "unterminated string"),
        ("SELECT Id FROM Account WHERE Name = abc", "MALFORMED_QUERY", "Bind variables only allowed in Apex"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Type = 'b' OR Type = 'c'", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY", "'x'"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id,\n Foo FROM Account", "INVALID_FIELD", "Row:2:Column:2\nNo such column 'Foo' on entity 'Account'"),
        ("SELECT Id FROM Account WHERE Foo__c = 1", "INVALID_FIELD", "No such column 'Foo__c'"),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported"),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Foos'"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "of type int and should not be"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE LastActivityDate = 2026-02-30", "MALFORMED_QUERY", "Invalid date"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Account ORDER BY Description", "MALFORMED_QUERY", "can not be sorted"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT COUNT(Id) FROM Account GROUP BY CreatedDate", "MALFORMED_QUERY", "can not be grouped"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT"),
        ("SELECT Id FROM Account ~", "MALFORMED_QUERY", "unexpected char '~'"),
        ("SELECT Id FROM Account; DROP TABLE x", "MALFORMED_QUERY", "unexpected char ';'"),
    ],
)
def test_a_wrong_statement_is_refused_in_salesforces_words(statement: str, code: str, told: str) -> None:
    with pytest.raises(QueryError) as refused:
        run(COMPANY, parse(statement), statement, TODAY)
    assert refused.value.code == code
    assert told in str(refused.value)


def test_an_error_points_at_its_place() -> None:
    with pytest.raises(QueryError) as refused:
        parse("SELECT Id\nFROM Account\nWHERE Name ==  'x'")
    assert str(refused.value) == (
        "\nWHERE Name ==  'x'\n            ^\nERROR at Row:3:Column:13\nunexpected token: '='"
    )


@pytest.mark.parametrize(
    ("literal", "first", "end"),
    [
        ("TODAY", "2026-11-20", "2026-11-21"),
        ("YESTERDAY", "2026-11-19", "2026-11-20"),
        ("TOMORROW", "2026-11-21", "2026-11-22"),
        ("LAST_WEEK", "2026-11-08", "2026-11-15"),
        ("THIS_WEEK", "2026-11-15", "2026-11-22"),
        ("NEXT_WEEK", "2026-11-22", "2026-11-29"),
        ("LAST_MONTH", "2026-10-01", "2026-11-01"),
        ("THIS_MONTH", "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("LAST_QUARTER", "2026-07-01", "2026-10-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_90_DAYS", "2026-08-22", "2026-11-21"),
        ("LAST_N_DAYS:3", "2026-11-17", "2026-11-21"),
        ("NEXT_N_DAYS:3", "2026-11-21", "2026-11-24"),
        ("LAST_N_MONTHS:2", "2026-09-01", "2026-11-01"),
        ("NEXT_N_WEEKS:1", "2026-11-22", "2026-11-29"),
        ("N_DAYS_AGO:3", "2026-11-17", "2026-11-18"),
        ("N_MONTHS_AGO:11", "2025-12-01", "2026-01-01"),
    ],
)
def test_a_relative_date_covers_the_documented_days(literal: str, first: str, end: str) -> None:
    assert span(literal, TODAY) == (date.fromisoformat(first), date.fromisoformat(end))


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(1, 400))
def test_the_last_n_days_end_today(today: date, count: int) -> None:
    first, end = span(f"LAST_N_DAYS:{count}", today)
    assert end == today + timedelta(days=1)
    assert (today - first).days == count
