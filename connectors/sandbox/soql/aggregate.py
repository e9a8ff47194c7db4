"""Groups: ``GROUP BY`` and the functions that sum a group up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.schema import IDS, NUMERIC, Column, Kind
from connectors.sandbox.soql.conditions import compile_condition, read_operand
from connectors.sandbox.soql.parser import AGGREGATES
from connectors.sandbox.soql.tree import Call, Fields, Path, Select

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value
    from connectors.sandbox.schema import Row
    from connectors.sandbox.soql.scope import Scope
    from connectors.sandbox.soql.tree import Condition

MOST_GROUPS = 2000
_COUNT = Column("count", Kind.INT, "Count")
_NOT_GROUPABLE = frozenset({Kind.TEXTAREA, Kind.ADDRESS, Kind.DATETIME, Kind.DOUBLE, Kind.CURRENCY, Kind.PERCENT})


def is_aggregate(select: Select) -> bool:
    """Whether the statement answers with groups, not with rows."""
    return bool(select.group) or any(
        isinstance(column, Call) and column.function in AGGREGATES for column in select.columns
    )


def run_aggregate(scope: Scope, select: Select, rows: list[Row]) -> list[dict[str, Value]]:
    """One record for each group, in the order asked for, else in the order of the keys."""
    readers = [_key(scope, key) for key in select.group]
    groups: dict[tuple[Value, ...], list[Row]] = {} if select.group else {(): rows}
    for row in rows if select.group else ():
        groups.setdefault(tuple(read(row) for read in readers), []).append(row)
    columns = [_column(scope, select, column, at) for at, column in enumerate(select.columns)]
    members = [groups[key] for key in sorted(groups, key=lambda key: [(part is not None, str(part)) for part in key])]
    if select.having is not None:
        members = _having(scope, select.having, members)
    for order in reversed(select.order):
        summed = (
            _summing(scope, order.key) if isinstance(order.key, Call) else _first(read_operand(order.key, scope)[0])
        )
        members.sort(key=lambda group: _sortable(summed(group)), reverse=order.descending)
    end = MOST_GROUPS if select.limit is None else min(MOST_GROUPS, select.limit) + select.offset
    return [{name: value(group) for name, value in columns} for group in members[select.offset : end]]


def _having(scope: Scope, condition: Condition, members: list[list[Row]]) -> list[list[Row]]:
    """The groups for which the condition holds. Each is shown to it as a row of the sums that it speaks of."""
    sums: dict[str, Callable[[list[Row]], Value]] = {}

    def operand(left: Path | Call, _scope: Scope) -> tuple[Callable[[Row], Value], Column]:
        name = str(left).lower()
        if isinstance(left, Call) and left.function in AGGREGATES:
            sums[name] = _summing(scope, left)
            counts = left.function.startswith("COUNT") or left.argument is None
            column = _COUNT if counts or left.argument is None else scope.target(left.argument).column
        else:
            read, column = read_operand(left, scope)
            sums[name] = _first(read)
        return (lambda row: row.get(name)), column

    test = compile_condition(condition, scope, operand)
    return [group for group in members if test({name: total(group) for name, total in sums.items()})]


def _key(scope: Scope, key: Path | Call) -> Callable[[Row], Value]:
    read, column = read_operand(key, scope)
    if isinstance(key, Path) and column.kind in _NOT_GROUPABLE:
        raise scope.error("MALFORMED_QUERY", f"field '{column.name}' can not be grouped in a query call", key.at)
    return read


def _sortable(value: Value) -> tuple[bool, float, str]:
    return (value is not None, 0.0, value) if isinstance(value, str) else (value is not None, float(value or 0), "")


def _first(read: Callable[[Row], Value]) -> Callable[[list[Row]], Value]:
    return lambda group: read(group[0]) if group else None


def _column(scope: Scope, select: Select, column: object, at: int) -> tuple[str, Callable[[list[Row]], Value]]:
    if isinstance(column, Call) and column.function in AGGREGATES:
        earlier = sum(isinstance(each, Call) and not each.alias for each in select.columns[:at])
        return column.alias or f"expr{earlier}", _summing(scope, column)
    if isinstance(column, Path | Call):
        if str(column).lower() not in {str(key).lower() for key in select.group} and not _grouped(column, select):
            raise scope.error("MALFORMED_QUERY", f"Field must be grouped or aggregated: {column}", column.at)
        name = column.alias or f"expr{at}" if isinstance(column, Call) else scope.target(column).column.name
        return name, _first(read_operand(column, scope)[0])
    where = column.at if isinstance(column, Fields | Select) else select.at
    raise scope.error(
        "MALFORMED_QUERY", "Grouped query cannot use child relationships or FIELDS() in the SELECT list", where
    )


def _grouped(column: Path | Call, select: Select) -> bool:
    return isinstance(column, Call) and any(
        isinstance(key, Call) and (key.function, str(key.argument)) == (column.function, str(column.argument))
        for key in select.group
    )


def _summing(scope: Scope, call: Call) -> Callable[[list[Row]], Value]:
    if call.argument is None:
        return len
    target = scope.target(call.argument)
    if not _adds_up(call.function, target.column.kind):
        raise scope.error(
            "INVALID_FIELD", f"field {target.name} does not support aggregate operator {call.function}", call.at
        )
    read = scope.reader(target)
    return lambda group: _sum_up(call.function, [value for row in group if (value := read(row)) is not None])


def _adds_up(function: str, kind: Kind) -> bool:
    if function in {"SUM", "AVG"}:
        return kind in NUMERIC
    return kind not in {Kind.TEXTAREA, Kind.ADDRESS} and not (
        function in {"MIN", "MAX"} and kind in IDS | {Kind.BOOLEAN}
    )


def _sum_up(function: str, values: list[Value]) -> Value:
    match function:
        case "COUNT":
            return len(values)
        case "COUNT_DISTINCT":
            return len({value.lower() if isinstance(value, str) else value for value in values})
        case "MIN" | "MAX":
            return (min if function == "MIN" else max)(values, key=_sortable) if values else None
        case _:
            figures = [float(value or 0) for value in values]
            return None if not figures else sum(figures) / (len(figures) if function == "AVG" else 1)
