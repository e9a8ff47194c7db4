"""What a rules file looks like: its keys, and the JSON Schema that follows from them. It reads no value itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from rules.scalars import (
    AccountCondition,
    Age,
    Cap,
    Capacity,
    Count,
    Days,
    EventKind,
    EveryWord,
    Figure,
    FileName,
    HitWord,
    Id,
    Item,
    Measure,
    NumericFormula,
    PerWord,
    Points,
    RepCondition,
    Said,
    ScoreId,
    Text,
    Version,
    Weight,
    Word,
)


class Shape(BaseModel):
    """Unknown keys are errors; so are missing ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True)


class LimitShape(Shape):
    """At most so many accounts for each rep or book in one run."""

    per: PerWord
    """Counted for each rep, or for the book as a whole."""
    most: Count
    """How many accounts at most."""
    every: EveryWord
    """Within one run, one UTC day, or one week from Monday."""


class WhenShape(Shape):
    """A term that gives its points if a condition holds."""

    id: Id
    when: AccountCondition
    points: Points
    """Points if the condition holds; negative ones take away."""
    because: Said
    """Why, in the words that people read in the CRM."""


class ScaleShape(Shape):
    """A term that gives points in a straight line, none at 'from', all at 'to'."""

    id: Id
    scale: NumericFormula
    """A numeric field, a function, or arithmetic."""
    start: Figure = Field(alias="from")
    """The value that gives no points, as do all beyond it."""
    end: Figure = Field(alias="to")
    """The value that gives all points, as do all beyond it."""
    points: Points
    because: Said


class EventShape(Shape):
    """A term that gives points for each engagement of a kind, fewer as it grows old: the part says how."""

    id: Id
    event: EventKind
    """What the buyer did: one of the configured engagement kinds."""
    points: Points
    """Points for one event of today."""
    because: Said


def _kind_of_term(value: object) -> str | None:
    kinds = [kind for kind in ("when", "scale", "event") if isinstance(value, dict) and kind in value]
    return f"<{kinds[0]}>" if kinds else None


TermShape = Annotated[
    Annotated[WhenShape, Tag("<when>")] | Annotated[ScaleShape, Tag("<scale>")] | Annotated[EventShape, Tag("<event>")],
    Discriminator(_kind_of_term),
]


class PartShape(Shape):
    """Terms that add up to at most 'max'."""

    max: Cap
    """The most that the part adds to the score; the most it takes away is the same."""
    half_life: Age | None = None
    """After how long an event counts half, such as 14 days. One of half_life, linear and window."""
    linear: Age | None = None
    """Up to what age an event counts, less with every day. One of half_life, linear and window."""
    window: Age | None = None
    """Up to what age an event counts in full. One of half_life, linear and window."""
    terms: list[TermShape] = Field(min_length=1)


class ScoreShape(Shape):
    """A score from 0 to 'max', cut into tiers."""

    id: Id
    max: Cap
    """The most that the score can be. The least is 0."""
    parts: dict[Word, PartShape] = Field(min_length=1)
    tiers: dict[Said, Figure] = Field(min_length=1)
    """Names and their lowest scores, the highest first; the last begins at 0."""


class GridShape(Shape):
    """Two scores as one grade: the tier of 'rows', then that of 'columns', such as A1."""

    id: Id
    rows: ScoreId
    """The score whose tier comes first, such as fit."""
    columns: ScoreId
    """The score whose tier comes second, such as timing."""


class ScopeShape(Shape):
    """Accounts that the worker may touch. Nothing is in scope by default."""

    id: Id
    when: AccountCondition
    because: Said | None = None


class ProtectShape(Shape):
    """Accounts that may not move, and why. The first match wins."""

    id: Id
    when: AccountCondition
    because: Said


class ReturnShape(Shape):
    """Accounts that go back to the pool. The first match wins."""

    id: Id
    when: AccountCondition
    reason: Said
    """Why, as reports count it: unworked, poor fit, owner has left."""
    rest: Days = 0
    """How long nobody gets the account again."""
    limit: LimitShape | None = None
    """How many accounts the rule may return."""


class BalanceShape(Shape):
    """What a rebalance evens out."""

    measure: Measure
    weight: Weight


class KeepShape(Shape):
    """How much a rebalance prefers that accounts stay."""

    weight: Weight


class BookShape(Shape):
    """Which accounts, which reps, how many, in what order. The first match wins."""

    id: Id
    accounts: AccountCondition
    """Which accounts belong into the book."""
    reps: RepCondition
    """Which reps may own them."""
    capacity: Capacity
    """How many accounts a rep may own: a number, or the rep field that holds it."""
    rank: ScoreId
    """The score that decides which account is given first."""
    limit: LimitShape | None = None
    """How many accounts a refill may give."""
    balance: BalanceShape | None = None
    keep: KeepShape | None = None


class TableShape(Shape):
    """A CSV decision table in the folder."""

    file: FileName
    hit: HitWord | None = None
    """Which of the rows that match count: the first, the only one there can be, or all of them."""


def _table(value: object) -> object:
    return {"file": value} if isinstance(value, Text) else value


class FileShape(Shape):
    """One rules file. All files of the folder count together."""

    version: Version
    lists: dict[Word, Annotated[list[Item], Field(min_length=1)]] = Field(default_factory=dict)
    """Values by name, for conditions such as: country in home_countries."""
    scores: list[ScoreShape] = Field(default_factory=list)
    """How accounts are ranked."""
    grids: list[GridShape] = Field(default_factory=list)
    """Grades that two scores make together, such as A1 for fit A and timing 1."""
    scope: Annotated[list[ScopeShape], Field(min_length=1)] = Field(default_factory=list)
    """Accounts that the worker may touch. Nothing is in scope by default."""
    protect: list[ProtectShape] = Field(default_factory=list)
    """Accounts that may not move. The first match wins."""
    returns: list[ReturnShape] = Field(default_factory=list, alias="return")
    """Accounts that go back to the pool. The first match wins."""
    books: list[BookShape] = Field(default_factory=list)
    """Who gets which accounts. The first match wins."""
    tables: list[Annotated[TableShape, BeforeValidator(_table, json_schema_input_type=FileName | TableShape)]] = Field(
        default_factory=list
    )
    """CSV decision tables of this folder, in the order in which they are computed."""
    reps: Annotated[list[FileName], Field(min_length=1)] = Field(default_factory=list)
    """CSV files of this folder with what is known of reps, by e-mail address."""


def keys_of(shape: type[Shape]) -> tuple[str, ...]:
    """The keys that a shape knows, as files write them."""
    return tuple(found.alias or name for name, found in shape.model_fields.items())
