"""Conditions as functions of a row. Two-valued, as Salesforce's are: a comparison with null is false, ``!=`` true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.sandbox.ids import canonical
from connectors.sandbox.schema import IDS, NUMERIC, TEXTUAL, Kind, Row
from connectors.sandbox.soql.moments import day, moment, span
from connectors.sandbox.soql.tree import All, Any, Call, Compare, Condition, In, Literal, Not, Path, Select

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from connectors.port import Value
    from connectors.sandbox.schema import Column
    from connectors.sandbox.soql.scope import Scope

    Operand = Callable[[Path | Call, Scope], tuple[Callable[[Row], Value], Column]]

_TYPE_WORDS = {Kind.BOOLEAN: "boolean", Kind.DATE: "date", Kind.DATETIME: "dateTime", Kind.INT: "int"}
_PARTS = {"CALENDAR_YEAR": slice(0, 4), "CALENDAR_MONTH": slice(5, 7), "CALENDAR_QUARTER": slice(5, 7)}


def compile_condition(condition: Condition, scope: Scope, operand: Operand | None = None) -> Callable[[Row], bool]:
    """The condition as a function. Raises QueryError for unknown fields and values of the wrong type.

    ``operand`` says what stands on the left of a comparison; by default a field of the row.
    """
    find = operand or read_operand
    match condition:
        case All(parts):
            tests = [compile_condition(part, scope, find) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case Any(parts):
            tests = [compile_condition(part, scope, find) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case Not(inner):
            test = compile_condition(inner, scope, find)
            return lambda row: not test(row)
        case In():
            return _membership(condition, scope, find)
        case Compare():
            return _comparison(condition, scope, find)


def read_operand(left: Path | Call, scope: Scope) -> tuple[Callable[[Row], Value], Column]:
    """The value on the left of a comparison, and the field that it comes from."""
    path = left.argument if isinstance(left, Call) else left
    if path is None:
        raise scope.error("MALFORMED_QUERY", "unexpected token: ')'", left.at)
    target = scope.target(path)
    read = scope.reader(target)
    if isinstance(left, Path) or left.function == "TOLABEL":
        return read, target.column
    return date_part(left.function, read), target.column


def date_part(function: str, read: Callable[[Row], Value]) -> Callable[[Row], Value]:
    """``DAY_ONLY`` and ``CALENDAR_…`` of a date or time."""

    def part(row: Row) -> Value:
        value = read(row)
        if not isinstance(value, str):
            return None
        if function == "DAY_ONLY":
            return value[:10]
        figure = int(value[_PARTS[function]])
        return (figure + 2) // 3 if function == "CALENDAR_QUARTER" else figure

    return part


def _comparison(condition: Compare, scope: Scope, operand: Operand) -> Callable[[Row], bool]:
    read, column = operand(condition.left, scope)
    op, literal = condition.op, condition.right
    if not column.filterable or column.kind is Kind.TEXTAREA:
        raise scope.error(
            "INVALID_FIELD", f"field '{column.name}' can not be filtered in a query call", condition.left.at
        )
    if literal.kind == "null" or (literal.value == "" and column.kind in TEXTUAL and op in {"=", "!="}):
        return _null_test(op, read, condition, scope)
    if op == "like":
        return _like(condition, read, column, scope)
    if literal.kind == "relative":
        return _relative(condition, read, column, scope)
    wanted = _typed(condition.left, column, literal, scope)
    return _ordered(op, _folded(read, column), wanted)


def _null_test(op: str, read: Callable[[Row], Value], condition: Compare, scope: Scope) -> Callable[[Row], bool]:
    if op == "=":
        return lambda row: read(row) is None
    if op == "!=":
        return lambda row: read(row) is not None
    raise scope.error(
        "INVALID_QUERY_FILTER_OPERATOR", "invalid operator: null can only be compared with = and !=", condition.right.at
    )


def _folded(read: Callable[[Row], Value], column: Column) -> Callable[[Row], Value]:
    """Text is compared without regard to case."""
    if column.kind not in TEXTUAL:
        return read

    def fold(row: Row) -> Value:
        value = read(row)
        return value.lower() if isinstance(value, str) else value

    return fold


def _ordered(op: str, read: Callable[[Row], Value], wanted: Value) -> Callable[[Row], bool]:
    if op == "=":
        return lambda row: read(row) == wanted
    if op == "!=":
        return lambda row: read(row) != wanted

    def test(row: Row) -> bool:
        value = read(row)
        return value is not None and _holds(op, value, wanted)

    return test


def _holds(op: str, left: Value, right: Value) -> bool:
    # Both sides are of the field's type: the literal was checked, and the row was when it was written.
    a, b = (left, right) if isinstance(left, str) and isinstance(right, str) else (float(left or 0), float(right or 0))
    match op:
        case "<":
            return a < b  # type: ignore[operator]
        case "<=":
            return a <= b  # type: ignore[operator]
        case ">":
            return a > b  # type: ignore[operator]
        case _:
            return a >= b  # type: ignore[operator]


def _like(condition: Compare, read: Callable[[Row], Value], column: Column, scope: Scope) -> Callable[[Row], bool]:
    if column.kind not in TEXTUAL or condition.right.kind != "string":
        raise scope.error(
            "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {_word(column)} field", condition.right.at
        )
    pattern = re.compile(_pattern(str(condition.right.value)), re.IGNORECASE | re.DOTALL)

    def test(row: Row) -> bool:
        value = read(row)
        return isinstance(value, str) and pattern.fullmatch(value) is not None

    return test


def _pattern(like: str) -> str:
    """A regular expression for a LIKE pattern: % is any text, _ one character, a backslash takes them literally."""
    out, at = [], 0
    while at < len(like):
        if like[at] == "\\" and like[at + 1 : at + 2] in {"_", "%"}:
            out.append(re.escape(like[at + 1]))
            at += 2
            continue
        out.append({"%": ".*", "_": "."}.get(like[at]) or re.escape(like[at]))
        at += 1
    return "".join(out)


def _relative(condition: Compare, read: Callable[[Row], Value], column: Column, scope: Scope) -> Callable[[Row], bool]:
    if column.kind not in {Kind.DATE, Kind.DATETIME}:
        raise _wrong_type(condition.left, column, scope)
    first, end = (_edge(each, column) for each in span(str(condition.right.value), scope.today))

    def inside(value: str) -> bool:
        return first <= value < end

    tests: dict[str, Callable[[str], bool]] = {
        "=": inside,
        "<": lambda value: value < first,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= first,
    }

    def test(row: Row) -> bool:
        value = read(row)
        if condition.op == "!=":
            return not isinstance(value, str) or not inside(value)
        return isinstance(value, str) and tests[condition.op](value)

    return test


def _edge(edge: date, column: Column) -> str:
    return edge.isoformat() if column.kind is Kind.DATE else f"{edge.isoformat()}T00:00:00.000+0000"


def _membership(condition: In, scope: Scope, operand: Operand) -> Callable[[Row], bool]:
    read, column = operand(condition.left, scope)
    if isinstance(condition.choices, Select):
        wanted = _answered(condition.choices, scope)
    else:
        wanted = {_choice(condition, column, literal, scope) for literal in condition.choices}
    folded = _folded(read, column)
    if condition.negated:
        return lambda row: folded(row) not in wanted
    return lambda row: folded(row) in wanted


def _choice(condition: In, column: Column, literal: Literal, scope: Scope) -> Value:
    return None if literal.kind == "null" else _typed(condition.left, column, literal, scope)


def _answered(select: Select, scope: Scope) -> set[Value]:
    """The values of a semi-join: one field of the rows that match."""
    inner = scope.inner(select)
    column = select.columns[0]
    if len(select.columns) != 1 or not isinstance(column, Path):
        raise scope.error("MALFORMED_QUERY", "semi join sub-selects can only have one field", select.at)
    read = inner.reader(inner.target(column))
    test = compile_condition(select.where, inner) if select.where else None
    rows = inner.source.rows(inner.entity.name)
    return {read(row) for row in rows if test is None or test(row)} - {None}


def _typed(left: Path | Call, column: Column, literal: Literal, scope: Scope) -> Value:
    """A literal as the rows hold such values. Raises QueryError INVALID_FIELD if it is of another type."""
    if isinstance(left, Call) and left.function in _PARTS and literal.kind == "number":
        return literal.value
    if column.kind in IDS and literal.kind == "string":
        return _id(left, literal, scope)
    if column.kind in TEXTUAL and literal.kind == "string":
        return re.sub(r"\\([_%])", r"\1", str(literal.value)).lower()
    if column.kind in NUMERIC and literal.kind == "number":
        return literal.value
    if column.kind is Kind.BOOLEAN and literal.kind == "boolean":
        return literal.value
    return _date_typed(left, column, literal, scope)


def _id(left: Path | Call, literal: Literal, scope: Scope) -> str:
    found = canonical(literal.value)
    if found is None:
        raise scope.error("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.value}", left.at)
    return found


def _date_typed(left: Path | Call, column: Column, literal: Literal, scope: Scope) -> Value:
    day_only = column.kind is Kind.DATE or (isinstance(left, Call) and left.function == "DAY_ONLY")
    try:
        if day_only and literal.kind == "date":
            return day(str(literal.value))
        if column.kind is Kind.DATETIME and not day_only and literal.kind == "datetime":
            return moment(str(literal.value))
    except ValueError:
        raise scope.error("MALFORMED_QUERY", f"Invalid date: {literal.value}", literal.at) from None
    raise _wrong_type(left, column, scope)


def _wrong_type(left: Path | Call, column: Column, scope: Scope) -> Exception:
    quotes = "should be enclosed in quotes" if column.kind in TEXTUAL | IDS else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{column.name}' must be of type {_word(column)} and {quotes}"
    return scope.error("INVALID_FIELD", message, left.at)


def _word(column: Column) -> str:
    if column.kind in TEXTUAL:
        return "string"
    return _TYPE_WORDS.get(column.kind, "double" if column.kind in NUMERIC else column.kind.value)
