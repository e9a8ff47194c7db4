"""An account made up as a row of facts: what a test gives, under the columns that the rules read. It runs nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rules.bounds import kept
from rules.facts import (
    ContactSource,
    EngagementSource,
    EventsSource,
    FadingSource,
    FieldSource,
    IntentSource,
    TouchSource,
)
from rules.testing.model import Given
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from rules.facts import FactColumn
    from rules.testing.model import Contact, Value


def account_row(columns: Iterable[FactColumn], given: Given, today: date) -> dict[str, Value]:
    """The columns' values for the account on that UTC day. Engagement is folded against midnight of the day."""
    return {column.name: _fact(column, given, today) for column in columns}


def contact_row(columns: Iterable[FactColumn], contact: Contact, today: date) -> dict[str, Value]:
    """The columns' values for a contact on that UTC day; engagement is what it is worth on it."""
    return account_row(columns, Given(contact.fields, events=contact.events), today)


def rep_row(columns: Iterable[FactColumn], fields: Mapping[str, Value]) -> dict[str, Value]:
    """The columns' values for a rep with these fields."""
    return {column.name: _field(column, fields) for column in columns}


def _field(column: FactColumn, fields: Mapping[str, Value]) -> Value:
    return fields.get(column.source.field) if isinstance(column.source, FieldSource) else None


def _fact(column: FactColumn, given: Given, today: date) -> Value:  # noqa: PLR0911 - one return for each kind of fact
    match column.source:
        case FieldSource(field):
            found = given.fields.get(field)
            return kept(found) if column.type is Type.NUMBER and isinstance(found, int | float) else found
        case EngagementSource(kind, half_life):
            return math.fsum(2.0 ** (-age / half_life) for age in _ages(given.events.get(kind, ()), today))
        case EventsSource(kind, days):
            return float(sum(age <= days for age in _ages(given.events.get(kind, ()), today)))
        case FadingSource(kind, days):
            return math.fsum(1 - age / days for age in _ages(given.events.get(kind, ()), today) if age < days)
        case TouchSource(days):
            return float(sum(age <= days for age in _ages(given.touches, today)))
        case IntentSource(topic):
            return given.intent.get(topic)
        case ContactSource(score):
            return given.contact_scores.get(score)


def _ages(at: Iterable[date], today: date) -> Iterator[int]:
    """Whole UTC days since each day; days to come do not count yet."""
    return (age for day in at if (age := (today - day).days) >= 0)
