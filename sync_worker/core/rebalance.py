"""What a person may want of a plan: that books are rebalanced, how far, and from which day it holds. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Cap:
    """The most accounts that a rebalance takes from owners who might keep them: a share of those owned, or a number."""

    share: float | None = None
    most: int | None = None

    def of(self, owned: int, used: int) -> int:
        """How many of a book's accounts that have an owner may move, after ``used`` in the books before it."""
        if self.most is not None:
            return max(0, self.most - used)
        return int((self.share or 0.0) * owned + 1e-9)

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.most:,}" if self.most is not None else f"{(self.share or 0.0) * 100:g}%"


FIVE_PER_CENT = Cap(share=0.05)
"""The first moves buy most: on made-up books, one beyond this buys a fifteenth of what the first one does."""


@dataclass(frozen=True, slots=True)
class Rebalance:
    """A rebalance of these books, of all that are filled by prices where none is named."""

    books: Sequence[str] = ()
    cap: Cap = field(default=FIVE_PER_CENT)

    def takes(self, book: str) -> bool:
        """Whether this book is rebalanced; the others are refilled."""
        return not self.books or book in self.books


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plan as it is asked for; what nobody asks for is the plan of each day."""

    rebalance: Rebalance | None = None
    effective_from: datetime | None = None
    """Nothing of it is to be written before this instant, in UTC; None: at once."""


EVERY_DAY = Wanted()
