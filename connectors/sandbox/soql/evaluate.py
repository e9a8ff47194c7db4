"""Runs a statement: which rows, in which order, and how each is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.schema import TEXTUAL, Kind
from connectors.sandbox.soql.aggregate import is_aggregate, run_aggregate
from connectors.sandbox.soql.conditions import compile_condition
from connectors.sandbox.soql.scope import Scope, no_such_parent, scope_of
from connectors.sandbox.soql.tree import All, Call, Compare, Fields, In, Path, Select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from connectors.port import Value
    from connectors.sandbox.schema import Column, Entity, Row
    from connectors.sandbox.soql.scope import Source
    from connectors.sandbox.soql.tree import Condition, Order

FIELDS_LIMIT = 200
_COMPOUND = {"Street": "street", "City": "city", "State": "state", "PostalCode": "postalCode", "Country": "country"}


@dataclass(slots=True)
class Shape:
    """What of a row is shown: fields by name, parents with shapes of their own, children with queries."""

    entity: Entity
    columns: dict[str, Column] = field(default_factory=dict)
    parents: dict[str, tuple[Column, Shape]] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Child:
    """A query for the children of each row."""

    answer: Answer
    column: str
    by_parent: dict[Value, list[Row]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement found. ``rows`` are those of the object; ``groups`` those of an aggregate, ready to show."""

    scope: Scope
    rows: list[Row]
    shape: Shape
    count: int | None = None
    """For ``SELECT COUNT()``: how many there are."""
    groups: list[dict[str, Value]] | None = None


def run(source: Source, select: Select, text: str, today: date, *, deleted: bool = False) -> Answer:
    """Runs the statement. Raises QueryError. ``deleted`` shows deleted rows too."""
    scope = scope_of(source, select, text, today)
    return _run(scope, select, deleted=deleted or select.all_rows)


def _run(scope: Scope, select: Select, *, deleted: bool) -> Answer:
    rows = _matching(scope, select, deleted=deleted)
    if _is_count(select):
        return Answer(
            scope,
            [],
            Shape(scope.entity),
            count=min(len(rows), select.limit if select.limit is not None else len(rows)),
        )
    if is_aggregate(select):
        groups = run_aggregate(scope, select, rows)
        return Answer(scope, [], Shape(scope.entity), groups=groups)
    shape = _shape(scope, select, deleted=deleted)
    for key in reversed(select.order):
        rows = _sorted(scope, key, rows)
    end = None if select.limit is None else select.offset + select.limit
    return Answer(scope, rows[select.offset : end], shape)


def _is_count(select: Select) -> bool:
    first = select.columns[0]
    return len(select.columns) == 1 and isinstance(first, Call) and first.function == "COUNT" and first.argument is None


def _matching(scope: Scope, select: Select, *, deleted: bool) -> list[Row]:
    candidates: Iterable[Row] = _by_id(scope, select.where, deleted=deleted)
    if select.where is None:
        return list(candidates)
    test = compile_condition(select.where, scope)
    return [row for row in candidates if test(row)]


def _by_id(scope: Scope, where: Condition | None, *, deleted: bool) -> list[Row]:
    """The rows worth testing: those with the ids asked for, if the condition names them, else all."""
    ids = _ids_wanted(where)
    if ids is None:
        return scope.source.rows(scope.entity.name, deleted=deleted)
    # A short and a long id may name the same row.
    found = {str(row["Id"]): row for id_ in ids if (row := scope.source.get(scope.entity.name, id_)) is not None}
    return [found[id_] for id_ in sorted(found) if deleted or not found[id_].get("IsDeleted")]


def _ids_wanted(where: Condition | None) -> list[str] | None:
    match where:
        case Compare(Path((name,)), "=", right) if name.lower() == "id" and right.kind == "string":
            return [str(right.value)]
        case In(Path((name,)), tuple() as choices, negated=False) if name.lower() == "id":
            return (
                [str(choice.value) for choice in choices]
                if all(choice.kind == "string" for choice in choices)
                else None
            )
        case All(parts):
            return next((ids for part in parts if (ids := _ids_wanted(part)) is not None), None)
        case _:
            return None


def _sorted(scope: Scope, order: Order, rows: list[Row]) -> list[Row]:
    if isinstance(order.key, Call):
        raise scope.error("MALFORMED_QUERY", f"field '{order.key}' can not be sorted in a query call", order.key.at)
    target = scope.target(order.key)
    if target.column.kind in {Kind.TEXTAREA, Kind.ADDRESS}:
        raise scope.error(
            "MALFORMED_QUERY", f"field '{target.column.name}' can not be sorted in a query call", order.key.at
        )
    read = scope.reader(target)
    textual = target.column.kind in TEXTUAL

    def key(row: Row) -> tuple[str, float] | tuple[float, str]:
        value = read(row)
        if isinstance(value, str):
            return (value.lower() if textual else value, 0.0)
        return (float(value or 0), "")

    empty = [row for row in rows if read(row) is None]
    filled = sorted((row for row in rows if read(row) is not None), key=key, reverse=order.descending)
    return [*filled, *empty] if order.nulls_last else [*empty, *filled]


# How rows are shown


def _shape(scope: Scope, select: Select, *, deleted: bool) -> Shape:
    shape = Shape(scope.entity)
    for column in select.columns:
        match column:
            case Path():
                _add_path(scope, shape, column)
            case Fields():
                _add_fields(scope, shape, select, column)
            case Select():
                _add_child(scope, shape, column, deleted=deleted)
            case Call(argument=Path() as path):
                _add_path(scope, shape, path)
    return shape


def _add_path(scope: Scope, shape: Shape, path: Path) -> None:
    target = scope.target(path)
    for step in target.steps:
        if step.parent not in shape.parents:
            shape.parents[step.parent] = (step, Shape(scope.parent(step)))
            shape.order.append(step.parent)
        shape = shape.parents[step.parent][1]
    if target.column.name in shape.columns:
        raise scope.error("INVALID_FIELD", f"duplicate field selected: {target.name}", path.at)
    shape.columns[target.column.name] = target.column
    shape.order.append(target.column.name)


def _add_fields(scope: Scope, shape: Shape, select: Select, fields: Fields) -> None:
    if select.limit is None or select.limit > FIELDS_LIMIT:
        raise scope.error(
            "MALFORMED_QUERY", f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}", fields.at
        )
    if fields.which not in {"ALL", "STANDARD", "CUSTOM"}:
        raise scope.error("MALFORMED_QUERY", f"unexpected token: '{fields.which}'", fields.at)
    for column in scope.entity.columns.values():
        if fields.which == "ALL" or (fields.which == "CUSTOM") is column.custom or column.name == "Id":
            _add_path(scope, shape, Path((column.name,)))


def _add_child(scope: Scope, shape: Shape, select: Select, *, deleted: bool) -> None:
    names = {name.lower(): name for name in scope.entity.children}
    name = names.get(select.source.lower())
    if name is None:
        raise scope.error("INVALID_TYPE", no_such_parent(select.source, "FROM part of query call"), select.at)
    entity, column = scope.entity.children[name]
    if is_aggregate(select):
        raise scope.error("MALFORMED_QUERY", "a query for children cannot use aggregate functions", select.at)
    child = scope_of(scope.source, Select((), entity, at=select.at), scope.text, scope.today)
    whole = _run(child, Select(select.columns, entity, select.alias, select.where, order=select.order), deleted=deleted)
    by_parent: dict[Value, list[Row]] = {}
    for row in whole.rows:
        siblings = by_parent.setdefault(row.get(column), [])
        if select.limit is None or len(siblings) < select.limit:
            siblings.append(row)
    shape.children[name] = Child(whole, column, by_parent)
    shape.order.append(name)


def show(answer: Answer, attributes: Callable[[str, Row], dict[str, object]]) -> Callable[[Row], dict[str, object]]:
    """A function from a row to what the caller sees of it; ``attributes`` says what stands in front of the fields."""
    return _shower(answer.scope, answer.shape, attributes)


def _shower(
    scope: Scope, shape: Shape, attributes: Callable[[str, Row], dict[str, object]]
) -> Callable[[Row], dict[str, object]]:
    parts = [(name, _part(scope, shape, name, attributes)) for name in shape.order]
    entity = shape.entity.name

    def one(row: Row) -> dict[str, object]:
        return {"attributes": attributes(entity, row), **{name: part(row) for name, part in parts}}

    return one


def _part(
    scope: Scope, shape: Shape, name: str, attributes: Callable[[str, Row], dict[str, object]]
) -> Callable[[Row], object]:
    if name in shape.parents:
        step, inner = shape.parents[name]
        return _parent_part(scope, step, inner, attributes)
    if name in shape.children:
        return _child_part(shape.children[name], attributes)
    column = shape.columns[name]
    if column.kind is Kind.ADDRESS:
        return lambda row: address(column.name, row)
    return lambda row: row.get(name)


def _parent_part(
    scope: Scope, step: Column, inner: Shape, attributes: Callable[[str, Row], dict[str, object]]
) -> Callable[[Row], object]:
    several = len(step.refers) > 1
    fields = _shower(scope, inner, attributes)

    def part(row: Row) -> object:
        parent = scope.parent_row(row, step)
        if parent is None:
            return None
        if not several:
            return fields(parent)
        kind = scope.type_of(parent, step) or step.refers[0]
        typed = {"Type": kind} if "Type" in inner.columns else {}
        return {**fields(parent), "attributes": attributes(kind, parent), **typed}

    return part


def _child_part(child: Child, attributes: Callable[[str, Row], dict[str, object]]) -> Callable[[Row], object]:
    inner = show(child.answer, attributes)

    def part(row: Row) -> object:
        found = child.by_parent.get(row["Id"], [])
        return {"totalSize": len(found), "done": True, "records": [inner(each) for each in found]} if found else None

    return part


def address(compound: str, row: Row) -> dict[str, object] | None:
    """A compound address, or None if every part is empty."""
    stem = compound.removesuffix("Address")
    parts = {key: row.get(f"{stem}{part}") for part, key in _COMPOUND.items()}
    return (
        None
        if all(part is None for part in parts.values())
        else {**parts, "geocodeAccuracy": None, "latitude": None, "longitude": None}
    )
