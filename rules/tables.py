"""Decision tables: CSV rows read into the conditions they stand for. The first row that matches gives the outputs.

Headers are field names (inputs) or ``then NAME`` / ``then NAME (number)`` (outputs). A cell is a small condition on its
column's field; docs/rules.md lists the forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rules import sheet, traps, tree
from rules.model import Hit, Output, Row, Table
from rules.problems import Notes, nearest
from rules.rows import overlaps
from rules.vocabulary import FieldInfo, Type

if TYPE_CHECKING:
    from rules.names import Names
    from rules.sheet import Cell, Line

MAX_VALUES = 50_000
"""Values that the cells of one table name together: the database is handed all of them with every evaluation."""
MAX_MISFITS = 20
"""So many values that do not fit are told of one cell."""
MAX_OVERLAPS = 20
"""So many rows that overlap are told of one table."""
_OUTPUT = re.compile(r"then ([A-Za-z_][A-Za-z0-9_]{0,62})(?: \((text|number)\))?", re.ASCII)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_PART = re.compile(r"\s*'(?:[^']|'')*'\s*(?=\||$)|[^|]*")
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Input:
    field: FieldInfo
    cell: Cell


def read_table(name: str, text: str, names: Names, notes: Notes, hit: Hit = Hit.FIRST) -> Table | None:
    """The table; None when its header cannot be used. Every problem is noted at its cell."""
    lines = sheet.read_lines(name, text, notes)
    columns = _header(lines[0], names, notes) if lines else None
    if lines is None or columns is None:
        return None
    if len(lines) == 1:
        notes.error(lines[0][0].mark, "the table has no rows", "add one below the header")
    if _names_too_much(columns, lines[1:], notes):
        return None
    known = len(notes.problems)
    rows = [row for line in lines[1:] if (row := _row(line, lines[0], columns, notes)) is not None]
    if hit is Hit.UNIQUE and len(notes.problems) == known:
        _check_overlaps(rows, notes)
    _watch(columns, lines[1:], notes)
    if hit is not Hit.UNIQUE:
        _watch_twins(lines[1:], notes)
    if hit is Hit.FIRST:
        _watch_reach(rows, notes)
    inputs = tuple(column.field.name for column in columns if isinstance(column, _Input))
    outputs = tuple(column for column in columns if isinstance(column, Output))
    return Table(name.rsplit(".", 1)[0], inputs, outputs, tuple(rows), lines[0][0].mark, hit)


def promised(name: str, text: str) -> dict[str, FieldInfo]:
    """The outputs that a header names, however wrong the rest is: conditions that read them are not at fault."""
    header = next(sheet.cells(name, text, Notes()), [])
    matches = (_OUTPUT.fullmatch(cell.text) for cell in header)
    return {
        found[1]: FieldInfo(found[1], Type.NUMBER if found[2] == "number" else Type.TEXT) for found in matches if found
    }


def _header(line: Line, names: Names, notes: Notes) -> list[_Input | Output] | None:
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
    if cell.text in names.later:
        notes.error(cell.mark, f"'{cell.text}' is worked out later", names.later[cell.text])
        return None
    message = f"unknown field '{cell.text[:60]}'" if cell.text else "the column has no name"
    notes.error(cell.mark, message, nearest(cell.text, names.fields) or "an output is headed 'then NAME'")
    return None


def _row(line: Line, header: Line, columns: list[_Input | Output], notes: Notes) -> Row | None:
    if not sheet.as_wide_as(header, line, notes):
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
    if (found := sheet.number(cell.text)) is None:
        wanted = f"then {column.name} (number)"
        notes.error(cell.mark, *sheet.misread(cell.text, wanted, Type.NUMBER, "write 0.5, not 0,5"))
    return found


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
        choices: dict[str | float, None] = {}
        misfits = 0
        for part in self._split(text):
            if (choice := self._constant(part)) is not None:
                choices[choice.value] = None
            elif (misfits := misfits + 1) == MAX_MISFITS:
                break
        return None if misfits else tree.Membership(self._value, tuple(choices))

    def _split(self, text: str) -> list[str]:
        """The ``|``-list's parts; a ``|`` is text inside single quotes, which begin and end a part: O'Neil has none."""
        parts, start = [], 0
        while start <= len(text) and (found := _PART.match(text, start)):
            parts.append(found[0].strip())
            start = found.end() + 1
        return parts

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
        if self._info.type is Type.TEXT:
            return self._text(text)
        found = sheet.value(text, self._info.type)
        if found is None:
            example = "write 100, >=100, 100..500 or not 100"
            self._wrong(*sheet.misread(text, self._info.name, self._info.type, example))
            return None
        return tree.Constant(found, self._info.type)

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

    def _wrong(self, message: str, hint: str = "") -> None:
        self._notes.error(self._cell.mark, message, hint)


def _names_too_much(columns: list[_Input | Output], lines: list[Line], notes: Notes) -> bool:
    """Whether the cells name more values than a database should be handed; it is noted at the first one beyond."""
    left = MAX_VALUES
    for line in lines:
        for cell, column in zip(line, columns, strict=False):
            left -= cell.text.count("|") + 1 if isinstance(column, _Input) and cell.text else 0
            if left < 0:
                what = f"the table's cells name more than {MAX_VALUES:,} values together"
                notes.error(cell.mark, what, "mark the accounts in the CRM, and let the table read that field")
                return True
    return False


def _check_overlaps(rows: list[Row], notes: Notes) -> None:
    """Where rows are to be unique, none may match an account that one before it matches."""
    hint = "let one of them say less, or let the first that matches count: hit: first"
    for overlap in islice(overlaps(rows), MAX_OVERLAPS):
        whom = f"an account with {overlap.example}" if overlap.example else "every account"
        notes.error(overlap.later.mark, f"this row and line {overlap.earlier.mark.line} both match {whom}", hint)


def _watch(columns: list[_Input | Output], lines: list[Line], notes: Notes) -> None:
    """What spreadsheets may have done to texts and numbers that can be read all the same."""
    for index, column in enumerate(columns):
        kind = column.field.type if isinstance(column, _Input) else column.type
        cells = [line[index] for line in lines if len(line) > index]
        if kind is Type.TEXT:
            traps.watch_texts(cells, notes)
        elif kind is Type.NUMBER:
            traps.watch_numbers(cells, notes)


def _watch_twins(lines: list[Line], notes: Notes) -> None:
    """A row that is there twice."""
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        texts = tuple(cell.text for cell in line)
        if texts in seen:
            notes.warn(line[0].mark, f"this row is the same as line {seen[texts]}", "delete it")
        seen.setdefault(texts, line[0].mark.line)


def _watch_reach(rows: list[Row], notes: Notes) -> None:
    """Rows below one that matches everything are never reached."""
    last = next((index for index, row in enumerate(rows) if row.when is None), None)
    if last is not None and last + 1 < len(rows):
        first = rows[last].mark.line
        notes.warn(rows[last + 1].mark, "this row is never reached", f"line {first} matches everything: put it last")
