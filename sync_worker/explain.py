"""Why an account stands where it stands: every rule tried in order, every point, what was empty, who owned it when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sync_worker.core.model import Value


@dataclass(frozen=True, slots=True)
class RuleTried:
    """One rule, as it was tried. ``decides`` marks the first match of its section."""

    section: str
    """scope, protect, return or book."""
    id: str
    text: str
    """The condition as written."""
    because: str
    holds: bool
    decides: bool
    values: Mapping[str, Value]
    """What the condition read, and what it found."""


@dataclass(frozen=True, slots=True)
class TermCounted:
    """One term of a score, counted or not."""

    score: str
    part: str
    term: str
    text: str
    points: float
    most: float
    because: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Owned:
    """One change of owner that the worker saw; ``because`` is empty where a person made it."""

    at: datetime
    before: str
    after: str
    because: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained as of the latest pull. Names, not ids, wherever a name is known."""

    account: str
    name: str
    owner: str
    at: datetime
    rules_version: str
    verdict: str
    """One sentence: what the worker will do with this account, and the first reason."""
    scope: str | None
    protect: str | None
    return_: str | None
    book: str | None
    held: str
    resting: bool
    scores: Mapping[str, tuple[float, str]]
    """Total and tier by score id."""
    rules: tuple[RuleTried, ...]
    terms: tuple[TermCounted, ...]
    empty: tuple[str, ...]
    """Fields that the rules read and found empty."""
    owners: tuple[Owned, ...]
    """Latest first."""
    plan_rows: tuple[str, ...]
    """What the latest plan that touches the account does to it, and how that ended."""
