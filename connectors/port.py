"""What the worker needs of a CRM: the protocol, its values and its errors. It names no CRM.

CrmError
├── Unreachable        nothing answered: try the whole run again later
├── Unauthorized       the credentials were refused: stop until a person mends them
├── NotPermitted       a permission or a field is missing: stop, name it
├── LimitReached       the call budget is spent: stop until the window moves on
├── SchemaChanged      a field that we read has gone or changed its type: stop, describe again
└── BadReply           an answer that cannot be trusted (HTML, cut short, rows missing): stop
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

Value = str | int | float | bool | None
"""A field's value as JSON knows it. Dates are ``2026-11-04``, times ``2026-11-04T10:00:00Z``, UTC."""


class Stream(StrEnum):
    """One kind of record. The names are those of the config, the store and the command line."""

    USERS = "users"
    ACCOUNTS = "accounts"
    CONTACTS = "contacts"
    LEADS = "leads"
    OPPORTUNITIES = "opportunities"
    ACTIVITIES = "activities"


class FieldType(StrEnum):
    """The four types that rules know. A time is a date that has hours."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "yes/no"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Field:
    """One mapped field: ``name`` is the worker's word for it, ``crm_name`` the CRM's."""

    name: str
    crm_name: str
    type: FieldType
    label: str = ""
    values: tuple[str, ...] = ()
    """The picklist's active values; empty when the field is no picklist."""
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The mapped fields of every stream, as this org and this user see them."""

    fields: Mapping[Stream, Mapping[str, Field]]
    digests: Mapping[Stream, str]
    """SHA-256 of each stream's field names and types; when one changes, its stream is pulled in full again."""


@dataclass(frozen=True, slots=True)
class User:
    """A CRM user, active or not. ``fields`` holds every mapped user field, among them name, email and team."""

    id: str
    active: bool
    can_own: bool
    """False for queues, integration and portal users, who may not own accounts."""
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names one record in its CRM."""

    stream: Stream
    id: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a stream's pull stands. Opaque to the worker, which saves it with the page that it covers."""

    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the CRM showed it; ``fields`` are under the worker's names, each mapped field present."""

    ref: Ref
    fields: Mapping[str, Value]
    modified: datetime
    """When the CRM last changed it, UTC, by the CRM's clock."""
    version: str | None = None
    """The token that makes a write conditional; None where the CRM has none, or none was asked for."""
    deleted: bool = False
    merged_into: str | None = None
    """The winner's id, when this record lost a merge."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the cursor to save together with them."""

    records: tuple[Record, ...]
    cursor: Cursor
    full: bool
    """True when this page is part of a full pull (``since`` was None, or the cursor had expired)."""
    expected: int | None = None
    """How many records the whole pull will bring, where the CRM says so: for progress bars and I14."""


@dataclass(frozen=True, slots=True)
class Write:
    """One record's changes, under the worker's field names."""

    id: str
    """The worker's own name for this write; its result carries it back."""
    ref: Ref
    changes: Mapping[str, Value]
    version: str | None = None
    """From the pre-read. Where writes are conditional, a change of ``owner`` without one is refused with ValueError."""


class Outcome(StrEnum):
    """What is known of one write. Only DONE may have changed the CRM for certain; UNKNOWN may have."""

    DONE = "done"
    CONFLICT = "conflict"
    """The version had moved on: nothing was written."""
    FAILED = "failed"
    """The CRM refused this row for good: nothing was written."""
    GONE = "gone"
    """The record is deleted or merged away: nothing was written."""
    BUSY = "busy"
    """The row was locked: nothing was written, and a later try, with a new pre-read, may succeed."""
    UNKNOWN = "unknown"
    """No definite answer came. Only a read can tell."""


PUT_OFF = "RATE_LIMIT"
"""``WriteResult.code`` of the busy writes of a call that the CRM has put off as a whole: no row of it was locked."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of the write with this id."""

    id: str
    outcome: Outcome
    code: str = ""
    """The CRM's own error code, where it gave one."""
    message: str = ""


BY_APP = ("INTEGRATION:", "API:")
"""Begins ``FieldChange.by`` for what an app or a key wrote: the worker, too, where it is no user of the CRM."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One change of one field, from the CRM's own history."""

    at: datetime
    before: Value
    after: Value
    by: str
    """The user's id; for what no user did its source, which begins as in ``BY_APP`` where an app wrote it."""


@dataclass(frozen=True, slots=True)
class History:
    """The changes of one field of one record, oldest first; none where the CRM keeps no history of it."""

    ref: Ref
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """API calls. ``used`` and ``limit`` are the org's, for its rolling day; ``spent`` is this process's."""

    used: int | None
    limit: int | None
    spent: int
    allowed: int
    """How many calls this run may still make under the configured shares."""
    by_kind: Mapping[str, int] = field(default_factory=dict)
    """``spent`` by the kind of call: token, describe, query, read, owner write, field write, bulk, …"""


class CrmError(Exception):
    """The call failed as a whole. ``str()`` says what happened; ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Unreachable(CrmError):
    """Nothing answered, or only failures did, for the whole of the retry policy."""


class Unauthorized(CrmError):
    """The credentials were refused."""


class NotPermitted(CrmError):
    """The integration user may not see or do what the configuration asks for."""


class LimitReached(CrmError):
    """The CRM's limit, or the share of it that the configuration allows, is spent."""


class SchemaChanged(CrmError):
    """A mapped field has gone, or has become another type, since ``describe``."""


class BadReply(CrmError):
    """An answer that cannot be trusted. Absence is never a value (I14)."""


class Connector(Protocol):
    """One CRM. A call that fails as a whole raises CrmError; a record that the CRM refuses is a result."""

    conditional: bool = True
    """Whether the CRM refuses an owner write whose record has moved on since its version was read. Where it does not,
    records bear no version, owner writes need none, and the last writer wins: the caller reads just before and checks
    the history afterwards."""

    def describe(self) -> Schema:
        """Fields, types, picklists and permissions, as they are now."""

    def users(self) -> Iterable[User]:
        """Every user, inactive ones included."""

    def pull(self, stream: Stream, since: Cursor | None) -> Iterator[Page]:
        """Records changed since ``since``, or all. May repeat a record, never misses one."""

    def read(self, refs: Sequence[Ref], *, versions: bool = False) -> Iterable[Record]:
        """The records as they are now, in any order, gone ones left out; with version tokens if asked."""

    def write(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
        """One result for each write, as it is known. Never retried inside.

        LimitReached, Unauthorized and NotPermitted say that the writes without a result were not carried out. After
        any other error nobody knows.
        """

    def history(self, refs: Sequence[Ref], field: str) -> Iterable[History]:
        """Who changed the field of these records and when; one for each record that is there, in any order.

        A CRM that keeps histories apart from its records may give one without changes for a record that is gone.
        """

    def clock(self) -> datetime:
        """The CRM's time, UTC, from its latest answer (or a cheap new call)."""

    def budget(self) -> Budget:
        """What the calls so far have cost and what is left."""

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
