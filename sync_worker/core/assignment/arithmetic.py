"""Arithmetic that gives the same bits on every machine: exp, log, hashes, the best of each segment.

Made of + - * / and comparisons, which IEEE 754 defines to the last bit. numpy's own exp, log and pow differ by the
CPU's vector unit (numpy issue 23523), and products of matrices by the BLAS (20564): nothing in this package may use
them.
``np.add.reduce``, ``reduceat`` and ``bincount`` add in an order that numpy's source fixes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sync_worker.core.assignment.problem import Floats, Ints

SQUARINGS = 10
LEAST = -50.0
"""Below this, a power of e counts for nothing beside 1."""
LOG_2 = 0.6931471805599453
HALF_ROOT = 0.7071067811865476


def exp(x: Floats) -> Floats:
    """Powers of e, for x from -700 to 0, in a new array: (1 + h + h²/2 + h³/6) ^ 1024 with h = x / 1024.

    Too small by at most 0.03 % at -30, and far less where it counts.
    """
    h = x * (1.0 / (1 << SQUARINGS))
    power = h * (1.0 / 6.0)
    power += 0.5
    power *= h
    power += 1.0
    power *= h
    power += 1.0
    for _ in range(SQUARINGS):
        power *= power
    return power


def log(x: Floats) -> Floats:
    """The natural logarithm of numbers above 0, right to 12 digits, by the series of (m - 1) / (m + 1)."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < HALF_ROOT
    mantissa[small] *= 2.0
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = np.full_like(ratio, 1.0 / 15.0)
    for divisor in range(13, 0, -2):
        series *= square
        series += 1.0 / divisor
    found: Floats = 2.0 * ratio * series + (exponent - small) * LOG_2
    return found


def dot(a: Floats, b: Floats) -> float:
    """The sum of the products, each added in numpy's fixed order."""
    return float(np.add.reduce(a * b))


def hashes(ids: Iterable[str]) -> NDArray[np.uint64]:
    """64 bits for each id, the same on every run."""
    digests = b"".join(hashlib.blake2b(id_.encode(), digest_size=8).digest() for id_ in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def shares(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> Floats:
    """A number from 0 to 1 for each pair of hashes, as good as random: breaks ties fairly to every name.

    The pair is mixed as in splitmix64 (Steele, Lea and Flood, 2014), in whole numbers that wrap around.
    """
    mixed = left ^ (right * np.uint64(0x9E3779B97F4A7C15))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    found: Floats = (mixed >> np.uint64(11)).astype(np.float64) * (1.0 / (1 << 53))
    return found


def tops(values: Floats, first: Ints) -> Floats:
    """The largest value of each segment ``first[i]:first[i + 1]``; minus infinity where it is empty."""
    found = np.full(len(first) - 1, -np.inf)
    full = np.flatnonzero(first[:-1] < first[1:])
    if len(full):
        found[full] = np.maximum.reduceat(values[: first[-1]], first[full])
    return found


def bests(values: Floats, first: Ints) -> Ints:
    """Where the largest value of each segment stands, the first of equals; -1 where the segment is empty."""
    found = np.full(len(first) - 1, -1, dtype=np.int64)
    counts = np.diff(first)
    top = np.repeat(tops(values, first), counts)
    hits = np.flatnonzero(values[: first[-1]] == top)
    item = np.repeat(np.arange(len(first) - 1), counts)[hits]
    found[item[::-1]] = hits[::-1]
    return found
