"""How much each value of a field speaks for an account being like those that were won: log odds, shrunk. Pure.

The weight of a value is the logarithm of how many times as common it is among customers as among the other accounts
that have the field filled (the weight of evidence of Good 1950, as naive Bayes adds it up). A few accounts of doubt on
either side draw rare values towards nothing. An empty field speaks neither for nor against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.bins import BinKind, make_bins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.scorecard.bins import Bin, Bins
    from sync_worker.core.scorecard.columns import Column, Flags, Floats, Ints

DOUBT = 10.0
"""Each side counts as if it had so many accounts more that are spread like all accounts."""
FEWEST_OTHERS = 5
"""A value that fewer other accounts have compares with nobody: it speaks neither for nor against."""
_SURE = 2.0
"""Standard deviations by which a field's chi-square must exceed what luck alone gives."""
ALIKE = 0.8
"""Two fields are one where either tells so much of what the other one says."""
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a field, or one range: its weight, and how many of those with the field filled have it."""

    bin: Bin
    weight: float
    won: int
    others: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field's values."""

    bins: Bins
    lines: tuple[Line, ...]
    won: int
    """Customers that have the field filled."""
    others: int
    strength: float
    """How far the field tells the two apart: the mean weight of customers less that of others, in nats."""

    @property
    def field(self) -> str:
        """The field's name."""
        return self.bins.field

    def weights(self, column: Column) -> Floats:
        """The weight of each row's value."""
        found: Floats = np.array([line.weight for line in self.lines])[self.bins.codes(column)]
        return found


@dataclass(frozen=True, slots=True)
class Model:
    """What speaks for an account, the strongest field first."""

    fields: tuple[Evidence, ...]
    same: Mapping[str, str]
    """Fields that were left out, and the stronger one that says what they say."""

    def score(self, columns: Mapping[str, Column], rows: int) -> Floats:
        """The sum of each row's weights."""
        total = np.zeros(rows)
        for each in self.fields:
            total += each.weights(columns[each.field])
        return np.round(total, _DIGITS)


def weigh(columns: Sequence[Column], won: Flags, rows: Ints) -> Model:
    """What these rows teach. Fields that tell customers from others no better than luck does are not in it."""
    made = [(column, make_bins(column, rows)) for column in columns]
    codes = {bins.field: bins.codes(column)[rows] for column, bins in made}
    found = [evidence for _, bins in made if (evidence := _evidence(bins, codes[bins.field], won[rows]))]
    return _distinct(sorted(found, key=lambda each: -each.strength), codes)


def _evidence(bins: Bins, codes: Ints, won: Flags) -> Evidence | None:
    size = len(bins.bins)
    ours, theirs = (np.bincount(codes[side], minlength=size).astype(np.float64) for side in (won, ~won))
    empty = np.array([each.kind is BinKind.EMPTY for each in bins.bins])
    ours[empty] = theirs[empty] = 0.0
    wins, others = float(ours.sum()), float(theirs.sum())
    if not (wins and others and _tells(ours, theirs)):
        return None
    share = (ours + theirs) / (wins + others)
    odds = ((ours + DOUBT * share) / (wins + DOUBT)) / np.maximum((theirs + DOUBT * share) / (others + DOUBT), 1e-300)
    weights = np.round(np.log(np.where(theirs >= FEWEST_OTHERS, odds, 1.0)), _DIGITS)
    strength = float(((ours / wins - theirs / others) * weights).sum())
    counts = zip(bins.bins, weights.tolist(), ours.astype(int).tolist(), theirs.astype(int).tolist(), strict=True)
    return Evidence(bins, tuple(Line(*each) for each in counts), int(wins), int(others), round(strength, _DIGITS))


def _tells(ours: Floats, theirs: Floats) -> bool:
    """Whether the two are spread otherwise by more than luck: Pearson's chi-square against its mean and deviation."""
    met = ours + theirs
    seen = np.stack([ours, theirs])[:, met > 0]
    expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0, keepdims=True) / seen.sum()
    degrees = seen.shape[1] - 1
    chi_square = float(((seen - expected) ** 2 / expected).sum())
    return bool(degrees > 0 and chi_square > degrees + _SURE * math.sqrt(2 * degrees))


def _distinct(found: Iterable[Evidence], codes: Mapping[str, Ints]) -> Model:
    """The fields without those that only repeat a stronger one: their weights would count twice."""
    kept: list[Evidence] = []
    same: dict[str, str] = {}
    for each in found:
        twin = next((other.field for other in kept if _alike(each, other, codes) >= ALIKE), "")
        if twin:
            same[each.field] = twin
        else:
            kept.append(each)
    return Model(tuple(kept), same)


def _alike(one: Evidence, other: Evidence, codes: Mapping[str, Ints]) -> float:
    """The share of one field's entropy that the other one explains, the larger of the two, where both are filled."""
    sizes = len(one.lines), len(other.lines)
    a, b = codes[one.field], codes[other.field]
    filled = (a < sizes[0] - 1) & (b < sizes[1] - 1)
    table = np.bincount(a[filled] * sizes[1] + b[filled], minlength=sizes[0] * sizes[1]).reshape(sizes)
    left, right = _entropy(table.sum(axis=1)), _entropy(table.sum(axis=0))
    shared = left + right - _entropy(table.reshape(-1))
    return shared / max(min(left, right), 1e-9)


def _entropy(counts: Ints) -> float:
    met = counts[counts > 0] / max(int(counts.sum()), 1)
    return float(-(met * np.log(met)).sum())
