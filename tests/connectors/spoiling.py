"""Replies with one thing in them changed into something else, or left out: what no honest CRM sends."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

JUNK = [None, 0, -1, 3.5, "", "x", [], {}, [None], {"a": 1}, True, "2026-13-45T99:00:00Z", 10**40]


def spoilt(value: Any, chance: random.Random) -> Any:
    """The reply with one thing in it changed into something else, or left out."""
    path = chance.choice(list(_paths(value)))
    junk = chance.choice(JUNK)
    if not path:
        return junk
    result = copy.deepcopy(value)
    parent = result
    for step in path[:-1]:
        parent = parent[step]
    if isinstance(parent, dict) and chance.random() < 0.3:
        del parent[path[-1]]
    else:
        parent[path[-1]] = junk
    return result


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _paths(inner, (*at, step))
