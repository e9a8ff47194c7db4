"""The next tier of a score: how many points are missing, and the least that would bring them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

from rules import EventTerm, Fade, ScaleTerm, Type, WhenTerm, tree
from rules.facts import counted
from sync_worker.explain.nearest import Nearest, Question, answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules import Score, Term
    from sync_worker.explain.glass import Glass

MOST_TERMS = 3
"""Nobody changes more than that at once."""
MOST_WAYS = 40
WIDE, DIGITS = 100, 4
"""A scale this wide is told in whole numbers, a smaller one and what decays to so many digits."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class NextTier:
    """The tier above the one that an account has by a score."""

    score: str
    tier: str
    floor: float
    missing: float
    """Points."""
    nearest: tuple[Nearest, ...]
    """The least that would bring them; nothing where no few terms together would."""


def next_tiers(glass: Glass, value: Mapping[str, Any]) -> tuple[NextTier, ...]:
    """Of each score that has a tier above the account's; nothing of an account that the worker never touches."""
    if value["scope"] is None:
        return ()
    return tuple(
        found for score in glass.rules.scores if (found := _next_tier(glass, score, value["scores"][score.id]))
    )


def _next_tier(glass: Glass, score: Score, has: Mapping[str, Any]) -> NextTier | None:
    above = [tier for tier in score.tiers if tier.floor > has["total"]]
    if not above:
        return None
    tier = min(above, key=lambda one: one.floor)
    missing = tier.floor - has["total"]
    outcome = f"It would be of tier {tier.name}"

    def reached(said: Mapping[str, Any]) -> bool:
        return bool(said["scores"][score.id]["total"] >= tier.floor)

    offers = list(_offers(score, has, missing))
    for size in range(1, MOST_TERMS + 1):
        enough = (some for some in combinations(offers, size) if sum(gain for gain, _ in some) >= missing - _NOTHING)
        together = [tree.And(tuple(one for _, one in some)) for some in islice(enough, MOST_WAYS)]
        question = Question(outcome, tree.Or(tuple(together)), reached)
        if together and (found := tuple(islice(answers(glass, question), 1))):
            return NextTier(score.id, tier.name, tier.floor, round(missing, 6), found)
    return NextTier(score.id, tier.name, tier.floor, round(missing, 6), ())


def _offers(score: Score, has: Mapping[str, Any], missing: float) -> Iterator[tuple[float, tree.Tree]]:
    """What each term could still add, at most as much as is missing, and what it takes."""
    points = {term: given for term, given, _ in has["points"]}
    for part in score.parts:
        room = part.max - sum(points.get(term.id, 0.0) for term in part.terms)
        for term in part.terms:
            gain = min(_potential(term, points.get(term.id, 0.0)), room, missing)
            if gain > _NOTHING and (takes := _takes(term, points.get(term.id, 0.0) + gain)):
                yield gain, takes


def _potential(term: Term, has: float) -> float:
    """How many points more a term could give; events have no end, a part's cap has."""
    if isinstance(term, EventTerm):
        return float("inf") if term.points > 0 else -has
    return max(term.points, 0.0) - has


def _takes(term: Term, wanted: float) -> tree.Tree | None:
    """What must hold for a term to give so many points."""
    match term:
        case WhenTerm(when=condition, points=points):
            return condition.tree if points > 0 else tree.Not(condition.tree)
        case ScaleTerm(scale=formula, start=start, end=end, points=points):
            least = start + wanted / points * (end - start)
            rising = (end > start) is (points > 0)
            side = tree.Comparator.GE if rising else tree.Comparator.LE
            digits = 0 if abs(end - start) >= WIDE else DIGITS
            return tree.Comparison(side, formula.tree, tree.Constant(_enough(least, digits, up=rising), Type.NUMBER))
        case EventTerm(event=kind, decay=decay, points=points) if points > 0:
            digits = 0 if decay.fade is Fade.WINDOW else DIGITS
            count = tree.Constant(_enough(wanted / points, digits, up=True), Type.NUMBER)
            return tree.Comparison(tree.Comparator.GE, counted(kind, decay), count)
        case _:
            return None


def _enough(value: float, digits: int, *, up: bool) -> float:
    """Rounded to the side that is enough."""
    step = 10.0**-digits
    return round((math.ceil if up else math.floor)(round(value / step, 6)) * step, digits)
