"""Refusals in Salesforce's words, and the parts of a call that may have to be refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connectors.sandbox.calls import Call


def json_object(call: Call) -> dict[str, object]:
    """The call's body, which must be a JSON object. Raises Refused JSON_PARSER_ERROR."""
    body = unzipped(call.body, call.headers.get("content-encoding", ""))
    try:
        parsed = json.loads(body or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(
            400,
            "JSON_PARSER_ERROR",
            "The HTTP entity body is required, but this request has no valid JSON entity body.",
        ) from None
    if not isinstance(parsed, dict):
        raise Refused(400, "JSON_PARSER_ERROR", "Unexpected input: a JSON object is expected at [line:1, column:1]")
    return parsed


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def header_time(call: Call, name: str) -> datetime | None:
    """A header that holds an HTTP date. Raises Refused if it holds something else."""
    text = call.headers.get(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        raise Refused(400, "INVALID_HEADER_VALUE", f"{name}: {text} is no HTTP date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of one record or call, in Salesforce's words."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def as_error(self) -> dict[str, object]:
        """As the body of a failed call has it."""
        fields = {"fields": list(self.fields)} if self.fields else {}
        return {"message": self.message, "errorCode": self.code, **fields}

    def as_row(self) -> dict[str, object]:
        """As a result within a collection has it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class Refused(Exception):
    """The call, or this record of it, is answered with an error."""

    def __init__(self, status: int, code: str, message: str, fields: Iterable[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.refusal = status, Refusal(code, message, tuple(fields))

    def reply(self) -> Reply:
        """The error as a whole reply."""
        return Reply(self.status, [self.refusal.as_error()])


class PreconditionFailed(Refused):
    """The record is not in the state that the caller's condition names: 412 without a body."""

    def __init__(self) -> None:
        super().__init__(412, "PRECONDITION_FAILED", "the record has changed")

    def reply(self) -> Reply:
        """Nothing but the status."""
        return Reply(412)


def unzipped(body: bytes, encoding: str) -> bytes:
    """A request's body, unpacked if it is gzipped. Raises Refused."""
    if encoding != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError):
        raise Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is not valid gzip.") from None
