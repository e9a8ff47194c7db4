"""Values of a condition: parsed nodes translated into typed trees, or their faults. It knows no conditions."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from sqlglot import exp

from rules import tree
from rules.bounds import overflows
from rules.gate import FUNCTION_PREFIX, MAX_DEPTH, Fault
from rules.names import kind, no_event, told, type_of, written
from rules.problems import nearest
from rules.several import values_of
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.names import Complaint, Names

HALF_LIFE_DAYS = 14.0
"""engagement(kind) without a half-life of its own."""
MAX_DAYS = 3_650

OPERATORS: dict[type[exp.Expr], tree.Operator] = {
    exp.Add: tree.Operator.ADD,
    exp.Sub: tree.Operator.SUBTRACT,
    exp.Mul: tree.Operator.MULTIPLY,
    exp.Div: tree.Operator.DIVIDE,
}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Like, exp.Is)
_CONDITIONS = (*_COMPARISONS, exp.And, exp.Or, exp.Not)


def bare(node: exp.Expr) -> exp.Expr:
    """The node without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def start(node: exp.Expr) -> int:
    """Where the node's first character stands; operators begin where their left side does."""
    starts = [below.meta["start"] for below in node.walk() if "start" in below.meta]
    return int(min(starts, default=0))


def as_date(text: str) -> str | None:
    """The text if it is a day, ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text).isoformat() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None


class Values:
    """Translates values and gathers every fault on the way; None stands for what was faulty."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.faults: list[Fault] = []

    def fault(self, node: exp.Expr, message: str, hint: str = "") -> None:
        """Note what is wrong with a node."""
        self.faults.append(Fault(start(node), message, hint))

    def value(self, node: exp.Expr, depth: int = 0) -> tree.Value | None:  # noqa: PLR0911 - one for each shape
        """Any value."""
        node = bare(node)
        if depth > MAX_DEPTH:
            self.fault(node, f"more than {MAX_DEPTH} operations in a row", "split the rule in two")
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
            case exp.Anonymous():
                return self._call(node)
            case _:
                return self._compound(node, depth)

    def number(self, node: exp.Expr, depth: int = 0) -> tree.Value | None:
        """A value that is a number."""
        value = self.value(node, depth)
        if value is None or type_of(value) is Type.NUMBER:
            return value
        self.fault(node, f"{told(value)} is {kind(type_of(value))}, a number is wanted")
        return None

    def alike(self, *nodes: exp.Expr) -> tuple[tree.Value, ...] | None:
        """The values, brought to one type; a quoted date becomes a date beside one."""
        read = [self.value(node) for node in nodes]
        values = [value for value in read if value is not None]
        if len(values) != len(nodes):
            return None
        leading = next((value for value in values if not isinstance(value, tree.Constant)), values[0])
        fitted = [self.fitted(value, leading, node) for value, node in zip(values, nodes, strict=True)]
        return tuple(value for value in fitted if value is not None) if None not in fitted else None

    def fitted(self, value: tree.Value, leading: tree.Value, node: exp.Expr) -> tree.Value | None:
        """The value if it can stand beside the leading one: of its type, and of its picklist."""
        wanted, found = type_of(leading), type_of(value)
        text = value.value if isinstance(value, tree.Constant) and isinstance(value.value, str) else None
        if wanted is found:
            fits = text is None or self.picked(text, leading, lambda message, hint: self.fault(node, message, hint))
            return value if fits else None
        if wanted is Type.DATE and text is not None:
            return self._date(text, node)
        self.fault(node, f"{told(leading)} is {kind(wanted)}, {told(value)} is {kind(found)}", _cure(wanted, value))
        return None

    def picked(self, text: str, of: tree.Value, complain: Complaint) -> bool:
        """Whether the text is a value of the field, where the field is a picklist."""
        values = self.values_of(of)
        if not isinstance(of, tree.FieldValue) or not values or text in values:
            return True
        hint = nearest(text, values)
        if (several := values_of(text)) and set(several) <= set(values):
            hint = " and ".join(f"includes({of.name}, '{one}')" for one in several) + " looks for each among several"
        complain(f"'{text}' is not a value of the picklist '{of.name}'", hint)
        return False

    def values_of(self, value: tree.Value) -> tuple[str, ...]:
        """A picklist's values; none for anything else."""
        return self.names.fields[value.name].values if isinstance(value, tree.FieldValue) else ()

    def arguments(self, node: exp.Expr, least: int, most: int) -> list[exp.Expr]:
        """What a function is given; nothing, and a fault, when that is too little or too much."""
        found = list(node.expressions)
        if least <= len(found) <= most:
            return found
        wanted = str(least) if least == most else f"{least} to {most}"
        self.fault(node, f"{called(node)}() takes {wanted} value{'s' if most > 1 else ''}, not {len(found)}")
        return []

    def _date(self, text: str, node: exp.Expr) -> tree.Value | None:
        if (day := as_date(text)) is not None:
            return tree.Constant(day, Type.DATE)
        self.fault(node, f"'{text}' is not a date", "write year-month-day: '2026-11-04'")
        return None

    def _literal(self, node: exp.Literal) -> tree.Value | None:
        if not node.is_string:
            return tree.Constant(float(node.this), Type.NUMBER)
        if node.this == "":
            self.fault(node, "an empty text matches nothing", "write 'is empty' or 'is not empty'")
            return None
        return tree.Constant(str(node.this), Type.TEXT)

    def _field(self, node: exp.Column) -> tree.Value | None:
        info = self.names.fields.get(node.name)
        if info is not None:
            return tree.FieldValue(info.name, info.type)
        hint = nearest(node.name, self.names.fields)
        if not hint.startswith("did you mean"):
            hint = f"write '{node.name[:60]}' in single quotes if it is text" + (f"; {hint}" if hint else "")
        if node.name in self.names.lists:
            hint = f"'{node.name}' is a list: write in {node.name}"
        if node.name in self.names.conditions:
            hint = f"'{node.name}' is a named condition: a rule takes it with use: {node.name}"
        if node.name in self.names.later:
            self.fault(node, f"'{node.name}' is worked out later", self.names.later[node.name])
            return None
        if node.name in self.names.scored:
            noun = self.names.scored[node.name]
            hint = f"'{node.name}' is a {noun}: it is worked out after all conditions, so none can read it"
        self.fault(node, f"unknown {self.names.noun} '{node.name[:60]}'", hint)
        return None

    def _negative(self, node: exp.Neg, depth: int) -> tree.Value | None:
        value = self.number(node.this, depth + 1)
        if isinstance(value, tree.Constant):
            return tree.Constant(-float(value.value), Type.NUMBER)
        return tree.Negative(value) if value is not None else None

    def _compound(self, node: exp.Expr, depth: int) -> tree.Value | None:
        operator = OPERATORS.get(type(node))
        if operator is None:
            what = "a condition stands" if isinstance(node, _CONDITIONS) else "something stands"
            self.fault(node, f"{what} where a value is wanted", "join conditions with 'and' or 'or'")
            return None
        left, right = self.number(node.this, depth + 1), self.number(node.expression, depth + 1)
        if left is None or right is None:
            return None
        found = tree.Arithmetic(operator, left, right)
        if overflows(found):
            self.fault(node, "this can grow beyond what a database can hold", "use fewer * and / in a row")
            return None
        return found

    # functions

    def _call(self, node: exp.Expr) -> tree.Value | None:
        functions = {
            "days_since": self._days,
            "days_until": self._days,
            "intent": self._intent,
            "engagement": self._engagement,
            "events": self._events,
            "touches": self._touches,
            "contact_score": self._contact_score,
            "lower": self._lower,
            "coalesce": self._coalesce,
        }
        name = called(node)
        if name in functions:
            return functions[name](node)
        self.fault(node, f"{name}() is a condition and stands alone", f"write {name}(…) or not {name}(…)")
        return None

    def _days(self, node: exp.Expr) -> tree.Value | None:
        value = None
        for argument in self.arguments(node, 1, 1):
            value = self.value(argument)
            if isinstance(value, tree.Constant) and isinstance(value.value, str):
                value = self._date(value.value, argument)
        if value is not None and type_of(value) is not Type.DATE:
            self.fault(node, f"{told(value)} is {kind(type_of(value))}, {called(node)}() takes a date")
            return None
        return tree.Days(value, ahead=called(node) == "days_until") if value is not None else None

    def _kind(self, node: exp.Expr) -> str | None:
        return self._word(node, "engagement kind", self.names.events, lambda word: no_event(word, self.names))

    def _word(
        self, node: exp.Expr, noun: str, words: frozenset[str], hint: Callable[[str], str] | None = None
    ) -> str | None:
        literal = bare(node)
        if not (isinstance(literal, exp.Literal) and literal.is_string):
            self.fault(
                node, f"the {noun} stands in single quotes", nearest(literal.name, words) if literal.name else ""
            )
            return None
        if literal.this not in words:
            way_out = hint(literal.this) if hint else nearest(literal.this, words)
            self.fault(node, f"unknown {noun} '{literal.this[:60]}'", way_out)
            return None
        return str(literal.this)

    def _figure(self, node: exp.Expr, noun: str) -> float | None:
        literal = bare(node)
        number = float(literal.this) if isinstance(literal, exp.Literal) and not literal.is_string else 0.0
        if 0 < number <= MAX_DAYS:
            return number
        self.fault(node, f"the {noun} is a number above 0 and up to {MAX_DAYS:,}")
        return None

    def _intent(self, node: exp.Expr) -> tree.Value | None:
        for argument in self.arguments(node, 1, 1):
            topic = self._word(argument, "intent topic", self.names.topics)
            return tree.Intent(topic) if topic is not None else None
        return None

    def _engagement(self, node: exp.Expr) -> tree.Value | None:
        arguments = self.arguments(node, 1, 2)
        if not arguments:
            return None
        word = self._kind(arguments[0])
        half_life = self._figure(arguments[1], "half-life in days") if arguments[1:] else HALF_LIFE_DAYS
        return tree.Engagement(word, half_life) if word is not None and half_life is not None else None

    def _events(self, node: exp.Expr) -> tree.Value | None:
        arguments = self.arguments(node, 2, 2)
        if not arguments:
            return None
        word = self._kind(arguments[0])
        days = self._whole_days(node, arguments[1])
        return tree.Events(word, days) if word is not None and days is not None else None

    def _touches(self, node: exp.Expr) -> tree.Value | None:
        for argument in self.arguments(node, 1, 1):
            days = self._whole_days(node, argument)
            return tree.Touches(days) if days is not None else None
        return None

    def _whole_days(self, node: exp.Expr, argument: exp.Expr) -> int | None:
        days = self._figure(argument, "number of days")
        if days is not None and days != int(days):
            self.fault(argument, f"{called(node)}() counts whole days", f"write {int(days) or 1}")
            return None
        return int(days) if days is not None else None

    def _contact_score(self, node: exp.Expr) -> tree.Value | None:
        for argument in self.arguments(node, 1, 1):
            score = self._word(argument, "score of contacts", self.names.contacts)
            return tree.BestContact(score) if score is not None else None
        return None

    def _lower(self, node: exp.Expr) -> tree.Value | None:
        for argument in self.arguments(node, 1, 1):
            value = self.value(argument)
            if value is not None and type_of(value) is Type.TEXT:
                return tree.Lower(value)
            if value is not None:
                self.fault(argument, f"{told(value)} is {kind(type_of(value))}, lower() takes text")
        return None

    def _coalesce(self, node: exp.Expr) -> tree.Value | None:
        arguments = self.arguments(node, 2, 8)
        values = self.alike(*arguments) if arguments else None
        return tree.Coalesce(values) if values is not None else None


def called(node: exp.Expr) -> str:
    """The function's name."""
    return str(node.name).removeprefix(FUNCTION_PREFIX)


def _cure(wanted: Type, value: tree.Value) -> str:
    """How a constant of the wrong type is to be written."""
    if wanted is Type.DATE or type_of(value) is Type.DATE:
        return "turn a date into days with days_since() or days_until()"
    if not isinstance(value, tree.Constant):
        return ""
    if wanted is Type.NUMBER and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(value.value), re.ASCII):
        return f"write {value.value} without quotes"
    if wanted is Type.TEXT:
        return f"write '{written(value.value)}' in quotes"
    return "write true or false without quotes" if wanted is Type.BOOLEAN else ""
