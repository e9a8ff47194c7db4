"""The market as the store has it: accounts counted by territory, motion and standing, and streamed with their fields.

It reads the facts and the records and writes nothing. What the rules say of each account comes in as compiled SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Text, and_, case, cast, column, false, func, literal, null, or_, select, text

from connectors.port import Stream
from rules import FactColumn, FieldSource, Type
from sync_worker.core.market.whitespace import Cell, Due, Stand
from sync_worker.store import schema
from sync_worker.store.derivable import DERIVED
from sync_worker.store.derived import Accounts
from sync_worker.store.json_sql import reader
from sync_worker.store.sources import filed
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Subquery

    from sync_worker.core.market.whitespace import Quarters
    from sync_worker.store.derivable import FactSettings

Block = Sequence[Sequence[Any]]
"""Some accounts, column by column."""
LARGEST = 1e18
AT_ONCE = 10_000
"""Accounts in one block of a stream."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of each account: a statement over ``fact``, and the columns of it that are asked for."""

    sql: str
    account: str
    in_scope: str
    """The first scope rule that matches, or NULL."""
    territory: str = ""
    """Empty where ``Seen.territory`` names a field instead."""
    motion: str = ""
    value: str = ""
    """A number; empty where ``Seen.value`` names a field instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is to be seen of each account."""

    judged: Judged
    territory: tuple[str, Type] | None = None
    """An account field or a derived one: text or yes/no."""
    value: str = ""
    """A number field whose values are summed."""
    renewal: str = ""
    """A date field: when a customer's contract ends."""
    quarters: Quarters
    fields: Mapping[str, Type] = field(default_factory=dict)
    """What a stream brings of each account."""


def cells(tx: Connection, seen: Seen, *, now: datetime, settings: FactSettings) -> list[Cell]:
    """Every live account that is not set aside, counted."""
    accounts, columns = _columns(tx, seen, now, settings)
    rows = accounts.select(columns).order_by(None).subquery()
    alike = [rows.c[name] for name in ("territory", "motion", "stand", "due")]
    sums = {"accounts": func.count(), "worth": func.sum(rows.c.value), "valued": func.count(rows.c.value)}
    counted = select(*alike, *(sum_.label(name) for name, sum_ in sums.items())).group_by(*alike)
    return [_cell(row) for row in tx.execute(counted)]


def _cell(row: Any) -> Cell:  # noqa: ANN401 - a row of the query above
    due = Due(row.due) if row.due else None
    stand, worth = Stand(row.stand), float(row.worth or 0.0)
    return Cell(row.territory or "", row.motion or "", stand, due, row.accounts, worth, row.valued)


def stream(tx: Connection, seen: Seen, *, now: datetime, settings: FactSettings) -> Iterator[Block]:
    """The accounts of the market, all but those out of scope, by id, block by block.

    Each block has a sequence of ids, of stands, of territories, of values, and one for each of ``seen.fields``.
    """
    accounts, columns = _columns(tx, seen, now, settings)
    shown = {name: columns[name] for name in ("account_id", "stand", "territory", "value")}
    for number, (name, kind) in enumerate(seen.fields.items()):
        shown[f"field__{number}"] = accounts.field(name, kind)
    wanted = accounts.select(shown).where(columns["stand"] != Stand.OUT.value)
    for block in tx.execute(wanted.execution_options(yield_per=AT_ONCE)).partitions():
        yield list(zip(*block, strict=True))


def named(tx: Connection, accounts: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """The name and the owner's id of each account."""
    c = schema.record.c
    found: dict[str, tuple[str, str | None]] = {}
    for part in chunks(accounts):
        rows = tx.execute(select(c.id, c.fields).where(c.stream == Stream.ACCOUNTS.value, c.id.in_(part)))
        found |= {row.id: (str(row.fields.get("name") or row.id), row.fields.get("owner")) for row in rows}
    return found


def _columns(
    tx: Connection, seen: Seen, now: datetime, settings: FactSettings
) -> tuple[Accounts, dict[str, ColumnElement[Any]]]:
    wanted = dict(seen.fields)
    wanted |= {seen.value: Type.NUMBER} if seen.value else {}
    wanted |= {seen.renewal: Type.DATE} if seen.renewal else {}
    if seen.territory:
        wanted[seen.territory[0]] = seen.territory[1]
    read = [FactColumn(name, kind, FieldSource(name)) for name, kind in wanted.items()]
    accounts = Accounts(reader(tx.dialect.name), now, settings, filed(tx, read, now))
    judged = _judged(seen.judged)
    accounts.joins[judged] = judged.c.account_id == accounts.account.c.id
    return accounts, {
        "account_id": accounts.account.c.id,
        "territory": _territory(accounts, seen, judged),
        "motion": judged.c.motion,
        "stand": _stand(accounts, judged),
        "due": _due(accounts, seen),
        "value": _worth(_field(accounts, seen.value, Type.NUMBER) if seen.value else judged.c.value),
    }


def _judged(asked: Judged) -> Subquery:
    """The compiled statement as a table of its own. Its colons are text; ``text`` takes them for parameters."""
    read = {"account_id": asked.account, "in_scope": asked.in_scope}
    read |= {"territory": asked.territory, "motion": asked.motion, "value": asked.value}
    types = {name: Float(53) if name == "value" else Text() for name in read}
    given = [column(found, types[name]) for name, found in read.items() if found]
    made = text(asked.sql.replace(":", r"\:")).columns(*given).subquery("compiled")
    shown = [(made.c[found] if found else cast(null(), types[name])).label(name) for name, found in read.items()]
    return select(*shown).subquery("judged")


def _territory(accounts: Accounts, seen: Seen, judged: Subquery) -> ColumnElement[Any]:
    if seen.territory is None:
        return cast(judged.c.territory, Text)
    name, kind = seen.territory
    value = _field(accounts, name, kind)
    return case((value, "yes"), (~value, "no"), else_=null()) if kind is Type.BOOLEAN else value


def _field(accounts: Accounts, name: str, kind: Type) -> ColumnElement[Any]:
    return accounts.derived(name) if name in DERIVED else accounts.field(name, kind)


def _worth(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The number, within the range that rules count with: beyond it, PostgreSQL takes a sum for an error."""
    return case((func.abs(value) <= LARGEST, value), else_=null())


def _stand(accounts: Accounts, judged: Subquery) -> ColumnElement[Any]:
    owner = accounts.own("owner", Type.TEXT)
    # An owner whom the CRM no longer shows may still be there: absence is never a value.
    left = func.coalesce(~accounts.derived("owner_active"), false())
    return case(
        (accounts.derived("is_customer"), literal(Stand.CUSTOMER.value)),
        (judged.c.in_scope.is_(None), literal(Stand.OUT.value)),
        (or_(accounts.derived("in_pool"), owner.is_(None), left), literal(Stand.UNOWNED.value)),
        else_=literal(Stand.OWNED.value),
    )


def _due(accounts: Accounts, seen: Seen) -> ColumnElement[Any]:
    if not seen.renewal:
        return cast(null(), Text)
    day, q = func.substr(_field(accounts, seen.renewal, Type.DATE), 1, 10), seen.quarters
    ends = ((Due.OVERDUE, q.today), (Due.THIS, q.following), (Due.NEXT, q.end))
    return case(*(((and_(day.is_not(None), day < end.isoformat())), literal(due.value)) for due, end in ends))
