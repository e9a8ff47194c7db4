"""Arithmetic that every machine does alike: right, and the same to the last bit."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.assignment.arithmetic import LEAST, bests, dot, exp, hashes, log, shares, tops

SEGMENTS = st.lists(st.lists(st.integers(-5, 5), max_size=6), max_size=8)

EVERYTHING = """
import hashlib
import numpy as np
from benchmarks.books.instances import made, setting
from sync_worker.core.assignment.prices import price
from sync_worker.core.assignment.arithmetic import dot, exp, hashes, log, shares, tops

found = hashlib.sha256()
draw = np.random.default_rng(1)
many = draw.normal(size=100_003)
for made_ in (
    exp(-np.abs(many) * 9), log(np.abs(many) + 1), dot(many, many[::-1]), shares(hashes("abcdefg"), hashes("x")),
    tops(many, np.arange(0, 100_003, 7)), np.add.reduceat(many, np.arange(0, 100_003, 7)),
    np.bincount(np.arange(100_003) % 13, many), np.add.reduce(many),
):
    found.update(np.asarray(made_).tobytes())
priced = price(made(setting(accounts=300, reps=10)))
for column in (priced.prices.slot, priced.prices.potential, priced.prices.workload, priced.bound):
    found.update(np.asarray(column).tobytes())
print(found.hexdigest())
"""


def test_exp_is_right_where_it_counts_and_close_far_out() -> None:
    for x in np.linspace(LEAST, 0.0, 501):
        assert exp(np.array([x]))[0] == pytest.approx(math.exp(x), rel=3e-4)
    assert exp(np.array([-1.0, -0.1, 0.0])) == pytest.approx([math.exp(-1), math.exp(-0.1), 1.0], rel=1e-9)


@given(st.floats(1e-300, 1e300))
def test_log_is_right_to_twelve_digits(x: float) -> None:
    assert log(np.array([x]))[0] == pytest.approx(math.log(x), rel=1e-12, abs=1e-12)


@given(SEGMENTS)
def test_the_best_of_each_segment_is_the_first_of_its_largest(segments: list[list[int]]) -> None:
    values = np.array([value for segment in segments for value in segment], dtype=np.float64)
    first = np.cumsum([0, *map(len, segments)])
    largest = [max(segment, default=-math.inf) for segment in segments]
    assert tops(values, first).tolist() == largest
    places = [
        int(start) + segment.index(max(segment)) if segment else -1
        for start, segment in zip(first, segments, strict=False)
    ]
    assert bests(values, first).tolist() == places


def test_hashes_are_those_of_every_other_day() -> None:
    assert hashes(["001A", "001B"]).tolist() == [802443516652997043, 3981665333964494731]
    assert shares(hashes(["001A"]), hashes(["005A"]))[0] == 0.42086487090798674


def test_shares_favour_nobody() -> None:
    accounts, reps = hashes(f"a{n}" for n in range(20_000)), hashes(f"r{n}" for n in range(5))
    drawn = np.stack([shares(accounts, np.full(len(accounts), rep)) for rep in reps])
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.bincount(drawn.argmax(axis=0), minlength=5) / 20_000 == pytest.approx([0.2] * 5, abs=0.015)
    assert not np.array_equal(shares(accounts[:9], accounts[9:18]), shares(accounts[9:18], accounts[:9]))


def test_a_dot_adds_the_products() -> None:
    assert dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 11


@pytest.mark.parametrize("settings", [{"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}, {"OPENBLAS_CORETYPE": "Nehalem"}])
def test_other_processors_find_the_same_bits(settings: dict[str, str]) -> None:
    assert _run({}) == _run(settings)


def _run(settings: dict[str, str]) -> str:
    command = [sys.executable, "-W", "ignore", "-c", EVERYTHING]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    return done.stdout
