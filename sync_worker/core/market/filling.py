"""Columns that fill block by block, so that a million accounts take memory for numbers and not for records."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.columns import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.model import Value

MOST_DISTINCT = 20_000
"""A text with more values than this names its account; it is not kept any further."""


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
    return None if value is None else "true" if value else "false"
