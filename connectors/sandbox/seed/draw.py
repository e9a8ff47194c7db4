"""Random draws and moments that give the same answer on every machine. Nothing here reads the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.ids import record_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from connectors.port import Value
    from connectors.sandbox.schema import Row

T = TypeVar("T")


def stamp(moment: datetime) -> str:
    """A moment as the CRM writes it: UTC, whole seconds, ``2026-11-04T10:00:00.000+0000``."""
    return moment.isoformat()[:19] + ".000+0000"


def weighted(draw: Random, choices: Sequence[tuple[T, float]]) -> T:
    """One of the choices, as often as its weight says."""
    return draw.choices([value for value, _ in choices], [weight for _, weight in choices])[0]


def power_law(draw: Random, exponent: float, most: int = 40) -> int:
    """A whole number from 1 on whose frequency falls as k^-exponent."""
    return draw.choices(range(1, most + 1), cum_weights=_power_weights(exponent, most))[0]


@lru_cache(maxsize=4)
def _power_weights(exponent: float, most: int) -> tuple[float, ...]:
    return tuple(accumulate(k**-exponent for k in range(1, most + 1)))


def pareto(draw: Random, least: float, alpha: float, most: float) -> int:
    """A Pareto number, cut at ``most``."""
    return int(min(least / (1.0 - draw.random()) ** (1.0 / alpha), most))


def log_normal(draw: Random, mu: float, sigma: float, step: int) -> int:
    """A log-normal sum, rounded to ``step``."""
    return max(step, round(math.exp(draw.gauss(mu, sigma)) / step) * step)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Moments counted back from one day, in UTC."""

    today: date

    def day(self, ago: int) -> str:
        """The date so many days ago; a negative number lies ahead."""
        return (self.today - timedelta(days=ago)).isoformat()

    def moment(self, draw: Random, ago: int) -> str:
        """A time in the working hours of that day; never later than the start of today."""
        start = datetime.combine(self.today - timedelta(days=max(ago, 1)), time(8), UTC)
        return stamp(start + timedelta(seconds=draw.randrange(9 * 3600)))


class Book:
    """Rows of one object as they are being written, with their ids counted from one."""

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.rows: dict[str, Row] = {}
        columns = CATALOG[entity].columns.values()
        self._prefix = CATALOG[entity].prefix
        self._defaults: Row = {column.name: column.default for column in columns if column.default is not None}

    def add(self, created: str, by: str, changed: tuple[str, str] | None = None, /, **values: Value) -> Row:
        """A new row with its id and audit fields; ``changed`` says when and by whom last. Nulls are left out."""
        row: Row = {"Id": record_id(self._prefix, len(self.rows) + 1), **self._defaults}
        row.update({name: value for name, value in values.items() if value is not None})
        modified, modifier = changed or (created, by)
        row |= {"CreatedDate": created, "CreatedById": by, "LastModifiedById": modifier}
        row |= {"LastModifiedDate": modified, "SystemModstamp": modified}
        self.rows[str(row["Id"])] = row
        return row
