"""The words of matching as values: what is sought, what is known, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

AMBIGUOUS = "ambiguous: "
"""How the reason begins where several accounts would do."""


class Place(Protocol):
    """Where a company is, each in whichever way people write it; empty where it is not known."""

    @property
    def country(self) -> str:
        """A name or a code."""

    @property
    def city(self) -> str:
        """The town."""

    @property
    def postcode(self) -> str:
        """With or without the country's letter."""

    @property
    def phone(self) -> str:
        """Any way of writing a number."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known from outside: an account's id in any CRM, a host as ``host_of`` gives it, a company's name."""

    account: str = ""
    host: str = ""
    name: str = ""
    country: str = ""
    city: str = ""
    postcode: str = ""
    phone: str = ""
    accepted: str = ""
    """The account that a person said it is."""
    rejected: frozenset[str] = frozenset()
    """The accounts that a person said it is not."""


@dataclass(frozen=True, slots=True)
class Known:
    """One record of an account. ``account``: the account that it stands for, which is another one's for a twin."""

    id: str
    account: str
    hosts: tuple[str, ...] = ()
    child: bool = False
    """Whether it has a parent account."""
    name: str = ""
    country: str = ""
    city: str = ""
    postcode: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides between accounts that would all do."""

    owned: bool = False
    """Whether a rep owns it, and not the pool."""
    deals: int = 0
    """Open opportunities."""
    touched: str = ""
    """The time of the latest touch, as text that sorts; empty for never."""


class How(StrEnum):
    """What a match rests on, the strongest first."""

    ID = "id"
    PERSON = "person"
    WEBSITE = "website"
    DOMAIN = "domain"
    ALIAS = "alias"
    NAME = "name"
    LIKE = "like"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An account that may be meant, for a person to say."""

    account: str
    score: float
    because: str


@dataclass(frozen=True, slots=True)
class Match:
    """The account, or None, and why in either case."""

    account: str | None
    because: str
    how: How = How.NOTHING
    score: float = 0.0
    """From 0 to 1; 1 for what is no matter of likeness."""
    review: tuple[Proposal, ...] = ()
    """Where there is no account: those that a person may accept, the likeliest first."""

    @property
    def ambiguous(self) -> bool:
        """Whether several accounts would do."""
        return self.account is None and self.because.startswith(AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a name links by itself, and from which on a person is asked. Below that it is no match."""

    auto: float | None = None
    """None: a name never links by itself."""
    review: float = 0.75
