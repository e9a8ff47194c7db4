"""HubSpot's values, which are all text, to the port's and back. Pure; what cannot be understood is BadReply."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors import values
from connectors.port import BadReply, FieldType
from connectors.values import boolean_of, cleaned, day_or_time, exact, iso, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS = re.compile(r"-?\d{9,}")
"""Fewer digits would be a year or a day written without dashes."""


def from_text(value: object, kind: FieldType) -> Value:
    """A property's value. ``''`` is None; dates and times are ISO text, times in UTC with Z."""
    if value is None or value == "":
        return None
    try:
        return _FROM_TEXT[kind](cleaned(value))
    except (TypeError, ValueError) as error:
        raise BadReply(f"HubSpot sent {value!r:.60} where the property's type is {kind}") from error


def to_text(value: Value) -> str:
    """A value to write; None is written as the empty text, which clears. NaN and infinity are no values: ValueError."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be written to a CRM field")
        return repr(exact(value))
    return str(value)


def instant(text: object) -> datetime:
    """A time of HubSpot's, ISO or milliseconds since 1970, as UTC; ValueError when it is none."""
    if isinstance(text, str) and MILLISECONDS.fullmatch(text):
        try:
            return EPOCH + timedelta(milliseconds=int(text))
        except OverflowError as error:
            raise ValueError(f"{text!r:.60} is no time") from error
    return values.instant(text)


def milliseconds(at: datetime) -> str:
    """Since 1970, as searches compare times."""
    return str((at - EPOCH) // timedelta(milliseconds=1))


def _date(text: str) -> Value:
    return iso(instant(text)) if MILLISECONDS.fullmatch(text) else day_or_time(text)


_FROM_TEXT: dict[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: lambda text: text or None,
    FieldType.NUMBER: number_of,
    FieldType.BOOLEAN: boolean_of,
    FieldType.DATE: _date,
}
