"""Accounts like those that were won: what speaks for them, judged by accounts that did not teach it. Pure.

Customers are compared with the accounts in scope that are none. Some of these will be customers one day, so this finds
likeness, not a chance of winning.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.market.evidence import Model, weigh
from sync_worker.core.market.fields import Fields, fit_fields
from sync_worker.core.scorecard.learning import FOLDS, USABLE
from sync_worker.core.scorecard.metrics import Scoring, measure
from sync_worker.core.scorecard.splits import folds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sync_worker.core.scorecard.columns import Column, Flags, Floats, Ints
    from sync_worker.core.scorecard.metrics import Figure

FEWEST = 50
"""Customers below which nothing is said: the hold-out's interval would be wider than what it is to show."""
MOST_WON, MOST_OTHERS = 5_000, 10_000
"""More accounts teach nothing new: an interval of 0.01 is narrow enough."""
TIMES = 2
"""Cross-validations; an account's score is judged in each of them."""


class Verdict(StrEnum):
    """What was found."""

    FOUND = "found"
    NO_SIGNAL = "no usable signal"
    TOO_FEW = "too few customers"


@dataclass(frozen=True, slots=True)
class Studied:
    """The answer to what customers have in common, with what it rests on."""

    verdict: Verdict
    why: str
    customers: int
    others: int
    taught: tuple[int, int]
    """Customers and others that taught it."""
    auc: Figure | None
    """How often a customer scores higher than another account, by accounts that did not teach."""
    fields: Fields
    model: Model | None
    """None unless look-alikes can be told."""
    typical: Floats | None = None
    """The scores of the customers that taught, lowest first."""


def turn(account: str) -> int:
    """An account's place in an order that has nothing to do with anything: ties and samples go by it."""
    return int.from_bytes(hashlib.sha256(account.encode()).digest()[:7])


def sample(won: Flags, turns: Ints) -> Ints:
    """The rows that teach, in order: at most so many customers and others, picked by their turn."""
    picked = []
    for side, most in ((won, MOST_WON), (~won, MOST_OTHERS)):
        rows = np.flatnonzero(side)
        picked.append(rows[np.argsort(turns[rows], kind="stable")[:most]])
    return np.sort(np.concatenate(picked))


def study(
    columns: Sequence[Column], won: Flags, counts: tuple[int, int], *, keep: Collection[str] = (), seed: int = 7
) -> Studied:
    """What the customers among these rows have in common. ``counts``: all customers and others, sampled or not."""
    wins, others = int(won.sum()), int((~won).sum())
    lacking = _too_few(wins, others)
    found = Fields((), (), ()) if lacking else fit_fields(columns, won, keep=keep)
    if lacking or not found.used:
        why = lacking or "no field is left that says what an account is"
        verdict = Verdict.TOO_FEW if lacking else Verdict.NO_SIGNAL
        return Studied(verdict, why, *counts, (wins, others), None, found, None)
    auc = _judged(found.used, won, seed)
    interval = f"AUC {auc.value:.3f}, 95 % between {auc.low:.3f} and {auc.high:.3f}"
    if auc.low <= USABLE:
        why = f"what customers have in common does not tell held-out ones from other accounts ({interval})"
        return Studied(Verdict.NO_SIGNAL, why, *counts, (wins, others), auc, found, None)
    rows = np.arange(len(won))
    model = weigh(found.used, won, rows)
    typical = np.sort(model.score({each.name: each for each in found.used}, len(won))[won])
    why = f"held-out customers are told from other accounts ({interval})"
    return Studied(Verdict.FOUND, why, *counts, (wins, others), auc, found, model, typical)


def _too_few(wins: int, others: int) -> str:
    if wins < FEWEST:
        return f"{wins:,} customers; below {FEWEST} nobody can tell what they have in common"
    if others < FEWEST:
        return f"{others:,} other accounts in scope; below {FEWEST} there is nobody to compare with"
    return ""


def _judged(columns: Sequence[Column], won: Flags, seed: int) -> Figure:
    """The AUC of models that have not seen the accounts they judge."""
    named, every = {each.name: each for each in columns}, np.arange(len(won))
    scorings = []
    for time in range(TIMES):
        scores = np.zeros(len(won))
        # Both outcomes are dealt out evenly: each fold has its share of the customers.
        for side in _folds(won, seed + time):
            taught = np.setdiff1d(every, side, assume_unique=True)
            scores[side] = weigh(columns, won, taught).score(named, len(won))[side]
        scorings.append(Scoring(every, scores))
    return measure(scorings, won, every, seed=seed).auc


def _folds(won: Flags, seed: int) -> Iterator[Ints]:
    sides = [np.flatnonzero(side) for side in (won, ~won)]
    dealt = [list(folds(np.arange(len(rows)), FOLDS, seed)) for rows in sides]
    for parts in zip(*dealt, strict=True):
        yield np.concatenate([rows[judged] for rows, (_, judged) in zip(sides, parts, strict=True)])


# Ranking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """One field's say: the value, how common it is among customers and among others, and its weight."""

    field: str
    value: str
    won: float
    others: float
    weight: float


def likeness(scores: Floats, typical: Floats) -> Floats:
    """The share of the customers that are less typical than this account, half of those that are as typical: 0 to 1."""
    below, upto = (np.searchsorted(typical, scores, side=side) for side in ("left", "right"))
    found: Floats = (below + upto) / (2 * len(typical))
    return found


def best(scores: Floats, turns: Ints, territories: Ints, most: int) -> Ints:
    """The rows with the highest scores of each territory, best first, territories in order."""
    order = np.lexsort((turns, -scores, territories))
    place = territories[order]
    starts = np.searchsorted(place, place, side="left")
    return order[np.arange(len(order)) - starts < most]


def reasons(model: Model, columns: Mapping[str, Column], rows: Ints) -> list[tuple[Reason, ...]]:
    """What speaks for and against each of these rows, the strongest first. Empty fields say nothing."""
    found: list[list[Reason]] = [[] for _ in rows]
    for each in model.fields:
        for reason, code in zip(found, each.bins.codes(only(columns[each.field], rows)).tolist(), strict=True):
            line = each.lines[code]
            if line.weight:
                shares = line.won / each.won, line.others / each.others
                reason.append(Reason(each.field, line.bin.said, *shares, line.weight))
    return [tuple(sorted(one, key=lambda reason: (-reason.weight, reason.field))) for one in found]


def only(column: Column, rows: Ints) -> Column:
    """The column of these rows alone."""
    numbers = column.numbers[rows] if len(column.numbers) else column.numbers
    return replace(column, places=column.places[rows], numbers=numbers)
