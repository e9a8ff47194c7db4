"""How values are kept in columns, alike on every engine. It knows no table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, Integer, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class UtcTime(TypeDecorator[datetime]):
    """An instant as ISO 8601 text in UTC with microseconds: it sorts and compares alike on every engine."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse naive times: they have no place on a line of instants."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a time without a zone cannot be stored: {value.isoformat()}"
            raise ValueError(message)
        # isoformat, not strftime: the C library writes the year 800 as "800", which sorts last.
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Give the instant back, aware, in UTC."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in INTEGER columns."""

Json = JSON(none_as_null=True)
"""JSON kept as the text that was written: 1e16 stays a float, so a sealed plan's hash can be computed again."""

Fields = JSON().with_variant(JSONB(), "postgresql")
"""A record's fields, or one value, in the form from which SQL reads them fastest."""
