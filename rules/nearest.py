"""The fewest atoms of a condition that would have to differ for it to hold, or not to. Pure search; it runs no SQL.

An atom is a comparison, a membership or the like: whatever is not made of other conditions. To make an ``and`` hold,
all of its parts must; to make an ``or`` hold, the part that takes the least is enough; ``not`` turns the question
around.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from rules import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

WAYS = 8
"""How many ways are followed at each step, the smallest first: the smallest of all is always among them."""


@dataclass(frozen=True, slots=True)
class Flip:
    """An atom that would have to differ, and what it would have to be."""

    atom: tree.Tree
    becomes: bool


Way = tuple[Flip, ...]
"""Atoms that would all have to differ; none where nothing would."""


def atoms(root: tree.Tree) -> Iterator[tree.Tree]:
    """The atoms of a condition, in reading order."""
    match root:
        case tree.Not(condition=inner):
            yield from atoms(inner)
        case tree.And(conditions=inner) | tree.Or(conditions=inner):
            for one in inner:
                yield from atoms(one)
        case _:
            yield root


def holds(root: tree.Tree, truth: Callable[[tree.Tree], bool]) -> bool:
    """Whether a condition holds, from the truths of its atoms."""
    match root:
        case tree.Not(condition=inner):
            return not holds(inner, truth)
        case tree.And(conditions=inner):
            return all(holds(one, truth) for one in inner)
        case tree.Or(conditions=inner):
            return any(holds(one, truth) for one in inner)
        case tree.Truth(value=tree.Constant(value=constant)):
            return bool(constant)
        case _:
            return truth(root)


def ways(
    root: tree.Tree,
    truth: Callable[[tree.Tree], bool],
    *,
    wanted: bool,
    fixed: AbstractSet[str] = frozenset(),
) -> tuple[Way, ...]:
    """The smallest ways to make a condition what is wanted, the smallest first, equal ones in reading order.

    ``truth`` tells what each atom is now. ``fixed`` names fields that the question takes for granted. Nothing where no
    way is left: a constant cannot differ, and an atom that stands in two places is the same in both.
    """
    found = _ways(root, truth, fixed, wanted=wanted)
    return tuple(way for way in found if holds(root, _flipped(truth, way)) is wanted)


def _flipped(truth: Callable[[tree.Tree], bool], way: Way) -> Callable[[tree.Tree], bool]:
    becomes = {flip.atom: flip.becomes for flip in way}
    return lambda atom: becomes[atom] if atom in becomes else truth(atom)


def _ways(
    root: tree.Tree, truth: Callable[[tree.Tree], bool], fixed: AbstractSet[str], *, wanted: bool
) -> tuple[Way, ...]:
    match root:
        case tree.Not(condition=inner):
            return _ways(inner, truth, fixed, wanted=not wanted)
        case tree.And(conditions=inner) | tree.Or(conditions=inner):
            found = [_ways(one, truth, fixed, wanted=wanted) for one in inner]
            return _together(found) if isinstance(root, tree.And) is wanted else _smallest(chain.from_iterable(found))
        case tree.Truth(value=tree.Constant(value=constant)):
            return ((),) if bool(constant) is wanted else ()
        case _:
            if truth(root) is wanted:
                return ((),)
            return () if fixed and _reads(root, fixed) else ((Flip(root, wanted),),)


def _reads(atom: tree.Tree, names: AbstractSet[str]) -> bool:
    return any(isinstance(node, tree.FieldValue) and node.name in names for node in tree.parts(atom))


def _together(parts: Iterable[tuple[Way, ...]]) -> tuple[Way, ...]:
    """One way of each part, joined: an atom that two of them name counts once."""
    joined: tuple[Way, ...] = ((),)
    for part in parts:
        joined = _smallest(tuple(dict.fromkeys((*first, *second))) for first in joined for second in part)
    return joined


def _smallest(found: Iterable[Way]) -> tuple[Way, ...]:
    return tuple(sorted(dict.fromkeys(found), key=len)[:WAYS])
