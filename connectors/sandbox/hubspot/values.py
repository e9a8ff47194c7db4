"""Values that clients write: read by the property's type, refused in HubSpot's words. Knows properties, not HTTP."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.moments import read_day, read_moment, written
from connectors.sandbox.hubspot.portal import as_text
from connectors.sandbox.hubspot.shapes import Type
from connectors.sandbox.hubspot.translate import number
from connectors.sandbox.hubspot.wire import Detail, Refused, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.sandbox.hubspot.portal import Portal
    from connectors.sandbox.hubspot.shapes import ObjectType, Property

LONGEST = 65_536
"""Characters in a text."""


class _Wrong(Exception):
    """A value that its property does not take."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def read_values(portal: Portal, shape: ObjectType, given: object) -> dict[str, str | None]:
    """The properties of a request as records hold them; None clears. Raises Refused with everything that is wrong."""
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON on line 1, column 1: properties must be an object")
    values: dict[str, str | None] = {}
    problems: list[tuple[str, _Wrong]] = []
    for name, value in given.items():
        try:
            values[name] = _read(portal, shape, name, value)
        except _Wrong as wrong:
            problems.append((name, wrong))
    if problems:
        raise refused_values(problems)
    return values


def refused_values(problems: list[tuple[str, _Wrong]]) -> Refused:
    """One refusal for all values of a call that are wrong."""
    told = [{"isValid": False, "message": wrong.message, "error": wrong.code, "name": name} for name, wrong in problems]
    details = [Detail(wrong.message, wrong.code, {"propertyName": [name]}) for name, wrong in problems]
    return invalid(f"Property values were not valid: {json.dumps(told, separators=(',', ':'))}", *details)


def _read(portal: Portal, shape: ObjectType, name: str, value: object) -> str | None:
    prop = portal.known(shape.name, name)
    if prop is None:
        raise _Wrong("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if prop.read_only:
        raise _Wrong("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    if isinstance(value, list | dict):
        raise invalid("Invalid input JSON on line 1, column 1: Cannot deserialize value of type `String`")
    text = as_text(value if isinstance(value, str | int | float | bool) else None)
    if text is None:
        return None
    if prop.owner:
        return _owner(portal, text)
    return _READERS[prop.type](prop, text)


def _owner(portal: Portal, text: str) -> str:
    owner = portal.owners.get(text)
    if owner is None or owner.archived:
        raise _Wrong("INVALID_OWNER_ID", f"{text} is not the id of an active owner")
    return text


def _string(prop: Property, text: str) -> str:
    if len(text) > LONGEST:
        raise _Wrong("VALUE_TOO_LONG", f"{prop.name} is longer than {LONGEST} characters")
    if prop.name == "email" and "@" not in text:
        raise _Wrong("INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower() if prop.name == "email" else text


def _number(_prop: Property, text: str) -> str:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or "_" in text:
        raise _Wrong("INVALID_DOUBLE", f"{text} was not a valid number.")
    plain = text.strip()
    return plain if plain.lstrip("-").isdigit() and str(int(plain)) == plain else str(number(found))


def _date(_prop: Property, text: str) -> str:
    day = read_day(text)
    if day is None:
        raise _Wrong("INVALID_DATE", f"{text} is not a date, or not at midnight UTC")
    return day


def _datetime(_prop: Property, text: str) -> str:
    moment = read_moment(text)
    if moment is None:
        raise _Wrong("INVALID_LONG", f"{text} was not a valid long.")
    return written(moment)


def _bool(_prop: Property, text: str) -> str:
    if text.lower() not in {"true", "false"}:
        raise _Wrong("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text.lower()


def _enumeration(prop: Property, text: str) -> str:
    allowed = {option.value for option in prop.options}
    chosen = text.split(";") if prop.field_type == "checkbox" else [text]
    for value in chosen:
        if value not in allowed:
            options = ", ".join(option.value for option in prop.options)
            raise _Wrong("INVALID_OPTION", f"{value} was not one of the allowed options: [{options}]")
    return text


_READERS: Mapping[Type, Callable[[Property, str], str]] = {
    Type.STRING: _string,
    Type.NUMBER: _number,
    Type.DATE: _date,
    Type.DATETIME: _datetime,
    Type.BOOL: _bool,
    Type.ENUMERATION: _enumeration,
}
