"""Fields cut into bins: ranges of about equal numbers of rows, levels that occur often enough, and the empty ones.

Only the order of a field's numbers counts, so any rescaling that keeps the order gives the same bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.columns import Kind

if TYPE_CHECKING:
    from sync_worker.core.scorecard.columns import Column, Ints

RANGES = 5
"""Ranges of a number field, apart from the empty one: enough for a bend, few enough to read."""
FLOOR = 10
"""A level with fewer rows says nothing of its own; it counts among the others."""
MOST_LEVELS = 40
"""A field with more levels is no longer a table that people read; the rarest count among the others."""
LONGEST_LEVEL = 80


class BinKind(StrEnum):
    """What a bin holds."""

    RANGE = "range"
    LEVEL = "level"
    OTHERS = "others"
    """Levels too rare to stand alone."""
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Bin:
    """One line of a field: numbers from ``low`` to below ``high`` (None: no bound), or one level."""

    kind: BinKind
    low: float | None = None
    high: float | None = None
    level: str = ""

    @property
    def said(self) -> str:
        """The bin in words: 50 to below 200."""
        if self.kind is BinKind.RANGE:
            return _range_said(self.low, self.high)
        return {BinKind.OTHERS: "something else", BinKind.EMPTY: "empty"}.get(self.kind, self.level)


def _range_said(low: float | None, high: float | None) -> str:
    if low is None:
        return "filled" if high is None else f"below {digits(high)}"
    return f"{digits(low)} or more" if high is None else f"{digits(low)} to below {digits(high)}"


def digits(number: float) -> str:
    """The number as digits with an optional point, never with an exponent."""
    text = f"{Decimal(repr(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of one field. A row's code is the place of its bin."""

    field: str
    kind: Kind
    bins: tuple[Bin, ...]

    def codes(self, column: Column) -> Ints:
        """The bin of each row."""
        empty = len(self.bins) - 1
        if self.kind is Kind.NUMBER:
            edges = np.array([each.low for each in self.bins[1:empty]], dtype=np.float64)
            codes = np.searchsorted(edges, column.numbers, side="right").astype(np.int64)
            codes[np.isnan(column.numbers)] = empty
            return codes
        places = {each.level: place for place, each in enumerate(self.bins[: empty - 1])}
        # An empty row's place is -1, so it finds the last of these.
        by_value = [*(places.get(value, empty - 1) for value in column.distinct), empty]
        return np.array(by_value, dtype=np.int64)[column.places]


def make_bins(column: Column, rows: Ints, *, ranges: int = RANGES, floor: int = FLOOR) -> Bins:
    """The bins of a field, from these rows alone."""
    found = _ranges(column, rows, ranges) if column.kind is Kind.NUMBER else _levels(column, rows, floor)
    return Bins(column.name, column.kind, (*found, Bin(BinKind.EMPTY)))


def _ranges(column: Column, rows: Ints, ranges: int) -> list[Bin]:
    values = column.numbers[rows]
    values = np.sort(values[~np.isnan(values)])
    edges: list[float] = []
    for place in (len(values) * step // ranges for step in range(1, ranges)):
        first = int(np.searchsorted(values, values[place], side="left")) if len(values) else 0
        if first and (edge := roundest(float(values[first - 1]), float(values[first]))) not in edges:
            edges.append(edge)
    bounds = [None, *edges, None]
    return [Bin(BinKind.RANGE, low, high) for low, high in pairwise(bounds)]


def roundest(below: float, value: float) -> float:
    """The number with the fewest digits above ``below`` and up to ``value``: 180 for 163 and 187."""
    low, high = Decimal(repr(below)), Decimal(repr(value))
    for exponent in range(high.adjusted() + 1 if high else 0, -16, -1):
        digit = Decimal((0, (1,), exponent))
        found = (high / digit).to_integral_value(ROUND_FLOOR) * digit
        if low < found <= high:
            return float(found)
    return value


def _levels(column: Column, rows: Ints, floor: int) -> list[Bin]:
    places = column.places[rows]
    counts = np.bincount(places[places >= 0], minlength=len(column.distinct)).tolist()
    counted = zip(column.distinct, counts, strict=True)
    often = [(-count, level) for level, count in counted if count >= floor and _plain(level)]
    levels = sorted(level for _, level in sorted(often)[:MOST_LEVELS])
    return [*(Bin(BinKind.LEVEL, level=level) for level in levels), Bin(BinKind.OTHERS)]


def _plain(level: str) -> bool:
    """What a rule can name on one line."""
    return len(level) <= LONGEST_LEVEL and level.isprintable()
