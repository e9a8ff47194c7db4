"""From a history of won and lost deals to a scorecard, or to the answer that there is none. Pure; the seed is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard.leaks import suspects, unusable
from sync_worker.core.scorecard.logistic import sigmoid, straight
from sync_worker.core.scorecard.metrics import Figure, Metrics, Scoring, calibration, gain, measure
from sync_worker.core.scorecard.points import MOST, Table, make_tables
from sync_worker.core.scorecard.splits import ENOUGH, both, copies, folds, newest, together

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sync_worker.core.scorecard.columns import Column, Flags, Floats, History, Ints
    from sync_worker.core.scorecard.leaks import Suspect, Unusable

FEWEST = 100
"""Conversions below which hand-set points are better. The other outcome is needed as often."""
USABLE = 0.54
"""The interval of the AUC must lie above this: what reaches less sorts a list hardly better than a coin."""
FEWEST_GROUPS = 20
TOO_GOOD = 0.95
FOLDS = 5
TIMES = 10
"""Cross-validations, where they judge; where other rows judge, FEWER_TIMES give the calibration."""
FEWER_TIMES = 2
BAND = 10
SHARES = {"A": 0.1, "B": 0.3, "C": 0.6}
"""Tiers by the share of rows that reach them."""


class Verdict(StrEnum):
    """What was found."""

    LEARNED = "learned"
    NO_SIGNAL = "no usable signal"
    TOO_FEW = "too few conversions"
    CHAMPION_STAYS = "the points in force stay"


class Judge(StrEnum):
    """Which rows judge the table."""

    NEWEST = "newest period"
    HELD_OUT = "rows set apart"
    CROSSED = "cross-validation"


@dataclass(frozen=True, slots=True)
class Band:
    """Scores of one band, in the rows that judge: how many were to be expected to be won, and how many were."""

    low: int
    high: int
    rows: int
    won: int
    chance: float
    """The predicted chance at the middle of the band."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A table, and all that was measured of it."""

    table: Table
    metrics: Metrics
    calibration: Figure
    """Expected calibration error, see ``metrics.calibration``."""
    crossed: Metrics
    """The same by cross-validation among the rows that taught it: far above ``metrics``, the world has moved."""
    bands: tuple[Band, ...]
    tiers: dict[str, int]
    """Lowest score by tier, the best first; the last begins at 0."""
    champion: Metrics | None = None
    gain: Figure | None = None
    """By how much the AUC is above the champion's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The answer, with what it rests on."""

    verdict: Verdict
    why: str
    rows: int
    won: int
    copies: int
    """Rows that repeat another one in every field, the day, the key and the outcome."""
    judge: Judge
    taught: int
    """Rows that taught the table."""
    since: int | None
    """The first day of the newest period, where that judges."""
    used: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    unusable: tuple[Unusable, ...]
    scorecard: Scorecard | None = None
    """None without a usable signal: there is nothing to show."""


def learn(history: History, *, keep: Collection[str] = (), seed: int = 7) -> Learned:
    """The scorecard of a history, judged by rows that it has not seen. ``keep`` names suspects to use all the same.

    The history holds at least one row and one column.
    """
    same = copies(history)
    split = _split(history, together(same, history.keys))
    columns, found, useless = _columns(history, split.taught, keep)
    base = Learned(
        verdict=Verdict.TOO_FEW,
        why=_too_few(history, split, columns),
        rows=len(history),
        won=int(history.won.sum()),
        copies=len(same) - len(np.unique(2 * same + history.won)),
        judge=split.judge,
        taught=len(split.taught),
        since=_since(history, split),
        used=tuple(column.name for column in columns),
        suspects=found,
        unusable=useless,
    )
    return base if base.why else _judged(base, _scorecard(history, columns, split, seed))


@dataclass(frozen=True, slots=True)
class _Split:
    """Rows that teach, rows that judge (none: the first do it in turns), and which rows stay together."""

    taught: Ints
    judging: Ints
    groups: Ints
    judge: Judge


def _split(history: History, groups: Ints) -> _Split:
    every = np.arange(len(history))
    if history.held_out is not None:
        # What stands together with a row that judges knows too much of it.
        taught = ~np.isin(groups, groups[history.held_out])
        return _Split(every[taught], every[history.held_out], groups, Judge.HELD_OUT)
    if history.days is None:
        return _Split(every, every[:0], groups, Judge.CROSSED)
    # In time, what came before was known: an account's older deals may teach.
    found = newest(history.days, history.won)
    judging = np.zeros(len(history), dtype=np.bool_) if found is None else found
    return _Split(every[~judging], every[judging], groups, Judge.NEWEST)


def _since(history: History, split: _Split) -> int | None:
    if split.judge is not Judge.NEWEST or history.days is None or not len(split.judging):
        return None
    return int(history.days[split.judging].min())


def _columns(
    history: History, taught: Ints, keep: Collection[str]
) -> tuple[list[Column], tuple[Suspect, ...], tuple[Unusable, ...]]:
    """The columns to use, and why not the others."""
    useless = unusable(history.columns, taught) if len(taught) else ()
    left = {each.field for each in useless}
    usable = [column for column in history.columns if column.name not in left]
    found = suspects(history, usable, taught) if len(taught) else ()
    found = tuple(replace(each, aside=each.aside and each.field not in keep) for each in found)
    aside = {each.field for each in found if each.aside}
    return [column for column in usable if column.name not in aside], found, useless


def _too_few(history: History, split: _Split, columns: Sequence[Column]) -> str:
    """Why nothing can be learned; empty if something can."""
    return next(_lacking(history, split, columns), "")


def _lacking(history: History, split: _Split, columns: Sequence[Column]) -> Iterator[str]:
    known = history.won if history.held_out is None else history.won[~history.held_out]
    rarer = "won" if int(known.sum()) * 2 <= len(known) else "lost"
    taught, judging = history.won[split.taught], history.won[split.judging]
    if both(known) < FEWEST:
        yield f"{rarer}: {both(known):,} of {len(known):,} deals; below {FEWEST}, points that people set are better"
    if history.days is not None and history.held_out is None and not len(judging):
        yield f"no newest period of at most half of the rows holds {ENOUGH} won and {ENOUGH} lost deals"
    if history.held_out is not None and not both(judging):
        yield "the rows set apart for the judgement hold one outcome only"
    if not columns:
        yield "no column is left that a table could use"
    if both(taught) < FEWEST // 2:
        yield f"{rarer}: {both(taught):,} of the deals that are left to learn from; the others judge"
    if (groups := len(np.unique(split.groups[split.taught]))) < FEWEST_GROUPS:
        yield f"the deals belong to {groups:,} groups, and {FEWEST_GROUPS} are needed to tell them apart"


def _scorecard(history: History, columns: Sequence[Column], split: _Split, seed: int) -> Scorecard:
    won, taught, judging, groups = history.won, split.taught, split.judging, split.groups
    times = FEWER_TIMES if len(judging) else TIMES
    crossed = [each for turn in range(times) for each in _crossed(columns, won, split, seed + turn)]
    line = straight(
        np.concatenate([each.scores for each in crossed]).astype(np.float64),
        np.concatenate([won[each.rows] for each in crossed]),
    )
    (table,) = make_tables(columns, won, [taught])
    scores = table.score(columns)
    scorings = [Scoring(judging, scores[judging])] if len(judging) else crossed
    # Predicted chances hang on the score alone, so the folds of one turn make one scoring of all rows.
    pooled = scorings if len(judging) else [_joined(crossed[n : n + FOLDS]) for n in range(0, len(crossed), FOLDS)]
    own = measure(crossed, won, groups, seed=seed)
    rival = history.champion
    rivals = [Scoring(each.rows, rival[each.rows]) for each in scorings] if rival is not None else []
    return Scorecard(
        table=table,
        metrics=measure(scorings, won, groups, seed=seed) if len(judging) else own,
        calibration=calibration(pooled, [chance(line, each.scores) for each in pooled], won, groups, seed=seed),
        crossed=own,
        bands=_bands(pooled[0], won, line),
        tiers=_tiers(scores[taught]),
        champion=measure(rivals, won, groups, seed=seed) if rivals else None,
        gain=gain(scorings, rival, won, groups, seed=seed) if rival is not None else None,
    )


def _crossed(columns: Sequence[Column], won: Flags, split: _Split, seed: int) -> list[Scoring]:
    """One cross-validation: every row that teaches, scored by a table that saw neither it nor its group."""
    taught = split.taught
    numbers = np.unique(split.groups[taught], return_inverse=True)[1].reshape(-1)
    parts = [(taught[teach], taught[judge]) for teach, judge in folds(numbers, FOLDS, seed)]
    tables = make_tables(columns, won, [teach for teach, _ in parts])
    return [Scoring(judge, table.score(columns)[judge]) for table, (_, judge) in zip(tables, parts, strict=True)]


def chance(line: tuple[float, float], scores: Floats | Ints) -> Floats:
    """The predicted chance of each score."""
    return sigmoid(line[0] + line[1] * np.asarray(scores, dtype=np.float64))


def _joined(folds: Sequence[Scoring]) -> Scoring:
    return Scoring(np.concatenate([each.rows for each in folds]), np.concatenate([each.scores for each in folds]))


def _bands(scoring: Scoring, won: Flags, line: tuple[float, float]) -> tuple[Band, ...]:
    rows, scores = scoring.rows, scoring.scores
    found = []
    for low in range(0, MOST, BAND):
        high = MOST if low + BAND == MOST else low + BAND - 1
        inside = (scores >= low) & (scores <= high)
        if inside.any():
            middle = float(chance(line, np.array([(low + high) / 2]))[0])
            found.append(Band(low, high, int(inside.sum()), int(won[rows[inside]].sum()), middle))
    return tuple(found)


def _tiers(scores: Ints) -> dict[str, int]:
    best = np.sort(scores)[::-1]
    tiers: dict[str, int] = {}
    for name, share in SHARES.items():
        floor = int(best[min(int(share * len(best)), len(best) - 1)])
        if 0 < floor < min(tiers.values(), default=MOST + 1):
            tiers[name] = floor
    return {**tiers, "D": 0}


def _judged(base: Learned, made: Scorecard) -> Learned:
    auc = made.metrics.auc
    seen = f"an AUC of {auc.value:.3f}, 95 % between {auc.low:.3f} and {auc.high:.3f}"
    if auc.low <= USABLE:
        why = f"on rows that it had not seen, the table reached {seen}; a coin has 0.5"
        return replace(base, verdict=Verdict.NO_SIGNAL, why=why)
    if made.gain is not None and made.gain.low <= 0:
        why = (
            f"the table's AUC differs from that of the points in force by {made.gain.value:+.3f}, "
            f"95 % between {made.gain.low:+.3f} and {made.gain.high:+.3f}: that is not surely better"
        )
        return replace(base, verdict=Verdict.CHAMPION_STAYS, why=why, scorecard=made)
    why = f"on rows that it had not seen, the table reached {seen}"
    if auc.high < made.crossed.auc.low:
        why += f"; among the older rows it would be {made.crossed.auc.value:.3f}: what was true then is less so now"
    if auc.value >= TOO_GOOD:
        why += "; that is too good to be true more often than not: look for a field that knows the outcome"
    return replace(base, verdict=Verdict.LEARNED, why=why, scorecard=made)
