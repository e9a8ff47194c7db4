"""What Salesforce's error codes mean: for a whole call, and for one row of a write. Pure tables and their reading.

Spellings follow the StatusCode list of Salesforce's own WSDL; a test holds them to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.port import CrmError, LimitReached, NotPermitted, Outcome, Unauthorized
from connectors.transport import THROTTLED, Endpoint, Garbled, Hopeless, passing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

BUSY = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "UNABLE_TO_LOCK_RECORD",
        "ENTITY_IS_LOCKED",
        "RECORD_LOCKED",
        "RECORD_IN_USE_BY_WORKFLOW",
        "TERRITORY_REALIGN_IN_PROGRESS",
        "TOO_MANY_APEX_REQUESTS",
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    }
)
"""The row is locked for a while; a later try may succeed."""

GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
"""The record is deleted, merged away or no longer to be seen."""

CONFLICT = frozenset({"ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"})

FAILED = frozenset(
    {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "APEX_DATA_ACCESS_RESTRICTION",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "CIRCULAR_DEPENDENCY",
        "DATA_TYPE_NOT_SUPPORTED",
        "DATE_OUT_OF_RANGE",
        "DUPLICATES_DETECTED",
        "DUPLICATE_EXTERNAL_ID",
        "DUPLICATE_VALUE",
        "ENTITY_IS_ARCHIVED",
        "ENTITY_SAVE_VALIDATION_ERROR",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "FIELD_FILTER_VALIDATION_EXCEPTION",
        "FIELD_INTEGRITY_EXCEPTION",
        "FIELD_NOT_UPDATABLE",
        "FILTERED_LOOKUP_LIMIT_EXCEEDED",
        "INACTIVE_OWNER_OR_USER",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_ARGUMENT_TYPE",
        "INVALID_ASSIGNEE_TYPE",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD",
        "INVALID_EMAIL_ADDRESS",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_ID_FIELD",
        "INVALID_INPUT",
        "INVALID_OPERATION",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INVALID_OWNER",
        "INVALID_PERSON_ACCOUNT_OPERATION",
        "INVALID_RECORD_TYPE",
        "INVALID_TYPE",
        "INVALID_TYPE_FOR_OPERATION",
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "INVALID_USERID",
        "JSON_PARSER_ERROR",
        "LIMIT_EXCEEDED",
        "MALFORMED_ID",
        "MIXED_DML_OPERATION",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
        "PROCESSING_HALTED",
        "RECORD_TYPE_LIMIT_EXCEEDED",
        "RELATED_ENTITY_FILTER_VALIDATION_EXCEPTION",
        "REQUIRED_FIELD_MISSING",
        "SELF_REFERENCE_FROM_TRIGGER",
        "SHARE_NEEDED_FOR_CHILD_OWNER",
        "STORAGE_LIMIT_EXCEEDED",
        "STRING_TOO_LONG",
        "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET",
        "TRANSFER_REQUIRES_READ",
        "TXN_SECURITY_NO_ACCESS",
        "UNAVAILABLE_RECORDTYPE_EXCEPTION",
        "USER_OWNS_PORTAL_ACCOUNT_EXCEPTION",
        "USER_WITH_APEX_SHARES_EXCEPTION",
    }
)
"""Salesforce refused the row for good, and rolled it back. A code in none of these tables is UNKNOWN: only a read can
tell what an unheard-of answer means."""

API_ONLY = frozenset({"JSON_PARSER_ERROR", "NOT_FOUND", "REQUEST_LIMIT_EXCEEDED"})
"""Codes of the REST layer, which the WSDL's list of row codes need not hold."""

WRAPPERS = frozenset({"CANNOT_EXECUTE_FLOW_TRIGGER", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"})
"""Codes that wrap another error, whose own code stands in the message."""

HOPELESS_SESSIONS = ("Connected app is not attached to Agent", "not valid for use with the REST API")
"""401 texts that a new token never cures."""

SWITCHED_OFF = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED"})

PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class RowError:
    """One entry of Salesforce's error list."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


class Refused(CrmError):
    """A definite refusal of one call. Its caller knows whether that is a row's result or the end of the run."""

    def __init__(self, what: str, status: int, errors: tuple[RowError, ...]) -> None:
        said = "; ".join(f"{error.code}: {error.message}" for error in errors) or "no reason given"
        super().__init__(
            f"Salesforce refused {what} with {status}: {said}",
            hint="check what the integration user may see and do; the code stands in Salesforce's API documentation",
        )
        self.status = status
        self.errors = errors

    def has(self, *codes: str) -> bool:
        """True when one of the codes was given."""
        return any(error.code in codes for error in self.errors)


def row_errors(body: object) -> tuple[RowError, ...]:
    """The entries of an error list, in REST's spelling, the collections' or that of the token endpoint."""
    found = (_row_error(entry) for entry in (body if isinstance(body, list) else [body]) if isinstance(entry, dict))
    return tuple(error for error in found if error.code)


def _row_error(entry: Mapping[str, object]) -> RowError:
    code = entry.get("errorCode") or entry.get("statusCode") or entry.get("error") or ""
    message = entry.get("message") or entry.get("error_description") or ""
    fields = entry.get("fields")
    return RowError(str(code), str(message), tuple(map(str, fields)) if isinstance(fields, list) else ())


def outcome_of(errors: tuple[RowError, ...], status: int = 400) -> tuple[Outcome, RowError]:
    """What a refusal means for its row, and the entry that decided it. UNKNOWN when a code is unheard of."""
    if status == PRECONDITION_FAILED:
        return Outcome.CONFLICT, RowError("PRECONDITION_FAILED", "the record has changed since it was read")
    ranked = sorted(
        ((_rank(error), index) for index, error in enumerate(errors)), key=lambda pair: _ORDER.index(pair[0])
    )
    if not ranked:
        return Outcome.UNKNOWN, RowError("", f"refused with {status} and no reason")
    outcome, index = ranked[0]
    return outcome, errors[index]


_ORDER = (Outcome.UNKNOWN, Outcome.GONE, Outcome.CONFLICT, Outcome.FAILED, Outcome.BUSY)
"""Which of several entries decides: doubt first, and "try again" only when nothing speaks against it."""


def _rank(error: RowError) -> Outcome:
    if error.code in BUSY or (error.code in WRAPPERS and any(code in error.message for code in BUSY)):
        return Outcome.BUSY
    if error.code in GONE:
        return Outcome.GONE
    if error.code in CONFLICT:
        return Outcome.CONFLICT
    return Outcome.FAILED if error.code in FAILED else Outcome.UNKNOWN


def judge(endpoint: Endpoint, response: Response) -> CrmError:
    """The error for a reply of 300 and above."""
    status = response.status_code
    try:
        errors = row_errors(response.json())
    except ValueError:
        errors = ()
    origin = "/".join((response.url or "").split("/")[:3])
    if status == 401 and endpoint.bearer:  # noqa: PLR2004 - the one status for a refused session
        return _session_refused(endpoint, errors)
    codes = {error.code for error in errors}
    if status in THROTTLED or "SERVER_UNAVAILABLE" in codes:
        return passing(origin, response)
    if not errors and endpoint.bearer and _is_page(response):
        return Garbled(f"{endpoint.kind}: {status} with a web page instead of Salesforce's error list")
    return _closed(status, errors) or Refused(endpoint.kind, status, errors)


def _closed(status: int, errors: tuple[RowError, ...]) -> CrmError | None:
    """The error when the whole org is closed to us, for now or until somebody opens it."""
    codes = {error.code for error in errors}
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return LimitReached(
            "Salesforce has no API calls left for this org",
            hint="the limit is a rolling 24 hours: find what uses the calls under Setup, API Usage, or wait",
        )
    if codes & SWITCHED_OFF:
        return NotPermitted(
            f"{errors[0].code}: {errors[0].message}",
            hint="use an edition with API access and give the integration user 'API Enabled'",
        )
    if status == 410:  # noqa: PLR2004 - the status of a retired version
        return NotPermitted("this API version is retired", hint="set api_version to a current one, such as 66.0")
    return None


def _is_page(response: Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower()


def _session_refused(endpoint: Endpoint, errors: tuple[RowError, ...]) -> Unauthorized:
    said = "; ".join(error.message for error in errors) or "the session is not valid"
    hint = "check the client id, the secret or key, and that the app may act for its user"
    if any(text in said for text in HOPELESS_SESSIONS):
        return Hopeless(f"Salesforce refused the session: {said}", hint=hint)
    return Unauthorized(f"Salesforce refused the session for {endpoint.kind}: {said}", hint=hint)
