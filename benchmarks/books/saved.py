"""A problem and prices as a file, so that every process that fills a book reads the very same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.problem import Arcs, Evenness, Items, Prices, Problem, Reps

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = ("size", "workload", "potential", "owner", "pool", "may_pool", "charged")
ARCS = ("first", "rep", "worth")


def save(problem: Problem, path: Path) -> None:
    """Write the problem."""
    items, arcs, reps = problem.items, problem.arcs, problem.reps
    columns = {name: getattr(items, name) for name in ITEMS} | {name: getattr(arcs, name) for name in ARCS}
    for name, evenness in (("potential", reps.potential), ("workload", reps.workload)):
        columns[f"target_{name}"] = evenness.target
        columns[f"terms_{name}"] = np.array([evenness.slope, evenness.steep, evenness.near, evenness.far])
    most = -1 if problem.most_moves is None else problem.most_moves
    columns |= {"items": np.array(items.ids), "reps": np.array(reps.ids)}
    columns |= {"capacity": reps.capacity, "most": np.array(most)}
    np.savez(path, **columns)


def load(path: Path) -> Problem:
    """Read what ``save`` wrote."""
    with np.load(path) as found:
        most = int(found["most"])
        return Problem(
            Items(tuple(found["items"].tolist()), *(found[name] for name in ITEMS)),
            Arcs(*(found[name] for name in ARCS)),
            Reps(
                tuple(found["reps"].tolist()),
                found["capacity"],
                *(
                    Evenness(found[f"target_{name}"], *(float(term) for term in found[f"terms_{name}"]))
                    for name in ("potential", "workload")
                ),
            ),
            most if most >= 0 else None,
        )


def save_prices(prices: Prices, path: Path) -> None:
    """Write prices."""
    np.savez(path, slot=prices.slot, workload=prices.workload, potential=prices.potential, move=np.array(prices.move))


def load_prices(path: Path) -> Prices:
    """Read what ``save_prices`` wrote."""
    with np.load(path) as found:
        return Prices(found["slot"], found["workload"], found["potential"], float(found["move"]))
