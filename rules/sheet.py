"""A spreadsheet saved as CSV: its cells with their places, and single values read.

It knows neither decision tables nor reps.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from rules import traps
from rules.names import kind
from rules.problems import Mark, Notes
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ROWS = 5_000
MAX_COLUMNS = 50
MAX_CELLS = 300_000
"""Of one file, empty ones included: lines of nothing but commas are cells, too."""
MAX_CELL = 32_767
"""Characters of one cell. No spreadsheet holds more."""
_END = re.compile("[,\n]")
_OPEN = "\ue000open\ue000"
"""Its characters are for private use: no file means them. It stands for a cell whose quote is never closed."""
_FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_WAYS = {
    Type.DATE: "write year-month-day: 2026-11-04",
    Type.BOOLEAN: "write yes or no",
}


class Cell(NamedTuple):
    """A cell's text without the spaces around it, and where it begins."""

    text: str
    file: str
    line: int
    column: int

    @property
    def mark(self) -> Mark:
        """Where the cell begins."""
        return Mark(self.file, self.line, self.column)


Line = list[Cell]


def read_lines(name: str, text: str, notes: Notes, *, most: int = MAX_ROWS) -> list[Line] | None:
    """The lines that are not empty, the header first; None, noted, where there is none or a quote stays open.

    ``most`` is how many rows there may be below the header.
    """
    known = len(notes.problems)
    lines = [line for line in cells(name, text, notes) if any(cell.text for cell in line)]
    if len(notes.problems) > known:
        return None
    _trim(lines)
    for cell in chain.from_iterable(lines):
        if told := traps.broken(cell.text):
            notes.error(cell.mark, *told)
    if not lines:
        notes.error(Mark(name, 1, 1), "the table is empty", "its first line names the columns")
        return None
    return lines if _fits(lines, most, notes) else None


def cells(name: str, text: str, notes: Notes) -> Iterator[Line]:
    """RFC 4180 with the place of every cell, which the csv module does not tell."""
    line, position, left = 1, 0, MAX_CELLS
    while position <= len(text):
        end = _find(text, "\n", position)
        if text.find('"', position, end) >= 0:
            row, end = _quoted(name, text, line, position, left)
        else:
            row = _plain(name, text, line, position, end, left)
        left -= len(row)
        if wrong := _beyond(row, left):
            notes.error(row[-1].mark, *wrong)
            return
        yield row
        line += text.count("\n", position, end) + 1
        position = end + 1


def _plain(name: str, text: str, line: int, start: int, end: int, most: int) -> Line:  # noqa: PLR0913, PLR0917 - a place
    """A line without quotes: its cells, of too many or too long ones those up to the first."""
    row: Line = []
    column = 1
    for part in text[start:end].split(",", most):
        row.append(Cell(part.strip(), name, line, column))
        column += len(part) + 1
        if len(part) > MAX_CELL:
            break
    return row


def _quoted(name: str, text: str, line: int, start: int, most: int) -> tuple[Line, int]:
    """A row with quotes, which may go over several lines: its cells up to a wrong one, and where it ends."""
    row: Line = []
    position, begin = start, start
    while True:
        content, after = _cell(text, position)
        text_of = _OPEN if content is None else content
        row.append(Cell(text_of.strip(), name, line, position - begin + 1))
        ends = after >= len(text) or text[after] == "\n"
        if ends or content is None or len(content) > MAX_CELL or len(row) > most:
            return row, after
        if breaks := text.count("\n", position, after):
            line, begin = line + breaks, text.rfind("\n", position, after) + 1
        position = after + 1


def _beyond(row: Line, left: int) -> tuple[str, str] | None:
    """Why the last cell of a row, and none after it, can be read, and the way out; None where all is well."""
    if row[-1].text == _OPEN:
        return "a double quote is not closed", 'close it with "; a quote inside a cell is doubled'
    if left < 0:
        return f"the table has more than {MAX_CELLS:,} cells", "split it, or delete the columns that rules do not read"
    if len(row[-1].text) > MAX_CELL:
        return (
            f"the cell has more than {MAX_CELL:,} characters",
            "a double quote takes in all up to the next",
        )
    return None


def _cell(text: str, position: int) -> tuple[str | None, int]:
    """The content of the cell that begins here, and where its separator stands; None for an open quote."""
    if text[position : position + 1] != '"':
        after = _end(text, position)
        return text[position:after], after
    end = position + 1
    while (end := text.find('"', end)) >= 0 and text[end + 1 : end + 2] == '"' and end - position < 4 * MAX_CELL:
        end += 2
    if end < 0:
        return None, len(text)
    after = _end(text, end)
    return text[position + 1 : end].replace('""', '"') + text[end + 1 : after], after


def _find(text: str, what: str, start: int) -> int:
    found = text.find(what, start)
    return found if found >= 0 else len(text)


def _end(text: str, start: int) -> int:
    """Where the cell ends: at the next comma or line, found without looking any further."""
    found = _END.search(text, start)
    return found.start() if found else len(text)


def _trim(lines: list[Line]) -> None:
    """Spreadsheets write commas behind the last column, too: columns without any text are none."""
    filled = max((at for line in lines for at, cell in enumerate(line, 1) if cell.text), default=0)
    for line in lines:
        while len(line) > (filled if line is lines[0] else len(lines[0])) and not line[-1].text:
            line.pop()


def _fits(lines: list[Line], most: int, notes: Notes) -> bool:
    header = lines[0]
    if re.fullmatch(r"sep=.?", header[0].text, re.IGNORECASE):
        notes.error(header[0].mark, f"'{header[0].text}' is a line for Excel alone", "delete it")
        return False
    for separator, word in _SEPARATORS.items():
        if any(separator in cell.text for cell in header):
            hint = "save the table with commas: spreadsheets take the separator from the region that they are set to"
            notes.error(header[0].mark, f"the columns are separated by {word}", hint)
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
        if len(line) < len(header):
            notes.error(line[0].mark, message, "every column needs its comma, also behind an empty cell")
        else:
            why, hint = traps.unquoted(line) or ("", "a comma inside a cell needs double quotes around the cell")
            notes.error(line[0].mark, f"{message}: {why}" if why else message, hint)
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
    wrong = "neither yes nor no" if wanted is Type.BOOLEAN else f"not {kind(wanted)}"
    why, hint = traps.mistyped(text, wanted) or ("", _WAYS.get(wanted, example))
    return f"'{text[:40]}' is {wrong}, as '{name}' wants{': ' if why else ''}{why}", hint
