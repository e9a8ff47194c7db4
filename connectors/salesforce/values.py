"""Salesforce's values to the port's and back. Pure; what cannot be understood is BadReply, never a guess."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from connectors.port import BadReply, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value

LARGEST_EXACT = 2**53
"""Whole floats up to here become integers, so that REST's 50.0 and a CSV's 50 are one value."""


def from_json(value: object, kind: FieldType) -> Value:
    """A value of a REST reply. ``''`` is None; dates and times are ISO text, times in UTC with Z."""
    if value is None or value == "":
        return None
    try:
        return _FROM_JSON[kind](value)
    except (TypeError, ValueError) as error:
        raise BadReply(f"Salesforce sent {value!r:.60} where the field's type is {kind}") from error


def from_csv(text: str, kind: FieldType) -> Value:
    """A cell of a Bulk result, where null and '' are the same."""
    if not text:
        return None
    try:
        return _FROM_TEXT[kind](text)
    except ValueError as error:
        raise BadReply(f"Salesforce sent {text!r:.60} where the field's type is {kind}") from error


def to_json(value: Value) -> Value:
    """A value to write. NaN and infinity are no values: ValueError."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot be written to a CRM field")
    return value


def instant(text: object) -> datetime:
    """A time of Salesforce's, such as ``2026-11-04T10:00:00.000+0000``, as UTC."""
    if not isinstance(text, str) or "T" not in text:
        raise ValueError(f"{text!r:.60} is no time")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC)


def iso(at: datetime) -> str:
    """``2026-11-04T10:00:00Z``, with milliseconds only where there are some."""
    spec = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def snake(text: str) -> str:
    """``Web Form`` and ``WebForm`` → ``web_form``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    return re.sub(r"\W+", "_", apart).strip("_").lower()


def _text(value: object) -> Value:
    if not isinstance(value, str):
        raise TypeError
    # Stores take neither NUL nor half a surrogate pair; both come out of old imports.
    cleaned = value.replace("\x00", "")
    if not cleaned.isascii():
        cleaned = cleaned.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return cleaned or None


def _number(value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        raise ValueError
    return int(value) if value.is_integer() and abs(value) <= LARGEST_EXACT else value


def _boolean(value: object) -> Value:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: object) -> Value:
    if not isinstance(value, str):
        raise TypeError
    return iso(instant(value)) if "T" in value else date.fromisoformat(value).isoformat()


def _number_of(text: str) -> Value:
    return int(text) if re.fullmatch(r"-?\d+", text) else _number(float(text))


def _boolean_of(text: str) -> Value:
    return {"true": True, "false": False}[text.lower()] if text.lower() in {"true", "false"} else _fail(text)


def _fail(text: str) -> bool:
    raise ValueError(text)


_FROM_JSON: dict[FieldType, Callable[[object], Value]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}
_FROM_TEXT: dict[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number_of,
    FieldType.BOOLEAN: _boolean_of,
    FieldType.DATE: _date,
}
