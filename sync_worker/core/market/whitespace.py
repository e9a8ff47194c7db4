"""Customers, owned, unowned and out of scope, by territory and by motion, and renewals that are due. Pure counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MONTHS = 3
Key = TypeVar("Key")


class Stand(StrEnum):
    """How an account stands; each account in exactly one way, the first that holds."""

    CUSTOMER = "customer"
    """In scope or not."""
    OUT = "out of scope"
    UNOWNED = "unowned"
    """In scope, and nobody works it: it is in the pool, has no owner, or its owner is no longer active."""
    OWNED = "owned"
    """In scope, in somebody's book."""


class Among(StrEnum):
    """Which accounts may be look-alikes."""

    UNOWNED = "unowned"
    PROSPECTS = "prospects"
    """The owned ones as well."""

    @property
    def stands(self) -> tuple[Stand, ...]:
        """How these accounts stand."""
        return (Stand.UNOWNED, Stand.OWNED) if self is Among.PROSPECTS else (Stand.UNOWNED,)


class Due(StrEnum):
    """When a customer's renewal is due, by calendar quarters, UTC."""

    OVERDUE = "overdue"
    THIS = "this quarter"
    NEXT = "next quarter"


@dataclass(frozen=True, slots=True)
class Quarters:
    """Where today falls: ``following`` begins after this quarter, ``end`` after the next one."""

    today: date
    following: date
    end: date

    @property
    def names(self) -> tuple[str, str]:
        """``Q4 2026`` and ``Q1 2027``."""
        this, following = (f"Q{(day.month - 1) // _MONTHS + 1} {day.year}" for day in (self.today, self.following))
        return this, following


def quarters(today: date) -> Quarters:
    """The calendar quarters around a day."""
    following = _next_quarter(today)
    return Quarters(today, following, _next_quarter(following))


def _next_quarter(day: date) -> date:
    # Quarters are shorter than 93 days, and their first months are 1, 4, 7 and 10.
    first = day.replace(month=day.month - (day.month - 1) % _MONTHS, day=1)
    return (first + timedelta(days=_MONTHS * 31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts that are alike in territory, motion and standing, as the store counts them. Empty: it has none."""

    territory: str
    motion: str
    stand: Stand
    due: Due | None
    accounts: int
    value: float = 0.0
    """The sum of the field that was asked for."""
    valued: int = 0
    """Accounts that have a value there."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Accounts and what they are worth."""

    accounts: int = 0
    value: float = 0.0
    valued: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.accounts + other.accounts, self.value + other.value, self.valued + other.valued)


@dataclass(slots=True)
class Territory:
    """One line of the answer. The market is everything but what is out of scope."""

    name: str
    stands: dict[Stand, Sum] = field(default_factory=dict)
    motions: dict[str, Sum] = field(default_factory=dict)
    """Of the market, by motion."""
    due: dict[Due, Sum] = field(default_factory=dict)
    """Of the customers, by when their renewal is due."""

    def stand(self, stand: Stand) -> Sum:
        """The accounts that stand like this."""
        return self.stands.get(stand, Sum())

    @property
    def market(self) -> Sum:
        """Customers, owned and unowned."""
        return sum((each for stand, each in self.stands.items() if stand is not Stand.OUT), Sum())

    @property
    def penetration(self) -> float | None:
        """The share of the market that are customers; None where there is no market."""
        return self.stand(Stand.CUSTOMER).accounts / self.market.accounts if self.market.accounts else None

    def take(self, cell: Cell) -> None:
        """Count a cell."""
        found = Sum(cell.accounts, cell.value, cell.valued)
        self.stands[cell.stand] = self.stand(cell.stand) + found
        if cell.stand is not Stand.OUT:
            self.motions[cell.motion] = self.motions.get(cell.motion, Sum()) + found
        if cell.stand is Stand.CUSTOMER and cell.due:
            self.due[cell.due] = self.due.get(cell.due, Sum()) + found


def territories(cells: Iterable[Cell]) -> tuple[tuple[Territory, ...], Territory]:
    """Every territory, the largest market first, what has none last; and all of them together."""
    total, found = Territory(""), dict[str, Territory]()
    for cell in _in_order(cells):
        total.take(cell)
        found.setdefault(cell.territory, Territory(cell.territory)).take(cell)
    return tuple(sorted(found.values(), key=lambda one: (not one.name, -one.market.accounts, one.name))), total


def _in_order(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Sums of values come out alike whatever order a store gives its cells in."""
    yield from sorted(cells, key=lambda cell: (cell.territory, cell.motion, cell.stand, cell.due or ""))


def together(some: Iterable[Territory]) -> Territory:
    """Several territories as one, without a name."""
    whole = Territory("")
    for each in some:
        _add(whole.stands, each.stands)
        _add(whole.motions, each.motions)
        _add(whole.due, each.due)
    return whole


def _add(to: dict[Key, Sum], what: Mapping[Key, Sum]) -> None:
    for key, found in what.items():
        to[key] = to.get(key, Sum()) + found
