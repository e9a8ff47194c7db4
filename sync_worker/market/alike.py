"""Look-alikes: streams the market's accounts out of the store, learns what customers share, and ranks the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rules import Type
from sync_worker.core.market.filling import Filling, apart
from sync_worker.core.market.lookalikes import Reason, Studied, best, likeness, only, reasons, sample, study, turn
from sync_worker.core.market.whitespace import Stand
from sync_worker.core.scorecard.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sync_worker.core.market.evidence import Model
    from sync_worker.core.market.whitespace import Among
    from sync_worker.core.scorecard.columns import Column, Floats, Ints

TYPICAL = 0.5
"""A look-alike is at least as typical as half of the customers."""
KINDS = {Type.NUMBER: Kind.NUMBER, Type.TEXT: Kind.TEXT, Type.BOOLEAN: Kind.YES_NO}
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class LookAlike:
    """One account that is like those that were won."""

    account: str
    territory: str
    likeness: float
    """The share of customers that are less typical than this account, 0 to 1."""
    value: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """What customers have in common, and who has it as well."""

    studied: Studied
    among: Among
    looked_at: int
    """Accounts that may be look-alikes."""
    counts: Mapping[str, int]
    """Look-alikes by territory."""
    values: Mapping[str, float]
    """What they are worth, by territory."""
    best: tuple[LookAlike, ...]
    """The first of each territory, best first."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The market's accounts, a row each, in the order of ids."""

    ids: Sequence[str]
    turns: Ints
    stands: Column
    territories: Column
    values: Floats
    columns: tuple[Column, ...]

    def standing(self, stands: Collection[Stand]) -> Ints:
        """The rows that stand like this."""
        places = [place for place, name in enumerate(self.stands.distinct) if name in stands]
        return np.flatnonzero(np.isin(self.stands.places, places))


def gather(
    blocks: Iterable[Sequence[Sequence[Any]]],
    fit: Mapping[str, Type],
    *,
    called: Mapping[str, str],
    told: Callable[[int], None],
) -> Gathered:
    """All blocks of a stream as columns. ``called``: other names for territories; ``told`` hears how many rows."""
    ids: list[str] = []
    stand, territory = Filling("stand", Kind.TEXT), Filling("territory", Kind.TEXT)
    value = Filling("value", Kind.NUMBER)
    fillings = [Filling(name, KINDS[kind]) for name, kind in fit.items()]
    for block in blocks:
        ids += block[0]
        territory.take([called.get(name, name) for name in block[2]])
        for filling, values in zip((stand, value, *fillings), (block[1], *block[3:]), strict=True):
            filling.take(values)
        told(len(ids))
    return Gathered(
        ids=ids,
        turns=np.array([turn(account) for account in ids], dtype=np.int64),
        stands=stand.column(),
        territories=territory.column(),
        values=value.column().numbers,
        columns=tuple(part for filling in fillings if not filling.crowded for part in apart(filling.column())),
    )


def look(gathered: Gathered, among: Among, *, top: int, keep: Collection[str]) -> LookAlikes:
    """What customers have in common, and the ``top`` accounts of each territory that have it, too."""
    customers = gathered.standing([Stand.CUSTOMER])
    won = np.zeros(len(gathered.ids), dtype=np.bool_)
    won[customers] = True
    taught = sample(won, gathered.turns)
    counts = len(customers), len(won) - len(customers)
    studied = study([only(each, taught) for each in gathered.columns], won[taught], counts, keep=keep)
    rows = gathered.standing(among.stands)
    if studied.model is None or studied.typical is None:
        return LookAlikes(studied, among, len(rows), {}, {}, ())
    named = {each.name: each for each in gathered.columns}
    scores = _scored(studied.model, named, rows)
    shares = likeness(scores, studied.typical)
    alike, spoken_for = shares >= TYPICAL, np.flatnonzero(scores > 0)
    places = gathered.territories.places[rows]
    first = spoken_for[best(scores[spoken_for], gathered.turns[rows[spoken_for]], places[spoken_for], top)]
    names = [_name(gathered.territories, place) for place in places[alike].tolist()]
    why = reasons(studied.model, named, rows[first])
    return LookAlikes(
        studied=studied,
        among=among,
        looked_at=len(rows),
        counts=Counter(names),
        values=_sums(names, gathered.values[rows[alike]]),
        best=tuple(
            LookAlike(
                account=gathered.ids[row],
                territory=_name(gathered.territories, place),
                likeness=share,
                value=None if np.isnan(gathered.values[row]) else float(gathered.values[row]),
                reasons=told,
            )
            for row, place, share, told in zip(
                rows[first].tolist(), places[first].tolist(), np.round(shares[first], 6).tolist(), why, strict=True
            )
        ),
    )


def _scored(model: Model, columns: Mapping[str, Column], rows: Ints) -> Floats:
    """The rows' scores, some rows at a time: codes of all rows at once would take as much memory as the columns."""
    used = [columns[each.field] for each in model.fields]
    parts = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)] or [rows]
    return np.concatenate([model.score({each.name: only(each, part) for each in used}, len(part)) for part in parts])


def _name(column: Column, place: int) -> str:
    return column.distinct[place] if place >= 0 else ""


def _sums(names: Sequence[str], values: Floats) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in zip(names, values.tolist(), strict=True):
        if not np.isnan(value):
            found[name] = found.get(name, 0.0) + value
    return found
