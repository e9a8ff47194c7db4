"""Inserts that either engine writes in its own words. It knows no table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key is there, even one that another transaction is just writing."""
    tx.execute(_insert(tx, table).values(values).on_conflict_do_nothing())


def put(tx: Connection, table: Table, values: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or replace what stands under its key."""
    rest = {name: value for name, value in values.items() if name not in key}
    tx.execute(_insert(tx, table).values(values).on_conflict_do_update(index_elements=list(key), set_=rest))


def _insert(tx: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
