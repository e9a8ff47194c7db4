"""What a folder names and no rule takes: lists and conditions. Legal, but probably not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import tree
from rules.facts import account_roots, successors, term_root
from rules.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.model import Ruleset
    from rules.problems import Mark


def note_unused(ruleset: Ruleset) -> Iterator[Problem]:
    """A warning for each list and each named condition that has no effect."""
    listed = {
        node.listed
        for root in _roots(ruleset)
        for node in tree.parts(root)
        if isinstance(node, tree.Membership | tree.Includes)
    }
    for name, mark in ruleset.list_marks.items():
        if name not in listed:
            yield _unused(mark, f"no condition uses the list '{name}'")
    taken = {name for condition in ruleset.account_conditions for name in condition.uses}
    for name, found in ruleset.conditions.items():
        if name not in taken:
            yield _unused(found.mark, f"no rule uses the condition '{name}'")


def _roots(ruleset: Ruleset) -> Iterator[tree.Part]:
    yield from account_roots(ruleset)
    yield from (condition.tree for condition in ruleset.conditions.values())
    yield from (book.reps.tree for book in ruleset.books)
    yield from (term.reps.tree for book in ruleset.books for term in book.affinity if term.reps is not None)
    yield from (route.reps.tree for route in ruleset.routes if route.reps is not None)
    yield from (reps.tree for _, reps in successors(ruleset))
    yield from (term_root(term) for found in ruleset.contacts for term in found.score.terms)


def _unused(mark: Mark, message: str) -> Problem:
    return Problem(mark.file, mark.line, mark.column, message, "remove it, or use it")
