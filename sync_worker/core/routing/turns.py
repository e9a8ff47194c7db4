"""Whose turn it is: what each rep of a route has received and was entitled to, in accounts and in value. Pure.

Whenever a route gives an account, each rep who could have had it is entitled to a share by weight, and the one whose
turn it is receives all of it. The turn is that of the earliest deadline among those who are not ahead (earliest
eligible virtual deadline first: Stoica and Abdel-Wahab, 1995), so that with the same reps nobody is ever a whole turn
ahead or behind. It is a pointer for each rep that grows by 1/weight: the lowest one wins.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sync_worker.core.routing.telling import Candidate

DIGITS = 9
"""Shares are kept and compared to so many digits after the point: thirds add up to wholes again."""


class Measure(StrEnum):
    """What turns are fair in."""

    COUNT = "count"
    VALUE = "value"


class Absent(StrEnum):
    """What becomes of the turns of a rep who is away."""

    CATCH_UP = "catch up"
    """They add up, and are made good on return."""
    HOLD_PLACE = "hold place"
    """The rep comes back as far ahead or behind as on leaving."""
    RESET = "reset"
    """The rep comes back neither ahead nor behind: at the average of those present."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many accounts, and so much value."""

    count: float = 0.0
    value: float = 0.0

    def of(self, measure: Measure) -> float:
        """One of the two."""
        return self.value if measure is Measure.VALUE else self.count

    def plus(self, other: Amount) -> Amount:
        """The sum."""
        return Amount(round(self.count + other.count, DIGITS), round(self.value + other.value, DIGITS))


@dataclass(frozen=True, slots=True)
class Balance:
    """How one rep stands with one route."""

    received: Amount = Amount()
    entitled: Amount = Amount()
    away: bool = False
    """Whether the rep was away when the route gave its latest account."""

    def behind(self, measure: Measure) -> float:
        """How much less the rep has received than was due; below 0 for one who is ahead."""
        return round(self.entitled.of(measure) - self.received.of(measure), DIGITS)


Ledger = dict[str, Balance]
"""The balances of one route, by rep."""


@dataclass(frozen=True, slots=True)
class RouteTurn:
    """One account that a route gives to one rep. It counts in the ledger once its plan row may have landed."""

    route: str
    account: str
    rep: str
    value: float
    shares: Mapping[str, Amount]
    """By how much what each rep is entitled to has grown, those who begin at the average included. Empty where the
    route takes no turns."""
    away: tuple[str, ...] = ()
    """The members who were away."""
    candidates: tuple[Candidate, ...] = ()
    """Everybody who was considered. Not counted: for explanations."""


class Sums:
    """Adds up turns in their order, without a value for each: years of them are added up for every plan."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, dict[str, list[float]]] = defaultdict(dict)
        self._away: defaultdict[str, set[str]] = defaultdict(set)

    def add(
        self, route: str, rep: str, value: float, shares: Mapping[str, Sequence[float]], away: Iterable[str]
    ) -> None:
        """Enter a turn, as ``record`` does. ``shares``: accounts and value, by rep."""
        sums, gone = self._sums[route], self._away[route]
        for one, (count, worth) in shares.items():
            known = sums.setdefault(one, [0.0, 0.0, 0.0, 0.0])
            known[2] += count
            known[3] += worth
        gone.difference_update(shares)
        gone.update(one for one in away if one in sums)
        won = sums.setdefault(rep, [0.0, 0.0, 0.0, 0.0])
        won[0] += 1.0
        won[1] += value

    def ledgers(self) -> dict[str, Ledger]:
        """The ledger of each route."""
        return {
            route: {
                rep: Balance(_amount(*known[:2]), _amount(*known[2:]), rep in self._away[route])
                for rep, known in sums.items()
            }
            for route, sums in self._sums.items()
        }


def _amount(count: float, value: float) -> Amount:
    return Amount(round(count, DIGITS), round(value, DIGITS))


def replay(turns: Iterable[RouteTurn]) -> dict[str, Ledger]:
    """The ledger of each route, from its turns in their order."""
    sums = Sums()
    for turn in turns:
        shares = {rep: (share.count, share.value) for rep, share in turn.shares.items()}
        sums.add(turn.route, turn.rep, turn.value, shares, turn.away)
    return sums.ledgers()


def record(ledger: Ledger, turn: RouteTurn) -> None:
    """Enter a turn."""
    for rep, share in turn.shares.items():
        known = ledger.get(rep, Balance())
        ledger[rep] = Balance(known.received, known.entitled.plus(share))
    for rep in turn.away:
        if rep in ledger:
            ledger[rep] = replace(ledger[rep], away=True)
    winner = ledger.get(turn.rep, Balance())
    ledger[turn.rep] = replace(winner, received=winner.received.plus(Amount(1.0, turn.value)))


@dataclass(frozen=True, slots=True)
class Round:
    """Who could have one account: the reps' weights, and those of members who are away."""

    present: Mapping[str, float]
    away: Mapping[str, float]
    policy: Absent
    measure: Measure


def due(ledger: Ledger, one: Round) -> Ledger:
    """The balances of those present, with newcomers at the average, and those who are back as the policy says."""
    settled = {rep for rep in one.present if rep in ledger and not _begins(ledger[rep], one.policy)}
    return {
        rep: ledger[rep] if rep in settled else _at_average(ledger, settled, one.present, rep)
        for rep in sorted(one.present)
    }


def _begins(balance: Balance, policy: Absent) -> bool:
    return balance.away and policy is Absent.RESET


def _at_average(ledger: Ledger, settled: Collection[str], weights: Mapping[str, float], rep: str) -> Balance:
    """As far behind as those who are settled, by weight."""
    own, total = ledger.get(rep, Balance()), sum(weights[one] for one in sorted(settled))

    def level(measure: Measure) -> float:
        behind = sum(ledger[one].behind(measure) for one in sorted(settled))
        return own.received.of(measure) + (behind * weights[rep] / total if total else 0.0)

    entitled = Amount(round(level(Measure.COUNT), DIGITS), round(level(Measure.VALUE), DIGITS))
    return Balance(own.received, entitled)


def next_rep(
    balances: Ledger, weights: Mapping[str, float], measure: Measure, size: float, tie: Callable[[str], str]
) -> str:
    """Whose turn it is, of those with a balance. ``size``: what the turn is worth in the measure, above 0."""
    total = sum(weights[rep] for rep in sorted(balances))
    average = sum(balances[rep].behind(measure) for rep in sorted(balances)) / total
    behind = {rep: balances[rep].behind(measure) for rep in balances}
    ready = [rep for rep in balances if round(behind[rep] / weights[rep] - average, 6) >= 0]
    return min(ready or balances, key=lambda rep: (round((size - behind[rep]) / weights[rep], 6), tie(rep)))


def shares(ledger: Ledger, balances: Ledger, one: Round, value: float) -> dict[str, Amount]:
    """By how much each rep's entitlement grows: the share by weight, and what takes one who begins to the average.

    Those who are away have a share as well where they are to catch up.
    """
    catching = {rep: weight for rep, weight in one.away.items() if rep in ledger and one.policy is Absent.CATCH_UP}
    weights = {**one.present, **catching}
    total = sum(weights[rep] for rep in sorted(weights))
    grown: dict[str, Amount] = {}
    for rep in sorted(weights):
        before = ledger.get(rep, Balance()).entitled
        start = balances[rep].entitled if rep in balances else before
        part = weights[rep] / total
        grown[rep] = Amount(
            round(part + start.count - before.count, DIGITS), round(part * value + start.value - before.value, DIGITS)
        )
    return grown
