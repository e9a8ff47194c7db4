"""What a rules file looks like: its keys, and the JSON Schema that follows from them. It reads no value itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from rules.conditions import joined
from rules.scalars import (
    AccountCondition,
    Age,
    Best,
    Cap,
    Capacity,
    ContactCondition,
    ContactFormula,
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
    NamedCondition,
    NumericFormula,
    PerWord,
    Points,
    RepCondition,
    Said,
    ScoreId,
    SegmentName,
    TeamName,
    Text,
    TurnWord,
    Use,
    Version,
    Weight,
    WhenCondition,
    Word,
    one_or_more,
    wrong,
)

if TYPE_CHECKING:
    from rules.model import Condition


class Shape(BaseModel):
    """Unknown keys are errors; so are missing ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True)


MAX_USED = 20
"""Named conditions in one rule."""
Uses = Annotated[
    list[Use],
    Field(min_length=1, max_length=MAX_USED),
    BeforeValidator(
        one_or_more,
        json_schema_input_type=Use | Annotated[list[Use], Field(min_length=1, max_length=MAX_USED)],
    ),
]


class RuleShape(Shape):
    """What has a condition: one of its own, named ones, or both, and then all must hold."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["when"]}, {"required": ["use"]}]})

    use: Uses | None = None
    """Conditions by their names under 'conditions'; all must hold, and so must 'when' where it is there."""
    when: WhenCondition = Field(default=None, validate_default=True)
    """What must hold."""

    @property
    def condition(self) -> Condition:
        """All that must hold, as one."""
        return joined(self.use or (), self.when)


class LimitShape(Shape):
    """At most so many accounts for each rep or book in one run."""

    per: PerWord
    """Counted for each rep, or for the book as a whole."""
    most: Count
    """How many accounts at most."""
    every: EveryWord
    """Within one run, one UTC day, or one week from Monday."""


class WhenShape(RuleShape):
    """A term that gives its points if a condition holds."""

    id: Id
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
    kinds = [kind for kind in ("when", "scale", "event", "use") if isinstance(value, dict) and kind in value]
    return f"<{kinds[0].replace('use', 'when')}>" if kinds else None


TermShape = Annotated[
    Annotated[WhenShape, Tag("<when>")] | Annotated[ScaleShape, Tag("<scale>")] | Annotated[EventShape, Tag("<event>")],
    Discriminator(_kind_of_term),
]


class ContactWhenShape(Shape):
    """A term that gives its points if a condition on the contact holds, such as a persona."""

    id: Id
    when: ContactCondition
    points: Points
    """Points if the condition holds; negative ones take away."""
    because: Said
    """Why, in the words that people read."""

    @property
    def condition(self) -> Condition:
        """What must hold."""
        return self.when


class ContactScaleShape(Shape):
    """A term that gives points in a straight line, none at 'from', all at 'to'."""

    id: Id
    scale: ContactFormula
    """A numeric field of contacts, a function, or arithmetic."""
    start: Figure = Field(alias="from")
    """The value that gives no points, as do all beyond it."""
    end: Figure = Field(alias="to")
    """The value that gives all points, as do all beyond it."""
    points: Points
    because: Said


def _kind_of_contact_term(value: object) -> str | None:
    kind = _kind_of_term(value)
    return kind.replace("<", "<contact ") if kind else None


ContactTermShape = Annotated[
    Annotated[ContactWhenShape, Tag("<contact when>")]
    | Annotated[ContactScaleShape, Tag("<contact scale>")]
    | Annotated[EventShape, Tag("<contact event>")],
    Discriminator(_kind_of_contact_term),
]


class CappedShape(Shape):
    """What every part of a score says beside its terms."""

    max: Cap
    """The most that the part adds to the score; the most it takes away is the same."""
    half_life: Age | None = None
    """After how long an event counts half, such as 14 days. One of half_life, linear and window."""
    linear: Age | None = None
    """Up to what age an event counts, less with every day. One of half_life, linear and window."""
    window: Age | None = None
    """Up to what age an event counts in full. One of half_life, linear and window."""


class PartShape(CappedShape):
    """Terms that add up to at most 'max'."""

    terms: list[TermShape] = Field(min_length=1)


class ContactPartShape(CappedShape):
    """Terms on contacts that add up to at most 'max'."""

    terms: list[ContactTermShape] = Field(min_length=1)


class ScoreShape(Shape):
    """A score from 0 to 'max', cut into tiers."""

    id: Id
    max: Cap
    """The most that the score can be. The least is 0."""
    parts: dict[Word, PartShape] = Field(min_length=1)
    tiers: dict[Said, Figure] = Field(min_length=1)
    """Names and their lowest scores, the highest first; the last begins at 0."""


class ContactScoreShape(Shape):
    """A score of contacts from 0 to 'max'. An account has that of its best contact: contact_score('id')."""

    id: Id
    max: Cap
    """The most that the score can be. The least is 0."""
    parts: dict[Word, ContactPartShape] = Field(min_length=1)
    tiers: Annotated[dict[Said, Figure], Field(min_length=1)] = Field(default_factory=dict)
    """Names and their lowest scores, the highest first; the last begins at 0. They may stay away."""
    best: Best = 3
    """How many of an account's best contacts explanations name."""


class GridShape(Shape):
    """Two scores as one grade: the tier of 'rows', then that of 'columns', such as A1."""

    id: Id
    rows: ScoreId
    """The score whose tier comes first, such as fit."""
    columns: ScoreId
    """The score whose tier comes second, such as timing."""


class ScopeShape(RuleShape):
    """Accounts that the worker may touch. Nothing is in scope by default."""

    id: Id
    because: Said | None = None


class ProtectShape(RuleShape):
    """Accounts that may not move, and why. The first match wins."""

    id: Id
    because: Said


class ReturnShape(RuleShape):
    """Accounts that go back to the pool. The first match wins."""

    id: Id
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

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["accounts"]}, {"required": ["use"]}]})

    id: Id
    use: Uses | None = None
    """Conditions on accounts by their names; all must hold, and so must 'accounts' where it is there."""
    accounts: WhenCondition = Field(default=None, validate_default=True)
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

    @property
    def condition(self) -> Condition:
        """All that must hold of an account, as one."""
        return joined(self.use or (), self.accounts)


class TargetShape(Shape):
    """Who gets a routed account: reps of a team, reps by a condition, or its owner."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["team"]},
                {"required": ["reps"]},
                {
                    "properties": {"by": {"const": "owner"}},
                    "not": {"anyOf": [{"required": ["team"]}, {"required": ["reps"]}]},
                },
            ]
        }
    )

    team: TeamName | None = None
    """Reps of this team."""
    reps: RepCondition | None = None
    """Reps for whom this holds."""
    by: TurnWord
    """How one of them is chosen; 'owner' means the one who owns the account already."""

    @model_validator(mode="after")
    def _somebody(self) -> TargetShape:
        said = [name for name in ("team", "reps") if getattr(self, name) is not None]
        if len(said) > 1:
            raise wrong("'team' and 'reps' both say who", "keep one: reps: team = 'Enterprise' and tenure > 1")
        if not said and self.by != "owner":
            raise wrong("nobody is named here", "say who with 'team' or 'reps', or write by: owner")
        return self


class RouteShape(RuleShape):
    """Who is to get an inbound account at once. The first match wins."""

    id: Id
    to: TargetShape
    because: Said | None = None


class SegmentShape(RuleShape):
    """A segment whose conditions have names."""


def _segment(value: object) -> object:
    return None if value == "otherwise" else {"when": value} if isinstance(value, Text) else value


SegmentEntry = Annotated[
    SegmentShape | None,
    BeforeValidator(_segment, json_schema_input_type=AccountCondition | SegmentShape),
]
_NAMED = Field(min_length=1, json_schema_extra={"additionalProperties": False})
SchemeShape = Annotated[dict[SegmentName, SegmentEntry], _NAMED]
SchemesShape = Annotated[dict[Word, SchemeShape], _NAMED]
ConditionsShape = Annotated[dict[Word, NamedCondition], _NAMED]


class ListFileShape(Shape):
    """A list that is a column of a CSV file in the folder."""

    file: FileName
    column: Said
    """The header of the column that holds the values."""


def _kind_of_list(value: object) -> str:
    return "<file>" if isinstance(value, dict) else "<items>"


ListShape = Annotated[
    Annotated[list[Item], Field(min_length=1), Tag("<items>")] | Annotated[ListFileShape, Tag("<file>")],
    Discriminator(_kind_of_list),
]


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
    lists: dict[Word, ListShape] = Field(default_factory=dict)
    """Values by name, for conditions such as: country in home_countries."""
    conditions: ConditionsShape | None = None
    """Conditions by name, for rules to take with 'use'."""
    segments: SchemesShape | None = None
    """Schemes by name. An account is in one segment of each: the first that matches; the last is 'otherwise'."""
    motions: SchemeShape | None = None
    """What is to be sold to an account, such as new logo, renewal and expansion: the field 'motion'."""
    paths: SchemeShape | None = None
    """How an account came, such as inbound and outbound: the field 'path'."""
    scores: list[ScoreShape] = Field(default_factory=list)
    """How accounts are ranked."""
    grids: list[GridShape] = Field(default_factory=list)
    """Grades that two scores make together, such as A1 for fit A and timing 1."""
    contacts: list[ContactScoreShape] = Field(default_factory=list)
    """How the people at an account are ranked: who they are, and what they did."""
    scope: Annotated[list[ScopeShape], Field(min_length=1)] = Field(default_factory=list)
    """Accounts that the worker may touch. Nothing is in scope by default."""
    protect: list[ProtectShape] = Field(default_factory=list)
    """Accounts that may not move. The first match wins."""
    returns: list[ReturnShape] = Field(default_factory=list, alias="return")
    """Accounts that go back to the pool. The first match wins."""
    books: list[BookShape] = Field(default_factory=list)
    """Who gets which accounts. The first match wins."""
    routes: list[RouteShape] = Field(default_factory=list)
    """Who is to get inbound accounts at once. The first match wins."""
    tables: list[Annotated[TableShape, BeforeValidator(_table, json_schema_input_type=FileName | TableShape)]] = Field(
        default_factory=list
    )
    """CSV decision tables of this folder, in the order in which they are computed."""
    reps: Annotated[list[FileName], Field(min_length=1)] = Field(default_factory=list)
    """CSV files of this folder with what is known of reps, by e-mail address."""


def keys_of(shape: type[Shape]) -> tuple[str, ...]:
    """The keys that a shape knows, as files write them."""
    return tuple(found.alias or name for name, found in shape.model_fields.items())
