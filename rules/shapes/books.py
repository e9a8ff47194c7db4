"""Books as a rules file writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from rules.conditions import joined
from rules.scalars import (
    AccountCondition,
    AccountText,
    Age,
    Capacity,
    FamiliesWord,
    Id,
    Measure,
    ModelWord,
    PerAccount,
    RepCondition,
    RepText,
    Said,
    ScoreId,
    Share,
    TouchesPerWeek,
    Weight,
    WhenCondition,
    Workload,
    wrong,
)
from rules.shapes.base import LimitShape, Shape, Uses

if TYPE_CHECKING:
    from rules.model import Condition


class BalanceShape(Shape):
    """What is evened out between the reps: the book is then filled by prices."""

    measure: Measure
    """What an account is worth to its rep: a score's id, or a numeric field."""
    weight: Weight
    workload: Weight = 0.0
    """How much even work counts; 0 where it is left out: not at all."""


class KeepShape(Shape):
    """How much a rebalance prefers that accounts stay."""

    weight: Weight
    tenure: Age | None = None
    """An account that its rep has had for less than this stays in a rebalance."""


class BudgetShape(Shape):
    """A capacity that follows from the touches that a rep makes."""

    touches_per_week: TouchesPerWeek
    """How many touches a rep makes in a week: a number, or the rep field that holds it."""
    per_account: PerAccount
    """How many touches an account needs in a week."""


class SameShape(Shape):
    """A text field of the account and one of the rep that have a value in common."""

    account: AccountText
    """The account's field; it may list several values."""
    rep: RepText
    """The rep's field; it may list several values."""


class AffinityShape(Shape):
    """What makes a rep the better one for an account. All that it asks for must hold."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["accounts"]}, {"required": ["reps"]}, {"required": ["same"]}]}
    )

    id: Id
    accounts: AccountCondition | None = None
    """Which accounts it is about; all where it is left out."""
    reps: RepCondition | None = None
    """Which reps it is about; all where it is left out."""
    same: SameShape | None = None
    """A field of the account and one of the rep that must have a value in common."""
    add: Share
    """What it adds to 1: with 0.2, the account counts for the rep as if its score were a fifth higher."""
    because: Said

    @model_validator(mode="after")
    def _something(self) -> AffinityShape:
        if self.accounts is None and self.reps is None and self.same is None:
            raise wrong("this affinity asks for nothing", "say what must hold with 'accounts', 'reps' or 'same'")
        return self


class WorkedShape(Shape):
    """When an account is worked as it should be; red is what is neither green nor amber."""

    green: AccountCondition
    """Worked as it should be."""
    amber: AccountCondition | None = None
    """Worked, but not enough."""


def _kind_of_capacity(value: object) -> str:
    return "<budget>" if isinstance(value, dict) else "<capacity>"


CapacityEntry = Annotated[
    Annotated[Capacity, Tag("<capacity>")] | Annotated[BudgetShape, Tag("<budget>")], Discriminator(_kind_of_capacity)
]


class BookShape(Shape):
    """Which accounts, which reps, how many, in what order. The first match wins."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["accounts"]}, {"required": ["use"]}]})

    id: Id
    model: ModelWord | None = None
    """fixed: a field names the owner; open: reps claim; dynamic, where it is left out: the worker fills."""
    use: Uses | None = None
    """Conditions on accounts by their names; all must hold, and so must 'accounts' where it is there."""
    accounts: WhenCondition = Field(default=None, validate_default=True)
    """Which accounts belong into the book."""
    reps: RepCondition
    """Which reps may own them."""
    capacity: CapacityEntry
    """How many accounts a rep may own: a number, the rep field that holds it, or the touches that it follows from."""
    rank: ScoreId
    """The score that decides which account is given first."""
    limit: LimitShape | None = None
    """How many accounts a refill may give."""
    owner: AccountText | None = None
    """Of a fixed book: the field or table output that names the owner, by e-mail address or user id."""
    balance: BalanceShape | None = None
    """What is evened out. With it the book is filled by prices, without it in turns."""
    workload: Workload | None = None
    """The work of one account: a number, a numeric field or a formula; 1 where it is left out."""
    keep: KeepShape | None = None
    """How much a rebalance prefers that accounts stay."""
    affinity: list[AffinityShape] = Field(default_factory=list)
    """What makes a rep the better one for an account."""
    worked: WorkedShape | None = None
    """When an account is worked as it should be, as green, amber and red."""
    families: FamiliesWord | None = None
    """together: a family goes to one rep as a whole, or not at all; apart where it is left out."""

    @property
    def condition(self) -> Condition:
        """All that must hold of an account, as one."""
        return joined(self.use or (), self.accounts)

    @model_validator(mode="after")
    def _fits_its_model(self) -> BookShape:
        model = str(self.model or "dynamic")
        if model == "fixed" and self.owner is None:
            raise wrong("a fixed book does not say whose its accounts are", "name the field that does: owner: FIELD")
        if model != "fixed" and self.owner is not None:
            raise wrong("only a fixed book has an 'owner'", "add model: fixed, or take 'owner' out")
        idle = [key for key in ("balance", "keep") if getattr(self, key) is not None]
        if model != "dynamic" and idle:
            raise wrong(f"'{idle[0]}' does nothing in a book that the worker does not fill", "take it out")
        return self
