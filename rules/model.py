"""A rules folder as values: everything checked, nothing evaluated. What a rule means is in docs/rules.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.presence import AbsenceRow, Cover, Holiday, ServiceLevel
    from rules.problems import Mark, Problem
    from rules.routes import Route
    from rules.tree import Tree, Value
    from rules.vocabulary import FieldInfo, Type


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, as written and as understood."""

    text: str
    tree: Tree
    mark: Mark
    uses: tuple[str, ...] = ()
    """The named conditions that are part of it."""


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


class Model(StrEnum):
    """How a book's accounts find their reps."""

    FIXED = "fixed"
    """A field or a table names each account's owner."""
    OPEN = "open"
    """Whoever claims an account has it; the worker gives none out."""
    DYNAMIC = "dynamic"
    """The worker fills every rep's book up to capacity, the best accounts first."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a book that is filled by prices evens out, and how much that counts against the scores."""

    measure: str
    """A score's id or a numeric field: an account's potential."""
    weight: float
    workload: float
    """The same for the reps' work; 0: it is not evened out."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much a rebalance prefers that accounts stay."""

    weight: float
    """Multiplies the price of a move; 0: moves cost nothing."""
    tenure_days: int
    """An account that its rep has had for fewer days stays in a rebalance."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A capacity that follows from time: the touches that a rep makes in a week, and those that an account needs."""

    touches_per_week: float | str
    """A number, or the name of a rep's numeric field."""
    per_account: float


@dataclass(frozen=True, slots=True)
class Same:
    """A text field of the account and one of the rep, either of which may list several values."""

    account: str
    rep: str


@dataclass(frozen=True, slots=True)
class Affinity:
    """What makes a rep worth more (or less) for an account: ``add`` where all that is not None holds."""

    id: str
    accounts: Condition | None
    reps: Condition | None
    same: Same | None
    add: float
    """What it adds to 1, by which the account's score counts for the rep."""
    because: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Worked:
    """When an account of a book is worked as it should be; neither green nor amber is red."""

    green: Condition
    amber: Condition | None


@dataclass(frozen=True, slots=True)
class Book:
    """Which accounts, which reps, how many, in what order, and how they find each other."""

    id: str
    accounts: Condition
    reps: Condition
    capacity: int | str | Budget
    """A number of accounts, the name of a rep's numeric field that holds it, or what it follows from."""
    rank: str
    """The id of the score that decides who comes first."""
    limit: Limit | None
    """The most accounts that one refill may give; None for no such limit."""
    balance: Balance | None
    """None: the book is filled in turns, else by prices."""
    keep: Keep | None
    mark: Mark
    model: Model = Model.DYNAMIC
    owner: str = ""
    """Of a fixed book: the account's text field that names its owner, by e-mail address or user id."""
    workload: Formula | None = None
    """The work of one account; None: each counts 1. Empty or below 0 counts 0."""
    affinity: tuple[Affinity, ...] = ()
    worked: Worked | None = None
    together: bool = False
    """Whether a family goes to one rep as a whole, or not at all."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that the book asks of accounts, its own condition first."""
        worked = [self.worked.green, self.worked.amber] if self.worked else []
        found = (self.accounts, *(term.accounts for term in self.affinity), *worked)
        return tuple(one for one in found if one is not None)


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


class Fade(StrEnum):
    """How an event's points end. Age is in whole UTC days; an event of today has age 0."""

    HALF_LIFE = "half_life"
    """Half the points after every ``days``."""
    LINEAR = "linear"
    """In a straight line from all points today to none at ``days``."""
    WINDOW = "window"
    """All points up to and including age ``days``, then none."""


@dataclass(frozen=True, slots=True)
class Decay:
    """How events of a part grow old."""

    fade: Fade
    days: float


@dataclass(frozen=True, slots=True)
class EventTerm:
    """Points for each engagement of a kind, less as it grows old."""

    id: str
    event: str
    decay: Decay
    points: float
    because: str
    mark: Mark


Term = WhenTerm | ScaleTerm | EventTerm


@dataclass(frozen=True, slots=True)
class Part:
    """Terms that add up to at most ``max`` and at least ``-max``."""

    name: str
    max: float
    decay: Decay | None
    """None where no term of the part counts events."""
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
    hysteresis: float = 0.0
    """How far beyond a border the score must be before the CRM gets another tier."""

    @property
    def placed_terms(self) -> tuple[tuple[str, Term], ...]:
        """Each term with the name of its part, in order."""
        return tuple((part.name, term) for part in self.parts for term in part.terms)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all parts, in order."""
        return tuple(term for part in self.parts for term in part.terms)


@dataclass(frozen=True, slots=True)
class Grid:
    """Two scores as one grade: the tier of ``rows``, then that of ``columns``, such as A1. A field like a table's."""

    id: str
    rows: str
    """A score's id."""
    columns: str
    """A score's id."""
    mark: Mark


@dataclass(frozen=True, slots=True)
class ContactScore:
    """A score of people (persona and engagement); an account has that of its best contact."""

    score: Score
    best: int
    """How many of an account's contacts are told by name."""

    @property
    def id(self) -> str:
        """The score's."""
        return self.score.id


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a scheme; ``when`` is None for the last one, which takes what is left."""

    name: str
    when: Condition | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to divide accounts: each is in exactly one segment, the first that matches. A text field for conditions.

    The motions (``motion``) and the ways in which accounts come (``path``) are schemes of the language's own.
    """

    name: str
    segments: tuple[Segment, ...]
    mark: Mark


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


class Hit(StrEnum):
    """Which of a decision table's rows that match count."""

    FIRST = "first"
    UNIQUE = "unique"
    """The only one: no two rows can match the same account."""
    COLLECT = "collect"
    """All: numbers add up, texts are joined with ``|`` in the order of rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table: rows that match give the outputs, none gives empty ones."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    mark: Mark
    hit: Hit = Hit.FIRST


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
    schemes: tuple[Scheme, ...] = ()
    """In the order in which they are computed: after all tables, a scheme may read those before it."""
    grids: tuple[Grid, ...] = ()
    contacts: tuple[ContactScore, ...] = ()
    routes: tuple[Route, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()
    covers: tuple[Cover, ...] = ()
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """Those that rules name with ``use``."""
    reps: Reps = field(default_factory=Reps)
    absences: tuple[AbsenceRow, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """Legal, but probably not meant."""
    list_marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where each list begins."""

    @property
    def computed(self) -> frozenset[str]:
        """The fields that the rules work out themselves, beside those of the facts: tables' outputs and schemes."""
        made = [output.name for table in self.tables for output in table.outputs]
        return frozenset([*made, *(scheme.name for scheme in self.schemes)])

    @property
    def account_conditions(self) -> tuple[Condition, ...]:
        """The conditions on accounts that rules have, segments and terms included; named ones as part of them."""
        return (
            *(one.when for scheme in self.schemes for one in scheme.segments if one.when is not None),
            *(rule.when for rule in self.scope),
            *(rule.when for rule in self.protect),
            *(rule.when for rule in self.returns),
            *(condition for book in self.books for condition in book.conditions),
            *(route.when for route in self.routes),
            *(level.when for level in self.service_levels),
            *(cover.when for cover in self.covers),
            *(term.when for score in self.scores for term in score.terms if isinstance(term, WhenTerm)),
        )

    def score(self, score_id: str) -> Score:
        """The score with this id; KeyError if there is none."""
        for score in self.scores:
            if score.id == score_id:
                return score
        raise KeyError(score_id)
