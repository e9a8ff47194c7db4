"""A document as plain text: aligned with blanks, no escape codes, no frames, so that grep and awk can read it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Heading, Items, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.report.document import Block, Column, Document

GAP = "  "


def plain(document: Document) -> str:
    """The whole document, ending in a line break; blocks are parted by an empty line."""
    return "\n\n".join("\n".join(line.rstrip() for line in _lines(block)) for block in document) + "\n"


def safe(text: str) -> str:
    """One line without control characters: what a CRM holds must not steer a terminal or forge a line."""
    return "".join(" " if letter.isspace() else letter for letter in text if not _steers(letter))


def parts(item: Text) -> list[str]:
    """An item's lines; all but the first are to be set in, so that none can pass for an item of its own."""
    return [safe(line) for line in item.text.split("\n")]


def width(text: str) -> int:
    """Terminal cells: wide East Asian letters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _steers(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter) in {"Cc", "Cf", "Cs"}


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, scene):
            yield safe(text)
            if scene:
                yield "=" * width(safe(text))
        case Text(text):
            yield from (safe(line) for line in text.split("\n"))
        case Items(lines):
            yield from ("\n  ".join([f"- {first}", *more]) for first, *more in (parts(line) for line in lines))
        case Fields(pairs):
            yield from _aligned([(f"{name}:", held) for name, held in pairs])
        case Commands(lines):
            noted = [(command, f"# {why}" if why else "") for command, why in lines]
            yield from (f"  {line}" for line in _aligned(noted))
        case Table(columns, rows):
            yield from _table(columns, rows)


def _aligned(pairs: list[tuple[str, str]]) -> Iterator[str]:
    cells = [(safe(name), safe(value)) for name, value in pairs]
    longest = max((width(name) for name, _ in cells), default=0)
    yield from (_cell(name, longest) + GAP + value for name, value in cells)


def _table(columns: tuple[Column, ...], rows: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    cells = [tuple(safe(cell) for cell in row) for row in rows]
    lines = [tuple(column.title.upper() for column in columns), *cells]
    widths = [max(width(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        yield GAP.join(
            _cell(cell, size, right=column.right) for cell, size, column in zip(line, widths, columns, strict=True)
        )


def _cell(text: str, size: int, *, right: bool = False) -> str:
    blanks = " " * (size - width(text))
    return blanks + text if right else text + blanks
