"""Scores, contact scores and grids as a rules file writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Discriminator, Field, Tag

from rules.scalars import (
    Age,
    Best,
    Cap,
    ContactCondition,
    ContactFormula,
    EventKind,
    Figure,
    Id,
    NumericFormula,
    Points,
    Said,
    ScoreId,
    Word,
)
from rules.shapes.base import RuleShape, Shape

if TYPE_CHECKING:
    from rules.model import Condition


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
    hysteresis: Cap | None = None
    """How many points beyond a border the score must be before the CRM gets another tier; none where it is left out."""


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
