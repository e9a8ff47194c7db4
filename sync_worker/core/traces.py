"""What a CRM's own history tells of our owner changes: whether one landed, and whose edit it replaced. Pure.

On a CRM that compares no versions nothing holds a write back, so nothing but the history can tell. There a request
without an answer may land minutes after it was given up, over whatever somebody has written by then: nothing that is
seen before ``LANDS_WITHIN`` has passed ends its row, except that it has landed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.lifecycle import Verdict, same, shows
from sync_worker.core.model import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sync_worker.core.lifecycle import Seen
    from sync_worker.core.model import PlanRow, Value

LANDS_WITHIN = timedelta(minutes=5)
"""So long after it left, a request whose answer was lost is taken to land, if it lands at all."""


@dataclass(frozen=True, slots=True)
class OwnerMove:
    """One owner change in the CRM's own history. ``by_app``: an app wrote it, as it writes all that we send."""

    at: datetime
    before: Value
    after: Value
    by: str
    by_app: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """What one of our writes has replaced, and the change that had put it there where the history shows one."""

    owner: Value
    move: OwnerMove | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What the history shows of one row's write, since the earliest moment at which its record can have been read."""

    landings: int
    """How many requests of ours have left a mark. One that found its value there already may leave none."""
    replaced: Replaced | None
    """The latest of somebody else's changes that a write of ours has replaced."""
    by_others: bool
    """Somebody else has written the very value that we write."""
    quiet: bool
    """Nothing has changed the owner since, so the write has not landed."""
    latest: Value
    """The owner after the last change; None without any."""
    changes: int
    """How many changes the history holds at all."""

    def ends_with(self, owner: Value) -> bool:
        """Whether the history reaches as far as a reading that shows this owner. One without changes tells nothing."""
        return not self.changes or same(self.latest, owner)


def untouched(moves: Sequence[OwnerMove], *, owner: Value, since: datetime) -> bool:
    """Whether the history proves that the owner did not change after ``since``.

    An empty history proves nothing: the CRM may keep none. One that ends before ``since`` with the owner that the
    record shows now has been kept, and has nothing more to tell.
    """
    return bool(moves) and same(moves[-1].after, owner) and all(move.at < since for move in moves)


def trace(moves: Sequence[OwnerMove], *, before: Value, after: Value, since: datetime) -> Trace:
    """Read the changes, oldest first, of a record that showed ``before`` at some moment after ``since``.

    Only for a CRM that keeps the history of every record: there an empty one means that nothing ever changed. Changes
    up to the first moment at which the owner was ``before`` came before that reading; all later ones that are not ours
    came after it, or may have.
    """
    recent = [move for move in moves if move.at >= since]
    landings, replaced = 0, None
    stranger: OwnerMove | None = None
    read = not recent or same(recent[0].before, before)
    edited = False
    for move in recent:
        if _ours(move, after):
            if not same(move.before, after) and (edited or landings or not same(move.before, before)):
                replaced = Replaced(move.before, stranger)
            landings, edited, stranger = landings + 1, False, None
            continue
        stranger, edited = move, edited or read
        read = read or same(move.after, before)
    return Trace(
        landings,
        replaced,
        by_others=any(same(move.after, after) and not _ours(move, after) for move in recent),
        quiet=not recent and (not moves or same(moves[-1].after, before)),
        latest=moves[-1].after if moves else None,
        changes=len(moves),
    )


def judge_unbound(row: PlanRow, seen: Seen | None, found: Trace | None, *, in_air: bool) -> Verdict:
    """Decide an owner row in ``unknown`` whose write was bound to no version: the second table in docs/safety.md.

    ``found``: None where the history could not be had. ``in_air``: a request may still land.
    """
    if seen is None:
        return Verdict.GONE
    if shows(seen, row.after) or (found is not None and found.landings):
        return Verdict.LANDED
    stands = shows(seen, row.before)
    if stands and found is not None and found.quiet:
        return Verdict.NOT_LANDED if in_air else Verdict.RULED_OUT
    if in_air:
        return Verdict.WAIT
    return Verdict.MAYBE_REVERTED if stands else Verdict.CONFLICT


def judge_confirmed(
    row: PlanRow, seen: Seen | None, found: Trace | None, *, in_air: bool, overdue: bool
) -> RowState | None:
    """How a confirmed owner row ends whose write was bound to no version; None while it cannot be told.

    Absence is never a value: a history that does not show the write is one that is behind. ``overdue``: it has been
    waited for long enough, so the row ends by what the CRM shows.
    """
    if seen is None:
        return RowState.GONE
    if in_air:
        return None
    if found is not None and found.replaced is not None:
        return RowState.OVERWROTE
    told = found is not None and found.ends_with(seen.fields.get("owner")) and (found.landings or found.by_others)
    if not told and not overdue:
        return None
    return RowState.VERIFIED if shows(seen, row.after) else RowState.OVERWRITTEN


def _ours(move: OwnerMove, after: Value) -> bool:
    return move.by_app and same(move.after, after)
