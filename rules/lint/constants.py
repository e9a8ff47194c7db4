"""Texts that conditions compare with, and what may have become of them on their way into the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import traps, tree
from rules.lint.findings import warning
from rules.problems import nearest
from rules.tree import Comparator
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from rules.axes import Domain
    from rules.lint.findings import Finding
    from rules.model import Condition


def of_constants(when: Condition) -> Iterator[Finding]:
    """Texts that hardly any value of the CRM can equal. Values of lists and tables are told of where they stand."""
    for text in dict.fromkeys(_texts(when.tree)):
        if told := traps.pasted(text):
            yield warning("odd-text", when.mark, *told)


def of_outputs(when: Condition, domains: Mapping[str, Domain]) -> Iterator[Finding]:
    """Values that a decision table's output is compared with, and that no row gives."""
    closed = {name: domain for name, domain in domains.items() if domain.closed}
    for name, text in dict.fromkeys(compared(when.tree, closed)):
        if text not in closed[name].values:
            yield warning("unknown-value", when.mark, f"no row gives '{name}' the value '{text}'",
                          nearest(text, closed[name].values))  # fmt: skip


def compared(root: tree.Tree, names: Container[str]) -> Iterator[tuple[str, str]]:
    """Those of these fields that a condition reads, and the texts that it wants of them, or does not want."""
    for node in tree.parts(root):
        match node:
            case tree.Comparison(
                comparator=Comparator.EQ | Comparator.NE,
                left=tree.FieldValue(name=name),
                right=tree.Constant(value=str(text), type=Type.TEXT),
            ) if name in names:
                yield name, text
            case (
                tree.Membership(value=tree.FieldValue(name=name, type=Type.TEXT), choices=choices)
                | tree.Includes(value=tree.FieldValue(name=name), choices=choices)
            ) if name in names:
                yield from ((name, str(choice)) for choice in choices)


def _texts(root: tree.Tree) -> Iterator[str]:
    for node in tree.parts(root):
        match node:
            case tree.Constant(value=str(text), type=Type.TEXT):
                yield text
            case tree.Membership(listed="", choices=choices) | tree.Includes(listed="", choices=choices):
                yield from (choice for choice in choices if isinstance(choice, str))
