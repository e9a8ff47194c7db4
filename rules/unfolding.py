"""Conditions on what tables and schemes make, as conditions on what these read. Pure.

``territory = 'North'`` becomes the condition under which the table gives North: so that one can say which field of the
account would have to differ, and not only what the table would have to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import looked_up
from rules.collecting import as_lookup
from rules.model import Hit
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rules.model import Ruleset

MOST_ROWS = 60
"""A table that looks nothing up becomes as many conditions as it has rows, squared: a longer one stays as it is."""

_COMPARED = {Comparator.EQ: eq, Comparator.NE: ne, Comparator.LT: lt, Comparator.LE: le, Comparator.GT: gt,
             Comparator.GE: ge}  # fmt: skip
_ALWAYS = tree.Truth(tree.Constant(value=True, type=Type.BOOLEAN))

Made = str | float | None


@dataclass(frozen=True, slots=True)
class Case:
    """What is made where a condition holds; cases of one field exclude one another."""

    gives: Made
    when: tree.Tree


@dataclass(slots=True)
class Unfolding:
    """Unfolds the conditions of one folder of rules."""

    ruleset: Ruleset
    _cases: dict[str, tuple[Case, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for table in self.ruleset.tables:
            for at, output in enumerate(table.outputs):
                if cases := tuple(_of_table(self.ruleset, table.name, at)):
                    self._cases[output.name] = cases
        for scheme in self.ruleset.schemes:
            tried = [(one.name, one.when.tree if one.when else None) for one in scheme.segments]
            self._cases[scheme.name] = tuple(_first_matches(tried))

    def unfold(self, root: tree.Tree) -> tree.Tree:
        """The condition, with nothing in it that tables or schemes make, as far as they can be unfolded."""
        match root:
            case tree.Not(condition=inner):
                return tree.Not(self.unfold(inner))
            case tree.And(conditions=inner):
                return tree.And(tuple(self.unfold(one) for one in inner))
            case tree.Or(conditions=inner):
                return tree.Or(tuple(self.unfold(one) for one in inner))
            case _:
                return self._atom(root)

    def _atom(self, atom: tree.Tree) -> tree.Tree:
        match atom:
            case tree.Comparison(
                comparator=comparator, left=tree.FieldValue(name=name), right=tree.Constant(value=value)
            ):
                return self._where(atom, name, lambda made: _compares(comparator, made, value))
            case tree.Membership(value=tree.FieldValue(name=name), choices=choices):
                return self._where(atom, name, lambda made: made in choices)
            case tree.Empty(value=tree.FieldValue(name=name)) if name in self._cases:
                return tree.Not(self._where(atom, name, lambda made: made is not None))
            case _:
                return atom

    def _where(self, atom: tree.Tree, name: str, fits: Callable[[Made], bool]) -> tree.Tree:
        """Any of the cases that fit; ``<>`` is true of what is not made at all, too."""
        if name not in self._cases:
            return atom
        if isinstance(atom, tree.Comparison) and atom.comparator is Comparator.NE:
            others = [self.unfold(case.when) for case in self._cases[name] if not fits(case.gives)]
            return tree.Not(tree.Or(tuple(others)))
        return tree.Or(tuple(self.unfold(case.when) for case in self._cases[name] if fits(case.gives)))


def _compares(comparator: Comparator, made: Made, value: str | float) -> bool:
    """As a condition compares, but for ``<>`` with nothing, which has no case of its own."""
    if made is None:
        return comparator is Comparator.NE
    return isinstance(made, str) is isinstance(value, str) and bool(_COMPARED[comparator](made, value))


def _of_table(ruleset: Ruleset, name: str, output: int) -> Iterator[Case]:
    table = as_lookup(next(one for one in ruleset.tables if one.name == name))
    if (lookup := looked_up(table)) is not None:
        found = sorted(((str(row.values[output]), row.values[output], texts) for row, texts in lookup.rows), key=_alike)
        known = tuple(text for _, texts in lookup.rows for text in texts)
        for _, alike in groupby(found, key=_alike):
            several = list(alike)
            yield Case(several[0][1], tree.Membership(lookup.value, tuple(t for *_, texts in several for t in texts)))
        if lookup.otherwise:
            yield Case(lookup.otherwise.values[output], tree.Not(tree.Membership(lookup.value, known)))
    elif table.hit is not Hit.COLLECT and len(table.rows) <= MOST_ROWS:
        yield from _first_matches([(row.values[output], row.when) for row in table.rows])


def _alike(found: tuple[str, Made, tuple[str | float, ...]]) -> tuple[bool, str]:
    return found[1] is None, found[0]


def _first_matches(tried: Sequence[tuple[Made, tree.Tree | None]]) -> Iterator[Case]:
    """Each case with none before it."""
    before: list[tree.Tree] = []
    for gives, when in tried:
        yield Case(gives, tree.And((when or _ALWAYS, *(tree.Not(one) for one in before))))
        if when is not None:
            before.append(when)
