"""What several sources say of an account, as SQL: values of files by source, intent of files and CRMs combined.

A source counts once for each account, with the latest that it said under any of the account's keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Numeric, Text, and_, case, cast, exists, func, literal, null, or_, select, union_all

from rules import FactColumn, FieldSource, IntentSource
from sync_worker.store.schema import firmographic, signal, twin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause, Select

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


def value_of(account: ColumnElement[Any], source: str, name: str) -> tuple[FromClause, ColumnElement[bool]]:
    """A file source's value of a field, to be joined: the row, and what makes it the account's."""
    row, other = firmographic.alias(), firmographic.alias()
    c = other.c
    same = and_(c.account_id == account, c.field == name, c.source == source)
    key = select(c.key).where(same).order_by(c.observed_at.desc(), c.key).limit(1)
    # By its whole key: a join that an index answers, whatever the engine believes of the table's size.
    return row, and_(row.c.source == source, row.c.field == name, row.c.key == key.scalar_subquery())


def crm_score(score: ColumnElement[Any], fresh: ColumnElement[bool] | None) -> ColumnElement[Any]:
    """A CRM's score as it counts: at most 100; NULL where it is negative or not ``fresh``."""
    counts = score >= 0 if fresh is None else and_(score >= 0, fresh)
    return case((and_(counts, score > HIGHEST_SCORE), HIGHEST_SCORE), (counts, score), else_=null())


def told_by_files(account: ColumnElement[Any], topic: str, now: datetime) -> Select[Any]:
    """The ``score`` of each source's latest live signal of the topic, and ``at`` when it was observed."""
    this, other = signal.alias(), signal.alias()
    t, o = this.c, other.c
    later = or_(o.observed_at > t.observed_at, and_(o.observed_at == t.observed_at, o.key < t.key))
    same = and_(o.account_id == t.account_id, o.topic == t.topic, o.source == t.source, o.expires_at > now)
    mine = and_(t.account_id == account, t.topic == topic, t.expires_at > now)
    outdone = exists().where(same, later).correlate(this)
    return select(t.score.label("score"), second(t.observed_at).label("at")).where(mine, ~outdone)


def told_by_crm(score: ColumnElement[Any], at: ColumnElement[Any] | None, since: str) -> Select[Any]:
    """What a record says: ``score`` and ``at``. Undated signals are the oldest; those before ``since`` do not count."""
    counted = crm_score(score, None if at is None else at >= since)
    when = literal("") if at is None else case((func.length(at) == len(since), at.concat("T00:00:00Z")), else_=at)
    return select(counted.label("score"), when.label("at"))


def intent(told: Sequence[Select[Any]], combine: str, records: Sequence[FromClause]) -> ColumnElement[Any]:
    """One score of all that is ``told`` of the account whose ``records`` are in the query around it; NULL for none.

    ``combine``: highest, average or latest; of several at one moment the highest is the latest.
    """
    each = union_all(*(one.correlate(*records) for one in told)).subquery()
    c = each.c
    said = select(c.score).where(c.score.is_not(None))
    if combine == "latest":
        said = said.order_by(c.at.desc(), c.score.desc()).limit(1)
    else:
        said = said.with_only_columns(func.max(c.score) if combine == "highest" else rounded(func.avg(c.score)))
    return said.correlate(*records).scalar_subquery()


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


def rounded(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """To six digits: the order in which rows are added must not make another value."""
    return cast(func.round(cast(value, Numeric), 6, type_=Float()), Float(53))
