"""Fill made-up books with our optimiser and with the packages that one might take instead, and hold it to its bounds.

    python -m benchmarks.books [--size 1k] [--kind rebalance|refill] [--limit 120] [--only NAME] [--json FILE]

Ends with exit code 1 when a bound of README.md is missed, or when another package has a better plan in the same time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.books.compare import compared
from benchmarks.books.instances import setting
from benchmarks.books.verdict import judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.books.compare import Table

SIZES = {"1k": (1_000, 20), "10k": (10_000, 100), "100k": (100_000, 500), "1m": (1_000_000, 2_000)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare as asked and print one table a book; the exit code says whether all bounds are held."""
    asked = _parsed(arguments)
    missed, kept = [], []
    for size in asked.size:
        accounts, reps = SIZES[size]
        wanted = setting(asked.kind, accounts=accounts, reps=reps, seed=asked.seed)
        with tempfile.TemporaryDirectory(prefix="books-") as folder:
            table = compared(
                f"{size} {asked.kind}", wanted, Path(folder),
                limit=asked.limit, names=tuple(asked.only or [""]), slow=asked.slow,
            )  # fmt: skip
        _print(table)
        missed += judged(table, size, asked.kind)
        kept.append(asdict(table))
    for line in missed:
        print(f"missed: {line}")
    if asked.json:
        asked.json.write_text(json.dumps(kept, indent=2) + "\n")
    return 1 if missed else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, action="append", help="may be given more than once; 1k")
    parser.add_argument("--kind", choices=("rebalance", "refill"), default="rebalance")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for packages that would go on; 120")
    parser.add_argument("--only", action="append", help="only what has this in its name; may be given more than once")
    parser.add_argument("--slow", action="store_true", help="try what is left out at this size, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    asked = parser.parse_args(arguments)
    asked.size = asked.size or ["1k"]
    return asked


def _print(table: Table) -> None:
    print(f"\n{table.title}: lowest proven bound {table.bound:,.2f}\n")
    print("| method | gap % | captured % | CV | Gini | moves | CPU s | MB above idle | |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
    for line in table.lines:
        if line.value is None:
            print(f"| {line.name} |  |  |  |  |  | {line.cpu:.2f} | {line.peak:.0f} | {line.note} |")
            continue
        figures = f"{100 * table.gap(line):.3f} | {100 * line.captured:.2f} | {line.variation:.3f} | {line.gini:.3f}"
        print(f"| {line.name} | {figures} | {line.moves} | {line.cpu:.2f} | {line.peak:.0f} | {line.note} |")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
