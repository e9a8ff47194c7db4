"""What the optimiser has to show on each book, and what it missed: its own bounds, and every other package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.books.compare import Line, Table


@dataclass(frozen=True, slots=True)
class Asked:
    """The gap that one of our efforts has to reach, in how many CPU seconds and how many MB above an idle process."""

    gap: float
    seconds: float
    megabytes: float


ASKED = {
    ("1k", "rebalance"): (Asked(0.011, 10, 100),),
    ("10k", "rebalance"): (Asked(0.006, 3, 100), Asked(0.0035, 20, 100)),
    ("10k", "refill"): (Asked(0.008, 1, 100),),
    ("100k", "rebalance"): (Asked(0.0025, 30, 400),),
    ("1m", "rebalance"): (Asked(0.002, 360, 2_252),),
}
"""Size and kind of book → what has to be reached. 2.2 GB are 2,252 MB."""


def judged(table: Table, size: str, kind: str) -> list[str]:
    """Everything that was missed, each in a sentence; nothing is judged of a run without us."""
    ours = [line for line in table.lines if line.ours and line.cpu > 0]
    if not ours:
        return []
    short = [_short(table, ours, asked) for asked in ASKED.get((size, kind), ())]
    return [f"{table.title}: {why}" for why in (*filter(None, short), *_broken(table), *_beaten(table, ours))]


def _short(table: Table, ours: list[Line], asked: Asked) -> str:
    """What is missing; empty where one of our efforts has all three."""
    if any(
        table.gap(line) <= asked.gap and line.cpu <= asked.seconds and line.peak <= asked.megabytes for line in ours
    ):
        return ""
    found = "; ".join(f"{line.name} {table.gap(line):.3%}, {line.cpu:.1f} s, {line.peak:.0f} MB" for line in ours)
    return f"no effort has a gap of {asked.gap:.2%} in {asked.seconds:g} CPU s and {asked.megabytes:g} MB ({found})"


def _broken(table: Table) -> Iterator[str]:
    yield from (f"{line.name}: {line.note}" for line in table.lines if line.ours and line.broken)


def _beaten(table: Table, ours: list[Line]) -> Iterator[str]:
    """Others with a better plan in the same time: theirs, or that of our quickest effort where they were quicker."""
    quickest = min(line.cpu for line in ours)
    for other in (line for line in table.lines if not line.ours and line.value is not None):
        time = max(other.cpu, quickest)
        best = max((line.value for line in ours if line.cpu <= time and line.value is not None), default=0.0)
        if other.value is not None and other.value > best:
            yield f"{other.name} has {other.value:,.2f} in {other.cpu:.1f} CPU s, we have {best:,.2f} in that time"
