"""Conditions with names, and how a rule's own one is joined with those that it takes by name. It parses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import tree
from rules.model import Condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.problems import Mark


@dataclass(frozen=True, slots=True)
class Used:
    """A named condition, where a rule takes it."""

    name: str
    condition: Condition
    mark: Mark


def joined(used: Sequence[Used], own: Condition | None) -> Condition:
    """What must hold where all of them must: the named ones in their order, then the rule's own."""
    if not used:
        if own is None:
            raise ValueError("a rule has a condition")
        return own
    whole = tuple(one.condition.tree for one in used) + ((own.tree,) if own else ())
    told = [f"{one.name} ({' '.join(one.condition.text.split())})" for one in used] + ([_within(own)] if own else [])
    return Condition(
        text=" and ".join(told),
        tree=tree.And(whole) if len(whole) > 1 else whole[0],
        mark=own.mark if own else used[0].mark,
        uses=tuple(one.name for one in used),
    )


def _within(own: Condition) -> str:
    """The text as it reads after an ``and``."""
    return f"({own.text})" if isinstance(own.tree, tree.Or) else own.text


def too_early(condition: Condition, later: Mapping[str, str]) -> str:
    """The first field that the condition reads although it is worked out later; empty if there is none."""
    nodes = tree.parts(condition.tree) if condition.tree is not None else ()  # a faulty one has no tree
    names = (node.name for node in nodes if isinstance(node, tree.FieldValue))
    return next((name for name in names if name in later), "")
