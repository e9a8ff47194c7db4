"""Salesforce's values to the port's and back. Pure; what cannot be understood is BadReply, never a guess."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from connectors.port import BadReply, FieldType
from connectors.values import boolean_of, cleaned, day_or_time, exact, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Value


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


def _text(value: object) -> Value:
    return cleaned(value) or None


def _number(value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value if isinstance(value, int) else exact(value)


def _boolean(value: object) -> Value:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _date(value: object) -> Value:
    if not isinstance(value, str):
        raise TypeError
    return day_or_time(value)


_FROM_JSON: dict[FieldType, Callable[[object], Value]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
}
_FROM_TEXT: dict[FieldType, Callable[[str], Value]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: number_of,
    FieldType.BOOLEAN: boolean_of,
    FieldType.DATE: _date,
}
