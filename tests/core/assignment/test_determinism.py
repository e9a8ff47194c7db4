"""One plan on every machine: other instructions of the processor, other BLAS kernels and threads, other hash seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchmarks.books.instances import made, setting
from benchmarks.books.saved import save

NUMPYS_OWN: Any = import_module("numpy._core._multiarray_umath")
"""What numpy has found on this machine; it has no public name."""
ROOT = Path(__file__).parents[3]
SCRIPT = """
import hashlib, sys
from numpy._core import _multiarray_umath as own
from pathlib import Path
from random import Random
from benchmarks.books.saved import load
from sync_worker.core.assignment.items import build
from sync_worker.core.assignment.solve import QUICK, solve
from tests.core.assignment.test_properties import book

made = book(Random(5))
found = hashlib.sha256()
for problem in (load(Path(sys.argv[1])), build(made.accounts, made.seats, made.terms).problem):
    solved = solve(problem, effort=QUICK)
    prices = solved.prices
    for column in (problem.arcs.worth, solved.choice, prices.slot, prices.workload, prices.potential):
        found.update(column.tobytes())
    found.update(repr((problem.items.ids, prices.move, solved.value, solved.bound)).encode())
print(found.hexdigest(), *(name for name in own.__cpu_dispatch__ if own.__cpu_features__[name]))
"""


def features(*beginnings: str) -> str:
    """What numpy would choose on this machine and can be told not to, of the features that begin so."""
    known = NUMPYS_OWN.__cpu_dispatch__
    return " ".join(name for name in known if NUMPYS_OWN.__cpu_features__[name] and name.startswith(beginnings))


SETTINGS = {
    "as it is": {},
    "no dispatched instructions": {"NPY_DISABLE_CPU_FEATURES": features("")},
    "no AVX-512": {"NPY_DISABLE_CPU_FEATURES": features("AVX512", "X86_V4")},
    "BLAS as of 2013": {"OPENBLAS_CORETYPE": "Haswell"},
    "BLAS as of 2008, one thread": {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1"},
    "two BLAS threads": {"OPENBLAS_NUM_THREADS": "2"},
    "another hash seed": {"PYTHONHASHSEED": "1"},
    "all of it": {
        "NPY_DISABLE_CPU_FEATURES": features(""),
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "42",
    },
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.npz"
    save(made(setting(accounts=500, reps=12, seed=2)), path)
    return path


def told(path: Path, chosen: dict[str, str]) -> list[str]:
    """The digest of plans, prices and figures under these settings, and the instructions that numpy then may choose."""
    command = [sys.executable, "-c", SCRIPT, str(path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **chosen}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_plan_its_prices_and_its_figures_are_the_same_bits_under_every_setting(saved: Path) -> None:
    found = {name: told(saved, chosen) for name, chosen in SETTINGS.items()}
    assert len({digest for digest, *_ in found.values()}) == 1, found
    assert found["as it is"][1:] == features("").split()
    assert found["all of it"][1:] == []
