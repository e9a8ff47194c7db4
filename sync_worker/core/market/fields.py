"""Which account fields may tell look-alikes: those that say what an account is, not what came of selling to it.

The store shows accounts as they are today, and winning one changes it. So names that tell of customers are set aside,
and so is what is filled or shaped by having been won. Each is named with its evidence, and a person may keep it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.market.filling import base
from sync_worker.core.scorecard import names
from sync_worker.core.scorecard.bins import make_bins
from sync_worker.core.scorecard.leaks import PERFECT, TELLING_BLANKS, Unusable, power, unusable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sync_worker.core.scorecard.columns import Column, Flags, Ints

FOLLOWS = names.AFTER | {
    *("associated", "deals", "open", "recent", "sla"),
    *("acv", "arr", "billed", "booking", "bookings", "client", "csat", "csm", "customer", "customers", "expansion"),
    *("health", "licence", "licences", "license", "licenses", "lifecycle", "lifecyclestage", "mrr", "nps"),
    *("onboarding", "paid", "partner", "previous", "priority", "purchase", "purchased", "purchases", "rating"),
    *("renewal", "renewals", "renews", "score", "seats", "spend", "status", "subscription", "subscriptions", "tcv"),
    *("tenure", "tier", "upsell"),
}
"""Words in the names of fields that follow from being a customer, or that people set for those they work."""
RATHER = 3.0
"""A field filled so many times as often for customers as for others was filled in because they are customers."""
_SURE = 4.0
"""Standard errors from which a difference is no luck."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A field that may only say who is a customer, and what says so. It is left out unless somebody keeps it."""

    field: str
    evidence: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What may be learned from, and why not the rest."""

    used: tuple[Column, ...]
    suspects: tuple[Suspect, ...]
    unusable: tuple[Unusable, ...]


def fit_fields(columns: Sequence[Column], won: Flags, *, keep: Collection[str] = ()) -> Fields:
    """The columns that say what an account is, as far as their names and these rows show."""
    rows = np.arange(len(won))
    useless = (*_not_fit(columns, keep), *unusable(columns, rows))
    left = {each.field for each in useless}
    able = [column for column in columns if column.name not in left]
    found = tuple(
        Suspect(column.name, evidence, base(column.name) in keep)
        for column in able
        if (evidence := next(_evidence(column, won, rows), ""))
    )
    aside = {each.field for each in found if not each.kept}
    told = {each.field: each for each in reversed(useless)}
    return Fields(
        used=tuple(column for column in able if column.name not in aside),
        suspects=found,
        unusable=tuple(sorted(told.values(), key=lambda each: each.field)),
    )


def _not_fit(columns: Sequence[Column], keep: Collection[str]) -> Iterator[Unusable]:
    for column in columns:
        subject = names.subject(base(column.name))
        if subject is not names.Subject.ACCOUNT and base(column.name) not in keep:
            yield Unusable(column.name, f"by its name it tells of {_OF[subject]}, not of what the account is")


_OF = {
    names.Subject.PERSON: "a person",
    names.Subject.DEAL: "a deal",
    names.Subject.BEHAVIOUR: "what somebody did",
}


def _evidence(column: Column, won: Flags, rows: Ints) -> Iterator[str]:
    said = [word for word in names.words(base(column.name)) if word in FOLLOWS]
    if said:
        yield f"'{said[0]}' in its name: it may follow from being a customer"
    filled = column.filled
    shares = float(filled[won].mean()), float(filled[~won].mean())
    if _filled_for(shares, won) or power(filled.astype(np.int64), won) >= TELLING_BLANKS:
        yield f"filled for {shares[0]:.0%} of customers and {shares[1]:.0%} of the others"
    known = rows[filled]
    alone = power(make_bins(column, known).codes(column)[known], won[known])
    if alone >= PERFECT:
        yield f"alone it tells customers from others with an AUC of {alone:.2f}"


def _filled_for(shares: tuple[float, float], won: Flags) -> bool:
    """Whether the field is filled almost only for customers, by more than luck."""
    ours, theirs = shares
    wins, others = int(won.sum()), int((~won).sum())
    error = math.sqrt(ours * (1 - ours) / wins + theirs * (1 - theirs) / others + 1 / (wins * others))
    return ours >= RATHER * theirs and ours - theirs >= _SURE * error
