"""Accounts and leads as matching wants them: ids, hosts, names, addresses, and how accounts stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from connectors.port import Stream
from sync_worker.core.canonical import digest
from sync_worker.core.matching import Known, Sought, Standing, host_of, site_of
from sync_worker.store.json_sql import reader
from sync_worker.store.lookup import latest_change
from sync_worker.store.schema import activity, record, twin
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection

HOSTS = ("domain", "website")
"""The account fields that may hold a host, in the order in which they are believed."""

ADDRESS = ("country", "city", "postcode", "phone")
"""Fields that are evidence, of accounts and leads alike, as far as the config maps them."""

STREAMS = (Stream.ACCOUNTS, Stream.LEADS, Stream.CONTACTS, Stream.OPPORTUNITIES, Stream.ACTIVITIES)
"""What a match may rest on: whose it is, and what decides between several accounts."""


def ground(tx: Connection, crms: Sequence[str]) -> dict[str, Any]:
    """What a matching rests on: it need not be made again before this has changed."""
    twins = tx.execute(select(twin.c.account_id, twin.c.home_id).order_by(twin.c.account_id))
    return {
        "crms": list(crms),
        **{stream.value: latest_change(tx, stream) for stream in STREAMS},
        "twins": digest([list(row) for row in twins]),
    }


def accounts(tx: Connection, crms: Sequence[str]) -> Iterator[Known]:
    """Every live account record of these CRMs, in no particular order."""
    c, read = record.c, reader(tx.dialect.name)
    said = [read.text(c.fields, name) for name in (*HOSTS, "parent", "name", *ADDRESS)]
    wanted = (
        select(c.id, func.coalesce(twin.c.home_id, c.id), *said)
        .select_from(record.outerjoin(twin, twin.c.account_id == c.id))
        .where(and_(c.stream == Stream.ACCOUNTS.value, c.crm.in_(crms), ~c.deleted))
    )
    for id_, account, *rest in tx.execute(wanted.execution_options(yield_per=5_000)):
        addresses, (parent, name, *place) = rest[: len(HOSTS)], rest[len(HOSTS) :]
        hosts = dict.fromkeys(host for address in addresses if address and (host := host_of(address)))
        yield Known(id_, account, tuple(hosts), parent is not None, name or "", *(text or "" for text in place))


def leads(tx: Connection, crms: Sequence[str]) -> Iterator[tuple[str, Sought]]:
    """Every live lead, and every live contact without an account: its id, and what is known of its company.

    The site is that of the mail address, unless it is one that many share: then that of the website.
    """
    c, read = record.c, reader(tx.dialect.name)
    said = [read.text(c.fields, name) for name in ("email", "website", "company", *ADDRESS)]
    homeless = and_(c.stream == Stream.CONTACTS.value, c.account_id.is_(None))
    wanted = select(c.id, *said).where(or_(c.stream == Stream.LEADS.value, homeless), c.crm.in_(crms), ~c.deleted)
    for id_, email, website, company, *place in tx.execute(wanted.execution_options(yield_per=5_000)):
        hosts = [host_of(address) for address in (email, website) if address]
        host = next((one for one in hosts if site_of(one)), hosts[0] if hosts else "")
        country, city, postcode, phone = (text or "" for text in place)
        yield id_, Sought("", host, company or "", country, city, postcode, phone)


def standing(tx: Connection, accounts: Collection[str], pools: Collection[str]) -> dict[str, Standing]:
    """How these accounts stand: whether a rep has them, their open opportunities, and when they were touched last."""
    found: dict[str, Standing] = {}
    for part in chunks(sorted(accounts)):
        owners = _owners(tx, part)
        deals, touched = _deals(tx, part), _touched(tx, part)
        for id_ in part:
            owner = owners.get(id_)
            found[id_] = Standing(bool(owner) and owner not in pools, deals.get(id_, 0), touched.get(id_, ""))
    return found


def _owners(tx: Connection, ids: Sequence[str]) -> dict[str, str | None]:
    c = record.c
    owner = reader(tx.dialect.name).text(c.fields, "owner")
    wanted = select(c.id, owner).where(c.stream == Stream.ACCOUNTS.value, c.id.in_(ids))
    return {row[0]: row[1] for row in tx.execute(wanted)}


def _deals(tx: Connection, ids: Sequence[str]) -> dict[str, int]:
    c = record.c
    closed = func.coalesce(reader(tx.dialect.name).yes_no(c.fields, "closed"), False)
    open_ = and_(c.stream == Stream.OPPORTUNITIES.value, c.account_id.in_(ids), ~c.deleted, ~closed)
    wanted = select(c.account_id, func.count()).where(open_).group_by(c.account_id)
    return {row[0]: row[1] for row in tx.execute(wanted)}


def _touched(tx: Connection, ids: Sequence[str]) -> dict[str, str]:
    c = activity.c
    last = select(c.account_id, func.max(c.at)).where(c.account_id.in_(ids), c.touch).group_by(c.account_id)
    return {id_: at.isoformat() for id_, at in tx.execute(last)}
