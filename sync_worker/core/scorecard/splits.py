"""Which rows teach and which rows judge: copies and one account's rows stay together, or the newest period judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync_worker.core.scorecard.columns import Flags, History, Ints

NEWEST = 4
"""The newest quarter of the rows judges."""
ENOUGH = 30
"""So many won and so many lost rows at least: below that an interval says nothing."""


def copies(history: History) -> Ints:
    """A number for each row, the same for rows that are alike in every field, of one day and of one key.

    Where most rows are like another one, the fields are so few that deals are alike by nature: then each stands alone.
    """
    told = [column.places for column in history.columns]
    told += [] if history.days is None else [history.days]
    told += [] if history.keys is None else [np.unique(history.keys, return_inverse=True)[1].reshape(-1)]
    numbers = np.unique(np.stack(told, axis=1), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    by_nature = 2 * len(np.unique(numbers)) < len(numbers)
    return np.arange(len(numbers)) if by_nature else numbers


def together(same: Ints, keys: Sequence[str] | None) -> Ints:
    """A number for each row, the same for rows of one key; where there is no key, for copies."""
    if keys is None:
        return same
    names = [key or f"\n{copy}" for key, copy in zip(keys, same.tolist(), strict=True)]
    return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.int64)


def newest(days: Ints, won: Flags) -> Flags | None:
    """The newest period, whole days, of a quarter of the rows or more and of enough outcomes; None if there is none.

    It never takes more than half of the rows.
    """
    for start in np.unique(days)[::-1]:
        rows: Flags = days >= start
        count = int(rows.sum())
        if 2 * count > len(days):
            return None
        if NEWEST * count >= len(days) and both(won[rows]) >= ENOUGH:
            return rows
    return None


def both(won: Flags) -> int:
    """How often the rarer outcome occurs."""
    wins = int(won.sum())
    return min(wins, len(won) - wins)


def folds(groups: Ints, count: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Teaching and judged rows, ``count`` times; every group is judged once. Equal seeds give equal folds."""
    number = int(groups.max()) + 1
    # The bit stream of this generator is fixed for good; what the library makes of it elsewhere is not.
    order = np.argsort(np.random.PCG64(seed).random_raw(number), kind="stable")
    place = np.empty(number, dtype=np.int64)
    place[order] = np.arange(number) % count
    for fold in range(count):
        judged = place[groups] == fold
        yield np.flatnonzero(~judged), np.flatnonzero(judged)
