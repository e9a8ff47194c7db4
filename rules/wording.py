"""pydantic's errors in the words of somebody who writes rules, each at its key or value. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.document import Mapping, Node, Scalar, Sequence
from rules.problems import Mark, nearest
from rules.shapes import (
    AffinityShape,
    BalanceShape,
    BookShape,
    BudgetShape,
    CapShape,
    ContactPartShape,
    ContactScaleShape,
    ContactScoreShape,
    ContactWhenShape,
    CoverShape,
    EventShape,
    FileShape,
    GridShape,
    KeepShape,
    LimitShape,
    ListFileShape,
    PartShape,
    ProtectShape,
    ReassignShape,
    ReturnShape,
    RouteShape,
    SameShape,
    ScaleShape,
    ScopeShape,
    ScoreShape,
    SegmentShape,
    ServiceLevelShape,
    Shape,
    StandInShape,
    TableShape,
    TargetShape,
    WhenShape,
    WorkedShape,
    keys_of,
)

if TYPE_CHECKING:
    from pydantic import ValidationError

    from rules.problems import Notes

_Path = tuple[int | str, ...]

_SECTIONS: dict[str, type[Shape]] = {
    "scope": ScopeShape,
    "protect": ProtectShape,
    "return": ReturnShape,
    "books": BookShape,
    "routes": RouteShape,
    "to": TargetShape,
    "caps": CapShape,
    "<stand-in>": StandInShape,
    "service_levels": ServiceLevelShape,
    "covers": CoverShape,
    "<reassign>": ReassignShape,
    "<file>": ListFileShape,
    "scores": ScoreShape,
    "grids": GridShape,
    "tables": TableShape,
    "limit": LimitShape,
    "balance": BalanceShape,
    "keep": KeepShape,
    "<budget>": BudgetShape,
    "affinity": AffinityShape,
    "same": SameShape,
    "worked": WorkedShape,
    "<when>": WhenShape,
    "<scale>": ScaleShape,
    "<event>": EventShape,
    "contacts": ContactScoreShape,
    "<contact when>": ContactWhenShape,
    "<contact scale>": ContactScaleShape,
    "<contact event>": EventShape,
}


def note_shape(root: Mapping, invalid: ValidationError, notes: Notes, under: _Path = ()) -> None:
    """Note every error of one file's shape, or of the shape of what stands ``under`` some keys."""
    errors = invalid.errors(include_url=False, include_input=False)
    slips = {_slip((*under, *error["loc"])) for error in errors if error["type"] == "extra_forbidden"}
    for error in errors:
        path = (*under, *error["loc"])
        if error["type"] == "missing" and (path[:-1], path[-1]) in slips:
            continue  # the misspelt key beside it says it all
        notes.error(*_worded(root, path, error["type"], error.get("ctx", {})))


def _slip(path: _Path) -> tuple[_Path, str]:
    """The key that an unknown one was probably meant to be."""
    hint = nearest(str(path[-1]), _known(path[:-1]))
    return path[:-1], hint.split("'")[1] if hint.startswith("did you mean") else ""


def _known(path: _Path) -> tuple[str, ...]:
    """The keys of the mapping at the path."""
    steps = [step for step in path if isinstance(step, str)]
    if not steps:
        return keys_of(FileShape)
    if steps[0] in ("segments", "motions", "paths"):
        return keys_of(SegmentShape)
    if len(steps) == 3 and steps[1] == "parts":  # noqa: PLR2004 - scores, parts, the part's name
        return keys_of(PartShape if steps[0] == "scores" else ContactPartShape)
    return keys_of(_SECTIONS[steps[-1]]) if steps[-1] in _SECTIONS else ()


def _found(root: Mapping, path: _Path) -> tuple[Node, Scalar | None]:
    """The node at the path, as far as it exists, and the key that leads to it."""
    node: Node = root
    key: Scalar | None = None
    for step in path:
        if isinstance(node, Mapping) and (below := node.get(str(step))) is not None:
            key = node.key(str(step))
            node = below
        elif isinstance(node, Sequence) and isinstance(step, int):
            node, key = node.items[step], None
    return node, key


def _worded(  # noqa: PLR0911 - one return for each kind of error
    root: Mapping, path: _Path, kind: str, detail: dict[str, Any]
) -> tuple[Mark, str, str]:
    node, key = _found(root, path)
    name = f"'{key.text}'" if key else "this"
    empty = isinstance(node, Scalar) and not node.text
    match kind:
        case "rules":
            at = key if key is not None and (path[-1] == "[key]" or empty) else node
            return at.mark, detail["text"], detail["hint"]
        case "extra_forbidden":
            return (key or node).mark, f"unknown key '{str(path[-1])[:60]}'", nearest(str(path[-1]), _known(path[:-1]))
        case "missing":
            return node.mark, f"the key '{path[-1]}' is missing here", _why(str(path[-1]))
        case "list_type" | "dict_type" | "model_type" | "model_attributes_type" if empty:
            return (key or node).mark, f"{name} has nothing below it", "write its entries, or remove it"
        case "list_type":
            return node.mark, f"{name} is a list", "begin each entry with '- '"
        case "dict_type" | "model_type" | "model_attributes_type":
            return node.mark, "a group of keys is wanted here", "write key: value"
        case "too_short":
            return (key or node).mark, f"{name} has no entries", "write at least one, or remove it"
        case "too_long":
            return (key or node).mark, f"{name} has {detail['actual_length']} entries, over {detail['max_length']}", ""
        case "union_tag_not_found":
            return node.mark, "a term needs 'when', 'scale' or 'event'", ""
        case _:
            return node.mark, f"{name} is not understood ({kind})", ""


def _why(key: str) -> str:
    """What the missing key is for, where its absence is tempting."""
    return {
        "when": "or 'use' with the name of a condition",
        "because": "say in a few words why, for the people whose accounts move",
        "reps": "no choice would mean every rep, so it must be said",
        "accounts": "no choice would mean every account, so it must be said",
        "to": "say who is to get the account: team or reps, and by",
        "first_touch": "say within what time the owner is to act: 4 working hours",
        "least": "say from how many days on an absence is covered: 3 days",
        "version": "begin the file with version: 1",
    }.get(key, "")
