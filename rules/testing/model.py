"""Rule tests as values: an account made up, what is expected of it, and what came of it. Nothing is evaluated here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rules.problems import Mark, Problem

Value = str | float | bool | None
"""A field's value: text, a number, yes or no, a date as ``YYYY-MM-DD``; None for an empty one."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an account, made up."""

    fields: Mapping[str, Value] = field(default_factory=dict)
    events: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    """Kind of engagement → the UTC days on which it happened."""


@dataclass(frozen=True, slots=True)
class Given:
    """An account made up. What is not named is empty."""

    fields: Mapping[str, Value] = field(default_factory=dict)
    intent: Mapping[str, float] = field(default_factory=dict)
    """Topic → strength, 0 to 100."""
    events: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    """Kind of engagement → the UTC days on which it happened."""
    touches: tuple[date, ...] = ()
    """The UTC days on which reps touched the account."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """The account's contacts, by the names that the test gives them."""
    contact_scores: Mapping[str, float] = field(default_factory=dict)
    """Contact score → the total of the account's best contact, where it is not to come of the contacts."""


class Subject(StrEnum):
    """What an expectation is about."""

    RULE = "rule"  # the first rule of a section that matches
    FIELD = "field"  # what a table, a scheme or a grid says
    TOTAL = "total"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    TIER = "tier"
    PART = "part"
    POINTS = "points"
    ELIGIBLE = "eligible"  # whether a rep may get accounts of the account's book
    CAPACITY = "capacity"  # how many accounts of that book the rep may own
    CONTACT = "contact"  # a contact's total by a contact score


ANY = "any"
"""Some rule of the section, no matter which: ``scope: any``."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that a test expects."""

    subject: Subject
    owner: str
    """The section, the field, the score or the rep."""
    wanted: Value
    mark: Mark
    item: str = ""
    """A score's part or term; a contact."""

    @property
    def told(self) -> str:
        """What it is about, as the test writes it: ``scores.priority.points.met``."""
        match self.subject:
            case Subject.RULE | Subject.FIELD:
                return self.owner
            case Subject.ELIGIBLE | Subject.CAPACITY:
                return f"reps.{self.subject}.{self.owner}"
            case Subject.CONTACT:
                return f"contacts.{self.owner}.{self.item}"
            case Subject.PART | Subject.POINTS:
                return f"scores.{self.owner}.{'parts' if self.subject is Subject.PART else 'points'}.{self.item}"
            case _:
                return f"scores.{self.owner}.{self.subject.replace(' ', '_')}"


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test: on this day, an account like this comes out like that."""

    name: str
    on: date
    given: Given
    reps: Mapping[str, Mapping[str, Value]]
    """The reps of the file, by the names that it gives them."""
    expected: tuple[Expectation, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of a folder in their order."""

    tests: tuple[RuleTest, ...]
    warnings: tuple[Problem, ...] = ()
    """Legal, but probably not meant."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule, row or segment as it was tried."""

    section: str
    """As tests call it; for what gave a computed field, the field's name."""
    id: str
    text: str
    """The condition as written."""
    holds: bool
    decides: bool
    """Whether it is the first of its section that holds."""
    seen: Mapping[str, Value]
    """What it read, under the words that rules use."""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """One term of a score, counted or not."""

    score: str
    part: str
    term: str
    text: str
    points: float
    seen: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a contact has by a contact score."""

    score: str
    contact: str
    total: float
    points: Mapping[str, float]
    """By term, before any cap."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules said of an account made up."""

    decided: Mapping[str, str | None] = field(default_factory=dict)
    """Section (scope, protect, return, book, route, service_level, cover) → the first rule that matched."""
    fields: Mapping[str, Value] = field(default_factory=dict)
    """What tables, schemes and grids say."""
    totals: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Score and part → its sum within its cap."""
    tried: tuple[Tried, ...] = ()
    counted: tuple[Counted, ...] = ()
    eligible: Mapping[str, float | None] = field(default_factory=dict)
    """Reps who may get accounts of the account's book → their capacity."""
    contacts: tuple[Scored, ...] = ()
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Table → the numbers of the rows that matched, 1 for the first below the header."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met. ``why`` has one line for each rule, row or term behind it."""

    expected: Expectation
    wanted: str
    got: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test."""

    test: RuleTest
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures
