"""A tier in the CRM is kept until the score is some points beyond its border, so that it does not flap. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_worker.core.model import Score, Value


@dataclass(frozen=True, slots=True)
class Margin:
    """How far beyond a border a score must be, and where the borders are."""

    points: float
    tiers: tuple[tuple[str, float], ...]
    """Names and floors, the highest first."""

    def keeps(self, shown: Value, score: Score) -> bool:
        """Whether the tier that is shown stays, though the score is in another one by now."""
        floors = dict(self.tiers)
        if not isinstance(shown, str) or shown not in floors or shown == score.tier:
            return False
        return floors[shown] - self.points < score.total < self._ceiling(shown) + self.points

    def until(self, shown: str, score: Score) -> float:
        """The total from which on (above it) or down to which (below it) the tier that is shown gives way."""
        floor = dict(self.tiers)[shown]
        return floor - self.points if score.total < floor else self._ceiling(shown) + self.points

    def _ceiling(self, tier: str) -> float:
        """Where the tier above begins; endless for the highest."""
        names = [name for name, _ in self.tiers]
        at = names.index(tier)
        return self.tiers[at - 1][1] if at else float("inf")


def told(name: str, score: Score, shown: Value, margin: Margin | None) -> str:
    """``priority 61, tier B``, and where it is kept, how long: ``kept below 63``."""
    if margin is None or not margin.keeps(shown, score):
        return f"{name} {score.total:.0f}, tier {score.tier}"
    turn = margin.until(str(shown), score)
    side = "above" if score.total > turn else "below"
    return f"{name} {score.total:.1f}, tier {shown} kept while {side} {turn:g}"
