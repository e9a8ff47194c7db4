"""One condition: its text parsed into a checked tree, or its problems, each at its offset. It emits no SQL.

sqlglot cuts the text into tokens and arranges them. Around it stand two gates of our own: ``gate`` before parsing,
and here the translation, which knows the shapes of the grammar, checks their types, and refuses any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp
from sqlglot.errors import ParseError

from rules import tree
from rules.bounds import overflows
from rules.gate import DIALECT, MAX_DEPTH, Fault, tokens
from rules.problems import nearest
from rules.vocabulary import FieldInfo, Type

MAX_WILDCARDS = 8
"""``%`` in one pattern. Each multiplies the work of a match that fails."""
MAX_DAYS = 3_650

_Any = exp.Expression


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of the rules folder; ``complain`` notes a problem at one of its items."""

    items: tuple[str, ...]
    complain: Callable[[int, str, str], None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Names:
    """What a condition may name. ``of`` is 'account' or 'rep', for messages."""

    fields: Mapping[str, FieldInfo]
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    topics: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    of: str = "account"
    functions: frozenset[str] = frozenset()


ACCOUNT_FUNCTIONS = frozenset(
    {"days_since", "days_until", "intent", "engagement", "touches", "lower", "coalesce", "has"},
)
REP_FUNCTIONS = frozenset({"lower", "coalesce", "has"})
"""A rep's condition knows no time: eligible today is eligible until a field changes."""
HALF_LIFE_DAYS = 14.0
"""engagement(kind) without a half-life of its own."""


def parse_condition(text: str, names: Names) -> tuple[tree.Tree | None, tuple[Fault, ...]]:
    """The condition's tree, or None and all that is wrong with it."""
    reading = _Reading(names)
    root = reading.root(text)
    found = reading.condition(root) if root is not None else None
    return (None if reading.faults else found), tuple(reading.faults)


def parse_number(text: str, names: Names) -> tuple[tree.Value | None, tuple[Fault, ...]]:
    """A numeric value's tree (a field, a function, arithmetic), or None and all that is wrong with it."""
    reading = _Reading(names)
    root = reading.root(text)
    found = reading.number(root) if root is not None else None
    return (None if reading.faults else found), tuple(reading.faults)


def type_of(value: tree.Value) -> Type:
    """The type of the answer that a value gives."""
    match value:
        case tree.FieldValue(type=found) | tree.Constant(type=found):
            return found
        case tree.Lower():
            return Type.TEXT
        case tree.Coalesce(values=values):
            return type_of(values[0])
        case _:
            return Type.NUMBER


def _is_empty_word(node: _Any) -> bool:
    return isinstance(node, exp.Null) or (isinstance(node, exp.Column) and node.name.lower() in ("empty", "null"))


def _start(node: _Any) -> int:
    """Where the node's first character stands; operators begin where their left side does."""
    starts = [below.meta["start"] for below in node.walk() if below.meta and "start" in below.meta]
    return int(min(starts, default=0))


def _bare(node: _Any) -> _Any:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


_COMPARATORS = {
    exp.EQ: tree.Comparator.EQ,
    exp.NEQ: tree.Comparator.NE,
    exp.LT: tree.Comparator.LT,
    exp.LTE: tree.Comparator.LE,
    exp.GT: tree.Comparator.GT,
    exp.GTE: tree.Comparator.GE,
}
_OPERATORS = {
    exp.Add: tree.Operator.ADD,
    exp.Sub: tree.Operator.SUBTRACT,
    exp.Mul: tree.Operator.MULTIPLY,
    exp.Div: tree.Operator.DIVIDE,
}
_CONDITIONS = (*_COMPARATORS, exp.And, exp.Or, exp.Not, exp.Between, exp.In, exp.Like, exp.Is)


class _Reading:
    """Translates one parsed condition and gathers every fault on the way; None stands for what was faulty."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.faults: list[Fault] = []

    def root(self, text: str) -> _Any | None:
        found = tokens(text, self._names.functions or ACCOUNT_FUNCTIONS | REP_FUNCTIONS)
        if isinstance(found, Fault):
            self.faults.append(found)
            return None
        try:
            parsed = DIALECT.parser().parse(found, text)
        except (ParseError, RecursionError, ValueError) as error:
            self.faults.append(Fault(_offset(error, text), "the condition cannot be understood here"))
            return None
        if len(parsed) != 1 or parsed[0] is None:
            self._fault(0, "this is not one condition")
            return None
        return parsed[0]

    def _fault(self, at: int | _Any, message: str, hint: str = "") -> None:
        self.faults.append(Fault(at if isinstance(at, int) else _start(at), message, hint))

    # conditions

    def condition(self, node: _Any) -> tree.Tree | None:
        node = _bare(node)
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
            case _ if type(node) in _COMPARATORS:
                return self._comparison(node)
            case exp.Anonymous() if node.name.lower() == "has":
                return self._has(node)
            case _:
                return self._truth(node)

    def _chain(self, node: _Any) -> tree.Tree | None:
        """``a and b and c`` is a left-deep comb: walked without recursion, told as one list."""
        links: list[_Any] = []
        head: _Any = node
        while type(head) is type(node):
            links.append(head.expression)
            head = head.this
        read = [self.condition(link) for link in (head, *reversed(links))]
        conditions = tuple(found for found in read if found is not None)
        return tree.And(conditions) if isinstance(node, exp.And) else tree.Or(conditions)

    def _truth(self, node: _Any) -> tree.Tree | None:
        value = self.value(node)
        if value is None:
            return None
        if type_of(value) is not Type.BOOLEAN:
            self._fault(
                node, f"{_told(value)} is {_kind(type_of(value))}, not a condition", "compare it with something"
            )
            return None
        return tree.Truth(value)

    def _comparison(self, node: _Any) -> tree.Tree | None:
        comparator = _COMPARATORS[type(node)]
        if _is_empty_word(_bare(node.expression)) and "empty" not in self._names.fields:
            self._fault(node.expression, "nothing can be compared with 'empty'", "write 'is empty' or 'is not empty'")
            return None
        sides = self._alike(node.this, node.expression)
        if sides is None:
            return None
        left, right = sides
        if type_of(left) is Type.BOOLEAN and comparator not in (tree.Comparator.EQ, tree.Comparator.NE):
            self._fault(node, f"yes/no values know no '{comparator}'", "use = or <>")
            return None
        return tree.Comparison(comparator, left, right)

    def _alike(self, *nodes: _Any) -> tuple[tree.Value, ...] | None:
        """The values, brought to one type; a quoted date becomes a date beside one."""
        read = [self.value(node) for node in nodes]
        values = [value for value in read if value is not None]
        if len(values) != len(nodes):
            return None
        leading = next((value for value in values if not isinstance(value, tree.Constant)), values[0])
        fitted = [self._fitted(value, leading, node) for value, node in zip(values, nodes, strict=True)]
        return tuple(value for value in fitted if value is not None) if None not in fitted else None

    def _fitted(self, value: tree.Value, leading: tree.Value, node: _Any) -> tree.Value | None:
        wanted, found = type_of(leading), type_of(value)
        if wanted is found:
            return value if self._known(value, leading, node) else None
        if wanted is Type.DATE and isinstance(value, tree.Constant) and isinstance(value.value, str):
            return self._date(value.value, node)
        hint = ""
        if wanted is Type.NUMBER and isinstance(value, tree.Constant) and str(value.value).replace(".", "").isdigit():
            hint = f"write {value.value} without quotes"
        elif wanted is Type.TEXT and isinstance(value, tree.Constant):
            hint = f"write '{_written(value.value)}' in quotes"
        elif Type.DATE in (wanted, found):
            hint = "turn a date into days with days_since() or days_until()"
        self._fault(node, f"{_told(leading)} is {_kind(wanted)}, {_told(value)} is {_kind(found)}", hint)
        return None

    def _known(self, value: tree.Value, leading: tree.Value, node: _Any) -> bool:
        """A picklist is compared with one of its own values."""
        if isinstance(value, tree.Constant) and isinstance(leading, tree.FieldValue) and isinstance(value.value, str):
            return self._picked(value.value, leading, lambda message, hint: self._fault(node, message, hint))
        return True

    def _picked(self, text: str, of: tree.FieldValue, complain: Callable[[str, str], None]) -> bool:
        values = self._names.fields[of.name].values
        if not values or text in values:
            return True
        complain(f"'{text}' is not a value of the picklist '{of.name}'", nearest(text, values))
        return False

    def _date(self, text: str, node: _Any) -> tree.Value | None:
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
        except ValueError:
            day = None
        if day is None:
            self._fault(node, f"'{text}' is not a date", "write year-month-day: '2026-11-04'")
            return None
        return tree.Constant(day.isoformat(), Type.DATE)

    def _between(self, node: exp.Between) -> tree.Tree | None:
        values = self._alike(node.this, node.args["low"], node.args["high"])
        if values is None:
            return None
        if type_of(values[0]) is Type.BOOLEAN:
            self._fault(node, "yes/no values know no 'between'", "use = or <>")
            return None
        low, high = values[1:]
        if isinstance(low, tree.Constant) and isinstance(high, tree.Constant) and low.value > high.value:  # type: ignore[operator]
            self._fault(
                node.args["low"], f"nothing lies between {_told(low)} and {_told(high)}", "the lower comes first"
            )
            return None
        return tree.Between(*values)

    def _membership(self, node: exp.In) -> tree.Tree | None:
        value = self.value(node.this)
        listed = node.args.get("field")
        if listed is not None:
            return self._listed(value, listed)
        choices = [self._choice(value, choice) for choice in node.expressions]
        if not choices:
            self._fault(node, "'in' needs values", "write in ('US', 'GB') or the name of a list")
        if value is None or None in choices:
            return None
        return tree.Membership(value, tuple(dict.fromkeys(choice for choice in choices if choice is not None)))

    def _choice(self, value: tree.Value | None, node: _Any) -> str | float | bool | None:
        choice = self.value(node) if isinstance(node, exp.Literal | exp.Boolean | exp.Neg) else None
        if not isinstance(choice, tree.Constant):
            self._fault(node, "'in' takes fixed values only", "compare with = and join with 'or'")
            return None
        fitted = self._fitted(choice, value, node) if value is not None else None
        return fitted.value if isinstance(fitted, tree.Constant) else None

    def _listed(self, value: tree.Value | None, node: _Any) -> tree.Tree | None:
        name = node.name if isinstance(node, exp.Column) else ""
        named = self._names.lists.get(name)
        if named is None:
            self._fault(node, f"unknown list '{name}'", nearest(name, self._names.lists) or "name it under 'lists'")
            return None
        if value is None:
            return None
        fitted = [self._item(value, index, item, named) for index, item in enumerate(named.items)]
        choices = tuple(dict.fromkeys(item for item in fitted if item is not None))
        return tree.Membership(value, choices) if len(choices) and None not in fitted else None

    def _item(self, value: tree.Value, index: int, item: str, named: NamedList) -> str | float | None:
        """A list's item as the compared value's type; what does not fit is a problem at the item."""
        wanted = type_of(value)

        def complain(message: str, hint: str) -> None:
            named.complain(index, message, hint)
            self.faults.append(_ELSEWHERE)

        if wanted is Type.TEXT:
            fits = not isinstance(value, tree.FieldValue) or self._picked(item, value, complain)
            return item if fits else None
        if wanted is Type.NUMBER and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", item, re.ASCII):
            return float(item)
        if wanted is Type.DATE and re.fullmatch(r"\d{4}-\d{2}-\d{2}", item, re.ASCII):
            return item
        complain(f"'{item}' is not {_kind(wanted)}, but the list is compared with {_told(value)}", "")
        return None

    def _like(self, node: exp.Like) -> tree.Tree | None:
        value, pattern = self.value(node.this), self.value(node.expression)
        if value is None or pattern is None:
            return None
        if type_of(value) is not Type.TEXT:
            self._fault(
                node.this, f"{_told(value)} is {_kind(type_of(value))}: 'like' reads text", "use = < > or between"
            )
            return None
        if not isinstance(pattern, tree.Constant) or not isinstance(pattern.value, str):
            self._fault(node.expression, "'like' takes a fixed text", "write like 'Acme%'")
            return None
        if re.search(r"\\(?![%_\\])", re.sub(r"\\\\", "", pattern.value)):
            self._fault(node.expression, "a backslash in 'like' stands before %, _ or \\ only", "write \\\\ for itself")
            return None
        if pattern.value.count("%") > MAX_WILDCARDS:
            self._fault(node.expression, f"more than {MAX_WILDCARDS} % in one pattern", "join shorter ones with 'and'")
            return None
        found = tree.Like(value, pattern.value)
        return tree.Not(found) if node.args.get("negate") else found

    def _empty(self, node: exp.Is) -> tree.Tree | None:
        if not _is_empty_word(_bare(node.expression)):
            self._fault(node.expression, "'is' goes with 'empty' or 'not empty' only", "write = for other values")
            return None
        if isinstance(_bare(node.expression), exp.Column) and node.expression.name.lower() == "null":
            self._fault(node.expression, "'null' is called 'empty' here", "write 'is empty' or 'is not empty'")
            return None
        value = self.value(node.this)
        return tree.Empty(value) if value is not None else None

    def _has(self, node: exp.Anonymous) -> tree.Tree | None:
        (value,) = self._arguments(node, 1, 1) or (None,)
        read = self.value(value) if value is not None else None
        return tree.Not(tree.Empty(read)) if read is not None else None

    # values

    def value(self, node: _Any, depth: int = 0) -> tree.Value | None:
        node = _bare(node)
        if depth > MAX_DEPTH:
            self._fault(node, f"more than {MAX_DEPTH} operations in a row", "split the rule in two")
            return None
        match node:
            case exp.Literal():
                return self._literal(node)
            case exp.Boolean():
                return tree.Constant(bool(node.this), Type.BOOLEAN)
            case exp.Column():
                return self._field(node)
            case exp.Neg():
                return self._negative(node, depth)
            case exp.Lower() | exp.Coalesce() | exp.Anonymous():
                return self._call(node)
            case _ if type(node) in _OPERATORS:
                return self._arithmetic(node, depth)
            case _ if isinstance(node, _CONDITIONS):
                self._fault(node, "a condition stands where a value is wanted", "join conditions with 'and' or 'or'")
            case _:
                self._fault(node, "this is not part of the rule language")
        return None

    def number(self, node: _Any, depth: int = 0) -> tree.Value | None:
        value = self.value(node, depth)
        if value is None or type_of(value) is Type.NUMBER:
            return value
        self._fault(node, f"{_told(value)} is {_kind(type_of(value))}, a number is wanted")
        return None

    def _literal(self, node: exp.Literal) -> tree.Value | None:
        if not node.is_string:
            return tree.Constant(float(node.this), Type.NUMBER)
        if node.this == "":
            self._fault(node, "an empty text matches nothing", "write 'is empty' or 'is not empty'")
            return None
        return tree.Constant(str(node.this), Type.TEXT)

    def _field(self, node: exp.Column) -> tree.Value | None:
        info = self._names.fields.get(node.name)
        if info is not None:
            return tree.FieldValue(info.name, info.type)
        hint = nearest(node.name, self._names.fields)
        if node.name in self._names.lists:
            hint = f"'{node.name}' is a list: write in {node.name}"
        noun = "field" if self._names.of == "account" else f"{self._names.of} field"
        self._fault(node, f"unknown {noun} '{node.name[:60]}'", hint)
        return None

    def _negative(self, node: exp.Neg, depth: int) -> tree.Value | None:
        value = self.number(node.this, depth + 1)
        if isinstance(value, tree.Constant):
            return tree.Constant(-float(value.value), Type.NUMBER)
        return tree.Negative(value) if value is not None else None

    def _arithmetic(self, node: _Any, depth: int) -> tree.Value | None:
        left, right = self.number(node.this, depth + 1), self.number(node.expression, depth + 1)
        if left is None or right is None:
            return None
        found = tree.Arithmetic(_OPERATORS[type(node)], left, right)
        if overflows(found):
            self._fault(node, "this can grow beyond what a database can hold", "use fewer * and / in a row")
            return None
        return found

    # functions

    def _arguments(self, node: _Any, least: int, most: int) -> list[_Any] | None:
        found = [node.this, *node.expressions] if isinstance(node, exp.Coalesce) else list(node.expressions)
        if isinstance(node, exp.Lower):
            found = [node.this]
        if least <= len(found) <= most:
            return found
        wanted = str(least) if least == most else f"{least} to {most}"
        self._fault(node, f"{_called(node)}() takes {wanted} value{'s' if most > 1 else ''}, not {len(found)}")
        return None

    def _call(self, node: _Any) -> tree.Value | None:
        match _called(node):
            case "days_since" | "days_until" as name:
                return self._days(node, ahead=name == "days_until")
            case "intent":
                return self._intent(node)
            case "engagement":
                return self._engagement(node)
            case "touches":
                return self._touches(node)
            case "lower":
                return self._lower(node)
            case "coalesce":
                return self._coalesce(node)
            case name:
                self._fault(node, f"{name}() is a condition and stands alone", f"write {name}(…) or not {name}(…)")
                return None

    def _days(self, node: _Any, *, ahead: bool) -> tree.Value | None:
        arguments = self._arguments(node, 1, 1)
        value = self.value(arguments[0]) if arguments else None
        if value is not None and type_of(value) is Type.TEXT and isinstance(value, tree.Constant):
            value = self._date(str(value.value), node)
        if value is None:
            return None
        if type_of(value) is not Type.DATE:
            self._fault(node, f"{_told(value)} is {_kind(type_of(value))}, {_called(node)}() takes a date")
            return None
        return tree.Days(value, ahead)

    def _word(self, node: _Any, noun: str, words: frozenset[str]) -> str | None:
        literal = _bare(node)
        if not (isinstance(literal, exp.Literal) and literal.is_string):
            self._fault(
                node, f"the {noun} stands in single quotes", nearest(literal.name, words) if literal.name else ""
            )
            return None
        if literal.this not in words:
            self._fault(node, f"unknown {noun} '{literal.this[:60]}'", nearest(literal.this, words))
            return None
        return str(literal.this)

    def _figure(self, node: _Any, noun: str, most: int) -> float | None:
        literal = _bare(node)
        number = float(literal.this) if isinstance(literal, exp.Literal) and not literal.is_string else 0.0
        if 0 < number <= most:
            return number
        self._fault(node, f"the {noun} is a number above 0 and up to {most:,}")
        return None

    def _intent(self, node: _Any) -> tree.Value | None:
        arguments = self._arguments(node, 1, 1)
        topic = self._word(arguments[0], "intent topic", self._names.topics) if arguments else None
        return tree.Intent(topic) if topic is not None else None

    def _engagement(self, node: _Any) -> tree.Value | None:
        arguments = self._arguments(node, 1, 2)
        if not arguments:
            return None
        kind = self._word(arguments[0], "engagement kind", self._names.events)
        half_life = self._figure(arguments[1], "half-life in days", MAX_DAYS) if arguments[1:] else HALF_LIFE_DAYS
        return tree.Engagement(kind, half_life) if kind is not None and half_life is not None else None

    def _touches(self, node: _Any) -> tree.Value | None:
        arguments = self._arguments(node, 1, 1)
        days = self._figure(arguments[0], "number of days", MAX_DAYS) if arguments else None
        if days is not None and days != int(days):
            self._fault(node, "touches() counts whole days")
            return None
        return tree.Touches(int(days)) if days is not None else None

    def _lower(self, node: _Any) -> tree.Value | None:
        arguments = self._arguments(node, 1, 1)
        value = self.value(arguments[0]) if arguments else None
        if value is not None and type_of(value) is not Type.TEXT:
            self._fault(node, f"{_told(value)} is {_kind(type_of(value))}, lower() takes text")
            return None
        return tree.Lower(value) if value is not None else None

    def _coalesce(self, node: _Any) -> tree.Value | None:
        arguments = self._arguments(node, 2, 8)
        values = self._alike(*arguments) if arguments else None
        return tree.Coalesce(values) if values is not None else None


_ELSEWHERE = Fault(-1, "")
"""The fault has been noted at its own place, outside the condition."""


def _called(node: _Any) -> str:
    if isinstance(node, exp.Lower):
        return "lower"
    return "coalesce" if isinstance(node, exp.Coalesce) else str(node.name).lower()


def _kind(found: Type) -> str:
    return {Type.NUMBER: "a number", Type.DATE: "a date"}.get(found, str(found))


def _written(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else value


def _told(value: tree.Value) -> str:
    match value:
        case tree.FieldValue(name=name):
            return f"'{name}'"
        case tree.Constant(value=constant, type=found):
            return f"'{constant}'" if found in (Type.TEXT, Type.DATE) else _written(constant)
        case tree.Days(ahead=ahead):
            return "days_until()" if ahead else "days_since()"
        case tree.Intent() | tree.Engagement() | tree.Touches() | tree.Lower() | tree.Coalesce():
            return f"{type(value).__name__.lower()}()"
        case _:
            return "the calculation"


def _offset(error: Exception, text: str) -> int:
    """The parser reports line and column of a token's end; both count from 1."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    lines = text.split("\n")
    line, column = found.get("line") or 1, found.get("col") or 1
    return min(sum(len(before) + 1 for before in lines[: line - 1]) + column - 1, max(len(text) - 1, 0))
