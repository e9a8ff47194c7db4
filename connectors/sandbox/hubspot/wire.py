"""Refusals in HubSpot's words, and the parts of a call that may have to be refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.sandbox.calls import Call

JSON = "application/json;charset=utf-8"
LONGEST_CURSOR = 19
_WRITTEN_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong with a call."""

    message: str
    code: str = ""
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_error(self) -> dict[str, object]:
        """As the body has it."""
        code = {"code": self.code} if self.code else {}
        context = {"context": {key: list(values) for key, values in self.context.items()}} if self.context else {}
        return {"message": self.message, **code, **context}


class Refused(Exception):
    """The call is answered with an error."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        details: Sequence[Detail] = (),
        context: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(f"{category}: {message}")
        self.status, self.category, self.message = status, category, message
        self.details, self.context = details, context or {}

    def reply(self, correlation_id: str) -> Reply:
        """The error as a whole reply."""
        body: dict[str, object] = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id,
            "category": self.category,
        }
        if self.context:
            body["context"] = {key: list(values) for key, values in self.context.items()}
        if self.details:
            body["errors"] = [each.as_error() for each in self.details]
        return Reply(self.status, body, content_type=JSON)


def invalid(message: str, *details: Detail, **context: Sequence[str]) -> Refused:
    """A call that makes no sense."""
    return Refused(400, "VALIDATION_ERROR", message, details=details, context=context)


def not_found(message: str = "resource not found") -> Refused:
    """A record, owner or property that does not exist."""
    return Refused(404, "OBJECT_NOT_FOUND", message)


def body_of(call: Call) -> dict[str, object]:
    """The call's body, which must be a JSON object. Raises Refused."""
    try:
        raw = gzip.decompress(call.body) if call.headers.get("content-encoding") == "gzip" else call.body
        parsed = json.loads(raw or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError, OSError, EOFError) as wrong:
        line, column = getattr(wrong, "lineno", 1), getattr(wrong, "colno", 1)
        raise invalid(f"Invalid input JSON on line {line}, column {column}: {wrong}") from None
    if not isinstance(parsed, dict):
        raise invalid("Invalid input JSON on line 1, column 1: an object is expected")
    if b"\\u" in raw:
        _check_characters(parsed)
    return parsed


def _check_characters(parsed: object) -> None:
    """Half a character can be written as an escape, and nowhere else. Raises Refused."""
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise invalid("Invalid input JSON on line 1, column 1: half a character") from None


def cursor_in(given: object) -> int:
    """Where a page begins; 0 if nothing says so. Raises Refused."""
    text = str(given or 0)
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_CURSOR):
        raise invalid(f"after: {text[:80]!r} is not a paging cursor")
    return int(text)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def listed(body: Mapping[str, object], name: str) -> list[object]:
    """A list in a body; empty if it is not there. Raises Refused."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"Invalid input JSON on line 1, column 1: {name} must be a list")
    return value


def texts(body: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts in a body. Raises Refused."""
    return tuple(str(each) for each in listed(body, name))


def inputs_of(call: Call, most: int) -> list[dict[str, object]]:
    """The records that a batch names. Raises Refused if they are none, too many, or no objects."""
    inputs = listed(body_of(call), "inputs")
    if not inputs:
        raise invalid("Invalid input: 'inputs' must not be empty", Detail("'inputs' must not be empty", "REQUIRED"))
    if len(inputs) > most:
        raise invalid(f"The maximum number of inputs supported in a batch request is {most}, got {len(inputs)}")
    if not all(isinstance(each, dict) for each in inputs):
        raise invalid("Invalid input JSON on line 1, column 1: each input must be an object")
    return [each for each in inputs if isinstance(each, dict)]


def names_in(call: Call, name: str) -> tuple[str, ...]:
    """What a query parameter lists, with commas, by being repeated, or both."""
    return tuple(part.strip() for key, value in call.pairs if key == name for part in value.split(",") if part.strip())


def flag_in(call: Call, name: str) -> bool:
    """A query parameter that is yes or no, whatever its capitals; no if it is not there. Raises Refused."""
    text = call.query.get(name, "false")
    found = _WRITTEN_BOOLEANS.get(text.lower())
    if found is None:
        raise invalid(f"{name}: {text!r} is no boolean")
    return found


def limit_in(given: object, default: int, most: int) -> int:
    """How many results a page may have. Raises Refused if that is no number from 1 to ``most``."""
    if given is None:
        return default
    try:
        limit = int(str(given))
    except ValueError:
        raise invalid(f"limit: {given!r} is no whole number") from None
    if not 1 <= limit <= most:
        raise invalid(f"Requested limit {limit} is outside the permitted range of 1 to {most}")
    return limit
