"""How well a score tells won from lost, with intervals: AUC, lift, calibration error. Ties count half, in any order.

Everything is read off counts of won and lost rows by score, so equal scores need no order among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sync_worker.core.scorecard.columns import Flags, Floats, Ints

RESAMPLES = 1_000
DECILES = 10
_WIDTH = 1.96
"""Standard errors on either side of a 95 % interval."""
_CELLS = 2_000_000
"""So many resampled rows are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with the 95 % interval of resampled groups of rows."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the rows say of a score that has not seen them."""

    rows: int
    won: int
    auc: Figure
    """The chance that a won row scores higher than a lost one; 0.5 is a coin."""
    lift_10: Figure
    """How many times more often the best tenth was won than all rows."""
    lift_20: Figure


def auc(score: Floats | Ints, won: Flags) -> float:
    """The area under the ROC curve; 0.5 where one outcome is missing."""
    codes, size = ranked(score)
    return float(_auc(*_counts(codes, size, won, np.ones((1, len(won)))))[0])


def ranked(score: Floats | Ints) -> tuple[Ints, int]:
    """Each row's place among the distinct scores, lowest first, and how many there are. NaN is the lowest."""
    values = np.where(np.isnan(score), -np.inf, score)
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.reshape(-1).astype(np.int64), len(distinct)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores of some rows, by something that has not seen them."""

    rows: Ints
    scores: Floats | Ints


def measure(scorings: Sequence[Scoring], won: Flags, groups: Ints, *, seed: int) -> Metrics:
    """The measures of a score; of several scorings their mean, as cross-validation has it."""
    prepared = [_Prepared.of(each, won) for each in scorings]
    judged = np.unique(np.concatenate([each.rows for each in scorings]))

    def ranking(weights: Floats) -> Floats:
        found: Floats = np.mean([each.ranking(weights) for each in prepared], axis=0)
        return found

    found = _figures(ranking, groups, seed)
    return Metrics(len(judged), int(won[judged].sum()), *(_within(each, math.inf) for each in found))


def calibration(
    scorings: Sequence[Scoring], chances: Sequence[Floats], won: Flags, groups: Ints, *, seed: int
) -> Figure:
    """Expected calibration error: how far the predicted rate lay from the seen one, on average over tenths of the rows.

    ``chances`` are the predicted ones of each scoring, a function of the score.
    """
    prepared = [(_Prepared.of(each, won), chance) for each, chance in zip(scorings, chances, strict=True)]

    def error(weights: Floats) -> Floats:
        found: Floats = np.mean([each.error(weights, chance) for each, chance in prepared], axis=0)[:, None]
        return found

    return _within(_figures(error, groups, seed)[0], 1.0)


def gain(scorings: Sequence[Scoring], rival: Floats, won: Flags, groups: Ints, *, seed: int) -> Figure:
    """By how much the AUC is above a rival's, on the same rows and the same resamples."""
    ours = [_Prepared.of(each, won) for each in scorings]
    theirs = [_Prepared.of(Scoring(each.rows, rival[each.rows]), won) for each in scorings]

    def difference(weights: Floats) -> Floats:
        apart = [a.auc(weights) - b.auc(weights) for a, b in zip(ours, theirs, strict=True)]
        found: Floats = np.mean(apart, axis=0)[:, None]
        return found

    return _figures(difference, groups, seed)[0]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One scoring, ranked once for all resamples."""

    rows: Ints
    codes: Ints
    size: int
    won: Flags
    tenth: Ints
    """The tenth of the rows that a distinct score belongs to."""

    @classmethod
    def of(cls, scoring: Scoring, won: Flags) -> _Prepared:
        codes, size = ranked(scoring.scores)
        counts = np.bincount(codes, minlength=size)
        middle = np.cumsum(counts) - counts / 2
        tenth = np.minimum(middle * DECILES / len(codes), DECILES - 1).astype(np.int64)
        return cls(scoring.rows, codes, size, won[scoring.rows], tenth)

    def auc(self, weights: Floats) -> Floats:
        return _auc(*self._counts(weights))

    def ranking(self, weights: Floats) -> Floats:
        wins, losses = self._counts(weights)
        return np.stack([_auc(wins, losses), _lift(wins, losses, 0.1), _lift(wins, losses, 0.2)], axis=1)

    def error(self, weights: Floats, chances: Floats) -> Floats:
        wins, losses = self._counts(weights)
        rows = wins + losses
        chance = np.zeros(self.size)
        chance[self.codes] = chances
        starts = np.flatnonzero(np.diff(self.tenth, prepend=-1))
        apart = np.add.reduceat(wins - chance * rows, starts, axis=1)
        found: Floats = np.abs(apart).sum(axis=1) / np.maximum(rows.sum(axis=1), 1.0)
        return found

    def _counts(self, weights: Floats) -> tuple[Floats, Floats]:
        return _counts(self.codes, self.size, self.won, weights[:, self.rows])


def _counts(codes: Ints, size: int, won: Flags, weights: Floats) -> tuple[Floats, Floats]:
    """Won and lost rows by score: a line for each line of weights."""
    turns = len(weights)
    cells = (np.arange(turns)[:, None] * size + codes).reshape(-1)
    every, wins = (
        np.bincount(cells, each.reshape(-1), turns * size).astype(np.float64).reshape(turns, size)
        for each in (weights, weights * won)
    )
    return wins, every - wins


def _auc(wins: Floats, losses: Floats) -> Floats:
    pairs = wins.sum(axis=1) * losses.sum(axis=1)
    below = np.cumsum(losses, axis=1) - losses / 2
    ordered = (wins * below).sum(axis=1)
    found: Floats = np.divide(ordered, pairs, out=np.full(len(pairs), 0.5), where=pairs > 0)
    return found


def _lift(wins: Floats, losses: Floats, share: float) -> Floats:
    """The rate of the best ``share`` of rows over the rate of all; of a score that straddles the line, its part."""
    wins, rows = wins[:, ::-1], (wins + losses)[:, ::-1]
    every, won = rows.sum(axis=1), wins.sum(axis=1)
    taken = np.clip(share * every[:, None] - (np.cumsum(rows, axis=1) - rows), 0.0, rows)
    rates = np.divide(wins, rows, out=np.zeros_like(rows), where=rows > 0)
    found: Floats = np.divide((taken * rates).sum(axis=1), share * won, out=np.ones(len(won)), where=won > 0)
    return found


def _figures(statistic: Callable[[Floats], Floats], groups: Ints, seed: int) -> list[Figure]:
    """The statistics of all rows, each with 1.96 times the spread that resampling whole groups gives on either side."""
    number = int(groups.max()) + 1
    stream = np.random.PCG64(seed)
    drawn = []
    for turns in _chunks(len(groups)):
        picked = (stream.random_raw(turns * number) % np.uint64(number)).astype(np.int64).reshape(turns, number)
        cells = (np.arange(turns)[:, None] * number + picked).reshape(-1)
        times = np.bincount(cells, minlength=turns * number).reshape(turns, number)
        drawn.append(statistic(times[:, groups].astype(np.float64)))
    found = statistic(np.ones((1, len(groups))))[0]
    reach = _WIDTH * np.std(np.concatenate(drawn), axis=0)
    return [Figure(*each) for each in np.stack([found, found - reach, found + reach], axis=1).tolist()]


def _within(figure: Figure, most: float) -> Figure:
    return Figure(figure.value, max(figure.low, 0.0), min(figure.high, most))


def _chunks(rows: int) -> Iterator[int]:
    """The resamples in turns that fit into memory."""
    most = max(1, _CELLS // max(rows, 1))
    for start in range(0, RESAMPLES, most):
        yield min(most, RESAMPLES - start)
