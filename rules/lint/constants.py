"""Texts that conditions compare with, and what may have become of them on their way into the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import traps, tree
from rules.lint.findings import warning
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.lint.findings import Finding
    from rules.model import Condition


def of_constants(when: Condition) -> Iterator[Finding]:
    """Texts that hardly any value of the CRM can equal. Values of lists and tables are told of where they stand."""
    for text in dict.fromkeys(_texts(when.tree)):
        if told := traps.pasted(text):
            yield warning("odd-text", when.mark, *told)


def _texts(root: tree.Tree) -> Iterator[str]:
    for node in tree.parts(root):
        match node:
            case tree.Constant(value=str(text), type=Type.TEXT):
                yield text
            case tree.Membership(listed="", choices=choices) | tree.Includes(listed="", choices=choices):
                yield from (choice for choice in choices if isinstance(choice, str))
