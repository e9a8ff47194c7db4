"""Which records cannot be kept, and why, so that one bad record blocks no other (I17). Pure; it stores nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.port import Record

MOST_TEXT = 1_000_000
"""Characters in all of one record's fields; more than twice what Salesforce allows in a record."""

MOST_ID = 40
"""Characters of an id; Salesforce's have 18."""

IDS = ("owner", "account")
"""The fields that name other records, in every stream that has them."""


def reason(record: Record) -> str | None:
    """Why this record cannot be kept; None for a sound one. It names fields, never their contents."""
    bad = _id_fault(record.ref.id) or (record.merged_into is not None and _id_fault(record.merged_into))
    if bad:
        return bad
    if record.modified.tzinfo is None:
        return "its time of change has no time zone"
    odd = next((name for name in IDS if len(str(record.fields.get(name) or "")) > MOST_ID), None)
    if odd:
        return f"field '{odd}' is no id: it has more than {MOST_ID} characters"
    texts = [value for value in record.fields.values() if isinstance(value, str)]
    size = sum(map(len, texts))
    if size > MOST_TEXT:
        return f"it holds {size:,} characters of text, over {MOST_TEXT:,}"
    # Texts are looked at as one, which is quick, and one by one only where something is wrong.
    if _text_fault("".join(texts)) is None and all(map(_plain, record.fields.values())):
        return None
    return _faults(record.fields.items())


def printable(id_: str) -> str:
    """An id that can be kept for one that may not be."""
    return id_ if _id_fault(id_) is None else ascii(id_)[:MOST_ID]


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str) or _number_fault(value) is None


def _faults(fields: Iterable[tuple[str, object]]) -> str | None:
    for name, value in fields:
        fault = _text_fault(value) if isinstance(value, str) else value is not None and _number_fault(value)
        if fault:
            return f"field '{name}' {fault}"
    return None


def _id_fault(id_: str) -> str | None:
    if not id_ or len(id_) > MOST_ID:
        return f"its id has {len(id_)} characters, not 1 to {MOST_ID}"
    return None if id_.isascii() and id_.isprintable() else "its id has characters that no id has"


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (an unpaired surrogate)"
    return None


def _number_fault(value: object) -> str | None:
    if not isinstance(value, (int, float)):
        return f"is a {type(value).__name__}, neither text, number, yes/no nor empty"
    try:
        return None if math.isfinite(value) else "is no finite number"
    except OverflowError:
        return "is too large for a number"
