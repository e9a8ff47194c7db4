"""Routes as a rules file writes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from rules.routing import (
    WEIGHED,
    AbsenceWord,
    Address,
    DuringWord,
    NobodyWord,
    PeriodWord,
    RepNumber,
    TurnWord,
)
from rules.scalars import AccountCondition, Age, Count, Id, Measure, RepCondition, Said, TeamName, wrong
from rules.shapes.base import RuleShape, Shape


class TargetShape(Shape):
    """Who gets a routed account: reps of a team, reps by a condition, one rep by name, or its parent's owner."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["team"]},
                {"required": ["reps"]},
                {"required": ["rep"]},
                {
                    "properties": {"by": {"const": "owner"}},
                    "not": {"anyOf": [{"required": ["team"]}, {"required": ["reps"]}, {"required": ["rep"]}]},
                },
            ]
        }
    )

    team: TeamName | None = None
    """Reps of this team."""
    reps: RepCondition | None = None
    """Reps for whom this holds."""
    rep: Address | None = None
    """The one rep with this e-mail address, with by: named."""
    by: TurnWord
    """How one of them is chosen; 'owner' means the one who owns its parent."""

    @model_validator(mode="after")
    def _somebody(self) -> TargetShape:
        said = [name for name in ("team", "reps", "rep") if getattr(self, name) is not None]
        if len(said) > 1:
            both = " and ".join(f"'{name}'" for name in said[:2])
            raise wrong(f"{both} both say who", "keep one: reps: team = 'Enterprise' and tenure > 1")
        if not said and self.by != "owner":
            raise wrong("nobody is named here", "say who with 'team' or 'reps', or write by: owner")
        if ("rep" in said) != (self.by == "named"):
            raise wrong("'rep' and by: named belong together", "write {rep: ada@example.com, by: named}")
        return self


class CapShape(Shape):
    """At most so many accounts for each rep: given in a time, or held."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["most", "every"]},
                {"required": ["most", "within"]},
                {"required": ["holding"], "not": {"required": ["most"]}},
            ]
        }
    )

    most: Count | None = None
    """How many accounts the route may give a rep, with 'every' or 'within'."""
    every: PeriodWord | None = None
    """In one UTC day, week from Monday, or month."""
    within: Age | None = None
    """In any time of this length, until now."""
    holding: Count | None = None
    """How many accounts a rep may own for the route to give one more."""
    when: AccountCondition | None = None
    """Which accounts count as held, and only for them the cap holds; all where it is left out."""

    @model_validator(mode="after")
    def _one_kind(self) -> CapShape:
        given = (self.most is not None, self.every is not None, self.within is not None)
        held = (self.holding is not None, self.when is not None)
        if given in {(True, True, False), (True, False, True)} and not any(held):
            return self
        if held[0] and not any(given):
            return self
        raise wrong(
            "this is no cap", "write {most: 5, every: day}, {most: 30, within: 7 days} or {holding: 40, when: …}"
        )


class StandInShape(Shape):
    """Who gets an account that no rep of the route may have."""

    rep: Address
    """The rep's e-mail address."""


def _kind_of_nobody(value: object) -> str:
    return "<stand-in>" if isinstance(value, dict) else "<nobody>"


NobodyEntry = Annotated[
    Annotated[StandInShape, Tag("<stand-in>")] | Annotated[NobodyWord, Tag("<nobody>")],
    Discriminator(_kind_of_nobody),
]


class RouteShape(RuleShape):
    """Who gets an account of the pool at once. The first match wins."""

    id: Id
    to: TargetShape
    weight: RepNumber | None = None
    """The reps' field that says how large a share each gets; 1 where it is left out."""
    value: Measure | None = None
    """What an account is worth: a score's id, or a numeric field."""
    sticky: Age | None = None
    """How long an account goes back to the rep who had it last."""
    caps: Annotated[list[CapShape], Field(min_length=1, max_length=10)] | None = None
    """How many accounts each rep may get, or hold; all must allow it."""
    absence: AbsenceWord | None = None
    """What becomes of the turns of a rep who is away: made good, kept, or forgotten (reset, the default)."""
    during: DuringWord | None = None
    """Whether reps have turns in their own working hours only."""
    nobody: NobodyEntry | None = None
    """What becomes of an account that no rep may have; hold where it is left out: it waits."""
    because: Said | None = None

    @model_validator(mode="after")
    def _fits(self) -> RouteShape:
        by = self.to.by
        if by == "value" and self.value is None:
            raise wrong("turns by value need to know it", "add value: with a score's id or a numeric field")
        if self.weight is not None and by not in WEIGHED:
            raise wrong(f"'weight' means nothing with by: {by}", "write by: weighted, or leave 'weight' out")
        return self
