"""A spreadsheet saved as CSV: its cells with their places, single values read, and the traps that spreadsheets set.

It knows neither decision tables nor reps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rules.names import kind
from rules.problems import Mark, Notes
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ROWS = 5_000
MAX_COLUMNS = 50
_FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_WAYS = {
    Type.DATE: "write year-month-day: 2026-11-04",
    Type.BOOLEAN: "write yes or no",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text without the spaces around it, and where it begins."""

    text: str
    mark: Mark


Line = list[Cell]


def read_lines(name: str, text: str, notes: Notes, *, most: int = MAX_ROWS) -> list[Line] | None:
    """The lines that are not empty, the header first; None, noted, where there is none or a quote stays open.

    ``most`` is how many rows there may be below the header.
    """
    known = len(notes.problems)
    lines = [line for line in cells(name, text, notes) if any(cell.text for cell in line)]
    if len(notes.problems) > known:
        return None
    if not lines:
        notes.error(Mark(name, 1, 1), "the table is empty", "its first line names the columns")
        return None
    return lines if _fits(lines, most, notes) else None


def cells(name: str, text: str, notes: Notes) -> Iterator[Line]:
    """RFC 4180 with the place of every cell, which the csv module does not tell."""
    row: Line = []
    line, start, position = 1, 0, 0
    while position <= len(text):
        mark = Mark(name, line, position - start + 1)
        content, after = _cell(text, position)
        if content is None:
            notes.error(mark, "a double quote is not closed", 'close it with "; a quote inside a cell is doubled')
            return
        row.append(Cell(content.strip(), mark))
        breaks = text.count("\n", position, after)
        if breaks:
            line, start = line + breaks, text.rfind("\n", position, after) + 1
        if after >= len(text) or text[after] == "\n":
            yield row
            row, line, start = [], line + 1, after + 1
        position = after + 1
    return


def _cell(text: str, position: int) -> tuple[str | None, int]:
    """The content of the cell that begins here, and where its separator stands; None for an open quote."""
    if text[position : position + 1] != '"':
        line_end = _find(text, "\n", position)
        comma = text.find(",", position, line_end)
        after = comma if comma >= 0 else line_end
        return text[position:after], after
    end = position + 1
    while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"':
        end += 2
    if end < 0:
        return None, len(text)
    after = min(_find(text, ",", end), _find(text, "\n", end))
    return text[position + 1 : end].replace('""', '"') + text[end + 1 : after], after


def _find(text: str, what: str, start: int) -> int:
    found = text.find(what, start)
    return found if found >= 0 else len(text)


def _fits(lines: list[Line], most: int, notes: Notes) -> bool:
    header = lines[0]
    if len(header) == 1:
        for separator, word in _SEPARATORS.items():
            if separator in header[0].text:
                notes.error(header[0].mark, f"the columns are separated by {word}", "save the table with commas")
                return False
    if len(header) > MAX_COLUMNS:
        notes.error(header[MAX_COLUMNS].mark, f"the table has {len(header)} columns, over {MAX_COLUMNS}")
        return False
    if len(lines) - 1 > most:
        message = f"the table has {len(lines) - 1:,} rows, over {most:,}"
        notes.error(lines[most + 1][0].mark, message, "split it")
        return False
    return True


def as_wide_as(header: Line, line: Line, notes: Notes) -> bool:
    """Whether the line has a cell for each column; it is noted where not."""
    if len(line) != len(header):
        message = f"the row has {len(line)} cells, the header has {len(header)}"
        notes.error(line[0].mark, message, "a comma inside a cell needs double quotes around the cell")
    return len(line) == len(header)


# Single values


def number(text: str) -> float | None:
    """The number that a text is; None if it is none."""
    return float(text) if _FIGURE.fullmatch(text) else None


def yes_no(text: str) -> bool | None:
    """The truth that a text is; None if it is none."""
    word = text.lower()
    return word in ("yes", "true") if word in ("yes", "no", "true", "false") else None


def day(text: str) -> str | None:
    """The date that a text is, as YYYY-MM-DD; None if it is none."""
    try:
        return date.fromisoformat(text).isoformat() if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def value(text: str, wanted: Type) -> str | float | bool | None:
    """What a cell says, as its type; None if it is not of that type. Any text is a text."""
    readers = {Type.NUMBER: number, Type.BOOLEAN: yes_no, Type.DATE: day}
    return readers[wanted](text) if wanted in readers else text


def misread(text: str, name: str, wanted: Type, example: str = "") -> tuple[str, str]:
    """What to say of a text that is not of the type that ``name`` wants: the message and the hint."""
    if wanted is Type.BOOLEAN:
        return f"'{text[:40]}' is neither yes nor no, as '{name}' wants", _WAYS[wanted]
    hint = _WAYS.get(wanted, example)
    if wanted is Type.NUMBER and "," in text:
        hint = "write 0.5, not 0,5, and no thousands separator"
    return f"'{text[:40]}' is not {kind(wanted)}, as '{name}' wants", hint


# Traps


def watch_codes(column: Iterable[Cell], notes: Notes) -> None:
    """Warn of texts that look as if a spreadsheet had read them as numbers: lost zeros, 7E+11."""
    found = list(column)
    codes = [cell for cell in found if cell.text.isdigit()]
    width = max((len(code.text) for code in codes), default=0)
    short = [code for code in codes if width - len(code.text) > 0]
    if short and len(short) * 2 < len(codes) and width > 2:  # noqa: PLR2004 - 1 to 99 are numbers, not codes
        hint = f"most here have {width} digits: format the column as text, then write {short[0].text.zfill(width)}"
        notes.warn(short[0].mark, f"'{short[0].text}' may have lost its leading zeros to a spreadsheet", hint)
    for cell in found:
        if re.fullmatch(r"\d(\.\d+)?E\+\d+", cell.text):
            notes.warn(cell.mark, f"'{cell.text}' may be a code that a spreadsheet turned into a number")
