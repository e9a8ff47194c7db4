"""Which records cannot be kept, and why, so that one bad record blocks no other (I17). Pure; it stores nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.port import Record

MOST_TEXT = 1_000_000
"""Characters in all of one record's fields; more than twice what Salesforce allows in a record."""

MOST_ID = 40


def reason(record: Record) -> str | None:
    """Why this record cannot be kept; None for a sound one. It names fields, never their contents."""
    bad = _bad_id(record.ref.id) or (record.merged_into is not None and _bad_id(record.merged_into))
    if bad:
        return bad
    if record.modified.tzinfo is None:
        return "its time of change has no time zone"
    for name, value in record.fields.items():
        fault = _fault(value)
        if fault:
            return f"field '{name}' {fault}"
    size = sum(len(value) for value in record.fields.values() if isinstance(value, str))
    return f"it holds {size:,} characters of text, over {MOST_TEXT:,}" if size > MOST_TEXT else None


def printable(id_: str) -> str:
    """An id that can be kept for one that may not be."""
    return id_ if _bad_id(id_) is None else ascii(id_)[:MOST_ID]


def _bad_id(id_: str) -> str | None:
    if not id_ or len(id_) > MOST_ID:
        return f"its id has {len(id_)} characters, not 1 to {MOST_ID}"
    return None if id_.isascii() and id_.isprintable() else "its id has characters that no id has"


def _fault(value: object) -> str | None:
    if isinstance(value, str):
        return _text_fault(value)
    if value is None or isinstance(value, (int, float)):
        return _number_fault(value)
    return f"is a {type(value).__name__}, neither text, number, yes/no nor empty"


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (an unpaired surrogate)"
    return None


def _number_fault(value: float | None) -> str | None:
    try:
        return None if value is None or math.isfinite(value) else "is no finite number"
    except OverflowError:
        return "is too large for a number"
