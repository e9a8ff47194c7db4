"""What HubSpot's error categories mean: for a whole call, and for one record of a write. Pure tables and their reading.

Every part of an error is optional, as HubSpot's documentation says; a category in none of the tables is UNKNOWN.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors.port import CrmError, LimitReached, NotPermitted, Outcome, Unauthorized
from connectors.transport import THROTTLED, Garbled, Passing, passing, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from connectors.transport import Endpoint

MIGRATING = 477
"""The account is being moved to another region; it may take a day."""
TOO_MANY = 429
WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
"""Seconds after which a limit's window has moved on. HubSpot promises no Retry-After."""

GONE = frozenset({"OBJECT_NOT_FOUND", "NOT_FOUND"})
"""The record is archived, purged, or no longer to be seen."""
BUSY = frozenset({"LOCKED", "RATE_LIMIT", "RATE_LIMITS"})
"""Nothing was written, and a later try may succeed."""
FAILED = frozenset(
    {
        "BAD_REQUEST",
        "CONFLICT",
        "FORBIDDEN",
        "INVALID_OBJECT",
        "INVALID_OWNER_ID",
        "INVALID_PARAMS",
        "MISSING_SCOPES",
        "OBJECT_ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "PROPERTY_DOESNT_EXIST",
        "UNIQUE_VALUE_CONFLICT",
        "VALIDATION_ERROR",
    }
)
"""HubSpot refused the record for good."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One entry of a batch's error list: what it says, and of which records."""

    category: str
    message: str
    ids: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What it means for its records; UNKNOWN for a category that is unheard of."""
        if self.category in GONE:
            return Outcome.GONE
        if self.category in BUSY:
            return Outcome.BUSY
        return Outcome.FAILED if self.category in FAILED else Outcome.UNKNOWN


class Throttled(Passing):
    """Too many calls in a few seconds: nothing was done, and it passes."""


class Refused(CrmError):
    """A definite refusal of one call. Its caller knows whether that is a record's result or the end of the run."""

    def __init__(self, what: str, status: int, error: RowError) -> None:
        super().__init__(
            f"HubSpot refused {what} with {status}: {error.category or 'no category'}: {error.message or 'no reason'}",
            hint="check the app's scopes and the mapped properties",
        )
        self.status = status
        self.error = error


def row_error(entry: Mapping[str, object]) -> RowError:
    """An entry of an error list, or the body of a refused call."""
    category = entry.get("category") or entry.get("errorType") or entry.get("error") or ""
    message = entry.get("message") or entry.get("error_description") or ""
    context = entry.get("context")
    named = context if isinstance(context, dict) else {}
    ids = _texts(named.get("ids")) or _texts(named.get("fromObjectId"))
    return RowError(str(category), _plain(str(message)), ids, _texts(named.get("objectWriteTraceId")))


def _plain(message: str) -> str:
    """The message in words: HubSpot puts a list of JSON objects behind some."""
    start = message.find("[{")
    try:
        told = json.loads(message[start:]) if start >= 0 else None
    except ValueError:
        return message
    words = [str(each.get("message") or "") for each in told or () if isinstance(each, dict)]
    return message[:start] + "; ".join(words) if any(words) else message


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def judge(endpoint: Endpoint, response: Response) -> CrmError:
    """The error for a reply of 300 and above."""
    status, body = response.status_code, _body(response)
    error = row_error(body)
    asked = urlsplit(response.url or "")
    origin = f"{asked.scheme}://{asked.netloc}"
    if status == TOO_MANY:
        return _too_many(body, response)
    if status in THROTTLED or status == MIGRATING:
        return passing(origin, response)
    if status == 401 and endpoint.bearer:  # noqa: PLR2004 - the one status for a refused token
        return Unauthorized(
            f"HubSpot refused the token for {endpoint.kind}: {error.message or 'it is not valid'}",
            hint="check the service key, or the app's client id, secret and refresh token",
        )
    if status == 403:  # noqa: PLR2004 - the one status for missing scopes
        return _forbidden(endpoint, body, error)
    if not body:
        return Garbled(f"{endpoint.kind}: {status} without HubSpot's error body")
    return Refused(endpoint.kind, status, error)


def _body(response: Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _too_many(body: Mapping[str, object], response: Response) -> CrmError:
    policy = str(body.get("policyName") or "")
    if policy == "DAILY":
        return LimitReached(
            "HubSpot has no API calls left for this account today",
            hint="the day ends at midnight in the account's time zone: find what uses the calls, or wait",
        )
    wait = retry_after(response.headers.get("Retry-After"))
    return Throttled(
        f"HubSpot's {policy or 'rate'} limit is reached",
        hint="something else uses the same app's calls: lower burst_share, or wait",
        retry_after=wait if wait is not None else WAITS.get(policy, WAITS["TEN_SECONDLY_ROLLING"]),
    )


def _forbidden(endpoint: Endpoint, body: Mapping[str, object], error: RowError) -> NotPermitted:
    scopes = sorted(set(_scopes(body)))
    named = f" (needed: {', '.join(scopes)})" if scopes else ""
    return NotPermitted(
        f"HubSpot does not permit {endpoint.kind}: {error.message or error.category or 'no reason given'}{named}",
        hint="grant the scopes to the service key or app",
    )


def _scopes(body: Mapping[str, object]) -> list[str]:
    errors = body.get("errors")
    contexts = [each.get("context") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    named = [each.get("requiredGranularScopes") for each in contexts if isinstance(each, dict)]
    return [str(scope) for scopes in named if isinstance(scopes, list) for scope in scopes]
