"""Who gets an account that comes in between two plans, by the prices of the last one: fast, and nearly as good.

What unevenness costs is in the prices already: counting it again for each account would count it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.assignment.problem import NOBODY

if TYPE_CHECKING:
    from sync_worker.core.assignment.problem import Floats, Ints, Prices


@dataclass(frozen=True, slots=True)
class Incoming:
    """What comes in. ``rep`` and ``worth``: who may have it, by index, and what it is worth there, ties decided."""

    rep: Ints
    worth: Floats
    size: int
    workload: int
    """In hundredths, as is the potential."""
    potential: int
    pool: float = 0.0
    """What it is worth to leave it in the pool."""


def quote(prices: Prices, incoming: Incoming, room: Ints) -> int:
    """The rep with the highest worth net of prices among those with room for all of it, the first of equals.

    NOBODY where the pool is worth at least as much: slots that better accounts will want are kept for them. ``room``:
    how many accounts each rep still has room for.
    """
    rep = incoming.rep
    net = incoming.worth - incoming.size * prices.slot[rep]
    net = net - incoming.workload * prices.workload[rep] - incoming.potential * prices.potential[rep]
    net[room[rep] < incoming.size] = -float("inf")
    if not len(net) or net.max() <= incoming.pool:
        return NOBODY
    return int(rep[net.argmax()])
