"""Routes as a rules file writes them."""

from __future__ import annotations

from pydantic import ConfigDict, model_validator

from rules.scalars import Id, RepCondition, Said, TeamName, TurnWord, wrong
from rules.shapes.base import RuleShape, Shape


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
