"""One way to fill one book, in a process of its own: the plan into a file, and what it cost on stdout as JSON.

    python -m benchmarks.books.alone FOLDER METHOD LIMIT

A process that ends before it reads the book is the idle one (METHOD ``idle``): what others hold above it counts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.books.method import METHODS, Answer, Task, Way
from benchmarks.books.saved import load, load_prices, save_prices

IDLE = "idle"


def main() -> None:
    """Fill the book as asked and tell the cost. Reading the file is free; imports, models and repair are not."""
    folder, name, limit = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    if name == IDLE:
        print(json.dumps({"peak": _peak()}))
        return
    prices = folder / "prices.npz"
    task = Task(load(folder / "book.npz"), load_prices(prices) if prices.exists() else None, limit)
    began, clock = _cpu(), time.monotonic()
    try:
        answer = _way(name)(task)
    except ImportError as missing:
        answer = Answer(None, None, f"not installed: {missing}")
    spent = {"cpu": _cpu() - began, "wall": time.monotonic() - clock, "peak": _peak()}
    if answer.choice is not None:
        np.save(folder / "choice.npy", answer.choice)
    if answer.prices is not None:
        save_prices(answer.prices, folder / "proof.npz")
    print(json.dumps({"bound": answer.bound, "note": answer.note, "plan": answer.choice is not None, **spent}))


def _way(name: str) -> Way:
    return next(method for method in METHODS if method.name == name).way()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    """The most memory that this process has held, in KiB. Not ``ru_maxrss``, which a child has from its parent."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    main()
