"""The ideal customer, read off a learned table: of each field that counts, the values that were won most often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.scorecard.bins import FLOOR
from sync_worker.core.scorecard.names import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync_worker.core.scorecard.points import Field, Line, Table

LEAST = 3
"""Points from which a field belongs to the profile."""
_NEAR_BEST = 0.75


@dataclass(frozen=True, slots=True)
class Trait:
    """What an ideal account or person is like in one field."""

    subject: Subject
    field: Field
    best: tuple[Line, ...]
    """The bins near the field's best, the best first."""

    @property
    def rows(self) -> int:
        """Deals that have the trait, among those that taught the table."""
        return sum(line.rows for line in self.best)

    @property
    def won(self) -> int:
        """How many of them were won."""
        return sum(line.won for line in self.best)


def profile(table: Table, subjects: Mapping[str, Subject]) -> tuple[Trait, ...]:
    """The traits of the ideal account, then those of the ideal person, each by weight."""
    wanted = (Subject.ACCOUNT, Subject.PERSON)
    found = [
        Trait(subjects[field.name], field, best)
        for field in table.fields
        if field.most >= LEAST and subjects[field.name] in wanted and (best := _best(field))
    ]
    return tuple(sorted(found, key=lambda trait: (wanted.index(trait.subject), -trait.field.most)))


def _best(field: Field) -> tuple[Line, ...]:
    near = [line for line in field.lines if line.rows >= FLOOR and line.points >= _NEAR_BEST * field.most]
    return tuple(sorted(near, key=lambda line: -line.points))
