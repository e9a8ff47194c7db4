"""Books as a rules file writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field

from rules.conditions import joined
from rules.scalars import Capacity, Id, Measure, RepCondition, ScoreId, Weight, WhenCondition
from rules.shapes.base import LimitShape, Shape, Uses

if TYPE_CHECKING:
    from rules.model import Condition


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
