"""An assignment as steps: each sees how the steps before left every account, and moves what is still free to move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.model import Decision, OwnerChange, Rep
    from sync_worker.core.priced import Filled
    from sync_worker.core.routing.turns import RouteTurn


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A pool account that nobody got, and why."""

    account: str
    because: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An account that names somebody who cannot have it: a claim, or one of a fixed book that somebody else has."""

    account: str
    rule: str
    """``claim:BOOK`` or ``book:BOOK``."""
    rep: str | None
    """Who is named, where it is known who that is."""
    because: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """All owner changes of one run, in the order of the steps that made them, and what stayed in the pool."""

    changes: tuple[OwnerChange, ...] = ()
    unassigned: tuple[Unassigned, ...] = ()
    turns: tuple[RouteTurn, ...] = ()
    """The turns by which routes gave accounts, in their order: they are stored with the plan."""
    kept: frozenset[str] = frozenset()
    """Accounts that stay as they are, out of reach of the steps that follow."""
    priced: tuple[Filled, ...] = ()
    """The books that were filled by prices, with what proves how well."""
    refused: tuple[Refused, ...] = ()

    def and_also(self, found: Assignment) -> Assignment:
        """With what a later step has found."""
        return Assignment(
            (*self.changes, *found.changes),
            (*self.unassigned, *found.unassigned),
            (*self.turns, *found.turns),
            self.kept | found.kept,
            (*self.priced, *found.priced),
            (*self.refused, *found.refused),
        )


@dataclass(frozen=True, slots=True)
class Position:
    """Where everything stands when a step's turn comes. Owners are reps' ids, whichever CRM shows them."""

    decisions: tuple[Decision, ...]
    reps: Mapping[str, Rep]
    pool_user: str
    freed: Mapping[str, int] = field(default_factory=dict)
    """How many accounts each rep lost to returns earlier on the same UTC day: their slots are filled on a later day.

    So are places that are kept for accounts which come back when a cover ends, or which plans of a later day give.
    """
    taken: Mapping[str, OwnerChange] = field(default_factory=dict)
    """What the steps before have moved, by account. No account moves twice in one run."""
    kept: frozenset[str] = frozenset()
    """What the steps before leave as it is, and no step after them may move."""

    def movable(self) -> tuple[Decision, ...]:
        """The accounts that may still move: in scope, neither protected nor held, and not settled by a step before."""
        done = self.taken.keys() | self.kept
        return tuple(d for d in self.decisions if d.scope and not d.protect and not d.held and d.account not in done)

    def load(self) -> Counter[str]:
        """How many accounts in scope each rep has, with those given by the steps before.

        What a step takes from a rep counts on: the slot is free once the CRM shows it free, on a later day. So no
        outcome of any row can take a book over its capacity, and a second run on the same day changes nothing.
        """
        load = Counter(d.owner for d in self.decisions if d.scope and d.owner)
        load.update(self.freed)
        load.update(change.after for change in self.taken.values() if change.after != self.pool_user)
        return load

    def after(self, changes: Iterable[OwnerChange], kept: frozenset[str] = frozenset()) -> Position:
        """The same once these are decided, too."""
        taken = {**self.taken, **{change.account: change for change in changes}}
        return replace(self, taken=taken, kept=self.kept | kept)


Step = Callable[[Position], Assignment]
"""A step decides changes of what is movable, and says of pool accounts that are its own why nobody gets them.

The order of the position's decisions and reps changes nothing.
"""


def left_by(position: Position, steps: Sequence[Step]) -> Position:
    """Where everything stands after these steps."""
    for step in steps:
        found = step(position)
        position = position.after(found.changes, found.kept)
    return position


def assign(position: Position, steps: Sequence[Step]) -> Assignment:
    """Take the steps one after the other."""
    made = Assignment()
    for step in steps:
        found = step(position)
        made = made.and_also(found)
        position = position.after(found.changes, found.kept)
    return made
