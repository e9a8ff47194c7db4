"""Service levels and covers from their shapes. Nothing can go wrong here: every problem has been noted before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import tree
from rules.model import Condition
from rules.presence import Cover, ServiceLevel, Successors
from rules.shapes import ReassignShape
from rules.vocabulary import Type

if TYPE_CHECKING:
    from rules.scalars import Text
    from rules.shapes import CoverShape, ServiceLevelShape


def service_level(shape: ServiceLevelShape) -> ServiceLevel:
    """The service level."""
    because = str(shape.because or "")
    reassign = _successors(shape.reassign) if shape.reassign else None
    return ServiceLevel(
        str(shape.id), shape.condition, shape.first_touch, shape.remind, reassign, because, shape.id.mark
    )


def cover(shape: CoverShape) -> Cover:
    """The cover."""
    return Cover(
        id=str(shape.id),
        when=shape.condition,
        least_days=shape.least,
        by=str(shape.by),
        protected=shape.protected,
        because=str(shape.because or ""),
        mark=shape.id.mark,
    )


def in_team(team: Text) -> Condition:
    """The condition on reps that they are of a team."""
    same = tree.Comparison(tree.Comparator.EQ, tree.FieldValue("team", Type.TEXT), tree.Constant(str(team), Type.TEXT))
    return Condition(f"team = '{team}'", same, team.mark)


def _successors(shape: ReassignShape | Text) -> Successors:
    if not isinstance(shape, ReassignShape):
        return Successors(None, "", "the pool")
    if shape.team is not None:
        return Successors(in_team(shape.team), str(shape.by), f"the team {shape.team}")
    return Successors(shape.reps, str(shape.by), shape.reps.text if shape.reps else "")
