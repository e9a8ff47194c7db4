"""Date literals as stored values, and relative ones (``LAST_N_DAYS:30``) as the days that they cover. All in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from connectors.sandbox.seed.draw import stamp

_MONTHS = 12
_QUARTER = 3
_FIXED = {"YESTERDAY": (-1, 0), "TODAY": (0, 1), "TOMORROW": (1, 2)}


def moment(text: str) -> str:
    """A datetime literal in the form that rows hold. Raises ValueError if there is no such moment."""
    normal = text.upper().replace("Z", "+00:00")
    whole, _, fraction = normal.partition(".")
    zone = fraction.lstrip("0123456789")
    return stamp(datetime.fromisoformat(whole + zone).astimezone(UTC))


def day(text: str) -> str:
    """A date literal in the form that rows hold. Raises ValueError if there is no such day."""
    return date.fromisoformat(text).isoformat()


def span(literal: str, today: date) -> tuple[date, date]:
    """The first day that a relative literal covers, and the first that it no longer does. Weeks begin on Sunday."""
    name, _, figure = literal.partition(":")
    count = int(figure or 0)
    if name in _FIXED:
        first, end = _FIXED[name]
        return today + timedelta(days=first), today + timedelta(days=end)
    if name in {"LAST_90_DAYS", "NEXT_90_DAYS"}:
        name, count = name.replace("90", "N"), 90
    if name.endswith("_AGO"):
        unit = name.removeprefix("N_").removesuffix("S_AGO")
        start = _begin(today, unit)
        return _shift(start, unit, -count), _shift(start, unit, 1 - count)
    return _window(name, count, today)


def _window(name: str, count: int, today: date) -> tuple[date, date]:
    when, _, rest = name.partition("_")
    unit = rest.removeprefix("N_").removesuffix("S")
    start = _begin(today, unit)
    if when == "THIS":
        return start, _shift(start, unit, 1)
    if unit == "DAY" and when == "LAST":
        # LAST_N_DAYS begins n days before today and goes on to the end of today.
        return today - timedelta(days=count), today + timedelta(days=1)
    if unit == "DAY":
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    count = count if rest.startswith("N_") else 1
    return (
        (_shift(start, unit, -count), start)
        if when == "LAST"
        else (_shift(start, unit, 1), _shift(start, unit, 1 + count))
    )


def _begin(today: date, unit: str) -> date:
    match unit:
        case "WEEK":
            return today - timedelta(days=(today.weekday() + 1) % 7)
        case "MONTH":
            return today.replace(day=1)
        case "QUARTER":
            return today.replace(month=(today.month - 1) // _QUARTER * _QUARTER + 1, day=1)
        case "YEAR":
            return today.replace(month=1, day=1)
        case _:
            return today


def _shift(start: date, unit: str, count: int) -> date:
    if unit in {"DAY", "WEEK"}:
        return start + timedelta(days=count * (7 if unit == "WEEK" else 1))
    months = {"MONTH": 1, "QUARTER": _QUARTER, "YEAR": _MONTHS}[unit] * count
    year, month = divmod(start.year * _MONTHS + start.month - 1 + months, _MONTHS)
    return date(year, month + 1, 1)
