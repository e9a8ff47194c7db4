"""One book to fill, as arrays: items, reps, arcs between them, and what evenness and moves are worth. Values only.

An item is an account, or a family that moves as one. An arc joins an item to a rep who may have it. ``maximise`` is the
sum of the worth of the chosen arcs (or of staying in the pool), less what unevenness costs each rep:

    max  Σ arcs worth·x + Σ pool·x₀ - Σ reps [ cost(potential; V_j) + cost(workload; W_j) ]
    s.t. each item has one arc or the pool · slots N_j ≤ capacity_j · moves ≤ most

Everything counted is a whole number, so that tests of capacity are exact on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Indexes = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

NOBODY = -1
"""In arrays of reps: the pool."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What is to be given, sorted by ``ids``. All arrays have one entry for each item."""

    ids: tuple[str, ...]
    """An account's id, or that of the family's root."""
    size: Ints
    """How many accounts it is."""
    workload: Ints
    """In hundredths of the book's unit of work."""
    potential: Ints
    """In hundredths of the book's measure."""
    owner: Ints
    """Index of the rep who has it; NOBODY: the pool, or somebody who is no rep of this book."""
    pool: Floats
    """What staying in the pool, or going there, is worth: never above 0."""
    may_pool: Truths
    """False for what may not be left to the pool: whatever is locked."""
    charged: Ints
    """How many moves any choice but its owner costs: its size, or 0 where nobody has it or it has to leave anyway."""


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Who may have what. The arcs of item ``i`` are ``first[i]`` to ``first[i + 1]``, in the order of reps.

    A locked item has its owner's arc alone.
    """

    first: Ints
    """One entry more than there are items: ``first[0]`` is 0, the last is the number of arcs."""
    rep: Indexes
    """Half the room of other numbers: there are tens of millions of arcs."""
    worth: Floats
    """Score times affinity, less the price of a move, with the tie-breaker in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Evenness:
    """What it costs to be far from a target: nothing within ``near``, ``slope`` up to ``far``, then ``steep``.

    One entry for each rep, but for the shares. A target of 0 costs nothing whatever the rep has.
    """

    target: Floats
    slope: float
    """Worth for each unit of what is counted, where it is further away than ``near`` times the target."""
    steep: float
    """The same beyond ``far`` times the target. Never below ``slope``: the cost is convex."""
    near: float = 0.05
    far: float = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Reps:
    """Who is to have it, sorted by ``ids``."""

    ids: tuple[str, ...]
    capacity: Ints
    """How many accounts of this book the rep may have. Never below what is locked there, or what is there already where
    nothing may be taken away."""
    potential: Evenness
    workload: Evenness


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A whole book. ``most_moves``: how many accounts may leave their owners, None: as many as it takes."""

    items: Items
    arcs: Arcs
    reps: Reps
    most_moves: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What one unit costs, by rep: any prices, those of yesterday too, give a valid bound and a fair answer."""

    slot: Floats
    """Never below 0."""
    workload: Floats
    potential: Floats
    move: float
    """Of one account that leaves its owner; never below 0."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look, in rounds and never in seconds: the same input gives the same plan on every machine."""

    dual_rounds: tuple[int, ...] = (80, 80, 160, 240, 240)
    """Iterations on the prices at each step of smoothing."""
    search_rounds: int = 80
    """Rounds of chains at most, before the shakes and once more after them; they end where none gains."""
    ruin_rounds: int = 12
    """Shakes after the search, at most."""
    starts: int = 1
    """How often the shakes begin anew, each time with other luck: the best plan counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A plan for one book, and what proves it."""

    choice: Ints
    """For each item the index of its rep, or NOBODY."""
    prices: Prices
    value: float
    """What the choice is worth: what was maximised."""
    bound: float
    """What no choice can exceed, by these prices."""

    @property
    def gap(self) -> float:
        """How far below the bound, as a share of it; 0 where the bound is 0."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0
