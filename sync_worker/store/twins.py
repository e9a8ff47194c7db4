"""The accounts that two CRMs have, kept: which record belongs to which account. Pairing itself is in ``core.homes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from connectors.port import Stream
from sync_worker.core.homes import Twin
from sync_worker.store import holds, settings
from sync_worker.store.schema import record, twin
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from sync_worker.core.homes import Homes

_DOUBTFUL = "doubtful_twins"


def listed(tx: Connection) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Id, CRM and fields of every live account record, in the order of ids.

    Those that are set aside are among them, as they were last understood: else the other CRM's record would be taken
    for an account of its own, and planned.
    """
    c = record.c
    wanted = select(c.id, c.crm, c.fields).where(c.stream == Stream.ACCOUNTS.value, ~c.deleted)
    shown = tx.execute(wanted.order_by(c.id).execution_options(yield_per=5_000))
    return ((row.id, row.crm, row.fields) for row in shown)


def keep(tx: Connection, found: Homes, now: datetime) -> None:
    """Let these be the twins. A record that becomes one hands its hold and its rest on to its home."""
    if doubtful(tx) != found.doubtful:
        settings.put(tx, _DOUBTFUL, found.doubtful, now)
    known = {row.account_id: Twin(*row) for row in tx.execute(select(twin))}
    wanted = {each.account: each for each in found.twins}
    for each in found.twins:
        if each.account not in known or known[each.account].home != each.home:
            holds.move(tx, each.account, each.home)
            holds.move_rest(tx, each.account, each.home)
    # Only what differs is written: every row that is tells of an account whose facts are to be made anew.
    for part in chunks([account for account in known if account not in wanted]):
        tx.execute(delete(twin).where(twin.c.account_id.in_(part)))
    new = [each for account, each in wanted.items() if known.get(account) != each]
    upsert(tx, twin, [{"account_id": each.account, "home_id": each.home, "because": each.because} for each in new])


def count(tx: Connection) -> int:
    """How many accounts both CRMs have."""
    return tx.execute(select(func.count()).select_from(twin)).scalar_one()


def doubtful(tx: Connection) -> int:
    """How many records share a site with too many others to be paired."""
    return int(settings.get(tx, _DOUBTFUL) or 0)


def is_twin(tx: Connection, account: str) -> bool:
    """Whether this record is another account's twin."""
    return tx.execute(select(twin.c.home_id).where(twin.c.account_id == account)).scalar() is not None


def of(tx: Connection, account: str) -> list[Twin]:
    """The twin that this record is, or the twins that this account has."""
    wanted = select(twin).where((twin.c.account_id == account) | (twin.c.home_id == account))
    return [Twin(*row) for row in tx.execute(wanted.order_by(twin.c.account_id))]
