"""Values that clients write: read by the field's type, and refused in Salesforce's words. Knows fields, not records."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from connectors.sandbox.ids import canonical
from connectors.sandbox.salesforce.wire import Refused
from connectors.sandbox.schema import IDS, NUMERIC, TEXTUAL, Column, Entity, Kind
from connectors.sandbox.seed.draw import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Value

MOST_DIGITS = 18
_NOT_WRITABLE = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is "
    "read/write for your profile or permission set."
)
_TOKENS: dict[type, str] = {
    str: "VALUE_STRING",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def read_values(entity: Entity, given: Mapping[str, object], *, creating: bool) -> dict[str, Value]:
    """The fields of a request as rows hold them. Raises Refused for what cannot be understood or may not be set."""
    values: dict[str, Value] = {}
    for name, value in given.items():
        if name == "attributes":
            continue
        column = entity.column(name)
        if column is None:
            raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
        values[column.name] = read_value(column, value)
    fixed = sorted(name for name in values if not _settable(entity.columns[name], creating=creating))
    if fixed:
        raise Refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", _NOT_WRITABLE.format(", ".join(fixed)), fixed)
    check_values(entity, values)
    return values


def _settable(column: Column, *, creating: bool) -> bool:
    return column.createable if creating else column.updateable


def read_value(column: Column, value: object) -> Value:
    """One value by its field's type; an empty text is null. Raises Refused JSON_PARSER_ERROR."""
    if value is None or value == "":
        return None
    if column.kind in TEXTUAL and isinstance(value, str):
        return value
    if column.kind in IDS and isinstance(value, str):
        return _read_id(column, value)
    read = {Kind.BOOLEAN: _boolean, Kind.DATE: _date, Kind.DATETIME: _datetime}.get(column.kind)
    if column.kind in NUMERIC:
        read = _int if column.kind is Kind.INT else _number
    found = read(value) if read else None
    if found is None:
        told = f"{column.kind.value} from {_token(value)} value {_shown(value)}"
        message = (
            f"Cannot deserialize instance of {told} or request may be missing a required field at [line:1, column:2]"
        )
        raise Refused(400, "JSON_PARSER_ERROR", message)
    return found


def _read_id(column: Column, value: str) -> str:
    found = canonical(value)
    if found is None:
        raise Refused(400, "MALFORMED_ID", f"{column.label}: id value of incorrect type: {value}", [column.name])
    return found


def _boolean(value: object) -> Value:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _number(value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _int(value: object) -> Value:
    number = _number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else None


def _date(value: object) -> Value:
    try:
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _datetime(value: object) -> Value:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return stamp(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))


def _token(value: object) -> str:
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()}"
    return _TOKENS.get(type(value), "VALUE_NULL")


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return "[" if isinstance(value, list) else "{"
    return str(value)[:80]


def check_values(entity: Entity, values: Mapping[str, Value]) -> None:
    """Length, range and picklists. Raises Refused for the first field that is wrong."""
    for name, value in values.items():
        column = entity.columns[name]
        if value is None and not column.nillable:
            _refuse_null(column)
        if isinstance(value, str) and column.kind in TEXTUAL and column.length and len(value) > column.length:
            message = f"{column.label}: data value too large: {value[:80]} (max length={column.length})"
            raise Refused(400, "STRING_TOO_LONG", message, [name])
        if column.restricted and value is not None and value not in column.values:
            message = f"{column.label}: bad value for restricted picklist field: {value}"
            raise Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [name])
        if column.kind in NUMERIC and value is not None:
            _check_range(column, float(value))


def _refuse_null(column: Column) -> None:
    if column.kind is Kind.BOOLEAN:
        raise Refused(
            400, "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{column.label}: value not of required type: null", [column.name]
        )
    raise Refused(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{column.name}]", [column.name])


def _check_range(column: Column, value: float) -> None:
    digits = column.length or MOST_DIGITS
    if column.kind is Kind.INT:
        digits = min(digits, 9)
    if abs(value) >= 10.0**digits:
        raise Refused(
            400,
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{column.label}: value outside of valid range on numeric field: {value}",
            [column.name],
        )
