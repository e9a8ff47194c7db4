"""Hard books, five of each kind: whether every plan is certified, and how far from the bound the worst of them is.

    python -m benchmarks.books.stress [--size 10k] [--seeds 5]

Ends with exit code 1 when a plan has a fault, or a gap of more than twice what is asked of an ordinary book.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.books.__main__ import SIZES
from benchmarks.books.instances import STRESS, made, setting
from benchmarks.books.verdict import ASKED
from sync_worker.core.assignment.certificate import check
from sync_worker.core.assignment.solve import NORMAL, solve

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Hard:
    """The worst of some books of one kind."""

    variant: str
    gap: float
    seconds: float
    faults: tuple[str, ...]


def worst(variant: str, accounts: int, reps: int, seeds: int) -> Hard:
    """Fill so many books of the kind, and judge each."""
    gaps, seconds = [], []
    faults: list[str] = []
    for seed in range(1, seeds + 1):
        problem = made(setting(variant, accounts=accounts, reps=reps, seed=seed))
        began = time.process_time()
        solved = solve(problem, effort=NORMAL)
        seconds.append(time.process_time() - began)
        found = check(problem, solved)
        gaps.append(found.gap)
        faults += found.faults
    return Hard(variant, max(gaps), max(seconds), tuple(faults))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line for each kind; the exit code says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("1k", "10k", "100k"), default="10k")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args(arguments)
    most = 2 * ASKED[asked.size, "rebalance"][0].gap
    print(f"| {asked.size}, normal effort, the worst of {asked.seeds} | gap % | CPU s | faults |\n|---|---:|---:|---:|")
    held = True
    for variant in STRESS:
        found = worst(variant, *SIZES[asked.size], asked.seeds)
        held &= not found.faults and found.gap <= most
        print(f"| {variant} | {100 * found.gap:.3f} | {found.seconds:.1f} | {len(found.faults)} |", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
