"""A whole rules file: segments, conditions, lists, tables, and the keys that all sections stand under."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, Tag

from rules.scalars import (
    AccountCondition,
    FileName,
    HitWord,
    Item,
    NamedCondition,
    Said,
    SegmentName,
    Text,
    Version,
    Word,
)
from rules.shapes.base import RuleShape, Shape
from rules.shapes.books import BookShape
from rules.shapes.ownership import ProtectShape, ReturnShape, ScopeShape
from rules.shapes.routing import RouteShape
from rules.shapes.scoring import ContactScoreShape, GridShape, ScoreShape
from rules.shapes.times import CoverShape, ServiceLevelShape


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
    service_levels: list[ServiceLevelShape] = Field(default_factory=list)
    """How soon an account is to be touched after its owner got it, and what follows. The first match wins."""
    covers: list[CoverShape] = Field(default_factory=list)
    """Which accounts somebody else looks after while their owner is away. The first match wins."""
    tables: list[Annotated[TableShape, BeforeValidator(_table, json_schema_input_type=FileName | TableShape)]] = Field(
        default_factory=list
    )
    """CSV decision tables of this folder, in the order in which they are computed."""
    reps: Annotated[list[FileName], Field(min_length=1)] = Field(default_factory=list)
    """CSV files of this folder with what is known of reps, by e-mail address."""
    absences: Annotated[list[FileName], Field(min_length=1)] = Field(default_factory=list)
    """CSV files of this folder that say who is away: email, from, until, cover, reason."""
    holidays: Annotated[list[FileName], Field(min_length=1)] = Field(default_factory=list)
    """CSV files of this folder with the holidays of each calendar: calendar, date, name."""
