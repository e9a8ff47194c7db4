"""What files tell, as values: rows of intent and of firmographics, and lines that tell nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime, timedelta

    from connectors.port import FieldType, Value


class Kind(StrEnum):
    """What a file tells."""

    INTENT = "intent"
    FIRMOGRAPHICS = "firmographics"


class Refused(Exception):
    """A file that cannot be taken at all; the text says why and what to do."""


class Unfit(Exception):
    """A line or value that cannot be taken; the text says why and, where there is one, the way out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file."""

    now: datetime
    fields: Mapping[str, FieldType]
    """The account fields that a file may fill."""
    topics: Mapping[str, str]
    """A vendor's topic → the topic that rules name. Others become small letters with underscores."""
    time_to_live: timedelta
    """How long intent counts where the file does not say."""
    host_of: Callable[[str], str]
    """The host of a web address; empty where it is none."""
    not_sources: Collection[str] = ()
    """Names that no source may bear."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A source's score of one topic for one account. ``key``: the account's id, host, or name. Times are UTC."""

    line: int
    source: str
    key: str
    topic: str
    score: float
    observed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Firmographics:
    """What a source says of one account's fields; empty cells say nothing."""

    line: int
    source: str
    key: str
    observed_at: datetime
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that was not taken, and why. Line 0: the file as a whole, of which something was left out."""

    line: int
    reason: str


Row = Intent | Firmographics | Fault
