"""What a condition may name, and how its values are called in messages. It parses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules import tree
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.vocabulary import FieldInfo

ACCOUNT_FUNCTIONS = frozenset(
    {"days_since", "days_until", "intent", "engagement", "touches", "lower", "coalesce", "has"},
)
REP_FUNCTIONS = frozenset({"lower", "coalesce", "has"})
"""A rep's condition knows no time: eligible today is eligible until a field changes."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of the rules folder; ``complain`` notes a problem at one of its items."""

    items: tuple[str, ...]
    complain: Callable[[int, str, str], None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Names:
    """The fields, lists, topics, kinds and functions of one kind of condition."""

    fields: Mapping[str, FieldInfo]
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    topics: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    functions: frozenset[str] = ACCOUNT_FUNCTIONS
    scored: Mapping[str, str] = field(default_factory=dict)
    """What is made of all conditions, so that none can read it: id → noun (score, grid)."""
    noun: str = "field"
    """What a field is called in messages: 'field' or 'rep field'."""


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


def kind(found: Type) -> str:
    """The type in a sentence: a number, a date, text, yes/no."""
    return {Type.NUMBER: "a number", Type.DATE: "a date"}.get(found, str(found))


def written(value: str | float) -> str:
    """A constant as a rule would write it, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def told(value: tree.Value) -> str:
    """The value in a sentence."""
    match value:
        case tree.FieldValue(name=name):
            return f"'{name}'"
        case tree.Constant(value=constant, type=found):
            return f"'{constant}'" if found in (Type.TEXT, Type.DATE) else written(constant)
        case tree.Days(ahead=ahead):
            return "days_until()" if ahead else "days_since()"
        case tree.BestContact():
            return "contact_score()"
        case tree.Intent() | tree.Engagement() | tree.Events() | tree.Touches() | tree.Lower() | tree.Coalesce():
            return f"{type(value).__name__.lower()}()"
        case _:
            return "the calculation"
