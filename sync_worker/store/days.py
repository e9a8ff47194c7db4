"""Days in the SQL of each engine: whole UTC days as numbers, counted from 1970. It knows no table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, case, cast, func, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler

_FIRST = date(1970, 1, 1)
_NEVER = 9_999_999
"""A day that no calendar has."""


class DayOf(FunctionElement[int]):
    """The number of the day of a stored instant or date, which is text that begins with ``YYYY-MM-DD``."""

    type = Integer()
    inherit_cache = True

    def __init__(self, at: ColumnElement[Any]) -> None:
        super().__init__(at)


@compiles(DayOf, "sqlite")
def _on_sqlite(element: DayOf, compiler: SQLCompiler, **words: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    (at,) = element.clauses
    return f"CAST(JULIANDAY(SUBSTR({compiler.process(at, **words)}, 1, 10)) - 2440587.5 AS INTEGER)"


@compiles(DayOf, "postgresql")
def _on_postgresql(element: DayOf, compiler: SQLCompiler, **words: Any) -> str:  # noqa: ANN401 - the same
    (at,) = element.clauses
    return f"(CAST(SUBSTR({compiler.process(at, **words)}, 1, 10) AS DATE) - DATE '1970-01-01')"


def number(at: datetime) -> int:
    """The number of the UTC day that the moment falls into."""
    return (at.astimezone(UTC).date() - _FIRST).days


def midnight(at: datetime, days_before: int = 0) -> datetime:
    """The first moment of the UTC day, or of one so many days before; the year 1 is as far as it goes."""
    first = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return first - timedelta(days=days_before)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def earliest(days: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The lowest of the numbers of days that are there; NULL where none is."""
    if not days:
        return cast(null(), Integer)
    least: ColumnElement[Any] = func.coalesce(days[0], _NEVER)
    for day in days[1:]:
        least = case((func.coalesce(day, _NEVER) < least, func.coalesce(day, _NEVER)), else_=least)
    return func.nullif(least, _NEVER)
