"""The steps of an ordinary day: returns, then refill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core import steps
from sync_worker.core.books import refilling, returning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.books import BookPolicy, ReturnPolicy
    from sync_worker.core.model import Decision, Rep


def assign(  # noqa: PLR0913 - what a day is made of
    decisions: Iterable[Decision],
    reps: Mapping[str, Rep],
    books: Sequence[BookPolicy],
    returns: Sequence[ReturnPolicy],
    *,
    pool_user: str,
    freed: Mapping[str, int] | None = None,
) -> steps.Assignment:
    """What a day's run moves."""
    start = steps.Position(tuple(decisions), reps, pool_user, freed or {})
    return steps.assign(start, (returning(returns), refilling(books)))
