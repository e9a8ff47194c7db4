"""The people at each account as rules read them, and the best total of each account. Set by set, in SQL.

Table ``contact_fact`` has a row for each contact at an account: ``contact_id``, ``account_id``, ``good__until`` and the
columns that scores of contacts read. Table ``contact_best`` has a row for each account with contacts: ``account_id``,
``good__until`` and, for each score, the highest total of its contacts. ``good__until`` is the number of the last day on
which the row holds if nothing but time changes; NULL where no day ends it. Both are narrowed to the accounts that are
due as ``fact`` is, and made in the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Index, Integer, Table, TableClause, Text, column, delete, select
from sqlalchemy import table as clause

from rules import Dialect, EngagementSource, Fade, FadingSource, Type
from rules.contacts import CONTACT_TABLE, best_contacts, compile_contacts, contact_needs, contacts_age
from rules.facts import column_of
from rules.sql import named
from rules.tree import BestContact
from sync_worker.store.derived import DUE
from sync_worker.store.derived_contacts import GOOD_UNTIL, People
from sync_worker.store.steady import counted, fading, halved
from sync_worker.store.upsert import chunks
from sync_worker.store.wide import differing, fill, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from rules import Compiled, ContactScore, FactColumn
    from sync_worker.store.derived import Accounts

BEST_TABLE = "contact_best"


def build(tx: Connection, accounts: Accounts) -> None:
    """Make the rows of all accounts, in new tables, or only those of the accounts that are due. Nothing without scores.

    ``accounts`` says which, as of when, and by which scores.
    """
    tables = _Tables.of(accounts.settings.contacts)
    if not accounts.due:
        tables.drop(tx)
    if not tables.scores:
        return
    if accounts.due:
        for made in (tables.facts, tables.best):
            tx.execute(delete(made).where(made.c.account_id.in_(select(DUE.c.account_id))))
    else:
        tables.create(tx)
    tables.fill(tx, accounts)


def check(tx: Connection, accounts: Accounts, *, mend: bool) -> int:
    """Make all rows beside those that there are; how many differ. ``mend``: let new ones take their place."""
    known, beside = _Tables.of(accounts.settings.contacts), _Tables.of(accounts.settings.contacts, "_beside")
    if not known.scores:
        return 0
    beside.drop(tx)
    beside.create(tx)
    beside.fill(tx, accounts)
    wrong = differing(tx, known.facts, beside.facts, {}) + differing(tx, known.best, beside.best, {})
    beside.drop(tx)
    if wrong and mend:
        build(tx, accounts)
    return wrong


def keep_up(accounts: Accounts) -> None:
    """Let no fact hold longer than what is known of the account's contacts, whether a fact tells it or not."""
    if accounts.settings.contacts:
        accounts.ends.append(column(GOOD_UNTIL, Integer, _selectable=_joined(accounts)))


def highest(accounts: Accounts, score: str) -> ColumnElement[Any]:
    """The best total of an account's contacts as a fact; NULL for an account without contacts."""
    name = column_of(BestContact(score)).name
    return column(name, Float(53), _selectable=_joined(accounts))


def _joined(accounts: Accounts) -> TableClause:
    """The totals of all scores, joined once."""
    best = next((one for one in accounts.joins if getattr(one, "name", "") == BEST_TABLE), None)
    if not isinstance(best, TableClause):
        best = clause(BEST_TABLE, column("account_id", Text))
        accounts.joins[best] = best.c.account_id == accounts.account.c.id
    return best


def ways(scores: Sequence[ContactScore]) -> dict[str, list[Any]]:
    """How each column of ``contact_fact`` grows old: nothing, or the way and over how many days. As JSON has it."""
    return {column.name: _way(column) for column in contact_needs(scores)}


def _way(column: FactColumn) -> list[Any]:
    match column.source:
        case EngagementSource(half_life_days=days):
            return [Fade.HALF_LIFE.value, days]
        case FadingSource(days=days):
            return [Fade.LINEAR.value, days]
        case _:
            return []


def steady(
    tx: Connection, known: Mapping[str, Sequence[Any]], today: int, account_ids: Sequence[str] | None
) -> dict[str, list[Any]]:
    """Account id → what its contacts' scores rest on, in a form that only events change; all accounts, or these.

    ``known``: the ``ways`` of the tables as they stand. ``today``: the number of their day.
    """
    lines = [name for name, way in known.items() if way and way[0] == Fade.LINEAR]
    c: list[ColumnElement[Any]] = [column(name) for name in ("account_id", "contact_id", *known, *map(counted, lines))]
    wanted = select(*c).select_from(clause(CONTACT_TABLE)).order_by(c[0], c[1])
    parts = [wanted] if account_ids is None else [wanted.where(c[0].in_(part)) for part in chunks(account_ids)]
    found: dict[str, list[Any]] = {}
    for part in parts:
        for row in tx.execute(part).mappings():
            values = {name: _steady(name, way, row, today) for name, way in known.items()}
            found.setdefault(row["account_id"], []).append([row["contact_id"], values])
    return found


def _steady(name: str, way: Sequence[Any], row: RowMapping, today: int) -> Any:  # noqa: ANN401 - a value as JSON has it
    if not way:
        return row[name]
    if way[0] == Fade.LINEAR:
        return fading(row[name], row[counted(name)], today, way[1])
    return halved(row[name], today, way[1])


def of_account(
    tx: Connection, scores: Sequence[ContactScore], account: str, now: datetime
) -> tuple[Compiled, list[Mapping[str, Any]]]:
    """Every contact of an account with its points: the compiled columns, and a row for each contact."""
    quoted = account.replace("'", "''")
    compiled = compile_contacts(scores, Dialect(tx.dialect.name), now=now, where=f"account_id = '{quoted}'")
    found = tx.exec_driver_sql(compiled.sql, execution_options={"no_parameters": True})
    return compiled, [dict(row) for row in found.mappings()]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Both tables of these scores."""

    scores: Sequence[ContactScore]
    columns: Sequence[FactColumn]
    facts: Table
    best: Table

    @classmethod
    def of(cls, scores: Sequence[ContactScore], suffix: str = "") -> _Tables:
        columns = contact_needs(scores)
        read = {column.name: column.type for column in columns}
        totals = {column_of(BestContact(one.score.id)).name: Type.NUMBER for one in scores}
        own = (GOOD_UNTIL, *(counted(one.name) for one in columns if isinstance(one.source, FadingSource)))
        facts = table(f"{CONTACT_TABLE}{suffix}", "contact_id", {"account_id": Type.TEXT, **read}, own)
        if not facts.indexes:
            Index(f"ix_{facts.name}_account", facts.c.account_id)
        return cls(scores, columns, facts, table(f"{BEST_TABLE}{suffix}", "account_id", totals, (GOOD_UNTIL,)))

    def drop(self, tx: Connection) -> None:
        for made in (self.facts, self.best):
            made.drop(tx, checkfirst=True)

    def create(self, tx: Connection) -> None:
        for made in (self.facts, self.best):
            made.create(tx)

    def fill(self, tx: Connection, accounts: Accounts) -> None:
        """The rows of the accounts: of the contacts, and from these of the accounts themselves."""
        people = People(accounts, self.columns, ages=contacts_age(self.scores))
        rows = people.select()
        fill(tx, self.facts, [column.name for column in rows.selected_columns], rows)
        where = f"account_id IN (SELECT account_id FROM {DUE.name})" if accounts.due else ""  # noqa: S608 - a constant
        dialect = Dialect(tx.dialect.name)
        compiled = best_contacts(self.scores, dialect, now=accounts.now, where=where, table=self.facts.name)
        # By hand: what rules compile to is text.
        tx.exec_driver_sql(self._best(compiled), execution_options={"no_parameters": True})

    def _best(self, compiled: Compiled) -> str:
        scored = [column_of(BestContact(total.rule)).name for total in compiled.columns[1:]]
        kept = ", ".join(named(name) for name in ("account_id", GOOD_UNTIL, *scored))
        own = "one.account_id = best.account_id"
        ends = f"(SELECT MIN({GOOD_UNTIL}) FROM {self.facts.name} AS one WHERE {own})"  # noqa: S608 - names of our own
        found = ", ".join(["best.account_id", ends, *(column.name for column in compiled.columns[1:])])
        return f"INSERT INTO {self.best.name} ({kept}) SELECT {found} FROM (\n{compiled.sql}\n) AS best"  # noqa: S608 - the same; the rest is the compiler's
