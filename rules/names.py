"""What a condition may name, and how its values are called in messages. It parses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from rules import tree
from rules.problems import nearest
from rules.vocabulary import FieldInfo, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.model import Ruleset
    from rules.problems import Mark

ACCOUNT_FUNCTIONS = frozenset(
    {
        "days_since", "days_until", "intent", "engagement", "events", "touches", "contact_score", "lower", "coalesce",
        "has", "includes",
    },
)  # fmt: skip
CONTACT_FUNCTIONS = frozenset(
    {"days_since", "days_until", "engagement", "events", "lower", "coalesce", "has", "includes"}
)
REP_FUNCTIONS = frozenset({"days_since", "days_until", "lower", "coalesce", "has", "includes"})


Complaint: TypeAlias = "Callable[[str, str], None]"
"""Notes what is wrong and the way out, at the place that it stands for."""


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of the rules folder; ``complain`` notes a problem at one of its items."""

    items: tuple[str, ...]
    mark: Mark
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
    later: Mapping[str, str] = field(default_factory=dict)
    """What is worked out after these conditions, and so cannot be read here: field → the hint that says it."""
    conditions: frozenset[str] = frozenset()
    """Named conditions. They are no fields: rules take them with ``use``."""
    contacts: frozenset[str] = frozenset()
    """Ids of the scores of contacts."""
    noun: str = "field"
    """What a field is called in messages: 'field', 'rep field' or 'contact field'."""
    touches: frozenset[str] = frozenset()
    """The kinds of what reps do."""


NOBODY = Names({})
"""For conditions of a kind that there are none of."""


def no_event(kind: str, names: Names) -> str:
    """The hint for a kind that is no engagement. A touch gets told why."""
    if kind not in names.touches:
        return nearest(kind, names.events)
    instead = "; touches(30) counts them" if "touches" in names.functions else ""
    return f"'{kind}' is a touch: it is what your reps did, and says nothing of the buyer{instead}"


def computed(ruleset: Ruleset) -> dict[str, FieldInfo]:
    """The fields that the rules work out and conditions may read: what tables and schemes say."""
    outputs = [output for table in ruleset.tables for output in table.outputs]
    found = {output.name: FieldInfo(output.name, output.type) for output in outputs}
    for scheme in ruleset.schemes:
        segments = tuple(segment.name for segment in scheme.segments)
        found[scheme.name] = FieldInfo(scheme.name, Type.TEXT, values=segments)
    return found


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
