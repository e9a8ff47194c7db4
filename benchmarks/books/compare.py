"""All ways to fill one book, side by side: each in its own process, each plan judged by the certificate."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.books.alone import IDLE
from benchmarks.books.instances import made
from benchmarks.books.method import METHODS
from benchmarks.books.saved import load_prices, save, save_prices
from sync_worker.core.assignment.certificate import certify
from sync_worker.core.assignment.metrics import measure, standing
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.problem import Prices

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.books.instances import Setting
    from benchmarks.books.method import Method
    from sync_worker.core.assignment.problem import Problem

YESTERDAY = 0.05
"""By how much at most the worth of an account was another yesterday, as a share of it."""
PATIENCE = 1.5
"""Times its limit, and a minute, that a package may take before it is ended from outside. We may take an hour."""
AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Line:
    """One way's result. Without a value there is no plan, and ``note`` says why."""

    name: str
    ours: bool
    value: float | None = None
    bound: float | None = None
    cpu: float = 0.0
    peak: float = 0.0
    """MB above an idle process that has numpy."""
    variation: float = 0.0
    gini: float = 0.0
    captured: float = 0.0
    moves: int = 0
    note: str = ""
    broken: bool = False
    """The plan breaks a rule of the book."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured on one book, and the lowest bound that anybody proved."""

    title: str
    bound: float
    lines: tuple[Line, ...]

    def gap(self, line: Line) -> float:
        """How far the line's value is below the best bound, as a share of it."""
        return 1.0 if line.value is None else (self.bound - line.value) / self.bound


def compared(  # noqa: PLR0913 - what it is asked for
    title: str, wanted: Setting, folder: Path, *, limit: float, names: tuple[str, ...], slow: bool
) -> Table:
    """Fill the book in every way whose name holds one of ``names``."""
    problem = made(wanted)
    save(problem, folder / "book.npz")
    if wanted.frozen:
        save_prices(price(_yesterday(problem, wanted.seed)).prices, folder / "prices.npz")
    idle = _asked(folder, IDLE, limit)["peak"]
    lines: list[Line] = []
    for method in (method for method in METHODS if any(name in method.name for name in names)):
        if why := _left_out(method, wanted.accounts, slow=slow):
            lines.append(Line(method.name, method.ours, note=f"not tried: {why}"))
            continue
        lines.append(_line(method, problem, folder, _asked(folder, method.name, limit), idle))
        print(f"  {title}: {method.name}: {lines[-1].cpu:.2f} CPU s", file=sys.stderr, flush=True)
    bound = min((line.bound for line in lines if line.bound is not None), default=math.nan)
    before = standing(problem, problem.items.owner).value
    return Table(title, bound, tuple(_captured(line, before, bound) for line in lines))


def _left_out(method: Method, accounts: int, *, slow: bool) -> str:
    return method.why if accounts > method.largest and not slow else ""


def _line(method: Method, problem: Problem, folder: Path, told: dict[str, Any], idle: int) -> Line:
    """The answer as it is judged here: nobody's own figures count but for bounds of packages, which have no proof."""
    line = Line(method.name, method.ours, cpu=told["cpu"], peak=max(0, told["peak"] - idle) / 1024, note=told["note"])
    line = replace(line, bound=told["bound"])
    if not told["plan"]:
        return line
    choice = np.load(folder / "choice.npy")
    proof = folder / "proof.npz"
    found = certify(problem, choice, load_prices(proof) if method.ours else _nothing(problem))
    if found.faults:
        return replace(line, note=f"no plan: {found.faults[0]}", broken=True)
    measured = measure(problem, choice)
    return replace(
        line,
        value=found.value,
        bound=found.bound if method.ours else line.bound,
        variation=measured.after.potential.variation,
        gini=measured.after.potential.gini,
        moves=measured.moves.chosen,
    )


def _asked(folder: Path, name: str, limit: float) -> dict[str, Any]:
    """What one process says of one way to fill the book."""
    for left in ("choice.npy", "proof.npz"):
        (folder / left).unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.books.alone", str(folder), name, str(limit)]
    patience = AN_HOUR if name.startswith("ours") else PATIENCE * limit + 60
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        return _no_plan("no plan: ended from outside")
    if done.returncode != 0:
        return _no_plan(f"no plan: exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _no_plan(note: str) -> dict[str, Any]:
    return {"cpu": 0.0, "peak": 0, "bound": None, "plan": False, "note": note}


def _captured(line: Line, before: float, bound: float) -> Line:
    return line if line.value is None else replace(line, captured=(line.value - before) / (bound - before))


def _yesterday(problem: Problem, seed: int) -> Problem:
    """The same book as it may have been a day ago: every account was worth a little more or less."""
    random = np.random.default_rng(seed + 1000)
    other = random.uniform(1 - YESTERDAY, 1 + YESTERDAY, len(problem.items.ids))
    worth = problem.arcs.worth * np.repeat(other, np.diff(problem.arcs.first))
    return replace(problem, arcs=replace(problem.arcs, worth=worth))


def _nothing(problem: Problem) -> Prices:
    free = np.zeros(len(problem.reps.ids))
    return Prices(free, free, free, 0.0)
