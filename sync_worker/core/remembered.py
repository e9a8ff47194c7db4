"""Prices as they are remembered from plan to plan. Values only: what reads them needs no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Remembered:
    """What one more of each thing cost in a plan: a move, and by rep a slot, a unit of work, a unit of potential.

    All in points of the score by which the book ranks; work and potential in hundredths.
    """

    move: float
    reps: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class BookPrices:
    """What a book was filled by, and what that proves."""

    book: str
    rebalance: bool
    problem: str
    """SHA-256 over all that was given: accounts, reps, worths, limits."""
    value: float
    """What the plan for the book is worth."""
    bound: float
    """What no plan for it can exceed."""
    prices: Remembered
