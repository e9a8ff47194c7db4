"""What rules read of each contact at an account, as SQL: its own fields, and what it did. Never row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Text, and_, case, cast, func, literal, null, or_, select

from connectors.port import Stream
from rules import EngagementSource, EventsSource, FadingSource, FieldSource, Type
from sync_worker.store import schema
from sync_worker.store.days import DayOf, earliest, midnight, number
from sync_worker.store.sources import whose
from sync_worker.store.steady import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause, Select

    from rules import FactColumn
    from sync_worker.store.derived import Accounts

GOOD_UNTIL = "good__until"
"""The column for the number of the last day on which a row holds if nothing but time changes. No rule reads it."""
_HALVINGS = 60
"""What has halved so often is nothing: less than a millionth of a millionth, and rules read six digits."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a contact's events come to, and the last day on which they do; over all events of the contact."""

    which: ColumnElement[bool]
    value: ColumnElement[Any]
    end: ColumnElement[Any]
    count: ColumnElement[Any] | None = None
    """How many events there are, where the value alone would not tell."""


def _counted(read: FactColumn, now: datetime) -> _Counted | None:
    """How a column counts events; None for one that counts none."""
    c, today = schema.activity.c, number(now)
    match read.source:
        case EventsSource(kind=kind, days=days):
            which = and_(c.engagement, c.kind == kind, c.at >= midnight(now, days))
            return _Counted(which, func.count(case((which, 1))), DayOf(func.min(case((which, c.at)))) + days)
        case FadingSource(kind=kind, days=days):
            which = and_(c.engagement, c.kind == kind, c.at >= midnight(now, days - 1))
            count, ages = func.count(case((which, 1))), func.sum(case((which, _age(now))))
            left = cast(count, Float(53)) - cast(ages, Float(53)) / float(days)
            return _Counted(which, left, case((count > 0, today)), count)
        case EngagementSource(kind=kind, half_life_days=half_life):
            oldest = math.ceil(half_life * _HALVINGS)
            which = and_(c.engagement, c.kind == kind, c.at >= midnight(now, oldest))
            left = func.sum(case((which, _halved(_age(now), half_life, oldest))))
            return _Counted(which, left, case((func.count(case((which, 1))) > 0, today)))
        case _:
            return None


def _age(now: datetime) -> ColumnElement[int]:
    """Whole UTC days since an activity; none for one that a clock which was set back puts into the future."""
    at = schema.activity.c.at
    return case((at < midnight(now), number(now) - DayOf(at)), else_=0)


def _halved(age: ColumnElement[int], half_life: float, oldest: int) -> ColumnElement[float]:
    """2^(-age / half-life), from the binary digits of the age: not every SQLite can raise to a power."""
    left: ColumnElement[float] = literal(1.0, Float(53))
    for digit in range(oldest.bit_length()):
        share = literal(math.exp2(-(2**digit) / half_life), Float(53))
        left = left * case((age.bitwise_and(2**digit) != 0, share), else_=literal(1.0, Float(53)))
    return left


@dataclass(frozen=True, slots=True)
class People:
    """The contacts of accounts with what rules read of them; what they did is counted in one pass."""

    accounts: Accounts
    columns: Sequence[FactColumn]
    ages: bool
    """Whether a rule counts days from a contact's own fields."""

    def select(self) -> Select[Any]:
        """A row for each contact of an account that has facts; one whose account was merged is at the winner."""
        contact, lost, home = schema.record.alias("contact"), schema.alias.alias("lost"), schema.record.alias("home")
        c = contact.c
        merged = and_(lost.c.stream == Stream.ACCOUNTS.value, lost.c.old_id == c.account_id)
        # Without the cast SQLite gives the expression no type, builds no index on it, and compares all with all.
        winner: ColumnElement[Any] = cast(func.coalesce(lost.c.new_id, c.account_id), Text)
        account, source = whose(winner, contact.outerjoin(lost, merged), twins=self.accounts.twins)
        source = source.join(home, and_(home.c.id == account, *self.accounts.live(home.c)))
        values = {column.name: self._own(column, c.fields) for column in self.columns}
        ends: list[ColumnElement[Any]] = [literal(number(self.accounts.now))] if self.ages else []
        if deeds := {column.name: how for column in self.columns if (how := _counted(column, self.accounts.now))}:
            done = self._done(deeds)
            source = source.outerjoin(done, and_(done.c.contact_id == c.id, done.c.account_id == account))
            values |= {name: func.coalesce(done.c[name], 0.0) for name in deeds}
            values |= {counted(name): done.c[counted(name)] for name, how in deeds.items() if how.count is not None}
            ends += [done.c[f"{name}__end"] for name in deeds]
        return (
            select(c.id.label("contact_id"), account.label("account_id"), earliest(ends).label(GOOD_UNTIL))
            .add_columns(*(value.label(name) for name, value in values.items()))
            .select_from(source)
            .where(c.stream == Stream.CONTACTS.value, ~c.deleted, c.account_id.is_not(None))
            .where(*self.accounts.narrow(c.account_id))
        )

    def _own(self, column: FactColumn, fields: ColumnElement[Any]) -> ColumnElement[Any]:
        """A field of the contact's; for what is counted nothing yet."""
        read = self.accounts.reader
        ways = {Type.TEXT: read.text, Type.NUMBER: read.number, Type.BOOLEAN: read.yes_no, Type.DATE: read.date}
        return ways[column.type](fields, column.source.field) if isinstance(column.source, FieldSource) else null()

    def _done(self, deeds: Mapping[str, _Counted]) -> FromClause:
        """What each contact did at each account, as the CRM names both in an activity."""
        c = schema.activity.c
        account, source = whose(c.account_id, schema.activity, twins=self.accounts.twins)
        values = [value.label(name) for name, how in deeds.items() for name, value in _deeds(name, how)]
        return (
            select(account.label("account_id"), c.contact_id, *values)
            .select_from(source)
            .where(or_(*(how.which for how in deeds.values())), c.contact_id.is_not(None))
            .where(*self.accounts.narrow(c.account_id))
            .group_by(account, c.contact_id)
            .subquery("done")
        )


def _deeds(name: str, how: _Counted) -> Iterator[tuple[str, ColumnElement[Any]]]:
    yield name, how.value
    yield f"{name}__end", how.end
    if how.count is not None:
        yield counted(name), how.count
