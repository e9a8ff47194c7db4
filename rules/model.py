"""A rules folder as values: everything checked, nothing evaluated. What a rule means is in docs/rules.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.problems import Mark, Problem
    from rules.tree import Tree, Value
    from rules.vocabulary import FieldInfo, Type


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, as written and as understood."""

    text: str
    tree: Tree
    mark: Mark


@dataclass(frozen=True, slots=True)
class Formula:
    """A numeric value, as written and as understood."""

    text: str
    tree: Value
    mark: Mark


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` accounts for each ``per`` (rep or book), every ``every`` (run)."""

    per: str
    most: int
    every: str


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Accounts that the worker may touch. An account is in scope if any scope rule matches."""

    id: str
    when: Condition
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ProtectRule:
    """Accounts that may not move, and why."""

    id: str
    when: Condition
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """Accounts that go back to the pool; ``rest_days`` long nobody gets them again."""

    id: str
    when: Condition
    reason: str
    rest_days: int
    limit: Limit | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Balance:
    """What a rebalance evens out: a score's id or a numeric field. Kept for later."""

    measure: str
    weight: float


@dataclass(frozen=True, slots=True)
class Book:
    """Which accounts, which reps, how many, in what order."""

    id: str
    accounts: Condition
    reps: Condition
    capacity: int | str
    """A number of accounts, or the name of a rep's numeric field that holds it."""
    rank: str
    """The id of the score that decides who comes first."""
    limit: Limit | None
    """The most accounts that one refill may give; None for no such limit."""
    balance: Balance | None
    keep_weight: float | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class WhenTerm:
    """Points if the condition holds."""

    id: str
    when: Condition
    points: float
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ScaleTerm:
    """Points in a straight line: none at ``start``, all at ``end``; none for an empty value."""

    id: str
    scale: Formula
    start: float
    end: float
    points: float
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class EventTerm:
    """Points for each engagement of a kind, halved every ``half_life_days``."""

    id: str
    event: str
    half_life_days: float
    points: float
    because: str
    mark: Mark


Term = WhenTerm | ScaleTerm | EventTerm


@dataclass(frozen=True, slots=True)
class Part:
    """Terms that add up to at most ``max`` and at least ``-max``."""

    name: str
    max: float
    half_life_days: float | None
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    """The name of all totals from ``floor`` up to the next tier's."""

    name: str
    floor: float


@dataclass(frozen=True, slots=True)
class Score:
    """Parts that add up to at most ``max`` and at least 0, cut into tiers, the highest floor first."""

    id: str
    max: float
    parts: tuple[Part, ...]
    tiers: tuple[Tier, ...]
    mark: Mark

    @property
    def placed_terms(self) -> tuple[tuple[str, Term], ...]:
        """Each term with the name of its part, in order."""
        return tuple((part.name, term) for part in self.parts for term in part.terms)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all parts, in order."""
        return tuple(term for part in self.parts for term in part.terms)


@dataclass(frozen=True, slots=True)
class Output:
    """A decision table's output column: a field that later conditions may read."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a decision table; ``when`` is None where every cell is empty, which matches all."""

    when: Tree | None
    values: tuple[str | float | None, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table: the first row that matches gives the outputs, none gives empty ones."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class RepRow:
    """What the rep files say of one rep. ``values`` holds filled cells only: text, numbers, truths, YYYY-MM-DD."""

    email: str
    """In small letters."""
    values: Mapping[str, str | float | bool]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Reps:
    """What the folder's rep files say. A value goes before what the CRM has in the same field."""

    fields: Mapping[str, FieldInfo] = field(default_factory=dict)
    """The columns, of the CRM's type where the CRM has the field, too."""
    rows: tuple[RepRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of a folder, in the order in which they are tried: files by name, then as written."""

    version: str
    """``digest`` of the folder that was read."""
    scores: tuple[Score, ...] = ()
    scope: tuple[ScopeRule, ...] = ()
    protect: tuple[ProtectRule, ...] = ()
    returns: tuple[ReturnRule, ...] = ()
    books: tuple[Book, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    reps: Reps = field(default_factory=Reps)
    warnings: tuple[Problem, ...] = ()
    """Legal, but probably not meant."""

    def score(self, score_id: str) -> Score:
        """The score with this id; KeyError if there is none."""
        for score in self.scores:
            if score.id == score_id:
                return score
        raise KeyError(score_id)
