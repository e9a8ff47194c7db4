"""Fields that may know the outcome: each suspect with its evidence. The worst are set aside, and a person decides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.scorecard import names
from sync_worker.core.scorecard.bins import FLOOR, BinKind, make_bins
from sync_worker.core.scorecard.columns import Kind
from sync_worker.core.scorecard.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync_worker.core.scorecard.bins import Bins
    from sync_worker.core.scorecard.columns import Column, Flags, History, Ints

PERFECT = 0.9
"""No honest field tells won from lost that well alone."""
TELLING_BLANKS = 0.75
"""As an AUC: so well may whether a field is filled tell the outcome, before somebody filled it in because of it."""
CALENDAR = 0.95
MOVED = 0.25
"""The population stability index from which a field's values are said to have moved."""
CHANCE = 1e-6
"""What is less likely than that by luck is not luck."""
NAMED = 0.2
"""A text whose frequent values cover fewer rows is a name or a number of something."""
_SOME = 0.05
_FEWEST = 50
_SPAN = 14
"""Days that a history must cover before a calendar can show in it."""


class Sign(StrEnum):
    """What makes a field suspect."""

    PERFECT = "near-perfect"
    FILLED_IN = "filled in afterwards"
    TOTAL = "counts past the decision"
    ONE_OUTCOME = "only one outcome"
    CALENDAR = "the calendar in disguise"
    MOVED = "has moved over time"
    NAME = "named like something known later"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A field, what is wrong with it, and the figures that say so."""

    field: str
    sign: Sign
    evidence: str
    aside: bool
    """Left out of the table, unless somebody keeps it."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A column that no table can hold."""

    field: str
    why: str


def unusable(columns: Sequence[Column], rows: Ints) -> tuple[Unusable, ...]:
    """Columns without two bins of a readable size, numbers that only count the rows, and dates."""
    told = ((column.name, _useless(column, rows)) for column in columns)
    return tuple(Unusable(name, why) for name, why in told if why)


def _useless(column: Column, rows: Ints) -> str:
    distinct = len(np.unique(column.places[rows]))
    if distinct < 2:  # noqa: PLR2004 - one value tells nothing apart
        return "it has one value only"
    if column.kind is Kind.DATE:
        return "it is a date: give the days until the decision instead"
    if column.kind is Kind.NUMBER and _counts_rows(column, rows):
        return "it numbers the rows"
    bins = make_bins(column, rows)
    counts = np.bincount(bins.codes(column)[rows], minlength=len(bins.bins)).tolist()
    named = sum(count for each, count in zip(bins.bins, counts, strict=True) if each.kind is not BinKind.OTHERS)
    if named < NAMED * len(rows) or sum(count >= FLOOR for count in counts) < 2:  # noqa: PLR2004 - as above
        return f"it has {distinct:,} values in {len(rows):,} rows, too few of them often enough"
    return ""


def _counts_rows(column: Column, rows: Ints) -> bool:
    values = column.numbers[rows]
    values = values[~np.isnan(values)]
    alone = len(values) >= _FEWEST and len(np.unique(values)) == len(values) and bool(np.all(values == np.rint(values)))
    return alone and float(values.max() - values.min()) < 10 * len(values)


def suspects(history: History, columns: Sequence[Column], rows: Ints) -> tuple[Suspect, ...]:
    """Every suspect among these columns, as far as these rows show; a field may be suspect for several reasons."""
    found: list[Suspect] = []
    for column in columns:
        bins = make_bins(column, rows)
        codes = bins.codes(column)[rows]
        found += _outcome(column, bins, codes, history.won[rows], rows)
        found += _total(column, columns, history.won, rows)
        if history.days is not None:
            found += _calendar(column, bins, codes, history.days[rows])
        found += _named(column)
    return tuple(_once(found))


def _once(found: list[Suspect]) -> Iterator[Suspect]:
    """A field that is set aside for its values need not be suspected for its name or a single level as well."""
    aside = {each.field for each in found if each.aside}
    yield from (each for each in found if each.aside or each.field not in aside)


def power(codes: Ints, flag: Flags) -> float:
    """How well a field alone tells a flag: the AUC of each bin's own rate."""
    seen = np.maximum(np.bincount(codes), 1)
    rates = np.bincount(codes[flag], minlength=len(seen)) / seen
    return auc(rates[codes], flag)


def _outcome(column: Column, bins: Bins, codes: Ints, won: Flags, rows: Ints) -> Iterator[Suspect]:
    alone = power(codes, won)
    filled = column.filled[rows]
    blanks = power(filled.astype(np.int64), won)
    if blanks >= TELLING_BLANKS or (not filled.all() and _one_outcome(filled, won)):
        shares = [float(filled[one].mean()) for one in (won, ~won)]
        evidence = f"filled for {shares[0]:.0%} of won and {shares[1]:.0%} of lost deals"
        yield Suspect(column.name, Sign.FILLED_IN, evidence, aside=True)
    elif alone >= PERFECT:
        yield Suspect(column.name, Sign.PERFECT, f"alone it tells won from lost with an AUC of {alone:.2f}", aside=True)
    else:
        yield from _pure(column, bins, codes, won)


def _one_outcome(part: Flags, won: Flags) -> bool:
    """Whether either side of a field has one outcome only, by more than luck."""
    return any(_luck(int(won[side].sum()), int(side.sum()), float(won.mean())) < CHANCE for side in (part, ~part))


def _luck(wins: int, count: int, rate: float) -> float:
    """How likely rows are to have one outcome only; 1 if they have both."""
    if count == 0 or 0 < wins < count:
        return 1.0
    return math.pow(rate if wins else 1 - rate, count)


def _pure(column: Column, bins: Bins, codes: Ints, won: Flags) -> Iterator[Suspect]:
    for code, each in enumerate(bins.bins):
        inside = codes == code
        if each.kind is BinKind.LEVEL and _luck(int(won[inside].sum()), int(inside.sum()), float(won.mean())) < CHANCE:
            ended = "won" if won[inside].all() else "lost"
            evidence = f"all {int(inside.sum()):,} rows with '{each.level}' were {ended}"
            yield Suspect(column.name, Sign.ONE_OUTCOME, evidence, aside=False)


def _total(column: Column, columns: Sequence[Column], won: Flags, rows: Ints) -> Iterator[Suspect]:
    """A number that holds a number of the same subject and more: a sum that may have gone on after the decision."""
    about = names.stems(column.name)
    whole = bool(names.WHOLE & set(names.words(column.name)))
    for other in columns if column.kind is Kind.NUMBER else ():
        if other is column or other.kind is not Kind.NUMBER or not about & names.stems(other.name):
            continue
        more = column.numbers[rows] - other.numbers[rows]
        known = ~np.isnan(more)
        more, beside, ends = more[known], other.numbers[rows][known], won[rows][known]
        if len(more) < _FEWEST or more.min() < 0 or not _holds(more, beside):
            continue
        surplus = auc(more, ends)
        if whole or surplus >= max(0.6, auc(beside, ends) + _SOME):
            evidence = (
                f"never below {other.name} in {len(more):,} rows and above it in {float((more > 0).mean()):.0%}; "
                f"the surplus alone has an AUC of {surplus:.2f}" + (", and its name says total" if whole else "")
            )
            yield Suspect(column.name, Sign.TOTAL, evidence, aside=whole)
            return


def _holds(more: object, beside: object) -> bool:
    """Whether one number is another of the same unit, sometimes with more: equal at times where there is anything."""
    surplus, base = np.asarray(more), np.asarray(beside)
    some = base > 0
    return bool(some.any() and (surplus[some] == 0).mean() >= _SOME and (surplus > 0).mean() >= _SOME)


def _calendar(column: Column, bins: Bins, codes: Ints, days: Ints) -> Iterator[Suspect]:
    if int(days.max() - days.min()) < _SPAN:
        return
    newer = days > np.sort(days)[len(days) // 2]
    if not newer.any():
        return
    told = power(codes, newer)
    if told >= CALENDAR:
        evidence = f"alone it tells newer from older rows with an AUC of {told:.2f}"
        yield Suspect(column.name, Sign.CALENDAR, evidence, aside=True)
    elif (index := _stability(codes, newer, len(bins.bins))) >= MOVED:
        evidence = f"its values differ between the older and the newer half (stability index {index:.2f})"
        yield Suspect(column.name, Sign.MOVED, evidence, aside=False)


def _stability(codes: Ints, newer: Flags, size: int) -> float:
    """The population stability index between two halves, with half a row in every bin."""
    before, after = (
        (np.bincount(codes[half], minlength=size) + 0.5) / (half.sum() + size / 2) for half in (~newer, newer)
    )
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(before.tolist(), after.tolist(), strict=True))


def _named(column: Column) -> Iterator[Suspect]:
    said = [word for word in names.words(column.name) if word in names.AFTER]
    if said:
        yield Suspect(column.name, Sign.NAME, f"'{said[0]}' in its name: was it known at the time?", aside=False)
