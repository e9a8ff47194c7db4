"""Record ids as Salesforce writes them: 15 characters that tell case apart, and three more that carry the case."""

from __future__ import annotations

import string
from functools import lru_cache

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIX = string.ascii_uppercase + "012345"
_SHORT, _LONG = 15, 18
_POD = "5g0"
"""Where the org lives: the three characters after the key prefix."""


def checksum(short: str) -> str:
    """The three characters that follow a 15-character id: one for each five, its bits set by capital letters."""
    return _letter(short[:5]) + _letter(short[5:10]) + _letter(short[10:])


@lru_cache(maxsize=1 << 16)
def _letter(chunk: str) -> str:
    return _SUFFIX[sum(1 << bit for bit, char in enumerate(chunk) if "A" <= char <= "Z")]


def record_id(prefix: str, number: int) -> str:
    """The 18-character id of the ``number``-th record with this three-character key prefix. Sorts by number."""
    digits = []
    for _ in range(_SHORT - len(prefix) - len(_POD)):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    short = prefix + _POD + "".join(reversed(digits))
    return short + checksum(short)


def canonical(text: object) -> str | None:
    """The 18-character form of a 15- or 18-character id, or None if it is no id or its checksum is wrong."""
    if not isinstance(text, str) or len(text) not in {_SHORT, _LONG} or not (text.isascii() and text.isalnum()):
        return None
    suffix = checksum(text[:_SHORT])
    if len(text) == _LONG and text[_SHORT:].upper() != suffix:
        return None
    return text[:_SHORT] + suffix
