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
from rules import FieldInfo, Type
from sync_worker.store import schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sync_worker.store.json_sql import JsonReader

_FIELDS = (
    FieldInfo("owner_active", Type.BOOLEAN, "Owner is active"),
    FieldInfo("owner_team", Type.TEXT, "Owner's team"),
    FieldInfo("in_pool", Type.BOOLEAN, "In the pool"),
    FieldInfo("do_not_move", Type.BOOLEAN, "Marked do-not-move"),
    FieldInfo("is_customer", Type.BOOLEAN, "Is a customer"),
    FieldInfo("open_opportunities", Type.NUMBER, "Open opportunities"),
    FieldInfo("won_opportunities", Type.NUMBER, "Won opportunities"),
    FieldInfo("open_amount", Type.NUMBER, "Amount of open opportunities"),
    FieldInfo("last_touch", Type.DATE, "Last touch by anybody"),
    FieldInfo("last_engagement", Type.DATE, "Last engagement"),
    FieldInfo("owned_since", Type.DATE, "Owned since"),
    FieldInfo("previous_owner", Type.TEXT, "Previous owner"),
    FieldInfo("held_until", Type.DATE, "Held until"),
    FieldInfo("resting_until", Type.DATE, "Rests in the pool until"),
    FieldInfo("contacts", Type.NUMBER, "Contacts"),
)

DERIVED: Mapping[str, FieldInfo] = {info.name: info for info in _FIELDS}
"""Facts about accounts that no CRM field holds. They stand before CRM fields of the same name.

``owner_active`` is empty where the CRM no longer shows the owner: absence is never a value (I14). ``owned_since`` is
the latest change of owner that the worker has seen, else the account's creation. An opportunity is open unless it says
that it is closed.
"""

REP_DERIVED: Mapping[str, FieldInfo] = {
    info.name: info
    for info in (
        FieldInfo("active", Type.BOOLEAN, "Is active"),
        FieldInfo("can_own", Type.BOOLEAN, "May own accounts"),
    )
}
"""Facts about users that every CRM has under names of its own."""


@dataclass(frozen=True, slots=True)
class FactSettings:
    """How facts are derived. Field names are the worker's; empty ones are not there.

    A field that is itself called ``do_not_move`` is honoured even where ``do_not_move`` here is empty.
    """

    pool_user_ids: tuple[str, ...]
    """The users who own what nobody works, one in each CRM."""
    do_not_move: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)
    observed: str = ""
    time_to_live_days: int = 28


@dataclass(frozen=True)
class Accounts:
    """The live accounts with everything that can be derived for them; joins are made as facts are asked for."""

    reader: JsonReader
    now: datetime
    settings: FactSettings
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
        quarantined = exists().where(aside.stream == Stream.ACCOUNTS.value, aside.id == c.id)
        return (
            select(*(value.label(name) for name, value in columns.items()))
            .select_from(source)
            .where(c.stream == Stream.ACCOUNTS.value, ~c.deleted, ~quarantined)
            .order_by(c.id)
        )

    def own(self, name: str, kind: Type) -> ColumnElement[Any]:
        """A field of the CRM's."""
        read = {
            Type.TEXT: self.reader.text,
            Type.NUMBER: self.reader.number,
            Type.BOOLEAN: self.reader.yes_no,
            Type.DATE: self.reader.date,
        }
        return read[kind](self.account.c.fields, name)

    def derived(self, name: str) -> ColumnElement[Any]:
        """One of ``DERIVED``."""
        return getattr(self, f"_{name}")()  # type: ignore[no-any-return] # every method below returns an expression

    def engagement(self, kind: str, half_life_days: float) -> ColumnElement[Any]:
        """The folded sum, 0 where nothing happened."""
        sums = schema.engagement.alias()
        same = and_(sums.c.account_id == self.account.c.id, sums.c.kind == kind)
        self.joins[sums] = and_(same, sums.c.half_life_days == half_life_days)
        return func.coalesce(sums.c.sum, 0.0)

    def touches(self, days: int) -> ColumnElement[Any]:
        """How many touches there were at or after now - ``days``."""
        c = schema.activity.c
        counted = (
            select(c.account_id, func.count().label("count"))
            .where(c.touch, c.at >= self.now - timedelta(days=days))
            .group_by(c.account_id)
            .subquery(f"touches_{days}")
        )
        return func.coalesce(self._join(counted).c.count, 0)

    def intent(self, topic: str) -> ColumnElement[Any]:
        """The score of a topic, at most 100; NULL where there is none, it is negative, or its date is past its time."""
        name = self.settings.topics[topic]
        score = self.own(name, Type.NUMBER)
        counts = score >= 0
        if self.settings.observed:
            since = (self.now - timedelta(days=self.settings.time_to_live_days)).date().isoformat()
            counts = and_(counts, self.own(self.settings.observed, Type.DATE) >= since)
        return case((and_(counts, score > 100), 100.0), (counts, score), else_=null())  # noqa: PLR2004 - the scale's end

    # The derived facts, by name ---------------------------------------------------------------------------------

    def _owner_active(self) -> ColumnElement[Any]:
        return self.reader.yes_no(self._owner.c.fields, "active")

    def _owner_team(self) -> ColumnElement[Any]:
        return self.reader.text(self._owner.c.fields, "team")

    def _in_pool(self) -> ColumnElement[Any]:
        return func.coalesce(self.own("owner", Type.TEXT).in_(self.settings.pool_user_ids), false())

    def _do_not_move(self) -> ColumnElement[Any]:
        box = self.settings.do_not_move or "do_not_move"
        return func.coalesce(self.own(box, Type.BOOLEAN), false())

    def _is_customer(self) -> ColumnElement[Any]:
        named = func.lower(self.own("type", Type.TEXT)).like("customer%")
        return or_(func.coalesce(named, false()), self._won_opportunities() > 0)

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
        return func.coalesce(_second(self._latest_owner.c.at), self.own("created_at", Type.DATE))

    def _previous_owner(self) -> ColumnElement[Any]:
        return func.coalesce(self._latest_owner.c.before, self._rest.c.previous_owner)

    def _held_until(self) -> ColumnElement[Any]:
        held = schema.hold.alias()
        self.joins[held] = and_(held.c.account_id == self.account.c.id, held.c.until > self.now)
        return _second(held.c.until)

    def _resting_until(self) -> ColumnElement[Any]:
        return case((self._rest.c.until > self.now, _second(self._rest.c.until)), else_=null())

    def _contacts(self) -> ColumnElement[Any]:
        counted = self._children(Stream.CONTACTS, {"count": literal(1)})
        return func.coalesce(self._join(counted).c.count, 0)

    # What they are joined from -----------------------------------------------------------------------------------

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
    def _latest_owner(self) -> Subquery:
        c = schema.owner_history.c
        place = func.row_number().over(partition_by=c.account_id, order_by=(c.at.desc(), c.id.desc()))
        placed = select(c.account_id, c.at, c.before, place.label("place")).subquery()
        latest = select(placed.c.account_id, placed.c.at, placed.c.before).where(placed.c.place == 1)
        return self._join(latest.subquery("latest_owner"))

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
        latest = select(c.account_id, func.max(c.at).label("at")).where(c[flag]).group_by(c.account_id)
        return _second(self._join(latest.subquery(f"latest_{flag}")).c.at)

    def _children(self, stream: Stream, sums: Mapping[str, ColumnElement[Any]]) -> Subquery:
        """Sums over an account's records of another stream; what hangs on a merge's loser is its winner's."""
        child, lost = schema.record, schema.alias.alias()
        named = self.reader.text(child.c.fields, "account")
        # Without the cast SQLite gives the expression no type, builds no index on it, and compares all with all.
        account = cast(func.coalesce(lost.c.new_id, named), Text)
        merged = and_(lost.c.stream == Stream.ACCOUNTS.value, lost.c.old_id == named)
        return (
            select(account.label("account_id"), *(func.sum(value).label(name) for name, value in sums.items()))
            .select_from(child.outerjoin(lost, merged))
            .where(child.c.stream == stream.value, ~child.c.deleted)
            .group_by(account)
            .subquery(f"{stream.value}_of_account")
        )

    def _join(self, made: Subquery) -> Subquery:
        self.joins[made] = made.c.account_id == self.account.c.id
        return made


def _second(at: ColumnElement[Any]) -> ColumnElement[Any]:
    """A stored instant as facts write it: whole seconds."""
    return func.substr(cast(at, Text), 1, 19).concat("Z")
