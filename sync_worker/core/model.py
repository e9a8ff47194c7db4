"""The words of the domain as values: reps, decisions, owner changes, plans and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Value = str | int | float | bool | None
"""A field's value: the same as ``connectors.port.Value``, which the core may not import."""

SERVICE_LEVEL = "service level"
"""Where a decision's fields name the first service level that matches. No field of the rules can have this name."""
WORKED = "how worked"
"""Where, among a decision's fields, stands whether the account is worked: green, amber or red."""
SUITS = "affinities"
"""Where stand the ids of its book's affinities whose condition on accounts holds, each behind a ``|``."""
COVER = "cover rule"
"""The same for covers."""


class RowKind(StrEnum):
    """What a plan row writes."""

    OWNER = "owner"
    """A new owner; conditional, one record at a time."""
    PRIORITY = "priority"
    """Score, tier and reasons; fields that only the worker writes."""


class RowState(StrEnum):
    """Where a plan row stands between plan and end. The diagram is in docs/safety.md."""

    PLANNED = "planned"
    APPROVED = "approved"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    OVERWRITTEN = "overwritten"
    """Confirmed, and then found changed by somebody else at verification."""
    OVERWROTE = "overwrote"
    """Confirmed, and then found to have replaced what somebody else wrote between our reading and our write. Only a CRM
    without conditional writes lets that happen; the offer to put it back is 'sync-worker rollback'."""
    FAILED = "failed"
    CONFLICT = "conflict"
    NOOP = "noop"
    GONE = "gone"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


TERMINAL = frozenset(
    {
        RowState.VERIFIED,
        RowState.OVERWRITTEN,
        RowState.OVERWROTE,
        RowState.FAILED,
        RowState.CONFLICT,
        RowState.NOOP,
        RowState.GONE,
        RowState.SUPERSEDED,
        RowState.EXPIRED,
        RowState.CANCELLED,
    },
)
"""States that never change again; the database holds this too."""


class PlanState(StrEnum):
    """Where a plan stands."""

    PLANNED = "planned"
    """Waits for approval (or for an automatic apply, where the policy says so)."""
    HELD = "held"
    """A guard has stopped it: it needs approval with the named overrides."""
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Rep:
    """A person who may own accounts. ``capacity``: accounts by book id, only for books that the rep may fill.

    Whoever is a user of two CRMs is one rep with one book, known by one e-mail address.
    """

    id: str
    """The user's id in the first CRM, in the order of the config, that shows the rep."""
    name: str
    users: Mapping[str, str]
    """User id by CRM, of those CRMs where the rep is active and may own accounts."""
    capacity: Mapping[str, int]
    suits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By book: the ids of the affinities whose condition on reps holds for this one."""
    compared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values of the rep's text fields that affinities compare with accounts', by field."""
    budgets: Mapping[str, str] = field(default_factory=dict)
    """What a capacity follows from, in words, by book; only of books that say so."""
    away: str = ""
    """Until when the rep is away, in words: "away until 2026-12-03"; empty: the rep is there."""


@dataclass(frozen=True, slots=True)
class Points:
    """One term of a score: what it added (or took) and why, as a rep will read it."""

    term: str
    points: float
    because: str


@dataclass(frozen=True, slots=True)
class Score:
    """One score of one account: points after all caps, rounded to 6 digits; the tier; every term that counted."""

    total: float
    tier: str
    points: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of one account, before anything is assigned."""

    account: str
    crm: str
    """The account's home: the CRM that shows its owner, and to which owner and priority are written."""
    name: str
    owner: str | None
    scope: str | None
    """The scope rule that let it in; None: the worker may not touch it."""
    protect: str | None
    return_: str | None
    book: str | None
    scores: Mapping[str, Score]
    """By the score's id."""
    held: str = ""
    """Why it may not move now, whatever the rules say: a person's change, a do-not-move box. Empty: nothing does."""
    resting: bool = False
    """True while a returned account stays in the pool."""
    previous_owner: str | None = None
    """Who owned it before it came to the pool."""
    evidence: str = ""
    """What the return rule saw, in words; empty where it returns nothing."""
    fields: Mapping[str, Value] = field(default_factory=dict)
    """What else rules make of the account, by name: a grid's grade by the grid's id."""
    named_owner: str | None = None
    """Whom a fixed book names as its owner: an e-mail address or a user's id, as the field has it."""
    workload: float = 1.0
    """The work of the account in its book, from 0 up, to six digits."""
    potential: float = 0.0
    """What the account is worth where its book evens out what reps have: its measure, from 0 up; else 0."""
    suits: frozenset[str] = frozenset()
    """The ids of its book's affinities whose condition on accounts holds."""
    compared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values of the account's text fields that affinities compare with reps', by field."""

    @property
    def worked(self) -> str:
        """Whether it is worked as its book expects: green, amber or red; empty where the book does not say."""
        return str(self.fields.get(WORKED) or "")


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """One move, decided. ``rule`` names what moved it (``return:unworked``, ``book:emea-enterprise``)."""

    account: str
    before: str | None
    after: str
    rule: str
    reason: str
    rest_days: int = 0
    """For a return: how long the account stays in the pool at least."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One write to one account, sealed. Values are under the worker's field names."""

    number: int
    """From 1, in the order in which rows are applied."""
    crm: str
    """The account's home, to which the row is written."""
    account: str
    account_name: str
    kind: RowKind
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    rule: str
    reason: str
    read_set: str
    """SHA-256 over every value that the rules read for this account (I3)."""
    rest_days: int = 0
    """For a return: how long the account stays in the pool. For an undo: how long the worker stays away from it."""


@dataclass(frozen=True, slots=True)
class GuardFinding:
    """A guard that this plan trips. ``name`` is what ``--override`` takes; ``message`` holds both figures."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The sealed difference between what should be and what the CRM shows.

    ``hash`` is the SHA-256 of the canonical rows, rules version, config digest and worker version, and of the day from
    which it may be applied if there is one (I10): it does not depend on when the plan was made.
    """

    id: str
    hash: str
    created_at: datetime
    expires_at: datetime
    rules_version: str
    config_digest: str
    worker_version: str
    rows: tuple[PlanRow, ...]
    guards: tuple[GuardFinding, ...] = ()
    summary: Mapping[str, object] = field(default_factory=dict)
    """Counts for people and for later guards; not part of the hash."""
    effective_from: datetime | None = None
    """Nothing of it is written before this instant, in UTC; None: at once."""
