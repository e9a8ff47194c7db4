"""What a condition means, as a frozen tree: two-valued truths over typed values. It holds no text and no SQL.

A comparison with an empty value is false; ``<>``, ``not in`` and ``not like`` with an empty value are true; ``not``
negates what you see. So every truth here is yes or no, never unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.vocabulary import Type


class Comparator(StrEnum):
    """How two values are compared. ``!=`` is read as ``<>``."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Operator(StrEnum):
    """Arithmetic on numbers. Division by zero is empty."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of the account or rep, or a decision table's output."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, a number, yes or no, or a date as ``YYYY-MM-DD``."""

    value: str | float
    type: Type


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and what is done with them; empty if either is."""

    operator: Operator
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with its sign turned."""

    value: Value


@dataclass(frozen=True, slots=True)
class Days:
    """Whole UTC days from a date until today, or from today until the date when ``ahead``."""

    date: Value
    ahead: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """The strongest unexpired intent in a topic, 0-100; empty without a signal."""

    topic: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """Events of one kind, each worth its weight halved every ``half_life_days``; 0 without an event."""

    kind: str
    half_life_days: float


@dataclass(frozen=True, slots=True)
class Events:
    """How many events of one kind there were today and in the last ``days`` days; 0 without one."""

    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class Fading:
    """Events of one kind, each worth 1 - age / ``days``, from an age of ``days`` nothing; 0 without an event."""

    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class BestContact:
    """The total of the best contact by a contact score; empty for an account without contacts."""

    score: str


@dataclass(frozen=True, slots=True)
class Touches:
    """How many touches there were today and in the last ``days`` days; 0 without one."""

    days: int


@dataclass(frozen=True, slots=True)
class Lower:
    """A text with A-Z in lower case; other letters stay as they are, on every engine."""

    value: Value


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first of the values that is not empty."""

    values: tuple[Value, ...]


Read = FieldValue | Intent | Engagement | Events | Fading | Touches | BestContact
"""What is read from the facts; everything else is computed from it."""

Value = Read | Constant | Arithmetic | Negative | Days | Lower | Coalesce


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of one type. False if either is empty, except ``<>``, which is then true."""

    comparator: Comparator
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Between:
    """Low and high included. False if any of the three is empty."""

    value: Value
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether the value is one of the choices. False if it is empty."""

    value: Value
    choices: tuple[str | float, ...]
    listed: str = ""
    """The name of the list that holds the choices; empty where the condition names them itself."""


@dataclass(frozen=True, slots=True)
class Like:
    """Whether the text matches: ``%`` any run, ``_`` any one character, a backslash before either means itself.

    A-Z and a-z match each other. False if the value is empty.
    """

    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class Includes:
    """Whether a text that lists several values (between ``;`` or ``|``) has one of the choices among them.

    Spaces around a value do not count, and several in a row count as one. False if the text is empty.
    """

    value: Value
    choices: tuple[str, ...]
    listed: str = ""
    """The name of the list that holds the choices; empty where the condition names them itself."""


@dataclass(frozen=True, slots=True)
class Empty:
    """Whether there is no value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Truth:
    """A yes/no value taken as a condition: empty counts as no."""

    value: Value


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of what you see."""

    condition: Tree


@dataclass(frozen=True, slots=True)
class And:
    """True if all are."""

    conditions: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if any is."""

    conditions: tuple[Tree, ...]


Tree = Comparison | Between | Membership | Like | Includes | Empty | Truth | Not | And | Or
Part = Value | Tree
_NODES = {"Value", "Tree", "tuple[Value, ...]", "tuple[Tree, ...]"}
"""How fields that hold nodes are declared; all others hold plain values."""
_BRANCHES = {kind: tuple(each.name for each in fields(kind) if each.type in _NODES) for kind in get_args(Part)}
"""The fields of each kind of node that hold nodes."""


def parts(root: Part) -> Iterator[Part]:
    """The node and everything below it, in reading order."""
    waiting: list[Part] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(_below(node))


def _below(node: Part) -> list[Part]:
    """The nodes right below one."""
    found: list[Part] = []
    for name in _BRANCHES[type(node)]:
        child = getattr(node, name)
        found += child if isinstance(child, tuple) else (child,)
    return found


def follows(left: Constant, right: Constant) -> bool:
    """Whether the left constant comes after the right one of the same type."""
    if isinstance(left.value, str) and isinstance(right.value, str):
        return left.value > right.value
    return float(left.value) > float(right.value)
