"""What the two ways of writing share: a row in Salesforce's words, the count of lost replies, and results of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from connectors.port import BadReply, CrmError, Outcome, Unreachable, WriteResult
from connectors.salesforce.errors import Refused, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
