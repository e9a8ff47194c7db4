"""Service levels and covers as a rules file writes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Discriminator, Tag, model_validator

from rules.durations import CoveringWord, PoolWord, SpanOfTime, SuccessorWord, YesNo
from rules.scalars import Age, Id, RepCondition, Said, TeamName, wrong
from rules.shapes.base import RuleShape, Shape


class ReassignShape(Shape):
    """Who gets an account that its owner has not touched in time."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["team"]}, {"required": ["reps"]}]})

    team: TeamName | None = None
    """Reps of this team."""
    reps: RepCondition | None = None
    """Reps for whom this holds."""
    by: SuccessorWord
    """How one of them is chosen: whose turn is longest ago, or who has the emptiest book."""

    @model_validator(mode="after")
    def _somebody(self) -> ReassignShape:
        said = [name for name in ("team", "reps") if getattr(self, name) is not None]
        if len(said) > 1:
            raise wrong("'team' and 'reps' both say who", "keep one: reps: team = 'Inbound' and tenure > 1")
        if not said:
            raise wrong("nobody is named here", "say who with 'team' or 'reps', or write reassign: pool")
        return self


def _kind_of_reassign(value: object) -> str:
    return "<reassign>" if isinstance(value, dict) else "<pool>"


ReassignTo = Annotated[
    Annotated[ReassignShape, Tag("<reassign>")] | Annotated[PoolWord, Tag("<pool>")],
    Discriminator(_kind_of_reassign),
]


class ServiceLevelShape(RuleShape):
    """How soon an account is to be touched after its owner got it. The first match wins."""

    id: Id
    first_touch: SpanOfTime
    """Until when, such as 4 working hours; the clock stops while the owner is away."""
    remind: SpanOfTime | None = None
    """When the owner is reminded, before that."""
    reassign: ReassignTo | None = None
    """Who gets the account when it was not touched in time. Without it, the miss is only told."""
    because: Said | None = None

    @model_validator(mode="after")
    def _in_order(self) -> ServiceLevelShape:
        said = self.remind
        if said and said.working == self.first_touch.working and said.minutes >= self.first_touch.minutes:
            raise wrong(
                f"the reminder after {said.text} comes no sooner than the end, {self.first_touch.text}",
                "remind sooner, or leave 'remind' out",
            )
        return self


class CoverShape(RuleShape):
    """Which accounts somebody else looks after while their owner is away. The first match wins."""

    id: Id
    least: Age
    """Absences at least this long are covered; those that follow each other count as one."""
    by: CoveringWord
    """Who covers: whom the absence names (else the team), or the rep of the team with the emptiest book."""
    protected: YesNo = False
    """Whether accounts are covered, too, that a protect rule keeps from moving."""
    because: Said | None = None
