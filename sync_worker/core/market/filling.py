"""Columns that fill block by block, so that a million accounts take memory for numbers and not for records."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.bins import FLOOR, MOST_LEVELS
from sync_worker.core.scorecard.columns import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.model import Value

MOST_DISTINCT = 50_000
"""A text with more values than this names its account; it is not kept any further."""


SEVERAL = 0.05
"""A text lists several values where more than this share of its rows does."""
_BETWEEN = re.compile("[;|]")


@dataclass(slots=True)
class Filling:
    """One field of accounts as they come. ``kind``: a number, a text or yes/no."""

    name: str
    kind: Kind
    crowded: bool = False
    """Whether the field was given up for having too many values."""
    _numbers: array[float] = field(default_factory=lambda: array("d"))
    _places: array[int] = field(default_factory=lambda: array("i"))
    _known: dict[str, int] = field(default_factory=dict)

    def take(self, values: Sequence[Value]) -> None:
        """The values of the next accounts; None where there is none."""
        if self.kind is Kind.NUMBER:
            self._numbers.extend([np.nan if value is None else float(value) for value in values])
        elif not self.crowded:
            known = self._known
            texts = values if self.kind is Kind.TEXT else [_said(value) for value in values]
            self._places.extend([-1 if text is None else known.setdefault(str(text), len(known)) for text in texts])
            self.crowded = len(known) > MOST_DISTINCT

    def column(self) -> Column:
        """All that was taken. A number's place is that among all numbers; its ``distinct`` stays empty."""
        if self.kind is Kind.NUMBER:
            numbers = np.array(self._numbers, dtype=np.float64)
            filled = ~np.isnan(numbers)
            places = np.full(len(numbers), -1, dtype=np.int64)
            places[filled] = np.unique(numbers[filled], return_inverse=True)[1].reshape(-1)
            return Column(self.name, self.kind, (), places, numbers)
        order = sorted(self._known)
        place = np.array([*(0 for _ in order), -1], dtype=np.int64)
        place[[self._known[text] for text in order]] = np.arange(len(order))
        taken = np.array(self._places, dtype=np.int64)
        return Column(self.name, self.kind, tuple(order), place[taken], np.array([], dtype=np.float64))


def _said(value: Value) -> str | None:
    return None if value is None else "yes" if value else "no"


def apart(column: Column) -> tuple[Column, ...]:
    """A text that lists several values between ``;`` or ``|`` as a yes/no column for each that occurs often enough.

    The columns are called ``technologies: Kubernetes``. Any other column is left as it is.
    """
    if column.kind is not Kind.TEXT:
        return (column,)
    listed = [frozenset(filter(None, map(str.strip, _BETWEEN.split(text)))) for text in column.distinct]
    counts = np.bincount(column.places[column.filled], minlength=len(listed)).tolist()
    several = sum(count for values, count in zip(listed, counts, strict=True) if len(values) > 1)
    if several <= SEVERAL * sum(counts):
        return (column,)
    seen = Counter[str]()
    for values, count in zip(listed, counts, strict=True):
        seen.update(dict.fromkeys(values, count))
    often = sorted((-count, value) for value, count in seen.items() if count >= FLOOR)[:MOST_LEVELS]
    return tuple(_having(column, value, listed) for value in sorted(value for _, value in often))


def base(name: str) -> str:
    """The field that a column is made of."""
    return name.partition(": ")[0]


def _having(column: Column, value: str, listed: Sequence[frozenset[str]]) -> Column:
    has = np.array([*(value in values for values in listed), -1], dtype=np.int64)
    return Column(f"{column.name}: {value}", Kind.TEXT, ("no", "yes"), has[column.places], column.numbers)
