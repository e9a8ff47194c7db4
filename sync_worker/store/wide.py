"""Wide tables whose columns the rules decide: made, filled, put in each other's place. It knows no fact."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    or_,
    select,
)

from rules import Type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy.types import TypeEngine

SQL_TYPES: Mapping[Type, TypeEngine[Any]] = {
    Type.TEXT: Text(),
    Type.NUMBER: Float(53),
    Type.BOOLEAN: Boolean(),
    Type.DATE: Text(),
}


def table(name: str, key: str, columns: Mapping[str, Type], own: Sequence[str] = ()) -> Table:
    """The table. ``own``: columns for whole numbers that no rule reads."""
    return _table(name, key, tuple(columns.items()), tuple(own))


@lru_cache(maxsize=32)
def _table(name: str, key: str, columns: tuple[tuple[str, Type], ...], own: tuple[str, ...]) -> Table:
    """The same for the same words: SQLAlchemy knows by the table which statements it has already written."""
    typed = (Column(column, SQL_TYPES[kind]) for column, kind in columns)
    # Clustered by its key on SQLite: rows are written and read in that order.
    return Table(
        name,
        MetaData(),
        Column(key, Text, primary_key=True),
        *typed,
        *(Column(column, Integer) for column in own),
        sqlite_with_rowid=False,
    )


def make(tx: Connection, name: str, key: str, columns: Mapping[str, Type], own: Sequence[str] = ()) -> Table:
    """The table, empty, with these columns. Dropping it is as quick as emptying it, and takes its pages back."""
    made = table(name, key, columns, own)
    made.drop(tx, checkfirst=True)
    made.create(tx)
    return made


def fill(tx: Connection, made: Table, columns: Sequence[str], rows: Select[Any]) -> int:
    """Insert the rows; how many there were."""
    # The driver knows the count; without the option SQLAlchemy does not ask it after an INSERT.
    return tx.execute(insert(made).from_select(columns, rows), execution_options={"preserve_rowcount": True}).rowcount


def put_in_place(tx: Connection, made: str, name: str) -> None:
    """Let the table that was made beside take another one's place and name. Both are names of our own."""
    tx.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    tx.exec_driver_sql(f"ALTER TABLE {made} RENAME TO {name}")
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"ALTER INDEX {made}_pkey RENAME TO {name}_pkey")


def drop(tx: Connection, name: str) -> None:
    """Drop a table of our own."""
    tx.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")


def differing(tx: Connection, one: Table, other: Table, scale: Mapping[str, float], aside: Collection[str] = ()) -> int:
    """How many keys have other values in the two tables, or stand in one alone; whatever the columns ``aside`` hold.

    Numbers are the same within 0.000001, or that share of them. ``scale``: what to multiply a column by before that.
    """
    (key,) = (column.name for column in one.primary_key)
    same_key = one.c[key] == other.c[key]
    unlike = [
        _unlike(column, other.c[column.name], scale.get(column.name, 1.0))
        for column in one.c
        if column.name not in {key, *aside}
    ]
    both = select(func.count()).select_from(one.join(other, same_key)).where(or_(*unlike))
    alone = [
        select(func.count()).select_from(left.outerjoin(right, same_key)).where(right.c[key].is_(None))
        for left, right in ((one, other), (other, one))
    ]
    return sum(tx.execute(counted).scalar_one() for counted in (both, *alone))


def _unlike(one: ColumnElement[Any], other: ColumnElement[Any], scale: float) -> ColumnElement[bool]:
    if not isinstance(one.type, Float):
        return one.is_distinct_from(other)
    size = case((func.abs(one * scale) > 1, func.abs(one * scale)), else_=1.0)
    apart = func.abs(one * scale - other * scale) > size * 1e-6
    return or_(and_(one.is_not(None), other.is_not(None), apart), one.is_(None) != other.is_(None))
