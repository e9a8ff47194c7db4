"""What decays in a form that only events change, so that a plan made today still rests on the same tomorrow. Pure."""

from __future__ import annotations

import math

SUFFIX = "__count"


def counted(name: str) -> str:
    """The column that holds how many events a column which fades in a line adds up."""
    return f"{name}{SUFFIX}"


def halved(value: object, day: float, half_life_days: float) -> float | None:
    """A sum that halves, as of a day by its number: its logarithm as it would have been on 1 January 1970."""
    return round(math.log2(value) + day / half_life_days, 6) if isinstance(value, float) and value > 0 else None


def fading(value: object, count: object, day: int, days: int) -> list[int]:
    """A sum over ``count`` events of 1 - age / ``days``, as of a day: how many there are, and their days added up."""
    if not isinstance(value, int | float) or not isinstance(count, int):
        return [0, 0]
    return [count, round(count * day - days * (count - value))]
