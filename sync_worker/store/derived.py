"""What the worker derives for each account, as SQL: who owns it, what was done, what holds it. Never row by row.

Each derived fact names the joins that it needs; a query makes only those of the facts that it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)

from connectors.port import Stream
from rules import Type
from sync_worker.store import schema
from sync_worker.store.sources import (
    Filed,
    Own,
    crm_score,
    intent,
    order,
    second,
    told_by_crm,
    told_by_files,
    value_of,
    whose,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sync_worker.store.derivable import FactSettings
    from sync_worker.store.json_sql import JsonReader
    from sync_worker.store.sources import Source


@dataclass(frozen=True)
class Accounts:
    """The live accounts with everything that can be derived for them; joins are made as facts are asked for."""

    reader: JsonReader
    now: datetime
    settings: FactSettings
    filed: Filed = field(default_factory=Filed)
    joins: dict[FromClause, ColumnElement[bool]] = field(default_factory=dict)

    @cached_property
    def account(self) -> Any:  # noqa: ANN401 - an alias of the record table
        """The account's own record."""
        return schema.record.alias("account")

    def select(self, columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
        """One row for each live account that is not set aside, in the order of ids."""
        source = self.account
        for joined, on in self.joins.items():
            source = source.outerjoin(joined, on)
        c, aside = self.account.c, schema.quarantine.c
        counted = [~exists().where(aside.stream == Stream.ACCOUNTS.value, aside.id == c.id)]
        if self.settings.crms:
            counted.append(c.crm.in_(self.settings.crms))
        if self.twins:
            counted.append(~exists().where(schema.twin.c.account_id == c.id))
        return (
            select(*(value.label(name) for name, value in columns.items()))
            .select_from(source)
            .where(c.stream == Stream.ACCOUNTS.value, ~c.deleted, *counted)
            .order_by(c.id)
        )

    @property
    def twins(self) -> bool:
        """Whether accounts may have twins in another CRM."""
        return len(self.settings.crms) > 1

    def field(self, name: str, kind: Type) -> ColumnElement[Any]:
        """An account field, from the strongest source that says anything."""
        said = list(self.said(name, kind).values())
        return said[0] if len(said) == 1 else func.coalesce(*said)

    def said(self, name: str, kind: Type) -> dict[Source, ColumnElement[Any]]:
        """What each source says of an account field, the strongest first."""
        if name in self.settings.crm_alone:
            return {Own.HOME: self.own(name, kind)}
        files = self.filed.fields.get(name, ())
        strongest_first = order(self.settings.precedence.get(name, ()), self.settings.crms, files)
        return {source: self._said(source, name, kind) for source in strongest_first}

    def own(self, name: str, kind: Type) -> ColumnElement[Any]:
        """A field of the CRM's."""
        return self._read(self.account.c.fields, name, kind)

    def _read(self, fields: ColumnElement[Any], name: str | None, kind: Type) -> ColumnElement[Any]:
        read = {
            Type.TEXT: self.reader.text,
            Type.NUMBER: self.reader.number,
            Type.BOOLEAN: self.reader.yes_no,
            Type.DATE: self.reader.date,
        }
        return read[kind](fields, name)

    def _said(self, source: Source, name: str, kind: Type) -> ColumnElement[Any]:
        if source is Own.HOME:
            return self.own(name, kind)
        if source is Own.TWIN:
            return self._read(self._twin.c.fields, name, kind)
        if source in self.settings.crms:
            own, twins = self.own(name, kind), self._read(self._twin.c.fields, name, kind)
            return case((self.account.c.crm == source, own), else_=twins)
        row, mine = value_of(self.account.c.id, source, name)
        self.joins[row] = mine
        return self._read(row.c.value, None, kind)

    def derived(self, name: str) -> ColumnElement[Any]:
        """One of ``DERIVED``."""
        return getattr(self, f"_{name}")()  # type: ignore[no-any-return] # every method below returns an expression

    def engagement(self, kind: str, half_life_days: float) -> ColumnElement[Any]:
        """The folded sum, 0 where nothing happened."""
        sums = schema.engagement.alias()
        same = and_(sums.c.kind == kind, sums.c.half_life_days == half_life_days)
        if self.twins:
            account, source = whose(sums.c.account_id, sums, twins=True)
            both = select(account.label("account_id"), func.sum(sums.c.sum).label("sum")).select_from(source)
            return func.coalesce(self._join(both.where(same).group_by(account).subquery()).c.sum, 0.0)
        self.joins[sums] = and_(sums.c.account_id == self.account.c.id, same)
        return func.coalesce(sums.c.sum, 0.0)

    def touches(self, days: int) -> ColumnElement[Any]:
        """How many touches there were at or after now - ``days``."""
        c = schema.activity.c
        account, source = whose(c.account_id, schema.activity, twins=self.twins)
        counted = (
            select(account.label("account_id"), func.count().label("count"))
            .select_from(source)
            .where(c.touch, c.at >= self.now - timedelta(days=days))
            .group_by(account)
            .subquery(f"touches_{days}")
        )
        return func.coalesce(self._join(counted).c.count, 0)

    def intent(self, topic: str) -> ColumnElement[Any]:
        """The score of a topic, from 0 to 100, of all sources with a live signal; NULL where there is none."""
        name, observed = self.settings.topics.get(topic, ""), self.settings.observed
        since = (self.now - timedelta(days=self.settings.time_to_live_days)).date().isoformat()
        told = [told_by_files(self.account.c.id, topic, self.now)] if topic in self.filed.topics else []
        if name and not (told or self.twins):
            fresh = self.own(observed, Type.DATE) >= since if observed else None
            return crm_score(self.own(name, Type.NUMBER), fresh)
        for fields in self._records() if name else ():
            at = self._read(fields, observed, Type.DATE) if observed else None
            told.append(told_by_crm(self._read(fields, name, Type.NUMBER), at, since))
        records = [self.account, self._twin] if self.twins else [self.account]
        return intent(told, self.settings.combine, records) if told else cast(null(), Float(53))

    # The derived facts, by name ---------------------------------------------------------------------------------

    def _owner_active(self) -> ColumnElement[Any]:
        return self.reader.yes_no(self._owner.c.fields, "active")

    def _owner_team(self) -> ColumnElement[Any]:
        return self.reader.text(self._owner.c.fields, "team")

    def _in_pool(self) -> ColumnElement[Any]:
        return func.coalesce(self.own("owner", Type.TEXT).in_(self.settings.pool_user_ids), false())

    def _do_not_move(self) -> ColumnElement[Any]:
        """Honoured in whichever CRM it is ticked."""
        box = self.settings.do_not_move or "do_not_move"
        return self._any_record(lambda fields: func.coalesce(self._read(fields, box, Type.BOOLEAN), false()))

    def _crm(self) -> ColumnElement[Any]:
        crm: ColumnElement[Any] = self.account.c.crm
        return crm

    def _is_customer(self) -> ColumnElement[Any]:
        named = self._any_record(
            lambda fields: func.coalesce(func.lower(self._read(fields, "type", Type.TEXT)).like("customer%"), false())
        )
        return or_(named, self._won_opportunities() > 0)

    def _open_opportunities(self) -> ColumnElement[Any]:
        return func.coalesce(self._opportunities.c.open, 0)

    def _won_opportunities(self) -> ColumnElement[Any]:
        return func.coalesce(self._opportunities.c.won, 0)

    def _open_amount(self) -> ColumnElement[Any]:
        return func.coalesce(self._opportunities.c.amount, 0.0)

    def _last_touch(self) -> ColumnElement[Any]:
        return self._latest("touch")

    def _last_engagement(self) -> ColumnElement[Any]:
        return self._latest("engagement")

    def _owned_since(self) -> ColumnElement[Any]:
        return func.coalesce(second(self._latest_owner.c.at), self.own("created_at", Type.DATE))

    def _previous_owner(self) -> ColumnElement[Any]:
        return func.coalesce(self._latest_owner.c.before, self._rest.c.previous_owner)

    def _held_until(self) -> ColumnElement[Any]:
        held = schema.hold.alias()
        self.joins[held] = and_(held.c.account_id == self.account.c.id, held.c.until > self.now)
        return second(held.c.until)

    def _resting_until(self) -> ColumnElement[Any]:
        return case((self._rest.c.until > self.now, second(self._rest.c.until)), else_=null())

    def _contacts(self) -> ColumnElement[Any]:
        counted = self._children(Stream.CONTACTS, {"count": literal(1)})
        return func.coalesce(self._join(counted).c.count, 0)

    # What they are joined from -----------------------------------------------------------------------------------

    def _records(self) -> list[ColumnElement[Any]]:
        """The fields of the account's records: its own, and its twin's."""
        return [self.account.c.fields, self._twin.c.fields] if self.twins else [self.account.c.fields]

    def _any_record(self, so: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> ColumnElement[bool]:
        """Whether it is so in the account's own record, or in one of its twins, however many there are."""
        own, pair, other = so(self.account.c.fields), schema.twin.alias(), schema.record.alias()
        if not self.twins:
            return own
        mine = and_(pair.c.home_id == self.account.c.id, other.c.id == pair.c.account_id)
        live = and_(other.c.stream == Stream.ACCOUNTS.value, ~other.c.deleted)
        return or_(own, exists().where(mine, live, so(other.c.fields)))

    @cached_property
    def _twin(self) -> Any:  # noqa: ANN401 - an alias of the record table
        """The twin that has a voice: the one with the lowest id, where several records are linked to the account."""
        pair, other, each = schema.twin.alias("pair"), schema.record.alias("twin_record"), schema.twin.alias()
        first = select(func.min(each.c.account_id)).where(each.c.home_id == self.account.c.id).scalar_subquery()
        self.joins[pair] = and_(pair.c.home_id == self.account.c.id, pair.c.account_id == first)
        live = and_(other.c.stream == Stream.ACCOUNTS.value, ~other.c.deleted)
        self.joins[other] = and_(live, other.c.id == pair.c.account_id)
        return other

    @cached_property
    def _owner(self) -> Any:  # noqa: ANN401 - an alias of the record table
        user = schema.record.alias("owner_record")
        shown = and_(user.c.stream == Stream.USERS.value, ~user.c.deleted)
        self.joins[user] = and_(shown, user.c.id == self.own("owner", Type.TEXT))
        return user

    @cached_property
    def _rest(self) -> Any:  # noqa: ANN401 - an alias of the rest table
        rest = schema.rest.alias()
        self.joins[rest] = rest.c.account_id == self.account.c.id
        return rest

    @cached_property
    def _latest_owner(self) -> Any:  # noqa: ANN401 - an alias of the table of owner changes
        row, c = schema.owner_history.alias("latest_owner"), schema.owner_history.c
        latest = select(c.id).where(c.account_id == self.account.c.id).order_by(c.at.desc(), c.id.desc()).limit(1)
        # By its number: without it SQLite would compare all accounts with all changes.
        self.joins[row] = row.c.id == latest.scalar_subquery()
        return row

    @cached_property
    def _opportunities(self) -> Subquery:
        fields = schema.record.c.fields
        closed = func.coalesce(self.reader.yes_no(fields, "closed"), false())
        won = func.coalesce(self.reader.yes_no(fields, "won"), false())
        sums = {
            "open": case((closed, 0), else_=1),
            "won": case((won, 1), else_=0),
            "amount": case((closed, 0.0), else_=self.reader.number(fields, "amount")),
        }
        return self._join(self._children(Stream.OPPORTUNITIES, sums))

    def _latest(self, flag: str) -> ColumnElement[Any]:
        c = schema.activity.c
        account, source = whose(c.account_id, schema.activity, twins=self.twins)
        latest = (
            select(account.label("account_id"), func.max(c.at).label("at"))
            .select_from(source)
            .where(c[flag])
            .group_by(account)
        )
        return second(self._join(latest.subquery(f"latest_{flag}")).c.at)

    def _children(self, stream: Stream, sums: Mapping[str, ColumnElement[Any]]) -> Subquery:
        """Sums over an account's records of another stream; what hangs on a merge's loser is its winner's."""
        child, lost = schema.record, schema.alias.alias()
        named = self.reader.text(child.c.fields, "account")
        # Without the cast SQLite gives the expression no type, builds no index on it, and compares all with all.
        account: ColumnElement[Any] = cast(func.coalesce(lost.c.new_id, named), Text)
        merged = and_(lost.c.stream == Stream.ACCOUNTS.value, lost.c.old_id == named)
        account, source = whose(account, child.outerjoin(lost, merged), twins=self.twins)
        return (
            select(account.label("account_id"), *(func.sum(value).label(name) for name, value in sums.items()))
            .select_from(source)
            .where(child.c.stream == stream.value, ~child.c.deleted)
            .group_by(account)
            .subquery(f"{stream.value}_of_account")
        )

    def _join(self, made: Subquery) -> Subquery:
        self.joins[made] = made.c.account_id == self.account.c.id
        return made
