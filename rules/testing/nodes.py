"""Groups, lists, days and figures of a test file, read from its nodes. It knows no rule and no field."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rules import sheet
from rules.document import Mapping, Scalar, Sequence
from rules.problems import nearest
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rules.document import Node
    from rules.problems import Notes
    from rules.testing.model import Value
    from rules.vocabulary import FieldInfo

MAX_DAYS = 36_500
DAYS_HINT = "write a date (2026-11-04), today, 3 days ago or in 30 days"
_AGO = re.compile(r"([0-9]{1,5}) days? ago", re.ASCII)
_AHEAD = re.compile(r"in ([0-9]{1,5}) days?", re.ASCII)
EMPTY = "empty"
"""A value that is not there, where it stands without quotes."""


def entries(node: Node | None, what: str, notes: Notes) -> Iterator[tuple[Scalar, Node]]:
    """The keys and values of a group; what is no group is noted."""
    if isinstance(node, Mapping):
        yield from node.entries
    elif node is not None:
        notes.error(node.mark, f"{what} is a group of keys", "write key: value")


def items(node: Node | None, what: str, notes: Notes) -> Iterator[Node]:
    """The entries of a list; a single value counts as a list of one. What is no list is noted."""
    if isinstance(node, Sequence):
        yield from node.items
    elif isinstance(node, Scalar) and node.text.strip():
        yield node
    elif node is not None:
        notes.error(node.mark, f"{what} is a list", "begin each entry with '- ', or write [a, b]")


def keyed(node: Node | None, what: str, known: Collection[str], notes: Notes) -> dict[str, Node]:
    """The values of a group by their keys; keys that are not known are noted."""
    found = {}
    for key, value in entries(node, what, notes):
        if key.text in known:
            found[key.text] = value
        else:
            notes.error(key.mark, f"unknown key '{key.text[:60]}'", nearest(key.text, known))
    return found


def scalar(node: Node | None, what: str, notes: Notes) -> Scalar | None:
    """The single value; what is none is noted, and an empty one."""
    if isinstance(node, Scalar) and node.text.strip():
        return node
    if isinstance(node, Scalar):
        notes.error(node.mark, f"{what} has no value", "write one, or remove the key; 'empty' is an empty value")
    elif node is not None:
        notes.error(node.mark, f"{what} is a single value")
    return None


def is_empty(node: Node) -> bool:
    """Whether the value says that there is none."""
    return isinstance(node, Scalar) and node.plain and node.text == EMPTY


def day(node: Node | None, what: str, today: date, notes: Notes) -> date | None:
    """A day: a date, or one counted from the test's day."""
    found = scalar(node, what, notes)
    if found is None:
        return None
    try:
        return _day(found.text.strip(), today)
    except (ValueError, OverflowError):
        notes.error(found.mark, f"'{found.text[:40]}' is not a day", DAYS_HINT)
        return None


def _day(text: str, today: date) -> date:
    if text == "today":
        return today
    if ago := _AGO.fullmatch(text):
        return today - timedelta(days=int(ago[1]))
    if ahead := _AHEAD.fullmatch(text):
        return today + timedelta(days=int(ahead[1]))
    if sheet.day(text) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


def figure(node: Node | None, what: str, notes: Notes, least: float = -1e15, most: float = 1e15) -> float | None:
    """A number within bounds."""
    found = scalar(node, what, notes)
    if found is None:
        return None
    number = sheet.number(found.text.strip())
    if number is None:
        notes.error(found.mark, f"'{found.text[:40]}' is not a number, as {what} wants", "write 70 or 0.5")
    elif not least <= number <= most:
        notes.error(found.mark, f"{found.text[:40]} is out of range for {what}", f"from {least:,g} to {most:,g}")
        return None
    return number


def value(node: Node, info: FieldInfo, today: date, notes: Notes, *, strict: bool = False) -> Value:
    """A field's value, checked against its type; None for ``empty`` and for what is noted.

    What a picklist lacks is noted as a warning, since records may hold it all the same; as an error where ``strict``.
    """
    what = f"'{info.name}'"
    if is_empty(node):
        return None
    if info.type is Type.DATE:
        found = day(node, what, today, notes)
        return found.isoformat() if found else None
    if info.type is Type.NUMBER:
        return figure(node, what, notes)
    written = scalar(node, what, notes)
    if written is None:
        return None
    if info.type is Type.BOOLEAN:
        if (truth := sheet.yes_no(written.text)) is None:
            notes.error(written.mark, *sheet.misread(written.text, info.name, info.type))
        return truth
    if info.values and written.text not in info.values:
        message = f"'{written.text[:60]}' is not a value of the picklist '{info.name}'"
        (notes.error if strict else notes.warn)(written.mark, message, nearest(written.text, info.values))
    return written.text
