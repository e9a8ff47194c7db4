"""Insert-or-update in the words of both engines, and numbers for changes. It knows no stream and no field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from sync_worker.store.schema import sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table
    from sqlalchemy.dialects.postgresql.dml import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert

    Insert = SqliteInsert | PostgresqlInsert
    Change = Callable[[Insert], Mapping[str, ColumnElement[Any]]]
    Condition = Callable[[Insert], ColumnElement[bool]]

T = TypeVar("T")

CHUNK = 1000
"""Ids in one statement: far below every engine's limit on parameters, and few enough to plan fast."""


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The values in pieces of at most ``size``."""
    return (values[start : start + size] for start in range(0, len(values), size))


def upsert(
    tx: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    change: Change | None = None,
    where: Condition | None = None,
) -> None:
    """Insert rows, or update those whose primary key is there: every other given column, or what ``change`` says.

    ``where``: which of those that are there are updated at all.
    """
    if not rows:
        return
    insert: Insert = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    if change is None:
        new = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    else:
        new = cast("dict[Any, Any]", change(insert))
    only = where(insert) if where else None
    statement = insert.on_conflict_do_update(index_elements=keys, set_=new, where=only)
    tx.execute(statement, [dict(row) for row in rows])


def insert_if_absent(tx: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there; whether it was inserted. Of two at once, one gets True."""
    insert: Insert = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    statement = insert.values(**row).on_conflict_do_nothing()
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def latest_number(tx: Connection, name: str) -> int:
    """The last number that was taken of a sequence; 0 before the first."""
    return tx.execute(select(sequence.c.value).where(sequence.c.name == name)).scalar() or 0


def next_numbers(tx: Connection, name: str, count: int) -> int:
    """Take ``count`` numbers of a sequence; the first of them. Others wait for this transaction's end.

    Because of that wait, numbers become visible in their order: a reader who has seen n has seen all before n.
    """
    insert: Insert = sqlite.insert(sequence) if tx.dialect.name == "sqlite" else postgresql.insert(sequence)
    statement = insert.values(name=name, value=count).on_conflict_do_update(
        index_elements=["name"], set_={"value": sequence.c.value + count}
    )
    last: int = tx.execute(statement.returning(sequence.c.value)).scalar_one()
    return last - count + 1
