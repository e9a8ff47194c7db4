"""The words that rules may use: an org's fields, intent topics and engagement kinds. It reads no CRM."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Type(StrEnum):
    """The four types of values. Dates are whole days in UTC; a time is cut to its day."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "yes/no"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field that rules may read. ``values`` are a picklist's active values, () for any other field."""

    name: str
    type: Type
    label: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that conditions may name. ``account``, ``rep`` and ``contact`` map each field's name to the field."""

    account: Mapping[str, FieldInfo]
    rep: Mapping[str, FieldInfo]
    topics: frozenset[str] = field(default_factory=frozenset)
    events: frozenset[str] = field(default_factory=frozenset)
    """The engagement kinds, such as meeting and web_form: what buyers do."""
    touches: frozenset[str] = field(default_factory=frozenset)
    """The kinds of touch, such as call and meeting: what reps do. Scores count only what is engagement, too."""
    contact: Mapping[str, FieldInfo] = field(default_factory=dict)
