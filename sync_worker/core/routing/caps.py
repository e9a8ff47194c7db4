"""Caps of a route: how many accounts it may give to one rep in a time, and how many the rep may hold. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sync_worker.core.steps import Position


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many accounts for each rep."""

    most: int
    said: str
    """In words: 5 a day, 30 within 7 days, 40 held where tier = 'A'."""
    used: Mapping[str, int] = field(default_factory=dict)
    """What the route has given each rep already in the cap's time. Empty for a cap on what is held."""
    holding: bool = False
    """Whether it counts what the rep holds, whoever gave it, and not what this route gives."""
    among: Collection[str] | None = None
    """The accounts that count, by id; None: all do."""

    def counts(self, account: str) -> bool:
        """Whether the account would count."""
        return self.among is None or account in self.among


@dataclass(frozen=True, slots=True)
class CapCount:
    """A cap, and what counts against it by now."""

    cap: Cap
    used: Counter[str]

    def bars(self, rep: str, account: str) -> bool:
        """Whether the rep may not have this account as well."""
        return self.cap.counts(account) and self.used[rep] >= self.cap.most

    def add(self, rep: str, account: str) -> None:
        """Count an account that the rep is given."""
        if self.cap.counts(account):
            self.used[rep] += 1


def counted(caps: Sequence[Cap], position: Position) -> tuple[CapCount, ...]:
    """The caps with what counts against them before the first turn."""
    return tuple(CapCount(cap, _held(cap, position) if cap.holding else Counter(cap.used)) for cap in caps)


def _held(cap: Cap, position: Position) -> Counter[str]:
    """What each rep holds of the accounts that count.

    What a step has taken from a rep counts until the CRM shows it gone: so no outcome of any row goes over the cap.
    """
    held = Counter(d.owner for d in position.decisions if d.owner and cap.counts(d.account))
    held.update(change.after for change in position.taken.values() if cap.counts(change.account))
    return held
