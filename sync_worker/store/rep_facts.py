"""One row for each user with what books read of reps: table ``rep_fact``, built anew for every pass, set by set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update

from connectors.port import Stream
from rules import FieldInfo, Reps, Type
from rules.facts import column_of
from rules.tree import FieldValue
from sync_worker.store import schema
from sync_worker.store.derivable import REP_DERIVED
from sync_worker.store.json_sql import reader
from sync_worker.store.wide import fill, make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table


def build_reps(tx: Connection, fields: Mapping[str, FieldInfo], reps: Reps | None = None) -> int:
    """Build the table ``rep_fact`` with these fields for every user that the CRM shows; how many there are.

    What the rule files say of ``reps`` goes before what the CRM shows, for every user with the e-mail address.
    """
    read, user = reader(tx.dialect.name), schema.record.c
    known = {**fields, **REP_DERIVED, **(reps.fields if reps else {})}
    ways = {Type.TEXT: read.text, Type.NUMBER: read.number, Type.BOOLEAN: read.yes_no, Type.DATE: read.date}
    columns = {column_of(FieldValue(name, info.type)).name: info for name, info in known.items()}
    table = make(tx, "rep_fact", "rep_id", {column: info.type for column, info in columns.items()})
    values = [ways[info.type](user.fields, info.name).label(column) for column, info in columns.items()]
    shown = select(user.id, *values).where(user.stream == Stream.USERS.value, ~user.deleted).order_by(user.id)
    count = fill(tx, table, ["rep_id", *columns], shown)
    if reps and reps.rows:
        _lay_over(tx, table, reps)
    return count


def _lay_over(tx: Connection, table: Table, reps: Reps) -> None:
    """Write what the files say of each rep over the rows of the users with that e-mail address; empty says nothing."""
    columns = {column_of(FieldValue(name, info.type)).name: name for name, info in reps.fields.items()}
    said = {row.email: row.values for row in reps.rows}
    user = schema.record.c
    email = reader(tx.dialect.name).text(user.fields, "email")
    users = tx.execute(select(user.id, email).where(user.stream == Stream.USERS.value, ~user.deleted)).all()
    found = [
        {"rep__id": id_, **{f"said__{at}": said[email.lower()].get(name) for at, name in enumerate(columns.values())}}
        for id_, email in users
        if email and email.lower() in said
    ]
    first = {
        column: func.coalesce(bindparam(f"said__{at}", type_=table.c[column].type), table.c[column])
        for at, column in enumerate(columns)
    }
    if found and first:
        tx.execute(update(table).where(table.c.rep_id == bindparam("rep__id")).values(first), found)
