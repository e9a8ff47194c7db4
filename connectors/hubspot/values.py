"""HubSpot's values, which are all text, to the port's and back. Pure; what cannot be understood is BadReply."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.port import BadReply, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_EXACT = 2**53
"""Whole floats up to here become integers, so that 50.0 and 50 are one value."""
MILLISECONDS = re.compile(r"-?\d{9,}")
"""Fewer digits would be a year or a day written without dashes."""


def from_text(value: object, kind: FieldType) -> Value:
    """A property's value. ``''`` is None; dates and times are ISO text, times in UTC with Z."""
    if value is None or value == "":
        return None
    try:
        return _FROM_TEXT[kind](_cleaned(value))
    except (TypeError, ValueError, OverflowError) as error:
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
        return str(int(value)) if value.is_integer() and abs(value) <= LARGEST_EXACT else repr(value)
    return str(value)


def instant(text: object) -> datetime:
    """A time of HubSpot's, ISO or milliseconds since 1970, as UTC; ValueError when it is none."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"{text!r:.60} is no time")
    if MILLISECONDS.fullmatch(text):
        return EPOCH + timedelta(milliseconds=int(text))
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC)


def iso(at: datetime) -> str:
    """``2026-11-04T10:00:00Z``, with milliseconds only where there are some."""
    spec = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def milliseconds(at: datetime) -> str:
    """Since 1970, as searches compare times."""
    return str((at - EPOCH) // timedelta(milliseconds=1))


def snake(text: str) -> str:
    """``Web Form`` and ``WEB_FORM`` → ``web_form``."""
    return re.sub(r"\W+", "_", text.strip()).strip("_").lower()


def _cleaned(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    # Stores take neither NUL nor half a surrogate pair; both come out of old imports.
    cleaned = value.replace("\x00", "")
    return cleaned if cleaned.isascii() else cleaned.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(text: str) -> Value:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError
    return int(value) if value.is_integer() and abs(value) <= LARGEST_EXACT else value


def _boolean(text: str) -> Value:
    if text.lower() not in {"true", "false"}:
        raise ValueError
    return text.lower() == "true"


def _date(text: str) -> Value:
    if "T" in text or MILLISECONDS.fullmatch(text):
        return iso(instant(text))
    return date.fromisoformat(text).isoformat()


_FROM_TEXT: dict[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: lambda text: text or None,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}
