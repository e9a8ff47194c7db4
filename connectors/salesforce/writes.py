"""What the two ways of writing share: a row in Salesforce's words, the count of lost replies, and results of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from connectors.port import BadReply, CrmError, NotPermitted, Outcome, Unreachable, WriteResult
from connectors.salesforce.errors import Refused, outcome_of
from connectors.salesforce.fields import VERSIONED
from connectors.salesforce.soql import record_id
from connectors.salesforce.values import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Field, Write

OWNER = "OwnerId"
MOST_DOUBTS = 3
"""Calls in a row that may end without an answer. After them the CRM is taken to be away, and the rest is not sent."""

BROKEN = (Unreachable, BadReply, requests.RequestException)
"""What a write ends in when its reply was lost or cannot be read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One write in Salesforce's words."""

    write_id: str
    entity: str
    record: str
    fields: Mapping[str, Any]
    if_match: str | None
    """None for a write that changes no owner."""


def row_of(write: Write, entity: str, fields: Mapping[str, Field]) -> Row:
    """The write in Salesforce's words. ValueError or NotPermitted when it cannot be meant, before anything is sent."""
    unknown = sorted(write.changes.keys() - fields.keys())
    if unknown or not write.changes:
        raise ValueError(
            f"write {write.id}: no mapped field of {write.ref.stream}: {', '.join(unknown) or 'none given'}"
        )
    locked = sorted(fields[name].crm_name for name in write.changes if not fields[name].writable)
    if locked:
        raise NotPermitted(
            f"the integration user may not edit {', '.join(locked)}",
            hint="grant Edit under field-level security in the integration user's permission set",
        )
    values = {fields[name].crm_name: to_json(value) for name, value in write.changes.items()}
    # By Salesforce's name, too: a second mapped name for the owner must not get around the condition.
    moves = "owner" in write.changes or OWNER in values
    if moves:
        _check_condition(write)
    return Row(write.id, entity, record_id(write.ref.id), values, write.version if moves else None)


def _check_condition(write: Write) -> None:
    if write.ref.stream is not VERSIONED:
        raise ValueError(
            f"write {write.id} changes the owner of a record of {write.ref.stream}: "
            "Salesforce compares versions of accounts only"
        )
    if not write.version:
        raise ValueError(f"write {write.id} changes the owner of {write.ref.id} without a version: read it first")


class Doubts:
    """Counts calls in a row without an answer; stops the run before it fires into the void."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last = ""

    def answered(self) -> None:
        """An answer came, whatever it says."""
        self._in_a_row = 0

    def lost(self, error: Exception) -> None:
        """No answer came."""
        self._in_a_row += 1
        self._last = str(error)

    def check(self) -> None:
        """Before a call: Unreachable when too many in a row were lost."""
        if self._in_a_row >= MOST_DOUBTS:
            raise Unreachable(
                f"{self._in_a_row} writes in a row got no answer, the last: {self._last}",
                hint="their outcome is unknown until they are read again; the remaining writes were not sent",
            )


def refused(row: Row, status: int, error: Refused) -> WriteResult:
    """The result of a row that Salesforce refused by name."""
    outcome, entry = outcome_of(error.errors, status)
    return WriteResult(row.write_id, outcome, entry.code, entry.message)


def unknown(row: Row, error: CrmError | requests.RequestException) -> WriteResult:
    """The result of a row whose reply was lost or cannot be read."""
    text = str(error) if isinstance(error, CrmError) else "the reply cannot be read"
    return WriteResult(row.write_id, Outcome.UNKNOWN, "", text)
