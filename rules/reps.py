"""Rep files: CSV with a rep's e-mail address in the first column and what is known of the rep in the others.

A header is a name, or ``NAME (TYPE)``; without a type the column's cells tell it. It knows no CRM's users: who a row is
about, the store finds out by the address.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import sheet, traps
from rules.model import RepRow, Reps
from rules.names import kind
from rules.problems import Problem, nearest
from rules.vocabulary import FieldInfo, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from rules.problems import Mark, Notes
    from rules.sheet import Cell, Line

EMAIL = "email"
_HEADER = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,62})(?: \((text|number|yes/no|date)\))?", re.ASCII)
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
SAME_PERSON = 90.0
"""Similarity, 0-100, of two addresses of one person: colleagues share the half behind the @."""
HOURS = ("time_zone", "working_hours", "calendar")
"""Columns that say when a rep works: always text, so that the calendar NO is Norway's."""
_LEADING_ZERO = re.compile(r"-?0\d")
_OTHER_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of one file. ``type`` is None where the header does not say it."""

    name: str
    type: Type | None
    cell: Cell


@dataclass(frozen=True, slots=True)
class _File:
    """A file's columns but the first, and its rows."""

    columns: tuple[_Column, ...]
    lines: tuple[Line, ...]

    def cells(self, name: str) -> Iterator[Cell]:
        """The filled cells of a column; none if the file lacks it."""
        for at, column in enumerate(self.columns, 1):
            if column.name == name:
                yield from (line[at] for line in self.lines if line[at].text)


def read_reps(texts: Mapping[str, str], known: Mapping[str, FieldInfo], notes: Notes) -> Reps:
    """All rep files as one, the texts by file name. ``known`` are the CRM's rep fields: their types hold here, too.

    Every problem is noted at its cell. A field that a header names is there however wrong its cells are: conditions
    that read it are not at fault.
    """
    known = {**{name: FieldInfo(name, Type.TEXT) for name in HOURS}, **known}
    files = [file for name, text in texts.items() if (file := _file(name, text, notes)) is not None]
    columns: dict[str, list[_Column]] = {}
    for file in files:
        for column in file.columns:
            columns.setdefault(column.name, []).append(column)
    _check_capitals(columns, known, notes)
    fields = {name: _field(found, files, known.get(name), notes) for name, found in columns.items()}
    return Reps(fields, _rows(files, fields, notes))


def strangers(reps: Reps, addresses: Collection[str]) -> tuple[Problem, ...]:
    """The rows that are about nobody: their address is none of the CRM's users', which stand here in small letters."""
    return tuple(
        Problem(row.mark.file, row.mark.line, row.mark.column, f"no user of the CRM has the address '{row.email}'",
                nearest(row.email, addresses, SAME_PERSON) or "nothing in the row has an effect")
        for row in reps.rows
        if row.email not in addresses
    )  # fmt: skip


def _file(name: str, text: str, notes: Notes) -> _File | None:
    """The file; None when its header cannot be used."""
    lines = sheet.read_lines(name, text, notes)
    if lines is None or not _keyed(lines[0][0], notes):
        return None
    columns = [_column(cell, notes) for cell in lines[0][1:]]
    seen = {EMAIL}
    for cell, column in zip(lines[0][1:], columns, strict=True):
        if column is not None and column.name in seen:
            notes.error(cell.mark, f"the column '{column.name}' is here twice", "remove one")
            return None
        seen |= {column.name} if column else set()
    whole = tuple(column for column in columns if column is not None)
    if len(whole) < len(columns):
        # The types and values of the other columns would stand one place to the left of where they are.
        return _File(whole, ())
    wide = (line for line in lines[1:] if sheet.as_wide_as(lines[0], line, notes))
    return _File(whole, tuple(wide))


def _keyed(cell: Cell, notes: Notes) -> bool:
    if cell.text.lower() != EMAIL:
        notes.error(cell.mark, f"the first column is '{cell.text[:60]}', not 'email'",
                    "begin each line with the rep's e-mail address, and head the column 'email'")  # fmt: skip
    return cell.text.lower() == EMAIL


def _column(cell: Cell, notes: Notes) -> _Column | None:
    found = _HEADER.fullmatch(cell.text)
    if found:
        name = EMAIL if found[1].lower() == EMAIL else found[1]
        return _Column(name, Type(found[2]) if found[2] else None, cell)
    message = f"'{cell.text[:70]}' is no field's name" if cell.text else "the column has no name"
    notes.error(cell.mark, message, "write a name such as tenure, hired_on, or 'level (text)' to say its type, too")
    return None


def _check_capitals(columns: Mapping[str, list[_Column]], known: Iterable[str], notes: Notes) -> None:
    """A header that is a known field's but for its capitals would be another field, and nobody would see it."""
    written = {name.lower(): name for name in (*columns, *known)}
    for name, found in columns.items():
        if (usual := written[name.lower()]) != name:
            message = f"'{name}' is the field '{usual}' but for its capitals"
            notes.error(found[0].cell.mark, message, f"head the column '{usual}'")


# What a column holds


def _field(columns: list[_Column], files: list[_File], known: FieldInfo | None, notes: Notes) -> FieldInfo:
    """The column's field: of the CRM's type, the header's, or that of its cells."""
    name = columns[0].name
    declared = next((column.type for column in columns if column.type), None)
    wanted = known.type if known else declared
    cells = [cell for file in files for cell in file.cells(name)]
    if wanted is None:
        wanted = _inferred(name, columns[0].cell.mark, cells, notes)
    elif others := [column for column in columns if column.type not in (None, wanted)]:
        for column in others:
            _clash(column, wanted, "in the CRM" if known else "in another file", notes)
    else:
        _check(name, wanted, cells, notes)
    _watch(name, wanted, cells, notes)
    info = known or FieldInfo(name, wanted)
    # A picklist's values and the file's own: rules may name both.
    more = dict.fromkeys((*info.values, *(cell.text for cell in cells)))
    return replace(info, values=tuple(more)) if info.values else info


def _clash(column: _Column, wanted: Type, whose: str, notes: Notes) -> None:
    found = kind(column.type) if column.type else ""
    hint = f"head it '{column.name}', or give the column another name"
    notes.error(column.cell.mark, f"'{column.name}' is {found} here and {kind(wanted)} {whose}", hint)


def _inferred(name: str, mark: Mark, cells: list[Cell], notes: Notes) -> Type:
    """The type that all cells have; of two, the rarer one's cells are mistakes."""
    counted = Counter(_type_of(cell.text) for cell in cells)
    if not counted:
        notes.warn(mark, f"the column '{name}' has no values, so it counts as text", f"say its type: {name} (number)")
        return Type.TEXT
    usual = max(counted, key=lambda found: counted[found])
    for cell in cells:
        if (found := _type_of(cell.text)) is not usual:
            told = f"'{cell.text[:40]}' is {kind(found)}, and most of the column '{name}' is {kind(usual)}"
            notes.error(cell.mark, told, f"correct it; if all of it is text, head the column '{name} (text)'")
    return usual


def _type_of(text: str) -> Type:
    """What a cell looks like. 0123 is a code, no number."""
    if sheet.number(text) is not None and not _LEADING_ZERO.match(text):
        return Type.NUMBER
    if sheet.yes_no(text) is not None:
        return Type.BOOLEAN
    return Type.DATE if sheet.day(text) else Type.TEXT


def _check(name: str, wanted: Type, cells: Iterable[Cell], notes: Notes) -> None:
    for cell in cells:
        if sheet.value(cell.text, wanted) is None:
            notes.error(cell.mark, *sheet.misread(cell.text, name, wanted, "write a number such as 120 or 0.5"))


def _watch(name: str, wanted: Type, cells: list[Cell], notes: Notes) -> None:
    if wanted is Type.NUMBER:
        traps.watch_numbers(cells, notes)
    if wanted is not Type.TEXT:
        return
    traps.watch_texts(cells, notes)
    for cell in cells:
        if _OTHER_DATE.fullmatch(cell.text):
            notes.warn(cell.mark, f"'{cell.text}' is text to '{name}'", "write a date as year-month-day: 2026-11-04")
            return


# What a row says


def _rows(files: list[_File], fields: Mapping[str, FieldInfo], notes: Notes) -> tuple[RepRow, ...]:
    rows: dict[str, RepRow] = {}
    for file in files:
        here: dict[str, Mark] = {}
        for line in file.lines:
            email = _address(line[0], here, notes)
            if email:
                new = RepRow(email, _values(file.columns, line, fields), line[0].mark)
                rows[email] = _joined(rows[email], new, notes) if email in rows else new
    return tuple(rows.values())


def _address(cell: Cell, seen: dict[str, Mark], notes: Notes) -> str:
    """The address in small letters; empty, and noted, where it is none or a second one."""
    email = cell.text.lower()
    if not ADDRESS.fullmatch(email):
        message = f"'{cell.text[:60]}' is no e-mail address" if cell.text else "the row has no e-mail address"
        notes.error(cell.mark, message, "it names the rep: write it as the CRM has it")
        return ""
    if email in seen:
        notes.error(cell.mark, f"'{email}' is here twice", f"first at {seen[email]}; join the two rows")
        return ""
    seen[email] = cell.mark
    return email


def _values(columns: tuple[_Column, ...], line: Line, fields: Mapping[str, FieldInfo]) -> dict[str, str | float | bool]:
    read = {
        column.name: sheet.value(cell.text, fields[column.name].type)
        for column, cell in zip(columns, line[1:], strict=True)
        if cell.text
    }
    return {name: value for name, value in read.items() if value is not None}


def _joined(first: RepRow, second: RepRow, notes: Notes) -> RepRow:
    """What two files say of one rep. Only one of them may fill a field."""
    for name in first.values.keys() & second.values.keys():
        notes.error(second.mark, f"'{name}' of '{first.email}' is in another file, too", f"see {first.mark}")
    return replace(first, values={**first.values, **second.values})
