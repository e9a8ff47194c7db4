"""One condition: its text parsed into a checked tree, or its faults, each at its offset. It emits no SQL.

sqlglot cuts the text into tokens and arranges them. Around it stand two gates of our own: ``gate`` before parsing,
and here the translation, which knows the shapes of the grammar, checks their types, and refuses any other.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.errors import ParseError

from rules import tree
from rules.gate import DIALECT, Fault, tokens
from rules.names import kind, told, type_of
from rules.problems import nearest
from rules.several import picklist_of, spaced, unlikely
from rules.values import Values, as_date, bare, called
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.names import Complaint, NamedList, Names

MAX_WILDCARDS = 8
"""``%`` in one pattern. Each multiplies the work of a match that fails."""

MAX_INCLUDED = 50
"""Values that includes() looks for at once; a list may hold more."""
MAX_MISFITS = 20
"""Items of one list that are told to be wrong: the rest is likely to be wrong in the same way."""

_COMPARATORS: dict[type[exp.Expr], tree.Comparator] = {
    exp.EQ: tree.Comparator.EQ,
    exp.NEQ: tree.Comparator.NE,
    exp.LT: tree.Comparator.LT,
    exp.LTE: tree.Comparator.LE,
    exp.GT: tree.Comparator.GT,
    exp.GTE: tree.Comparator.GE,
}
_ELSEWHERE = Fault(-1, "")
"""The fault has been noted at its own place, outside the condition."""


def parse_condition(text: str, names: Names) -> tuple[tree.Tree | None, tuple[Fault, ...]]:
    """The condition's tree, or None and all that is wrong with it."""
    root = _root(text, names)
    if isinstance(root, Fault):
        return None, (root,)
    reading = _Conditions(names)
    found = reading.condition(root)
    return (None if reading.faults else found), tuple(dict.fromkeys(reading.faults))


def parse_number(text: str, names: Names) -> tuple[tree.Value | None, tuple[Fault, ...]]:
    """A numeric value's tree (a field, a function, arithmetic), or None and all that is wrong with it."""
    root = _root(text, names)
    if isinstance(root, Fault):
        return None, (root,)
    reading = Values(names)
    found = reading.number(root)
    return (None if reading.faults else found), tuple(dict.fromkeys(reading.faults))


def _root(text: str, names: Names) -> exp.Expr | Fault:
    """The parsed text; a fault where the gate or the parser stops."""
    found = tokens(text, names.functions)
    if isinstance(found, Fault):
        return found
    try:
        parsed = DIALECT.parser().parse(found, text)
    except (ParseError, RecursionError, ValueError) as error:
        return Fault(_offset(error, text), "the condition cannot be understood here")
    if len(parsed) != 1 or parsed[0] is None:
        return Fault(0, "this is not one condition", "join conditions with 'and' or 'or'")
    return parsed[0]


def _offset(error: Exception, text: str) -> int:
    """The parser reports line and column of a token's end; both count from 1."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    lines = text.split("\n")
    line, column = found.get("line") or 1, found.get("col") or 1
    return min(sum(len(before) + 1 for before in lines[: line - 1]) + column - 1, max(len(text) - 1, 0))


def _is_empty_word(node: exp.Expr) -> bool:
    return isinstance(bare(node), exp.Null) or (
        isinstance(bare(node), exp.Column) and bare(node).name.lower() in ("empty", "null")
    )


class _Conditions(Values):
    """Translates one parsed condition and gathers every fault on the way; None stands for what was faulty."""

    def condition(self, node: exp.Expr) -> tree.Tree | None:  # noqa: PLR0911 - one return for each shape
        node = bare(node)
        match node:
            case exp.And() | exp.Or():
                return self._chain(node)
            case exp.Not():
                inner = self.condition(node.this)
                return tree.Not(inner) if inner is not None else None
            case exp.Between():
                return self._between(node)
            case exp.In():
                return self._membership(node)
            case exp.Like():
                return self._like(node)
            case exp.Is():
                return self._empty(node)
            case exp.Anonymous() if called(node) == "has":
                return self._has(node)
            case exp.Anonymous() if called(node) == "includes":
                return self._includes(node)
            case _:
                return self._comparison(node) if type(node) in _COMPARATORS else self._truth(node)

    def _chain(self, node: exp.And | exp.Or) -> tree.Tree | None:
        """``a and b and c`` is a left-deep comb: walked without recursion, told as one list."""
        links: list[exp.Expr] = []
        head: exp.Expr = node
        while type(head) is type(node):
            links.append(head.expression)
            head = head.this
        read = [self.condition(link) for link in (head, *reversed(links))]
        conditions = tuple(found for found in read if found is not None)
        return tree.And(conditions) if isinstance(node, exp.And) else tree.Or(conditions)

    def _truth(self, node: exp.Expr) -> tree.Tree | None:
        value = self.value(node)
        if value is None or type_of(value) is Type.BOOLEAN:
            return tree.Truth(value) if value is not None else None
        self.fault(node, f"{told(value)} is {kind(type_of(value))}, not a condition", "compare it with something")
        return None

    def _comparison(self, node: exp.Expr) -> tree.Tree | None:
        comparator = _COMPARATORS[type(node)]
        if _is_empty_word(node.expression) and bare(node.expression).name not in self.names.fields:
            self.fault(node.expression, "nothing can be compared with 'empty'", "write 'is empty' or 'is not empty'")
            return None
        sides = self.alike(node.this, node.expression)
        if sides is None:
            return None
        if type_of(sides[0]) is Type.BOOLEAN and comparator not in (tree.Comparator.EQ, tree.Comparator.NE):
            self.fault(node, f"yes/no values know no '{comparator}'", "use = or <>")
            return None
        return tree.Comparison(comparator, *sides)

    def _between(self, node: exp.Between) -> tree.Tree | None:
        values = self.alike(node.this, node.args["low"], node.args["high"])
        if values is None:
            return None
        if type_of(values[0]) is Type.BOOLEAN:
            self.fault(node, "yes/no values know no 'between'", "use = or <>")
            return None
        low, high = values[1:]
        if isinstance(low, tree.Constant) and isinstance(high, tree.Constant) and tree.follows(low, high):
            self.fault(node.args["low"], f"nothing lies between {told(low)} and {told(high)}", "the lower comes first")
            return None
        return tree.Between(*values)

    def _membership(self, node: exp.In) -> tree.Tree | None:
        value = self.value(node.this)
        listed = node.args.get("field")
        if listed is not None:
            return self._listed(value, listed)
        choices = [self._choice(value, choice) for choice in node.expressions]
        if not choices:
            self.fault(node, "'in' needs values", "write in ('US', 'GB') or the name of a list")
        found = tuple(dict.fromkeys(choice for choice in choices if choice is not None))
        return tree.Membership(value, found) if value is not None and None not in choices else None

    def _choice(self, value: tree.Value | None, node: exp.Expr) -> str | float | None:
        choice = self.value(node) if isinstance(node, exp.Literal | exp.Boolean | exp.Neg) else None
        if not isinstance(choice, tree.Constant):
            self.fault(node, "'in' takes fixed values only", "compare with = and join with 'or'")
            return None
        fitted = self.fitted(choice, value, node) if value is not None else None
        return fitted.value if isinstance(fitted, tree.Constant) else None

    def _listed(self, value: tree.Value | None, node: exp.Expr) -> tree.Tree | None:
        name = node.name if isinstance(node, exp.Column) else ""
        named = self.names.lists.get(name)
        if named is None:
            self.fault(node, f"unknown list '{name}'", nearest(name, self.names.lists) or "name it under 'lists'")
            return None
        if value is None:
            return None
        picklist = frozenset(self.values_of(value))
        choices = self._items(
            named, lambda item, complain: item if item in picklist else self._item(value, item, complain)
        )
        return tree.Membership(value, choices, name) if choices else None

    def _items(self, named: NamedList, read: Callable[[str, Complaint], str | float | None]) -> tuple[str | float, ...]:
        """A list's items as ``read`` makes them, each once; what does not fit is a problem at the item."""
        found: dict[str | float, None] = {}
        misfits = 0
        for index, item in enumerate(named.items):
            fitted = read(item, partial(named.complain, index))
            if fitted is not None:
                found[fitted] = None
            elif (misfits := misfits + 1) == MAX_MISFITS:
                break
        if misfits:
            self.faults.append(_ELSEWHERE)
        return () if misfits else tuple(found)

    def _item(self, value: tree.Value, item: str, complain: Complaint) -> str | float | None:
        """A list's item as the compared value's type."""
        wanted = type_of(value)
        if wanted is Type.TEXT:
            return item if self.picked(item, value, complain) else None
        if wanted is Type.NUMBER and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", item, re.ASCII):
            return float(item)
        if wanted is Type.DATE and as_date(item) is not None:
            return item
        complain(f"'{item}' is not {kind(wanted)}, but the list is compared with {told(value)}", "")
        return None

    def _like(self, node: exp.Like) -> tree.Tree | None:
        value, pattern = self.value(node.this), self.value(node.expression)
        if value is None or pattern is None:
            return None
        if type_of(value) is not Type.TEXT:
            self.fault(node.this, f"{told(value)} is {kind(type_of(value))}: 'like' reads text", "use = < > or between")
            return None
        if not isinstance(pattern, tree.Constant) or not isinstance(pattern.value, str):
            self.fault(node.expression, "'like' takes a fixed text", "write like 'Acme%'")
            return None
        if wrong := _bad_pattern(pattern.value):
            self.fault(node.expression, *wrong)
            return None
        found = tree.Like(value, pattern.value)
        return tree.Not(found) if node.args.get("negate") else found

    def _empty(self, node: exp.Is) -> tree.Tree | None:
        if not _is_empty_word(node.expression):
            self.fault(node.expression, "'is' goes with 'empty' or 'not empty' only", "write = for other values")
            return None
        if bare(node.expression).name.lower() != "empty":
            self.fault(node.expression, "'null' is called 'empty' here", "write 'is empty' or 'is not empty'")
            return None
        value = self.value(node.this)
        return tree.Empty(value) if value is not None else None

    def _has(self, node: exp.Expr) -> tree.Tree | None:
        for argument in self.arguments(node, 1, 1):
            value = self.value(argument)
            return tree.Not(tree.Empty(value)) if value is not None else None
        return None

    def _includes(self, node: exp.Expr) -> tree.Tree | None:
        arguments = self.arguments(node, 2, 1 + MAX_INCLUDED)
        value = self.value(arguments[0]) if arguments else None
        if value is None:
            return None
        if type_of(value) is not Type.TEXT:
            self.fault(
                arguments[0], f"{told(value)} is {kind(type_of(value))}, includes() reads text", "compare with ="
            )
            return None
        picklist = picklist_of(self.values_of(value))
        name = arguments[1].name if isinstance(arguments[1], exp.Column) else ""
        if len(arguments) == 2 and (named := self.names.lists.get(name)) is not None:  # noqa: PLR2004 - text and list
            listed = self._items(named, lambda item, complain: _included(value, item, picklist, complain))
            return tree.Includes(value, tuple(map(str, listed)), name) if listed else None
        choices = [self._one_of_several(value, argument, picklist) for argument in arguments[1:]]
        found = tuple(dict.fromkeys(choice for choice in choices if choice is not None))
        return tree.Includes(value, found) if None not in choices else None

    def _one_of_several(self, value: tree.Value, node: exp.Expr, picklist: frozenset[str]) -> str | None:
        choice = bare(node)
        if isinstance(choice, exp.Literal) and choice.is_string:
            return _included(value, str(choice.this), picklist, partial(self.fault, node))
        hint = nearest(choice.name, self.names.lists) if isinstance(choice, exp.Column) else ""
        self.fault(node, "includes() takes fixed texts, or one list", hint or "write includes(languages, 'DE', 'EN')")
        return None


def _included(value: tree.Value, choice: str, picklist: frozenset[str], complain: Complaint) -> str | None:
    """The choice with its spaces as they are compared; None where no text of the field could list it."""
    if wrong := unlikely(choice, value.name if isinstance(value, tree.FieldValue) else "", picklist):
        complain(*wrong)
        return None
    return spaced(choice)


def _bad_pattern(pattern: str) -> tuple[str, str] | None:
    """What is wrong with a pattern, and the way out."""
    if re.search(r"\\(?![%_])", pattern.replace("\\\\", "")):
        return "a backslash in 'like' stands before %, _ or \\ only", "write \\\\ for the backslash itself"
    if pattern.count("%") > MAX_WILDCARDS:
        return f"more than {MAX_WILDCARDS} % in one pattern", "join shorter ones with 'and'"
    return None
