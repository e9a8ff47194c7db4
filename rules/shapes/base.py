"""What every shape of a rules file has in common: it refuses keys that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rules.conditions import joined
from rules.scalars import Count, EveryWord, PerWord, Use, WhenCondition, one_or_more

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


def keys_of(shape: type[Shape]) -> tuple[str, ...]:
    """The keys that a shape knows, as files write them."""
    return tuple(found.alias or name for name, found in shape.model_fields.items())
