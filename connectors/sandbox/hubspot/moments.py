"""Moments and days as HubSpot writes and reads them: UTC, to the millisecond, or milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000


def written(moment: datetime) -> str:
    """``2026-11-04T10:00:00.123Z``; whole seconds have no fraction."""
    text = moment.astimezone(UTC).isoformat()[:19]
    milliseconds = moment.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(number: int) -> datetime:
    """The moment so many milliseconds after 1970. Raises OverflowError."""
    return _EPOCH + timedelta(milliseconds=number)


def read_moment(text: str) -> datetime | None:
    """An ISO moment, an ISO day or milliseconds since 1970; None if it is none of them. Without a zone it is UTC."""
    try:
        if text.lstrip("-").isdigit():
            return from_milliseconds(int(text))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_day(text: str) -> str | None:
    """A day from its ISO form or from its midnight, UTC; None if it is neither."""
    moment = read_moment(text)
    if moment is None or milliseconds(moment) % _DAY:
        return None
    return moment.date().isoformat()
