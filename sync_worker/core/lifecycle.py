"""What may become of a plan row: the state machine, the checks before a write, and how an unanswered write is judged.

Pure: it is told what a reading of the CRM showed, and says what follows. It reads and writes nothing itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind, RowState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sync_worker.core.model import PlanRow, Value

NEXT: Mapping[RowState, frozenset[RowState]] = {
    RowState.PLANNED: frozenset(
        {RowState.APPROVED, RowState.SUPERSEDED, RowState.EXPIRED, RowState.CANCELLED},
    ),
    RowState.APPROVED: frozenset(
        {
            RowState.SENT,
            RowState.NOOP,
            RowState.CONFLICT,
            RowState.GONE,
            RowState.FAILED,
            RowState.SUPERSEDED,
            RowState.EXPIRED,
            RowState.CANCELLED,
            # A second try found that the first one, which had got no answer, has landed after all.
            RowState.CONFIRMED,
            # A second try found that somebody has been there, while the first one may still land: a reading decides.
            RowState.UNKNOWN,
        },
    ),
    RowState.SENT: frozenset(
        {
            RowState.CONFIRMED,
            RowState.FAILED,
            RowState.CONFLICT,
            RowState.GONE,
            RowState.UNKNOWN,
            # The row was locked, or the write never left: nothing was written, for certain.
            RowState.APPROVED,
        },
    ),
    RowState.UNKNOWN: frozenset(
        {
            RowState.CONFIRMED,
            RowState.APPROVED,
            RowState.CONFLICT,
            RowState.GONE,
            # It had not landed when read, and there is no further try: the tries are spent, or the plan is over.
            RowState.SUPERSEDED,
        },
    ),
    RowState.CONFIRMED: frozenset(
        {RowState.VERIFIED, RowState.OVERWRITTEN, RowState.OVERWROTE, RowState.GONE},
    ),
}
"""Which states may follow which. States that are no key here are terminal."""

OPEN = frozenset({RowState.SENT, RowState.UNKNOWN})
"""A write may have left and its outcome is not known: only a reading can tell."""

INACTIVE_OWNER = "INACTIVE_OWNER"
"""The code of a row that was not sent because its new owner may not own accounts any more."""

TRIES = 3
"""How often one row is sent at most. Each try has a pre-read of its own."""


def may_follow(now: RowState, then: RowState) -> bool:
    """Whether a row may go from one state to the other."""
    return then in NEXT.get(now, frozenset())


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as a reading showed it. ``version``: its token, where one was asked for."""

    fields: Mapping[str, Value]
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A state that a row goes to, and why, in words for a person."""

    state: RowState
    code: str = ""
    message: str = ""
    adopted: bool = False
    """The CRM shows our value although no answer ever said so."""
    nothing_written: bool = False
    """For a row that may be sent again: its latest try wrote nothing, for certain, so no token binds the next one."""
    replaced: Mapping[str, Value] | None = None
    """What our write has replaced of somebody else's, for a row that ends as ``overwrote``."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What a plan's rows were sealed on, as it is now (computed after a new pull)."""

    read_sets: Mapping[str, str]
    active_owners: Collection[str]


def same(one: Value, other: Value) -> bool:
    """Whether two field values mean the same. CRMs round numbers, end lines with CR LF and cut blanks at the end."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return _text(one) == _text(other)


def shows(seen: Seen, image: Mapping[str, Value]) -> bool:
    """Whether the record shows every value of the image. A field that the reading lacks is never a match (I14)."""
    return all(name in seen.fields and same(seen.fields[name], value) for name, value in image.items())


def before_sending(row: PlanRow, seen: Seen | None, now: Premises, *, token: str | None) -> Ending | None:
    """What ends a row instead of a write; None when it may be written now.

    ``token``: the version of an earlier try that got no answer, empty where it had none; else None. The order of the
    checks is the order of what a person needs to know first: what the CRM shows, then what the plan rested on.
    """
    if seen is None:
        return Ending(RowState.GONE, message="deleted or merged away since the plan")
    if shows(seen, row.after):
        return _already_there(token)
    if not shows(seen, row.before):
        return Ending(RowState.CONFLICT, message=f"{difference(row.before, seen)}: nothing was written")
    if token and row.kind is RowKind.OWNER and seen.version != token:
        return REVERTED
    if now.read_sets.get(row.account) != row.read_set:
        return Ending(RowState.SUPERSEDED, message="its inputs changed since the plan; it will be planned again")
    return _owner_ending(row, now, token)


def _already_there(token: str | None) -> Ending:
    if token is None:
        return Ending(RowState.NOOP, message="the CRM already shows this value")
    return Ending(RowState.CONFIRMED, message="an earlier try got no answer; the CRM shows its value", adopted=True)


def _owner_ending(row: PlanRow, now: Premises, token: str | None) -> Ending | None:
    owner = row.after.get("owner")
    if row.kind is not RowKind.OWNER or owner in now.active_owners:
        return None
    # Failed means that it did not land (I5). Of a row whose first try got no answer nobody can say that.
    state = RowState.FAILED if token is None else RowState.SUPERSEDED
    message = f"the new owner {owner} is not an active user who may own accounts: nothing was written"
    return Ending(state, INACTIVE_OWNER, message)


REVERTED = Ending(
    RowState.CONFLICT,
    code="MAYBE_REVERTED",
    message="an earlier try got no answer and the record has been edited since: somebody may have put it back",
)


def difference(image: Mapping[str, Value], seen: Seen) -> str:
    """Where the record differs from the image, for a person: ``owner is now X, the plan expected Y``."""
    return "; ".join(
        f"{name} is now {_shown(seen.fields.get(name))}, the plan expected {_shown(value)}"
        for name, value in sorted(image.items())
        if name not in seen.fields or not same(seen.fields[name], value)
    )


class Verdict(StrEnum):
    """What a reading says of a write that got no answer."""

    LANDED = "landed"
    NOT_LANDED = "not landed"
    """It had not when the reading was made: it may be sent again, with the same token."""
    RULED_OUT = "ruled out"
    """It did not land and cannot any more: the version that it was bound to has passed, or so much time."""
    WAIT = "wait"
    """Nothing binds it to a version, and it may still land: whatever is there now decides nothing yet."""
    CONFLICT = "conflict"
    MAYBE_REVERTED = "maybe reverted"
    GONE = "gone"


def judge_unanswered(row: PlanRow, seen: Seen | None, *, token: str | None, proof: bool = False) -> Verdict:
    """Decide a row in ``unknown`` by what the CRM shows: the table in docs/safety.md.

    A reading that failed decides nothing and must not come here.
    ``token``: the version that the write was bound to. ``proof``: the field history shows that the owner did not
    change since (see ``untouched``). Priority fields belong to the worker and their writes carry no token: a write
    that did not land may simply be repeated.
    """
    if seen is None:
        return Verdict.GONE
    if shows(seen, row.after):
        return Verdict.LANDED
    if not shows(seen, row.before):
        return Verdict.CONFLICT
    if row.kind is RowKind.PRIORITY or (token is not None and seen.version == token):
        return Verdict.NOT_LANDED
    return Verdict.RULED_OUT if proof else Verdict.MAYBE_REVERTED


def _text(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return "\n".join(line.rstrip() for line in value.splitlines()).rstrip() or None


def _shown(value: Value) -> str:
    return "empty" if value is None else str(value)
