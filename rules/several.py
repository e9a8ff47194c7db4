"""Texts that list several values, as picklists with many choices do: between ``;`` or ``|``. It knows no conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS = re.compile(r"[;|]")


def values_of(text: str) -> tuple[str, ...]:
    """The values that a text lists, none of them empty, their spaces as they are compared."""
    return tuple(value for part in _SEPARATORS.split(text) if (value := spaced(part)))


def spaced(text: str) -> str:
    """The text without the spaces around it, and with one for several in a row. Only spaces: no other white."""
    return " ".join(part for part in text.split(" ") if part)


def picklist_of(values: Iterable[str]) -> frozenset[str]:
    """What texts may list where a field has these values, several of them joined in one or not."""
    return frozenset(value for text in values for value in values_of(text))


def unlikely(choice: str, field: str, known: frozenset[str]) -> tuple[str, str] | None:
    """Why no text of the field ever lists the choice, and the way out; ``known`` are a picklist's values, or none."""
    if not spaced(choice):
        return "an empty text is none of several values", "write 'is empty' or 'is not empty'"
    if _SEPARATORS.search(choice):
        each = ", ".join(f"'{value}'" for value in values_of(choice)) or "each by itself"
        return f"'{choice[:60]}' is not one value: ; and | stand between values", f"write {each}"
    if known and spaced(choice) not in known:
        return f"'{choice[:60]}' is not a value of the picklist '{field}'", nearest(choice, known)
    return None
