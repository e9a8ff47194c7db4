"""Made-up accounts whose truth is known: industry and size make customers, the colour does not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.market.filling import Filling
from sync_worker.core.scorecard.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync_worker.core.model import Value
    from sync_worker.core.scorecard.columns import Column, Flags

Account = dict[str, "Value"]
KINDS = {"employees": Kind.NUMBER, "headcount": Kind.NUMBER, "listed": Kind.YES_NO}


def accounts(count: int = 1_200, *, seed: int = 1, weight: float = 1.0) -> tuple[list[Account], Flags]:
    """Accounts, and whether each is a customer. ``weight`` 0: chance alone makes customers."""
    draw = random.Random(seed)  # noqa: S311 - made-up accounts, not a secret
    drawn = [_account(number, draw, weight) for number in range(count)]
    return [each for each, _ in drawn], np.array([won for _, won in drawn])


def _account(number: int, draw: random.Random, weight: float) -> tuple[Account, bool]:
    industry = draw.choice(("Fintech", "Software", "Retail", "Energy", "Public"))
    employees = int(draw.paretovariate(0.7) * 10)
    pull = (1.2 if industry in {"Fintech", "Software"} else -0.6) + (0.9 if employees >= 40 else -0.6)
    won = draw.random() < 1 / (1 + 2.718281828 ** -(weight * pull - 1.4))
    return {
        "name": f"Account {number}",
        "industry": industry if draw.random() < 0.8 else None,
        "employees": employees if draw.random() < 0.7 else None,
        "country": draw.choice(("US", "GB", "DE", "NO")),
        "colour": draw.choice(("red", "green", "blue")),
        "listed": draw.random() < 0.1,
    }, won


def columns(rows: list[Account], **more: Callable[[int, Account], Value]) -> list[Column]:
    """The accounts as columns; ``more`` are fields worked out of a row's number and fields."""
    told = [{**row, **{name: how(at, row) for name, how in more.items()}} for at, row in enumerate(rows)]
    found = []
    for name in told[0]:
        filling = Filling(name, KINDS.get(name, Kind.TEXT))
        filling.take([row[name] for row in told])
        found.append(filling.column())
    return found
