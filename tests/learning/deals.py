"""A made-up history of deals whose truth is known: industry, size and the buyer's role matter, the colour does not."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Deal = dict[str, str]
INDUSTRIES = {"Software": 1.2, "Banking": 0.6, "Retail": -0.4, "Public": -1.0}
ROLES = {"CIO": 0.8, "Manager": 0.0, "Intern": -0.8}


def deals(count: int = 900, *, seed: int = 1, weight: float = 1.0) -> list[Deal]:
    """Deals, oldest first. ``weight`` 0: the outcome is a coin's."""
    draw = random.Random(seed)  # noqa: S311 - a made-up history, not a secret
    return [_deal(number, draw, weight) for number in range(count)]


def _deal(number: int, draw: random.Random, weight: float) -> Deal:
    industry, role = draw.choice(list(INDUSTRIES)), draw.choice(list(ROLES))
    employees = int(draw.paretovariate(0.7) * 10)
    known = draw.random() > 0.1
    pull = INDUSTRIES[industry] + ROLES[role] + (0.9 if employees >= 40 else -0.6)
    won = draw.random() < 1 / (1 + 2.718281828 ** -(weight * pull))
    return {
        "deal": f"D{number:05}",
        "account": f"A{number // 2:05}",
        "asked_on": (date(2025, 1, 1) + timedelta(days=number * 300 // 900)).isoformat(),
        "industry": industry,
        "employees": str(employees) if known else "",
        "buyer_role": role,
        "colour": draw.choice(["red", "green", "blue"]),
        "stage": "Closed Won" if won else "Closed Lost",
    }


def write(path: Path, rows: Iterable[Mapping[str, str]], delimiter: str = ",") -> Path:
    """The deals as a CSV file."""
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, listed[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(listed)
    return path
