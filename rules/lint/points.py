"""Scores: terms that never give points, and tiers that no account can reach. Pure arithmetic over the rules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rules.lint.findings import note, warning
from rules.model import EventTerm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.lint.findings import Finding
    from rules.model import Part, Score, Term


def of_score(score: Score) -> Iterator[Finding]:
    """What is the matter with a score whatever accounts there are."""
    for part in score.parts:
        for term in part.terms:
            yield from _of_term(part, term)
    yield from _unreached(score)


def _of_term(part: Part, term: Term) -> Iterator[Finding]:
    if term.points == 0:
        yield warning("dead-term", term.mark, f"the term '{term.id}' gives 0 points", "give it points, or delete it")
    elif abs(term.points) > part.max:
        message = f"the term '{term.id}' has {term.points:g} points, and its part counts {part.max:g} at most"
        yield note("capped-term", term.mark, message, f"raise the 'max' of '{part.name}', or lower the points")


def _unreached(score: Score) -> Iterator[Finding]:
    most = most_of(score)
    for tier in score.tiers:
        if tier.floor > most:
            message = f"no account can reach tier {tier.name} of '{score.id}': it begins at {tier.floor:g}, and all"
            hint = "lower its floor, or raise points and caps"
            yield warning("unreached-tier", score.mark, f"{message} terms give {most:g} at most", hint)


def most_of(score: Score) -> float:
    """The most points that there can be, all caps kept."""
    return min(score.max, sum(min(part.max, sum(map(_most, part.terms))) for part in score.parts))


def _most(term: Term) -> float:
    return math.inf if isinstance(term, EventTerm) and term.points > 0 else max(term.points, 0.0)
