"""A history of deals as typed columns: text in, numbers, levels and yes/no out. It reads no file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

EMPTY = frozenset({"", "null", "nan", "n/a", "#n/a"})
"""What counts as an empty cell, in lower case. NA is not among them: it may stand for Namibia."""
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_LOST_ZERO = re.compile(r"0\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?", re.ASCII)


class Kind(StrEnum):
    """What a column's cells are."""

    NUMBER = "number"
    TEXT = "text"
    YES_NO = "yes/no"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One field of every row."""

    name: str
    kind: Kind
    distinct: tuple[str, ...]
    """Every value that occurs, sorted as text."""
    places: Ints
    """Each row's value, as its place in ``distinct``; -1 where the row has none."""
    numbers: Floats
    """The values of a number column, NaN where a row has none; empty for any other kind."""

    @property
    def filled(self) -> Flags:
        """Where there is a value."""
        return self.places >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Deals that ended, one a row: what was known of each, and how it ended."""

    columns: tuple[Column, ...]
    won: Flags
    days: Ints | None = None
    """When each row was decided on, as a count of days; None where nobody said."""
    keys: tuple[str, ...] | None = None
    """Rows of one key (one account, say) stand on one side of a split, save the split in time."""
    held_out: Flags | None = None
    """Rows that somebody set apart for the judgement; None where nobody did."""
    champion: Floats | None = None
    """The score in force: the higher, the better. NaN counts as the lowest."""

    def __len__(self) -> int:
        return len(self.won)


def column(name: str, texts: Sequence[str]) -> Column:
    """The column of these cells, of the narrowest kind that holds them all; a code with leading zeros is text."""
    cells = [None if text.strip().lower() in EMPTY else text.strip() for text in texts]
    known = {cell for cell in cells if cell is not None}
    kind = _kind(known)
    if kind is Kind.YES_NO:
        cells = [cell and cell.lower() for cell in cells]
        known = {cell.lower() for cell in known}
    numbers = [float(cell) if cell else np.nan for cell in cells] if kind is Kind.NUMBER else []
    distinct = tuple(sorted(known))
    place = {value: number for number, value in enumerate(distinct)}
    places = np.array([-1 if cell is None else place[cell] for cell in cells], dtype=np.int64)
    return Column(name, kind, distinct, places, np.array(numbers, dtype=np.float64))


def _kind(known: set[str]) -> Kind:
    if known and all(map(_NUMBER.fullmatch, known)) and not any(map(_LOST_ZERO.match, known)):
        return Kind.NUMBER
    if known and {value.lower() for value in known} <= {"true", "false"}:
        return Kind.YES_NO
    if known and all(day_of(value) is not None for value in known):
        return Kind.DATE
    return Kind.TEXT


def day_of(text: str) -> int | None:
    """The day of an ISO date or time, as a count of days; None for anything else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return None
