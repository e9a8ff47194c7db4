"""The accounts as matching wants them: ids, hosts, parents, and which record stands for which account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from connectors.port import Stream
from sync_worker.core.canonical import digest
from sync_worker.core.matching import Known, host_of
from sync_worker.store.json_sql import reader
from sync_worker.store.lookup import latest_change
from sync_worker.store.schema import record, twin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

HOSTS = ("domain", "website")
"""The account fields that may hold a host, in the order in which they are believed."""


def ground(tx: Connection, crms: Sequence[str]) -> dict[str, Any]:
    """What a matching rests on: it need not be made again before this has changed."""
    twins = tx.execute(select(twin.c.account_id, twin.c.home_id).order_by(twin.c.account_id))
    return {
        "crms": list(crms),
        "accounts": latest_change(tx, Stream.ACCOUNTS),
        "twins": digest([list(row) for row in twins]),
    }


def accounts(tx: Connection, crms: Sequence[str]) -> Iterator[Known]:
    """Every live account record of these CRMs, in no particular order."""
    c, read = record.c, reader(tx.dialect.name)
    said = [read.text(c.fields, name) for name in (*HOSTS, "parent")]
    wanted = (
        select(c.id, func.coalesce(twin.c.home_id, c.id), *said)
        .select_from(record.outerjoin(twin, twin.c.account_id == c.id))
        .where(and_(c.stream == Stream.ACCOUNTS.value, c.crm.in_(crms), ~c.deleted))
    )
    for id_, account, *addresses, parent in tx.execute(wanted.execution_options(yield_per=5_000)):
        hosts = dict.fromkeys(host for address in addresses if address and (host := host_of(address)))
        yield Known(id_, account, tuple(hosts), child=parent is not None)
