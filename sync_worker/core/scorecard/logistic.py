"""Logistic regression on bins, with the same result to the last bit on every machine.

Library exponentials and matrix products differ between processors in the last digits, and a rounding to integers can
make a difference of them. So this module keeps to additions, multiplications and divisions in a fixed order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.scorecard.columns import Flags, Floats, Ints

RIDGE = 20.0
"""The penalty on each bin's weight: a bin of 80 rows at even odds moves half way from nothing to what it saw.

Tables of the same quality come from 5 to 100; a strong one keeps small bins from shouting.
"""
SWEEPS = 30
_TURNS = 60
_LOG2 = 0.6931471805599453
_TERMS = 8
"""With them the series is exact to 1e-9 within half a factor of two."""


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^-x) from the series of e^r, r within half a factor of two; beyond 40 it stands still."""
    negative = -np.minimum(np.abs(x), 40.0)
    twos = np.rint(negative / _LOG2)
    rest = negative - twos * _LOG2
    series = np.ones_like(rest)
    for term in range(_TERMS, 0, -1):
        series *= rest * (1.0 / term)
        series += 1.0
    small = np.ldexp(series, twos.astype(np.int32))
    return np.where(x < 0, small, 1.0) / (1.0 + small)


def fit(
    codes: Sequence[Ints], sizes: Sequence[int], won: Flags, models: Ints | None = None, *, ridge: float = RIDGE
) -> list[Floats]:
    """The weights that make the outcomes likeliest, less ``ridge`` / 2 times the sum of their squares.

    ``codes`` holds each field's bin by row, ``sizes`` the number of bins. Rows of different ``models`` are fitted
    apart, in one go. One array for each field: a line of weights by bin for each model.

    Bins of a field share no row, so Newton's step for a whole field is one division a bin; a step of at most 1 can only
    gain there, because it changes the curvature by at most the factor e. Fields take turns, a fixed number of times.
    """
    outcome = won.astype(np.float64)
    logit = np.zeros(len(won))
    model = np.zeros(len(won), dtype=np.int64) if models is None else models
    count = int(model.max(initial=0)) + 1
    intercepts = np.zeros(count)
    cells = [model * size + code for code, size in zip(codes, sizes, strict=True)]
    fields = [np.zeros(count * size) for size in sizes]
    for _ in range(SWEEPS):
        _step(logit, outcome, model, intercepts, 0.0)
        for cell, weights in zip(cells, fields, strict=True):
            _step(logit, outcome, cell, weights, ridge)
    return [weights.reshape(count, -1) for weights in fields]


def _step(logit: Floats, outcome: Floats, cell: Ints, weights: Floats, ridge: float) -> None:
    """Newton's step for the bins of one field, in place. ``bincount`` adds row after row, whatever the machine."""
    chance = sigmoid(logit)
    slope = np.bincount(cell, outcome - chance, len(weights)) - ridge * weights
    curve = np.bincount(cell, chance * (1.0 - chance), len(weights)) + ridge
    step = np.clip(slope / np.maximum(curve, 1e-9), -1.0, 1.0)
    weights += step
    logit += step[cell]


def straight(x: Floats, won: Flags) -> tuple[float, float]:
    """Platt's line: the log-odds as ``a + b·x``, with half a row of doubt on either outcome's chance."""
    wins, losses = int(won.sum()), int((~won).sum())
    target = np.where(won, (wins + 1.0) / (wins + 2.0), 1.0 / (losses + 2.0))
    centre = math.fsum(x.tolist()) / max(len(x), 1)
    spread = max(float(np.abs(x - centre).max(initial=0.0)), 1e-9)
    scaled = (x - centre) / spread
    line = [0.0, 0.0]
    for _ in range(_TURNS):
        for place, basis in enumerate((np.ones_like(scaled), scaled)):
            chance = sigmoid(line[0] + line[1] * scaled)
            slope = math.fsum(((target - chance) * basis).tolist())
            curve = math.fsum((chance * (1.0 - chance) * basis * basis).tolist())
            line[place] += min(max(slope / max(curve, 1e-9), -1.0), 1.0)
    return line[0] - line[1] * centre / spread, line[1] / spread
