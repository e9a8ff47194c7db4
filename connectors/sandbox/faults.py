"""Fault plans: which calls go wrong and how. Reads and matches them; striking is the business of the dialects.

A plan is a JSON list, or one JSON object to a line. Unknown keys and names are errors, all reported at once.
"""

from __future__ import annotations

import difflib
import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.port import Value
from connectors.sandbox.words import (
    COMPANY,
    EVERYTHING,
    HUBSPOT_KINDS,
    KINDS,
    NAMES,
    ROW,
    SALESFORCE_KINDS,
    BodyFault,
    CompanyFault,
    ReplyFault,
    RowFault,
    Vocabulary,
    WireFault,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_NEEDS = {
    "merge": ("object", "into"),
    "merge_chain": ("object", "via", "into"),
    "late_commit": ("object", "set"),
    "person_edit": ("set",),
    "hide_field": ("object", "field"),
    "remove_field": ("object", "field"),
    "read_only_field": ("object", "field"),
    "hide_object": ("object",),
    "deactivate_user": ("target",),
}
"""What a fault cannot do without."""


class Fault(BaseModel):
    """One fault. It strikes the calls that match ``on``, ``object`` and ``id``, counted from 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    on: str
    """A kind of call, a path with wildcards (it has a slash), or ``*``."""
    fault: ReplyFault | WireFault | BodyFault | RowFault | CompanyFault
    object: str = ""
    id: str = ""
    call: Annotated[int, Field(ge=1)] | None = None
    calls: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(), strict=False)
    every: Annotated[int, Field(ge=1)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    """How often it strikes at most. Without call, calls, every and times it strikes once."""

    seconds: Annotated[float, Field(ge=0, le=86_400, strict=False)] = 3.0
    retry_after: Annotated[int, Field(ge=0)] | None = None
    rows: Annotated[int, Field(ge=0)] | None = None
    message: str = ""
    category: str = ""
    """What a record that HubSpot refuses is refused for."""
    fields: tuple[str, ...] = Field(default=(), strict=False)
    target: str = ""
    """The record or user that something happens to; the call's own record if it is not given."""
    into: str = ""
    """The winner of a merge; with ``merge_chain`` the winner's winner."""
    via: str = ""
    """The winner of the first merge of a chain, which then loses the second."""
    field: str = ""
    set: dict[str, Value] = Field(default_factory=dict)
    actor: str = ""
    when: Literal["before", "after"] = "before"
    """Something happens, or the connection stalls, before or after the call is carried out."""
    how: Literal["length", "body"] = "length"
    """A truncated body either breaks the length that was promised, or is whole for HTTP and broken as JSON."""

    @model_validator(mode="after")
    def _complete(self) -> Fault:
        if self.on != "*" and "/" not in self.on and self.on not in KINDS:
            raise ValueError(f"'on' is no kind of call: {self.on!r}{_nearest(self.on, KINDS)}")
        if sum((self.call is not None, bool(self.calls), self.every is not None)) > 1:
            raise ValueError("give one of 'call', 'calls' and 'every'")
        missing = [name for name in _NEEDS.get(self.fault, ()) if not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.fault} needs {' and '.join(repr(name) for name in missing)}")
        return self

    @property
    def most(self) -> int | None:
        """How often it may strike; None is without end."""
        if self.times is not None:
            return self.times
        if self.calls:
            return len(self.calls)
        return None if self.every is not None else 1

    def matches(self, kind: str, path: str, entity: str, ids: Iterable[str]) -> bool:
        """Whether a call is one of those that are counted."""
        if self.on not in {"*", kind} and not ("/" in self.on and fnmatchcase(path, self.on)):
            return False
        if self.fault not in COMPANY and self.object and self.object.lower() != entity.lower():
            return False
        return not self.id or any(_same(self.id, id_) for id_ in ids)

    def strikes_at(self, count: int) -> bool:
        """Whether the count-th matching call is struck."""
        if self.call is not None:
            return self.call <= count < self.call + (self.times or 1)
        if self.calls:
            return count in self.calls
        return self.every is None or count % self.every == 0

    def strikes_row(self, id_: str, position: int) -> bool:
        """Whether this record of the call is refused: the one named, or the first ``rows``, or all."""
        if self.fault not in ROW:
            return False
        if self.id:
            return _same(self.id, id_)
        return self.rows is None or position < self.rows


_SHORT = 15


def _same(one: str, other: str) -> bool:
    return one[:_SHORT] == other[:_SHORT]


class FaultPlan:
    """The faults in force, and how many matching calls each has seen."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = [_Count(fault) for fault in faults]

    def __bool__(self) -> bool:
        return bool(self._faults)

    def strike(
        self, kind: str, path: str, entity: str, ids: Iterable[str], names: frozenset[str] = NAMES
    ) -> tuple[Fault, ...]:
        """Counts a call and tells which faults, of these names, strike it."""
        known = tuple(ids)
        return tuple(
            each.fault for each in self._faults if each.fault.fault in names and each.counts(kind, path, entity, known)
        )

    def struck(self) -> list[dict[str, object]]:
        """Each fault with the number of calls that it matched and struck."""
        return [
            {"fault": each.fault.fault, "on": each.fault.on, "matched": each.seen, "struck": each.struck}
            for each in self._faults
        ]


class _Count:
    def __init__(self, fault: Fault) -> None:
        self.fault, self.seen, self.struck = fault, 0, 0

    def counts(self, kind: str, path: str, entity: str, ids: tuple[str, ...]) -> bool:
        if not self.fault.matches(kind, path, entity, ids):
            return False
        self.seen += 1
        if self.fault.most is not None and self.struck >= self.fault.most:
            return False
        strikes = self.fault.strikes_at(self.seen)
        self.struck += strikes
        return strikes


class FaultPlanError(ValueError):
    """The plan has mistakes; ``str()`` lists them all, one to a line. ``hint`` names the way out."""

    hint = "docs/sandbox.md has the faults, the kinds of call and the keys"


def read_faults(
    given: Iterable[Mapping[str, object] | Fault],
    places: Iterable[str] | None = None,
    words: Vocabulary = EVERYTHING,
) -> FaultPlan:
    """A plan from plain values, in the words of one dialect or of any. Raises FaultPlanError with every mistake."""
    faults, problems, listed = [], [], list(given)
    names = list(places) if places is not None else [f"fault {number}" for number in range(1, len(listed) + 1)]
    for place, one in zip(names, listed, strict=True):
        try:
            fault = one if isinstance(one, Fault) else Fault.model_validate(one)
        except ValidationError as refused:
            problems += [f"{place}: {line}" for line in _explain(refused)]
            continue
        faults.append(fault)
        problems += [f"{place}: {line}" for line in _foreign(fault, words)]
    if problems:
        raise FaultPlanError("\n".join(problems))
    return FaultPlan(faults)


def load_faults(path: Path, words: Vocabulary = EVERYTHING) -> FaultPlan:
    """A plan from a file of JSON or JSON lines. Raises FaultPlanError, and OSError if the file cannot be read."""
    text = path.read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError as wrong:
            raise FaultPlanError(f"{path}: not JSON: {wrong}") from None
        return read_faults(listed, [f"{path}: fault {number}" for number in range(1, len(listed) + 1)], words)
    return _load_lines(path, text, words)


def _load_lines(path: Path, text: str, words: Vocabulary) -> FaultPlan:
    listed, places, problems = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            listed.append(json.loads(line))
            places.append(f"{path}:{number}")
        except ValueError as wrong:
            problems.append(f"{path}:{number}: not JSON: {wrong}")
    if problems:
        raise FaultPlanError("\n".join(problems))
    return read_faults(listed, places, words)


def _foreign(fault: Fault, words: Vocabulary) -> list[str]:
    """What of a fault makes no sense to the CRM that it is planned for."""
    if fault.fault not in words.names:
        return [f"{words.crm} has no fault {fault.fault!r}{_nearest(fault.fault, words.names)}"]
    if fault.on in KINDS - words.kinds:
        return [f"'on' is no kind of call of {words.crm}: {fault.on!r}{_nearest(fault.on, words.kinds)}"]
    where = words.struck.get(fault.fault, words.kinds)
    if fault.on in words.kinds - where:
        alike = next(kinds for kinds in (SALESFORCE_KINDS, HUBSPOT_KINDS) if fault.on in kinds)
        return [f"{fault.fault} does nothing to {fault.on}: plan it on {', '.join(sorted(where & alike))}"]
    return []


def _explain(refused: ValidationError) -> list[str]:
    lines = []
    for error in refused.errors():
        key = ".".join(str(part) for part in error["loc"] if isinstance(part, str) and part != "function-after")
        first = str(error["loc"][0]) if error["loc"] else ""
        if error["type"] == "extra_forbidden":
            lines.append(f"unknown key {key!r}{_nearest(key, Fault.model_fields)}")
        elif first == "fault" and error["type"] == "literal_error":
            line = f"unknown fault {error['input']!r}{_nearest(str(error['input']), NAMES)}"
            lines += [line] if line not in lines else []
        else:
            message = error["msg"].removeprefix("Value error, ")
            lines.append(f"{key}: {message}" if key else message)
    return lines


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {found[0]!r}?)" if found else ""
