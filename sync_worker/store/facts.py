"""One wide row for each account with exactly what the rules read, and one for each user; built anew for every pass.

Table ``fact`` always has ``account_id name owner in_pool do_not_move held_until resting_until``; the rest of its
columns, and those of ``rep_fact``, are those that the rules ask for. Built in SQL, set by set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Float, MetaData, Table, Text, bindparam, func, insert, select, update

from connectors.port import Stream
from rules import EngagementSource, FactColumn, FieldInfo, FieldSource, IntentSource, Reps, TouchSource, Type
from rules.facts import column_of
from rules.tree import FieldValue
from sync_worker.core.canonical import digest
from sync_worker.store import engagement, schema, settings
from sync_worker.store.derivable import DERIVED, REP_DERIVED, FactSettings
from sync_worker.store.derived import Accounts
from sync_worker.store.json_sql import reader
from sync_worker.store.sources import filed
from sync_worker.store.upsert import chunks, latest_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select
    from sqlalchemy.types import TypeEngine

    from sync_worker.core.model import Value

__all__ = [
    "DERIVED",
    "REP_DERIVED",
    "FactSettings",
    "Inputs",
    "build",
    "build_reps",
    "inputs",
    "read_sets",
    "row",
]

ALWAYS = {
    "name": Type.TEXT,
    "owner": Type.TEXT,
    "in_pool": Type.BOOLEAN,
    "do_not_move": Type.BOOLEAN,
    "held_until": Type.DATE,
    "resting_until": Type.DATE,
}
"""The columns that the fact table has whatever the rules read."""

HONOURED = ("do_not_move", "held_until")
"""What keeps the worker away whatever the rules read: it belongs to every read set."""

_SQL_TYPES: Mapping[Type, TypeEngine[Any]] = {
    Type.TEXT: Text(),
    Type.NUMBER: Float(53),
    Type.BOOLEAN: Boolean(),
    Type.DATE: Text(),
}
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build(tx: Connection, columns: Sequence[FactColumn], *, now: datetime, settings: FactSettings) -> int:
    """Build the table ``fact`` for the live accounts that are not set aside; how many there are.

    ``columns`` are those that the rules read. Engagement stays folded: ``engagement.refold`` must know its half-lives.
    """
    accounts = Accounts(reader(tx.dialect.name), now, settings, filed(tx, columns, now))
    values: dict[str, ColumnElement[Any]] = {"account_id": accounts.account.c.id}
    for name, kind in ALWAYS.items():
        values[name] = accounts.derived(name) if name in DERIVED else accounts.own(name, kind)
    values |= {column.name: _value(accounts, column) for column in columns if column.name not in values}
    types = {column.name: column.type for column in columns} | ALWAYS
    table = _make(tx, "fact", "account_id", types)
    _remember(tx, types, columns, now)
    return _fill(tx, table, list(values), accounts.select(values))


def build_reps(tx: Connection, fields: Mapping[str, FieldInfo], reps: Reps | None = None) -> int:
    """Build the table ``rep_fact`` with these fields for every user that the CRM shows; how many there are.

    What the rule files say of ``reps`` goes before what the CRM shows, for every user with the e-mail address.
    """
    read, user = reader(tx.dialect.name), schema.record.c
    known = {**fields, **REP_DERIVED, **(reps.fields if reps else {})}
    ways = {Type.TEXT: read.text, Type.NUMBER: read.number, Type.BOOLEAN: read.yes_no, Type.DATE: read.date}
    columns = {column_of(FieldValue(name, info.type)).name: info for name, info in known.items()}
    table = _make(tx, "rep_fact", "rep_id", {column: info.type for column, info in columns.items()})
    values = [ways[info.type](user.fields, info.name).label(column) for column, info in columns.items()]
    shown = select(user.id, *values).where(user.stream == Stream.USERS.value, ~user.deleted).order_by(user.id)
    count = _fill(tx, table, ["rep_id", *columns], shown)
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


def read_sets(tx: Connection, account_ids: Sequence[str] | None = None) -> dict[str, str]:
    """Account id → SHA-256 of everything that a decision about it rests on (I3); all accounts, or these.

    The canonical JSON of the columns that the rules read, of ``do_not_move`` and of ``held_until``. Engagement
    enters in a form that does not change when the landmark moves.
    """
    facts = _facts(tx)
    names = sorted({*facts.read, *HONOURED})
    wanted = [facts.table.c[name] for name in names]
    found: dict[str, str] = {}
    for each in _rows(tx, facts.table, wanted, account_ids):
        values = {name: facts.steady(name, value) for name, value in zip(names, each[1:], strict=True)}
        found[each[0]] = digest(values)
    return found


def row(tx: Connection, account_id: str) -> Mapping[str, Value]:
    """One account's facts as people read them: engagement decayed to the moment of building. Raises KeyError."""
    return inputs(tx)[account_id]


def inputs(tx: Connection) -> Inputs:
    """Every account's facts by id, read as they are asked for, in this transaction."""
    return Inputs(tx, _facts(tx))


@dataclass(frozen=True, slots=True)
class _Facts:
    """The fact table as it was built last. ``folded``: half-life by the name of an engagement column."""

    table: Table
    read: tuple[str, ...]
    folded: Mapping[str, float]
    landmark: datetime
    built_at: datetime

    def steady(self, name: str, value: Value) -> Value:
        """The value in a form that only events change: a folded sum as its logarithm, counted from 1970."""
        if name not in self.folded or not isinstance(value, float):
            return value
        return round(math.log2(value) + (self.landmark - _EPOCH) / _DAY / self.folded[name], 6) if value > 0 else None

    def readable(self, each: RowMapping) -> dict[str, Value]:
        """The row with engagement decayed to the moment of building."""
        shown = dict(each)
        for name, half_life in self.folded.items():
            decay = math.exp2(-((self.built_at - self.landmark) / _DAY) / half_life)
            shown[name] = round(shown[name] * decay, 6)
        del shown["account_id"]
        return shown


@dataclass(slots=True)
class Inputs:
    """Facts by account id. Reads ahead while it is asked in the order of ids, as a full pass does."""

    tx: Connection
    facts: _Facts
    ahead: int = 1
    used: int = 0
    held: dict[str, dict[str, Value]] = field(default_factory=dict)

    def __getitem__(self, account_id: str) -> Mapping[str, Value]:
        if account_id not in self.held:
            # Twice as far when what was read ahead was used, half as far when it was not.
            self.ahead = min(self.ahead * 2, 1000) if 2 * self.used >= self.ahead else max(self.ahead // 2, 1)
            self.used, self.held = 0, self._read(account_id)
        self.used += 1
        return self.held[account_id]

    def _read(self, account_id: str) -> dict[str, dict[str, Value]]:
        c = self.facts.table.c
        wanted = select(self.facts.table).where(c.account_id >= account_id).order_by(c.account_id).limit(self.ahead)
        return {each["account_id"]: self.facts.readable(each) for each in self.tx.execute(wanted).mappings()}


def _value(accounts: Accounts, column: FactColumn) -> ColumnElement[Any]:
    match column.source:
        case FieldSource(field=name):
            return accounts.derived(name) if name in DERIVED else accounts.field(name, column.type)
        case EngagementSource(kind=kind, half_life_days=half_life):
            return accounts.engagement(kind, half_life)
        case TouchSource(days=days):
            return accounts.touches(days)
        case IntentSource(topic=topic):
            return accounts.intent(topic)
        case source:
            raise LookupError(f"nothing is known of {source}")


def _make(tx: Connection, name: str, key: str, columns: Mapping[str, Type]) -> Table:
    """The table, empty, with these columns. Dropping it is as quick as emptying it, and takes its pages back."""
    table = _table(name, key, columns)
    table.drop(tx, checkfirst=True)
    table.create(tx)
    return table


def _fill(tx: Connection, table: Table, columns: Sequence[str], rows: Select[Any]) -> int:
    # The driver knows the count; without the option SQLAlchemy does not ask it after an INSERT.
    return tx.execute(insert(table).from_select(columns, rows), execution_options={"preserve_rowcount": True}).rowcount


def _table(name: str, key: str, columns: Mapping[str, Type]) -> Table:
    typed = (Column(column, _SQL_TYPES[kind]) for column, kind in columns.items())
    # Clustered by its key on SQLite: rows are written and read in that order.
    return Table(name, MetaData(), Column(key, Text, primary_key=True), *typed, sqlite_with_rowid=False)


def _remember(tx: Connection, types: Mapping[str, Type], columns: Sequence[FactColumn], now: datetime) -> None:
    folded = {c.name: c.source.half_life_days for c in columns if isinstance(c.source, EngagementSource)}
    built = {
        "types": dict(types),
        "read": sorted({column.name for column in columns}),
        "folded": folded,
        "built_at": now.isoformat(),
        "sequence": latest_number(tx, "record"),
    }
    settings.put(tx, "fact_columns", built, now)


def _facts(tx: Connection) -> _Facts:
    built = settings.get(tx, "fact_columns")
    if built is None:
        raise LookupError("facts were never built")
    return _Facts(
        table=_table("fact", "account_id", {name: Type(kind) for name, kind in built["types"].items()}),
        read=tuple(built["read"]),
        folded=built["folded"],
        landmark=engagement.landmark(tx),
        built_at=datetime.fromisoformat(built["built_at"]),
    )


def _rows(
    tx: Connection, table: Table, columns: Sequence[ColumnElement[Any]], account_ids: Sequence[str] | None
) -> Iterator[Sequence[Any]]:
    wanted = select(table.c.account_id, *columns)
    if account_ids is None:
        yield from tx.execute(wanted.execution_options(yield_per=10_000))
        return
    for part in chunks(account_ids):
        yield from tx.execute(wanted.where(table.c.account_id.in_(part)))
