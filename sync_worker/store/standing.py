"""How each account stands besides its facts: who owns it, what holds it, whether it rests, what the CRM shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, column, select, table

from sync_worker.store import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.core.model import Value

DO_NOT_MOVE = "marked do-not-move in the CRM"

fact = table("fact", column("account_id"), column("name"), column("owner"), column("do_not_move"), column("in_pool"))
"""The columns that the fact table always has."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One account. ``held`` says why nothing may move it now; empty where nothing holds it."""

    crm: str
    """The CRM whose record it is."""
    name: str
    owner: str | None
    held: str
    in_pool: bool
    resting: bool
    previous_owner: str | None


def standing(tx: Connection, now: datetime, account: str | None = None) -> Mapping[str, Standing]:
    """Every account of the fact table (or just one), with its holds and rests as they are at ``now``."""
    hold, rest, f, record = schema.hold.c, schema.rest.c, fact.c, schema.record.c
    wanted = (
        select(f.account_id, record.crm, f.name, f.owner, f.do_not_move, f.in_pool)
        .add_columns(hold.reason, hold.until.label("held_until"), rest.until.label("rests_until"), rest.previous_owner)
        .select_from(fact)
        .join(schema.record, and_(record.stream == "accounts", record.id == f.account_id))
        .outerjoin(schema.hold, and_(hold.account_id == f.account_id, hold.until > now))
        .outerjoin(schema.rest, rest.account_id == f.account_id)
    )
    if account is not None:
        wanted = wanted.where(f.account_id == account)
    return {row.account_id: _standing(row, now) for row in tx.execute(wanted)}


def shown(tx: Connection, names: Collection[str]) -> Mapping[str, Mapping[str, Value]]:
    """These fields of every live account, as the CRM showed them at the latest pull."""
    record = schema.record.c
    wanted = select(record.id, record.fields).where(record.stream == "accounts", record.deleted.is_(False))
    return {row.id: {name: row.fields.get(name) for name in names} for row in tx.execute(wanted)}


def filled(tx: Connection, name: str) -> Mapping[str, str]:
    """What stands in this field, as text, of every live account where something does."""
    record = schema.record.c
    said = record.fields[name].as_string()
    wanted = select(record.id, said).where(record.stream == "accounts", record.deleted.is_(False), said.is_not(None))
    return {id_: text for id_, text in tx.execute(wanted) if text.strip()}


def _standing(row: Any, now: datetime) -> Standing:  # noqa: ANN401 - a row of the query above
    return Standing(
        crm=row.crm,
        name=row.name or row.account_id,
        owner=row.owner,
        held=DO_NOT_MOVE if row.do_not_move else _hold(row),
        in_pool=bool(row.in_pool),
        resting=row.rests_until is not None and row.rests_until > now,
        previous_owner=row.previous_owner,
    )


def _hold(row: Any) -> str:  # noqa: ANN401 - a row of the query above
    return lasting(row.reason, row.held_until) if row.held_until else ""


def lasting(reason: str, until: datetime) -> str:
    """Why a hold keeps an account, and how long."""
    return f"{reason}; held until {until:%Y-%m-%d}"
