"""How much a rules folder may hold. One statement evaluates all of it, and databases limit its columns and length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.model import Ruleset, Score
    from rules.problems import Mark, Notes

MAX_RULES = 500
"""Rules of scope, protect, return, books, routes, service levels and covers together."""
MAX_TERMS = 400
"""Terms of all scores together; those of all scores of contacts again."""
MAX_AFFINITIES = 200
"""Affinities of all books together."""
MAX_SEGMENTS = 300
"""Segments of all schemes together."""
MAX_CONDITIONS = 200
"""Conditions with names."""
MAX_NODES = 200_000
"""Values and operators of all conditions together, named ones counted wherever a rule takes them."""
MAX_LISTED = 500_000
"""Values of lists together, counted wherever a condition compares with them."""


def check_counts(ruleset: Ruleset, notes: Notes) -> None:
    """Note what there is too much of."""
    rules = (ruleset.scope, ruleset.protect, ruleset.returns, ruleset.books, ruleset.routes)
    marks = [rule.mark for section in rules for rule in section]
    marks += [rule.mark for section in (ruleset.service_levels, ruleset.covers) for rule in section]
    counted: dict[str, tuple[list[Mark], int]] = {
        "rules": (marks, MAX_RULES),
        "terms": (_terms(ruleset.scores), MAX_TERMS),
        "terms on contacts": (_terms(found.score for found in ruleset.contacts), MAX_TERMS),
        "affinities": ([term.mark for book in ruleset.books for term in book.affinity], MAX_AFFINITIES),
        "segments": ([segment.mark for scheme in ruleset.schemes for segment in scheme.segments], MAX_SEGMENTS),
        "named conditions": ([condition.mark for condition in ruleset.conditions.values()], MAX_CONDITIONS),
    }
    for noun, (places, most) in counted.items():
        if len(places) > most:
            notes.error(places[most], f"there are {len(places):,} {noun}, over {most}", "use a decision table")
    _check_length(ruleset, notes)


def _terms(scores: Iterable[Score]) -> list[Mark]:
    return [term.mark for score in scores for term in score.terms]


def _check_length(ruleset: Ruleset, notes: Notes) -> None:
    """The statement's length follows from the values that it names."""
    nodes = listed = 0
    for condition in ruleset.account_conditions:
        for node in tree.parts(condition.tree):
            choices = len(node.choices) if isinstance(node, tree.Membership | tree.Includes) else 0
            named = isinstance(node, tree.Membership | tree.Includes) and bool(node.listed)
            nodes += 1 if named else 1 + choices
            listed += choices if named else 0
        if nodes > MAX_NODES:
            what = f"the conditions hold more than {MAX_NODES:,} values and operators together"
            notes.error(condition.mark, what, "say what rules have in common as segments, or as a decision table")
            return
        if listed > MAX_LISTED:
            what = f"the conditions compare with more than {MAX_LISTED:,} values of lists together"
            notes.error(condition.mark, what, "compare once, as a segment, and let rules read that")
            return
