"""Decision tables: CSV rows read into the conditions they stand for. The first row that matches gives the outputs.

Headers are field names (inputs) or ``then NAME`` / ``then NAME (number)`` (outputs). A cell is a small condition on its
column's field; docs/rules.md lists the forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rules import tree
from rules.model import Output, Row, Table
from rules.problems import Mark, Notes, nearest
from rules.vocabulary import FieldInfo, Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.names import Names

MAX_ROWS = 5_000
MAX_COLUMNS = 50
_OUTPUT = re.compile(r"then ([A-Za-z_][A-Za-z0-9_]{0,62})(?: \((text|number)\))?", re.ASCII)
_FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(.+)", re.DOTALL)
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text without the spaces around it, and where it begins."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Input:
    field: FieldInfo
    cell: Cell


def read_table(name: str, text: str, names: Names, notes: Notes) -> Table | None:
    """The table; None when its header cannot be used. Every problem is noted at its cell."""
    known = len(notes.problems)
    lines = [line for line in cells(name, text, notes) if any(cell.text for cell in line)]
    if len(notes.problems) > known:
        return None
    if not lines:
        notes.error(Mark(name, 1, 1), "the table is empty", "its first line names the columns")
        return None
    columns = _header(lines[0], names, notes)
    if columns is None:
        return None
    if len(lines) - 1 > MAX_ROWS:
        notes.error(
            lines[MAX_ROWS + 1][0].mark, f"the table has {len(lines) - 1:,} rows, over {MAX_ROWS:,}", "split it"
        )
        return None
    if len(lines) == 1:
        notes.error(lines[0][0].mark, "the table has no rows", "add one below the header")
    rows = [row for line in lines[1:] if (row := _row(line, columns, notes)) is not None]
    _watch_zeros(columns, lines[1:], notes)
    _watch_reach(rows, notes)
    inputs = tuple(column.field.name for column in columns if isinstance(column, _Input))
    outputs = tuple(column for column in columns if isinstance(column, Output))
    return Table(name.rsplit(".", 1)[0], inputs, outputs, tuple(rows), lines[0][0].mark)


def promised(name: str, text: str) -> dict[str, FieldInfo]:
    """The outputs that a header names, however wrong the rest is: conditions that read them are not at fault."""
    header = next(cells(name, text, Notes()), [])
    matches = (_OUTPUT.fullmatch(cell.text) for cell in header)
    return {
        found[1]: FieldInfo(found[1], Type.NUMBER if found[2] == "number" else Type.TEXT) for found in matches if found
    }


def cells(name: str, text: str, notes: Notes) -> Iterator[list[Cell]]:
    """RFC 4180 with the place of every cell, which the csv module does not tell."""
    row: list[Cell] = []
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
        after = min(end for end in (_find(text, ",", position), _find(text, "\n", position)) if end >= 0)
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


def _header(line: list[Cell], names: Names, notes: Notes) -> list[_Input | Output] | None:
    if len(line) == 1:
        for separator, word in _SEPARATORS.items():
            if separator in line[0].text:
                notes.error(line[0].mark, f"the columns are separated by {word}", "save the table with commas")
                return None
    if len(line) > MAX_COLUMNS:
        notes.error(line[MAX_COLUMNS].mark, f"the table has {len(line)} columns, over {MAX_COLUMNS}")
        return None
    found = [_column(cell, names, notes) for cell in line]
    seen: dict[str, Cell] = {}
    for cell in line:
        if cell.text in seen:
            notes.error(cell.mark, f"the column '{cell.text}' is here twice", "remove one")
        seen[cell.text] = cell
    if not any(isinstance(column, Output) for column in found) and None not in found:
        notes.error(line[0].mark, "the table has no output", "head a column with 'then', such as: then territory")
        return None
    whole = [column for column in found if column is not None]
    return whole if len(whole) == len(line) and len(seen) == len(line) else None


def _column(cell: Cell, names: Names, notes: Notes) -> _Input | Output | None:
    if re.match(r"then\b|=>|->", cell.text):
        found = _OUTPUT.fullmatch(cell.text)
        if not found:
            notes.error(cell.mark, f"'{cell.text}' is no output", "write 'then NAME' or 'then NAME (number)'")
            return None
        if found[1] in names.fields:
            notes.error(cell.mark, f"'{found[1]}' is already a field", "give the output a name of its own")
            return None
        return Output(found[1], Type.NUMBER if found[2] == "number" else Type.TEXT)
    if cell.text in names.fields:
        return _Input(names.fields[cell.text], cell)
    message = f"unknown field '{cell.text[:60]}'" if cell.text else "the column has no name"
    notes.error(cell.mark, message, nearest(cell.text, names.fields) or "an output is headed 'then NAME'")
    return None


def _row(line: list[Cell], columns: list[_Input | Output], notes: Notes) -> Row | None:
    if len(line) != len(columns):
        message = f"the row has {len(line)} cells, the header has {len(columns)}"
        notes.error(line[0].mark, message, "a comma inside a cell needs double quotes around the cell")
        return None
    conditions: list[tree.Tree] = []
    values: list[str | float | None] = []
    for cell, column in zip(line, columns, strict=True):
        if isinstance(column, Output):
            values.append(_output(cell, column, notes))
        elif cell.text and (found := _Reader(cell, column.field, notes).condition()) is not None:
            conditions.append(found)
    when = tree.And(tuple(conditions)) if len(conditions) > 1 else (conditions[0] if conditions else None)
    return Row(when, tuple(values), line[0].mark)


def _output(cell: Cell, column: Output, notes: Notes) -> str | float | None:
    if not cell.text:
        return None
    if column.type is Type.TEXT:
        return cell.text
    if _FIGURE.fullmatch(cell.text):
        return float(cell.text)
    notes.error(
        cell.mark, f"'{cell.text[:40]}' is not a number, as 'then {column.name} (number)' wants", "write 0.5, not 0,5"
    )
    return None


class _Reader:
    """One cell's condition on its column's field."""

    def __init__(self, cell: Cell, info: FieldInfo, notes: Notes) -> None:
        self._cell, self._info, self._notes = cell, info, notes
        self._value = tree.FieldValue(info.name, info.type)

    def condition(self) -> tree.Tree | None:
        text = self._cell.text
        if text.lower() in ("empty", "not empty"):
            empty = tree.Empty(self._value)
            return empty if text.lower() == "empty" else tree.Not(empty)
        if text[:4].lower() == "not ":
            inner = self._positive(text[4:].strip())
            return tree.Not(inner) if inner is not None else None
        return self._positive(text)

    def _positive(self, text: str) -> tree.Tree | None:
        if found := _COMPARED.fullmatch(text):
            bound = self._bound(found[2])
            return tree.Comparison(tree.Comparator(found[1]), self._value, bound) if bound is not None else None
        if self._info.type is not Type.TEXT or not _QUOTED.fullmatch(text):
            low, dots, high = text.partition("..")
            if dots:
                return self._range(low, high)
        choices = [self._constant(part) for part in self._split(text)]
        if None in choices:
            return None
        return tree.Membership(self._value, tuple(dict.fromkeys(found.value for found in choices if found is not None)))

    def _split(self, text: str) -> list[str]:
        """The ``|``-list's parts; a ``|`` inside single quotes is text."""
        return [part.strip() for part in re.findall(r"(?:'(?:[^']|'')*'|[^|])+|(?<=\|)(?=\||$)|^(?=\|)", text)] or [
            text
        ]

    def _range(self, low: str, high: str) -> tree.Tree | None:
        least, most = self._bound(low.strip()), self._bound(high.strip())
        if least is None or most is None:
            return None
        if least.value > most.value:  # type: ignore[operator]
            self._wrong(f"nothing lies between {low.strip()} and {high.strip()}", "the lower comes first")
            return None
        return tree.Between(self._value, least, most)

    def _bound(self, text: str) -> tree.Constant | None:
        if self._info.type is Type.BOOLEAN:
            self._wrong(f"'{self._info.name}' is yes or no and knows no order", "write yes or no")
            return None
        return self._constant(text)

    def _constant(self, text: str) -> tree.Constant | None:
        match self._info.type:
            case Type.NUMBER:
                return self._number(text)
            case Type.DATE:
                return self._date(text)
            case Type.BOOLEAN:
                return self._boolean(text)
            case _:
                return self._text(text)

    def _text(self, text: str) -> tree.Constant | None:
        quoted = _QUOTED.fullmatch(text)
        word = quoted[1].replace("''", "'") if quoted else text
        if not word:
            self._wrong("a value is missing", "write 'empty' for accounts without one")
            return None
        if self._info.values and word not in self._info.values:
            message = f"'{word[:60]}' is not a value of the picklist '{self._info.name}'"
            self._wrong(message, nearest(word, self._info.values))
            return None
        return tree.Constant(word, Type.TEXT)

    def _number(self, text: str) -> tree.Constant | None:
        if _FIGURE.fullmatch(text):
            return tree.Constant(float(text), Type.NUMBER)
        hint = (
            "write 0.5, not 0,5, and no thousands separator" if "," in text else "write 100, >=100, 100..500 or not 100"
        )
        self._wrong(f"'{text[:40]}' is not a number, as '{self._info.name}' wants", hint)
        return None

    def _date(self, text: str) -> tree.Constant | None:
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
                return tree.Constant(date.fromisoformat(text).isoformat(), Type.DATE)
        except ValueError:
            pass
        self._wrong(f"'{text[:40]}' is not a date, as '{self._info.name}' wants", "write year-month-day: 2026-11-04")
        return None

    def _boolean(self, text: str) -> tree.Constant | None:
        word = text.lower()
        if word in ("yes", "no", "true", "false"):
            return tree.Constant(word in ("yes", "true"), Type.BOOLEAN)
        self._wrong(f"'{text[:40]}' is neither yes nor no, as '{self._info.name}' wants")
        return None

    def _wrong(self, message: str, hint: str = "") -> None:
        self._notes.error(self._cell.mark, message, hint)


def _watch_zeros(columns: list[_Input | Output], lines: list[list[Cell]], notes: Notes) -> None:
    """Codes of digits that were all of one length until a spreadsheet read them as numbers."""
    for index, column in enumerate(columns):
        kind = column.field.type if isinstance(column, _Input) else column.type
        if kind is not Type.TEXT:
            continue
        codes = [line[index] for line in lines if len(line) > index and line[index].text.isdigit()]
        width = max((len(code.text) for code in codes), default=0)
        short = [code for code in codes if width - len(code.text) > 0]
        if short and len(short) * 2 < len(codes) and width > 2:  # noqa: PLR2004 - 1 to 99 are numbers, not codes
            hint = f"most here have {width} digits: format the column as text, then write {short[0].text.zfill(width)}"
            notes.warn(short[0].mark, f"'{short[0].text}' may have lost its leading zeros to a spreadsheet", hint)
        for line in lines:
            if len(line) > index and re.fullmatch(r"\d(\.\d+)?E\+\d+", line[index].text):
                notes.warn(
                    line[index].mark, f"'{line[index].text}' may be a code that a spreadsheet turned into a number"
                )


def _watch_reach(rows: list[Row], notes: Notes) -> None:
    """Rows below one that matches everything are never reached."""
    last = next((index for index, row in enumerate(rows) if row.when is None), None)
    if last is not None and last + 1 < len(rows):
        first = rows[last].mark.line
        notes.warn(rows[last + 1].mark, "this row is never reached", f"line {first} matches everything: put it last")
