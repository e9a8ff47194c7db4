"""What both CRMs' values have in common: texts without what no store takes, numbers, times in UTC. Pure.

Each CRM's own ``values`` says which of these its values are. What cannot be understood is ValueError, never a guess.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

LARGEST_EXACT = 2**53
"""Whole floats up to here become integers, so that 50.0 and 50 are one value, however it has travelled."""


def instant(text: object) -> datetime:
    """A time in ISO form, such as ``2026-11-04T10:00:00.000+0000``, as UTC. It must have a time zone."""
    if not isinstance(text, str) or "T" not in text:
        raise ValueError(f"{text!r:.60} is no time")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC)


def iso(at: datetime) -> str:
    """``2026-11-04T10:00:00Z``, with milliseconds only where there are some."""
    spec = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def day_or_time(text: str) -> str:
    """A date as it is, a time in UTC."""
    return iso(instant(text)) if "T" in text else date.fromisoformat(text).isoformat()


def cleaned(text: object) -> str:
    """The text without NUL and without half a surrogate pair: stores take neither, and both come of old imports.

    Raises TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError
    whole = text.replace("\x00", "")
    return whole if whole.isascii() else whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def exact(value: float) -> int | float:
    """The number, as an integer where it is whole. NaN and infinity are no values."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return int(value) if value.is_integer() and abs(value) <= LARGEST_EXACT else value


def number_of(text: str) -> int | float:
    """A number written as text."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if "_" in text:
        raise ValueError(f"{text!r:.60} is no number")
    return exact(float(text))


def boolean_of(text: str) -> bool:
    """``true`` or ``false``, in whatever letters."""
    if text.lower() not in {"true", "false"}:
        raise ValueError(f"{text!r:.60} is neither true nor false")
    return text.lower() == "true"


def snake(text: str) -> str:
    """``Web Form``, ``WebForm`` and ``WEB_FORM`` → ``web_form``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    return re.sub(r"\W+", "_", apart).strip("_").lower()
