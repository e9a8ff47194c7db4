"""What the worker derives for each account, as SQL: who owns it, what was done, what holds it. Never row by row.

Each derived fact names the joins that it needs; a query makes only those of the facts that it is asked for. Narrowed to
the accounts that are due, it reads nothing of any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Label,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
)

from connectors.port import Stream
from rules import Type
from sync_worker.store import schema
from sync_worker.store.days import DayOf, earliest, midnight, number
from sync_worker.store.sources import (
    Filed,
    Own,
    crm_score,
    intent,
    order,
    rounded,
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


DUE = table("due", column("account_id", Text))
"""A temporary table: the accounts whose facts are to be made anew, with their twins and what was merged into them."""

_DEEDS = "deeds"


@dataclass(frozen=True)
class Accounts:
    """The live accounts with everything that can be derived for them; joins are made as facts are asked for."""

    reader: JsonReader
    now: datetime
    settings: FactSettings
    filed: Filed = field(default_factory=Filed)
    due: bool = False
    """Only the accounts that stand in the table ``due``."""
    joins: dict[FromClause, ColumnElement[bool]] = field(default_factory=dict)
    deeds: dict[str, Label[Any]] = field(default_factory=dict)
    """What is computed of an account's activities, by name: all of it in one pass."""
    deeds_read: list[ColumnElement[bool]] = field(default_factory=list)
    """The activities that any of it reads."""
    ends: list[ColumnElement[int]] = field(default_factory=list)
    """The last days, by number, on which values hold if nothing but time changes; NULL for those that no day ends."""

    @cached_property
    def account(self) -> Any:  # noqa: ANN401 - an alias of the record table
        """The account's own record."""
        return schema.record.alias("account")

    def select(self, columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
        """One row for each live account that is not set aside, in the order of ids."""
        source = self.account
        if self.deeds:
            self._join(self._deeds_done())
        for joined, on in self.joins.items():
            source = source.outerjoin(joined, on)
        c = self.account.c
        return (
            select(*(value.label(name) for name, value in columns.items()))
            .select_from(source)
            .where(*self.live(c), *self.narrow(c.id))
            .order_by(c.id)
        )

    def live(self, c: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401 - the columns of an alias of the record table
        """What makes a record an account with facts: live, in a CRM of the config's, no twin, not set aside."""
        aside = schema.quarantine.c
        counted = [~exists().where(aside.stream == Stream.ACCOUNTS.value, aside.id == c.id)]
        if self.settings.crms:
            counted.append(c.crm.in_(self.settings.crms))
        if self.twins:
            counted.append(~exists().where(schema.twin.c.account_id == c.id))
        return [c.stream == Stream.ACCOUNTS.value, ~c.deleted, *counted]

    def narrow(self, account: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """What restricts rows to the accounts that are due; nothing where all are. For any record's own account id."""
        return [account.in_(select(DUE.c.account_id))] if self.due else []

    def good_until(self) -> ColumnElement[Any]:
        """The number of the last day on which all values hold that were asked for so far; NULL where none ends."""
        return earliest(self.ends)

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
            summed = both.where(same, *self.narrow(sums.c.account_id)).group_by(account)
            return func.coalesce(self._join(summed.subquery()).c.sum, 0.0)
        self.joins[sums] = and_(sums.c.account_id == self.account.c.id, same)
        return func.coalesce(sums.c.sum, 0.0)

    def touches(self, days: int) -> ColumnElement[Any]:
        """How many touches there were on the UTC days from today - ``days`` on."""
        return self._counted(f"touches_{days}", schema.activity.c.touch, days)

    def events(self, kind: str, days: int) -> ColumnElement[Any]:
        """How many engagements of a kind there were on the UTC days from today - ``days`` on."""
        c = schema.activity.c
        return self._counted(f"events_{days}_{kind}", and_(c.engagement, c.kind == kind), days)

    def fading(self, kind: str, days: int) -> ColumnElement[Any]:
        """The sum of 1 - age / ``days`` over the engagements of a kind, age in whole UTC days; 0 from ``days`` on."""
        c, today = schema.activity.c, midnight(self.now)
        counted = and_(c.engagement, c.kind == kind, c.at >= midnight(self.now, days - 1))
        age = case((c.at < today, number(self.now) - DayOf(c.at)), else_=0)
        # Counts and whole days alone are added up: no order of rows makes another sum.
        count = self.still_fading(kind, days)
        ages = self._deed(f"fading_ages_{days}_{kind}", func.sum(case((counted, age))), counted)
        self.ends.append(case((count > 0, number(self.now))))
        return func.coalesce(cast(count, Float(53)) - cast(ages, Float(53)) / float(days), 0.0)

    def still_fading(self, kind: str, days: int) -> ColumnElement[Any]:
        """How many engagements ``fading`` adds up."""
        c = schema.activity.c
        counted = and_(c.engagement, c.kind == kind, c.at >= midnight(self.now, days - 1))
        return self._deed(f"fading_count_{days}_{kind}", func.count(case((counted, 1))), counted)

    def _counted(self, name: str, which: ColumnElement[bool], days: int) -> ColumnElement[Any]:
        at = schema.activity.c.at
        counted = and_(which, at >= midnight(self.now, days))
        oldest = self._deed(f"{name}_oldest", func.min(case((counted, at))), counted)
        self.ends.append(DayOf(oldest) + days)
        return func.coalesce(self._deed(name, func.count(case((counted, 1))), counted), 0)

    def intent(self, topic: str) -> ColumnElement[Any]:
        """The score of a topic, from 0 to 100, of all sources with a live signal; NULL where there is none."""
        name, observed = self.settings.topics.get(topic, ""), self.settings.observed
        since = midnight(self.now, self.settings.time_to_live_days).date().isoformat()
        told = [told_by_files(self.account.c.id, topic, self.now)] if topic in self.filed.topics else []
        if name and not (told or self.twins):
            self._grows_stale(observed, since)
            fresh = self.own(observed, Type.DATE) >= since if observed else None
            score = crm_score(self.own(name, Type.NUMBER), fresh)
            return rounded(score) if self.settings.combine == "average" else score
        self._grows_stale(observed if name else "", since)
        for fields in self._records() if name else ():
            at = self._read(fields, observed, Type.DATE) if observed else None
            told.append(told_by_crm(self._read(fields, name, Type.NUMBER), at, since))
        records = [self.account, self._twin] if self.twins else [self.account]
        return intent(told, self.settings.combine, records) if told else cast(null(), Float(53))

    def _grows_stale(self, observed: str, since: str) -> None:
        """Note until when what CRMs say of intent counts: it has one date for all topics."""
        for fields in self._records() if observed else ():
            at = self._read(fields, observed, Type.DATE)
            self.ends.append(case((at >= since, DayOf(at) + self.settings.time_to_live_days)))

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
        return rounded(func.coalesce(self._opportunities.c.amount, 0.0))

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
        return second(self._deed(f"latest_{flag}", func.max(case((c[flag], c.at))), c[flag]))

    def _deed(self, name: str, value: ColumnElement[Any], read: ColumnElement[bool]) -> ColumnElement[Any]:
        """Something that is computed of the activities which ``read`` names, as a column to be selected."""
        if name not in self.deeds:
            self.deeds[name] = value.label(f"deed_{len(self.deeds)}")
            self.deeds_read.append(read)
        return literal_column(f"{_DEEDS}.{self.deeds[name].name}", value.type)

    def _deeds_done(self) -> Subquery:
        c = schema.activity.c
        account, source = whose(c.account_id, schema.activity, twins=self.twins)
        return (
            select(account.label("account_id"), *self.deeds.values())
            .select_from(source)
            .where(or_(*self.deeds_read), *self.narrow(c.account_id))
            .group_by(account)
            .subquery(_DEEDS)
        )

    def _children(self, stream: Stream, sums: Mapping[str, ColumnElement[Any]]) -> Subquery:
        """Sums over an account's records of another stream; what hangs on a merge's loser is its winner's."""
        child, lost = schema.record, schema.alias.alias()
        named = child.c.account_id
        # Without the cast SQLite gives the expression no type, builds no index on it, and compares all with all.
        account: ColumnElement[Any] = cast(func.coalesce(lost.c.new_id, named), Text)
        merged = and_(lost.c.stream == Stream.ACCOUNTS.value, lost.c.old_id == named)
        account, source = whose(account, child.outerjoin(lost, merged), twins=self.twins)
        return (
            select(account.label("account_id"), *(func.sum(value).label(name) for name, value in sums.items()))
            .select_from(source)
            .where(child.c.stream == stream.value, ~child.c.deleted, named.is_not(None), *self.narrow(named))
            .group_by(account)
            .subquery(f"{stream.value}_of_account")
        )

    def _join(self, made: Subquery) -> Subquery:
        self.joins[made] = made.c.account_id == self.account.c.id
        return made
