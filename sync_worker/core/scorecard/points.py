"""Weights as whole points: a table whose best values add up to 100, as a rule file can hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.bins import Bin, Bins, make_bins
from sync_worker.core.scorecard.logistic import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.scorecard.columns import Column, Flags, Floats, Ints

MOST = 100
"""What a deal scores that has the best value of every field."""
_DIGITS = 9
"""Weights are cut to so many digits before anything is compared."""


@dataclass(frozen=True, slots=True)
class Line:
    """One bin with its points, and what was seen of it in the rows that the table was learned from."""

    bin: Bin
    points: int
    rows: int
    won: int


@dataclass(frozen=True, slots=True)
class Field:
    """One field's share of the table."""

    bins: Bins
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        """The field's name."""
        return self.bins.field

    @property
    def most(self) -> int:
        """What the field's best value gives."""
        return max(line.points for line in self.lines)


@dataclass(frozen=True, slots=True)
class Table:
    """Points by field, in the order of the history's columns. Fields without points are in it, too."""

    fields: tuple[Field, ...]

    def score(self, columns: Sequence[Column]) -> Ints:
        """The points of every row, 0 to 100. ``columns`` are those that the table was made from, in the same order."""
        total = np.zeros(len(columns[0].places) if columns else 0, dtype=np.int64)
        for field, column in zip(self.fields, columns, strict=True):
            if field.most:
                total += np.array([line.points for line in field.lines], dtype=np.int64)[field.bins.codes(column)]
        return total


def make_tables(columns: Sequence[Column], won: Flags, samples: Sequence[Ints]) -> list[Table]:
    """The tables that these samples of rows teach, one for each."""
    bins = [[make_bins(column, rows) for column in columns] for rows in samples]
    every = np.concatenate(samples)
    models = np.repeat(np.arange(len(samples)), [len(rows) for rows in samples])
    sizes = [max(len(each[place].bins) for each in bins) for place in range(len(columns))]
    codes = [
        np.concatenate([each[place].codes(column)[rows] for each, rows in zip(bins, samples, strict=True)])
        for place, column in enumerate(columns)
    ]
    weights = fit(codes, sizes, won[every], models)
    return [
        _table(bins[model], [field[model] for field in weights], [code[models == model] for code in codes], won[rows])
        for model, rows in enumerate(samples)
    ]


def _table(bins: Sequence[Bins], weights: Sequence[Floats], codes: Sequence[Ints], won: Flags) -> Table:
    sizes = [len(each.bins) for each in bins]
    seen = [np.bincount(code, minlength=size) for code, size in zip(codes, sizes, strict=True)]
    wins = [np.bincount(code[won], minlength=size) for code, size in zip(codes, sizes, strict=True)]
    points = whole([np.round(each[:size], _DIGITS) for each, size in zip(weights, sizes, strict=True)], seen)
    lines = zip(bins, points, seen, wins, strict=True)
    return Table(
        tuple(Field(each, tuple(map(Line, each.bins, *map(np.ndarray.tolist, rest)))) for each, *rest in lines)
    )


def whole(weights: Sequence[Floats], seen: Sequence[Ints]) -> list[Ints]:
    """Whole points in proportion to the weights: each field's worst bin gets 0, the best bins of all add up to 100.

    A bin that no row was in gets none: nothing is known of it.
    """
    lows = [float(each[met > 0].min(initial=np.inf)) for each, met in zip(weights, seen, strict=True)]
    spans = [
        max(float(each[met > 0].max(initial=-np.inf)) - low, 0.0)
        for each, met, low in zip(weights, seen, lows, strict=True)
    ]
    points = []
    for each, met, low, span, most in zip(weights, seen, lows, spans, _shares(spans), strict=True):
        given = np.zeros(len(each), dtype=np.int64)
        if most:
            given[met > 0] = np.floor(most * (each[met > 0] - low) / span + 0.5).astype(np.int64)
        points.append(given)
    return points


def _shares(spans: Sequence[float]) -> list[int]:
    """The 100 points shared out by span; what rounding leaves goes to the largest remainders, the first field first."""
    whole_span = sum(spans)
    if whole_span <= 0:
        return [0] * len(spans)
    exact = [MOST * span / whole_span for span in spans]
    shares = [int(each) for each in exact]
    order = sorted(range(len(spans)), key=lambda place: (shares[place] - exact[place], place))
    for place in order[: MOST - sum(shares)]:
        shares[place] += 1
    return shares
