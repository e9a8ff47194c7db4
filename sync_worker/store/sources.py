"""What several sources say of an account, as SQL: values of files by source, intent of files and CRMs combined.

A source counts once for each account, with the latest that it said under any of the account's keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Numeric, Text, and_, case, cast, func, literal, null, select, union_all

from connectors.port import Stream
from rules import FactColumn, FieldSource, IntentSource
from sync_worker.store.schema import firmographic, record, signal, twin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause, Select, Subquery

    from sync_worker.store.json_sql import JsonReader

HIGHEST_SCORE = 100.0


class Own(Enum):
    """An account's records among the sources of its fields."""

    HOME = "home"
    TWIN = "twin"


Source = Own | str
"""One of the account's records, a CRM by name, or a file's source."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What files say of any account at all, so that nothing is joined in vain."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Sources by account field, by name."""
    topics: frozenset[str] = frozenset()
    """Those with a live signal."""


def filed(tx: Connection, columns: Iterable[FactColumn], now: datetime) -> Filed:
    """What files say of these columns, for accounts that are known."""
    read = [column.source for column in columns]
    fields = {source.field for source in read if isinstance(source, FieldSource)}
    topics = {source.topic for source in read if isinstance(source, IntentSource)}
    f, s = firmographic.c, signal.c
    said = select(f.field, f.source).distinct().where(f.field.in_(fields), f.account_id.is_not(None))
    live = select(s.topic).distinct().where(s.topic.in_(topics), s.account_id.is_not(None), s.expires_at > now)
    sources: dict[str, list[str]] = {}
    for name, source in tx.execute(said.order_by(f.field)) if fields else ():
        sources.setdefault(name, []).append(source)
    return Filed(
        {name: tuple(sorted(found)) for name, found in sources.items()},
        frozenset(tx.execute(live).scalars()) if topics else frozenset(),
    )


def order(precedence: Iterable[str], crms: Collection[str], files: Iterable[str]) -> tuple[Source, ...]:
    """The sources that may say a field, the strongest first: as declared, then the home, its twin, files by name.

    ``files``: those that say anything of it. A CRM's name stays where there are two: whose it is differs by account.
    """
    own: tuple[Source, ...] = tuple(Own) if len(crms) > 1 else (Own.HOME,)
    known: dict[str, Source] = {name: name for name in (*crms, *files)}
    if len(crms) == 1:
        known |= dict.fromkeys(crms, Own.HOME)
    declared = (known[source] for source in precedence if source in known)
    return tuple(dict.fromkeys((*declared, *own, *files)))


def value_of(source: str, name: str) -> Subquery:
    """A file source's value of a field: ``account_id`` and ``value``, JSON."""
    c = firmographic.c
    place = func.row_number().over(partition_by=c.account_id, order_by=(c.observed_at.desc(), c.key))
    said = select(c.account_id, c.value, place.label("place")).where(
        c.field == name, c.source == source, c.account_id.is_not(None)
    )
    placed = said.subquery()
    return select(placed.c.account_id, placed.c.value).where(placed.c.place == 1).subquery()


def crm_score(score: ColumnElement[Any], fresh: ColumnElement[bool] | None) -> ColumnElement[Any]:
    """A CRM's score as it counts: at most 100; NULL where it is negative or not ``fresh``."""
    counts = score >= 0 if fresh is None else and_(score >= 0, fresh)
    return case((and_(counts, score > HIGHEST_SCORE), HIGHEST_SCORE), (counts, score), else_=null())


def intent(told: Iterable[Select[Any]], combine: str) -> Subquery:
    """One score for each account: ``account_id`` and ``score``. ``told``: ``account_id source score at``, each once.

    ``combine``: highest, average or latest; of several at one moment the highest is the latest.
    """
    each = union_all(*told).subquery()
    c = each.c
    if combine == "latest":
        place = func.row_number().over(partition_by=c.account_id, order_by=(c.at.desc(), c.score.desc()))
        placed = select(c.account_id, c.score, place.label("place")).subquery()
        return select(placed.c.account_id, placed.c.score).where(placed.c.place == 1).subquery()
    score = func.max(c.score) if combine == "highest" else _rounded(func.avg(c.score))
    return select(c.account_id, score.label("score")).group_by(c.account_id).subquery()


def told_by_files(topic: str, now: datetime) -> Select[Any]:
    """Each source's latest live signal of the topic, by account."""
    c = signal.c
    order = (c.observed_at.desc(), c.key)
    place = func.row_number().over(partition_by=(c.account_id, c.source), order_by=order)
    live = (
        select(c.account_id, c.source, c.score, second(c.observed_at).label("at"), place.label("place"))
        .where(c.topic == topic, c.account_id.is_not(None), c.expires_at > now)
        .subquery()
    )
    return select(live.c.account_id, live.c.source, live.c.score, live.c.at).where(live.c.place == 1)


def told_by_crms(read: JsonReader, name: str, observed: str, since: str, *, twins: bool) -> Select[Any]:
    """What the account's own record says, and its twin's. Undated signals are the oldest."""
    c = record.c
    score, at = read.number(c.fields, name), read.date(c.fields, observed) if observed else None
    counted = crm_score(score, None if at is None else at >= since)
    when = literal("") if at is None else case((func.length(at) == len(since), at.concat("T00:00:00Z")), else_=at)
    account, source = whose(c.id, record, twins=twins)
    return (
        select(account.label("account_id"), c.crm.label("source"), counted.label("score"), when.label("at"))
        .select_from(source)
        .where(c.stream == Stream.ACCOUNTS.value, ~c.deleted, counted.is_not(None))
    )


def whose(account: ColumnElement[Any], source: FromClause, *, twins: bool) -> tuple[ColumnElement[Any], FromClause]:
    """The account that a record's id stands for, and what to read it from: a twin's is its home account."""
    if not twins:
        return account, source
    pair = twin.alias()
    # Without the cast SQLite gives the expression no type, builds no index on it, and compares all with all.
    return cast(func.coalesce(pair.c.home_id, account), Text), source.outerjoin(pair, pair.c.account_id == account)


def second(at: ColumnElement[Any]) -> ColumnElement[Any]:
    """A stored instant as facts write it: whole seconds."""
    return func.substr(cast(at, Text), 1, 19).concat("Z")


def _rounded(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """To six digits: the order in which rows are added must not make another value."""
    return cast(func.round(cast(value, Numeric), 6, type_=Float()), Float(53))
