"""What scores and grids must be together: decays, scales, tiers and grades that fit. It notes problems, no more."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product
from typing import TYPE_CHECKING

from rules.model import Fade
from rules.shapes import ContactScaleShape, EventShape, ScaleShape, ScoreShape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rules.problems import Notes
    from rules.scalars import Text
    from rules.shapes import (
        CappedShape,
        ContactPartShape,
        ContactScoreShape,
        FileShape,
        GridShape,
        PartShape,
    )

_EXAMPLES = {Fade.HALF_LIFE: "14 days", Fade.LINEAR: "60 days", Fade.WINDOW: "30 days"}


def check_score(score: ScoreShape | ContactScoreShape, notes: Notes) -> None:
    """Note what is wrong with a score although each of its values is right by itself."""
    for name, part in score.parts.items():
        _check_decay(name, part, notes)
        for term in part.terms:
            if isinstance(term, ScaleShape | ContactScaleShape) and term.start == term.end:
                notes.error(term.id.mark, f"the scale '{term.id}' begins where it ends", "let 'from' and 'to' differ")
    if score.tiers:
        _check_tiers(score.tiers, notes)
    if isinstance(score, ScoreShape) and score.hysteresis is not None:
        _check_hysteresis(score, score.hysteresis, notes)


def decays(part: CappedShape) -> dict[Fade, int]:
    """The ways to grow old that a part names; a right one names one at most."""
    return {fade: days for fade in Fade if (days := getattr(part, fade.value)) is not None}


def _check_decay(name: Text, part: PartShape | ContactPartShape, notes: Notes) -> None:
    """Events grow old in one way, and in a way that somebody chose."""
    said = [fade.value for fade in decays(part)]
    events = [term for term in part.terms if isinstance(term, EventShape)]
    if len(said) > 1:
        notes.error(name.mark, f"part '{name}' has {' and '.join(said)}, which exclude each other",
                    "keep one of them, or make two parts")  # fmt: skip
    elif events and not said:
        ways = " or ".join(f"{fade.value}: {days}" for fade, days in _EXAMPLES.items())
        for term in events:
            notes.error(term.event.mark, "this part does not say how its events grow old, so they would never fade",
                        f"write {ways} beside 'max'")  # fmt: skip
    elif said and not events:
        notes.warn(name.mark, f"part '{name}' has {said[0]}, and no term of it counts events",
                   f"take {said[0]} out; a condition says it itself, as in engagement('meeting', 14)")  # fmt: skip


def _check_tiers(tiers: Mapping[Text, float], notes: Notes) -> None:
    floors = list(tiers.items())
    for (above, high), (below, low) in pairwise(floors):
        if low >= high:
            notes.error(below.mark, f"tier {below} ({low:g}) is not below tier {above} ({high:g})",
                        "list tiers from the highest floor down")  # fmt: skip
    name, lowest = floors[-1]
    if lowest > 0:
        notes.error(name.mark, f"scores below {lowest:g} have no tier", "let the last tier begin at 0")


def _check_hysteresis(score: ScoreShape, margin: float, notes: Notes) -> None:
    """A margin as wide as a tier would let an account jump over it."""
    for (above, high), (below, low) in pairwise(score.tiers.items()):
        if 0 < high - low <= margin:
            what = f"a hysteresis of {margin:g} is as wide as tier {below}, from {low:g} to {above}'s {high:g}"
            notes.error(score.id.mark, what, f"keep it below {high - low:g}, or accounts jump over the tier")


def check_grids(shapes: Iterable[FileShape], made: Collection[str], notes: Notes) -> None:
    """Note grids that grade one score with itself, and grades that two pairs of tiers would share.

    A grade is told beside what is ``made`` of an account otherwise, by name.
    """
    files = list(shapes)
    scores = {str(score.id): score for shape in files for score in shape.scores}
    for grid in (grid for shape in files for grid in shape.grids):
        if str(grid.id) in made:
            notes.error(grid.id.mark, f"the id '{grid.id}' is taken by a decision table, a scheme or the route",
                        "choose another")  # fmt: skip
        if grid.rows == grid.columns:
            notes.error(grid.columns.mark, f"the grid '{grid.id}' grades '{grid.rows}' with itself",
                        "name another score, such as one of timing beside one of fit")  # fmt: skip
        elif str(grid.rows) in scores and str(grid.columns) in scores:
            _check_grades(grid, scores, notes)


def _check_grades(grid: GridShape, scores: Mapping[str, ScoreShape], notes: Notes) -> None:
    pairs = product(scores[str(grid.rows)].tiers, scores[str(grid.columns)].tiers)
    shared = [grade for grade, count in Counter(f"{row}{column}" for row, column in pairs).items() if count > 1]
    if shared:
        notes.error(grid.id.mark, f"two pairs of tiers of the grid '{grid.id}' both read '{shared[0]}'",
                    "give one score letters for tiers and the other one digits")  # fmt: skip
