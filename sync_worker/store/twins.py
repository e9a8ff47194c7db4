"""The accounts that two CRMs have, kept: which record belongs to which account. Pairing itself is in ``core.homes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from connectors.port import Stream
from sync_worker.core.homes import Twin
from sync_worker.store.schema import quarantine, record, twin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import Value


def listed(tx: Connection) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Id, CRM and fields of every live account record that is not set aside, in the order of ids."""
    c, aside = record.c, quarantine.c
    bad = select(aside.id).where(aside.stream == Stream.ACCOUNTS.value)
    wanted = select(c.id, c.crm, c.fields).where(c.stream == Stream.ACCOUNTS.value, ~c.deleted, c.id.not_in(bad))
    shown = tx.execute(wanted.order_by(c.id).execution_options(yield_per=5_000))
    return ((row.id, row.crm, row.fields) for row in shown)


def keep(tx: Connection, twins: Sequence[Twin]) -> bool:
    """Let these be the twins; whether anything changed."""
    known = {row.account_id: Twin(*row) for row in tx.execute(select(twin))}
    if known == {each.account: each for each in twins}:
        return False
    tx.execute(delete(twin))
    if twins:
        rows = [{"account_id": each.account, "home_id": each.home, "because": each.because} for each in twins]
        tx.execute(insert(twin), rows)
    return True


def of(tx: Connection, account: str) -> list[Twin]:
    """The twin that this record is, or the twins that this account has."""
    wanted = select(twin).where((twin.c.account_id == account) | (twin.c.home_id == account))
    return [Twin(*row) for row in tx.execute(wanted.order_by(twin.c.account_id))]
