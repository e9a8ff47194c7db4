"""Who is away, and which days are holidays: CSV files of the folder, read cell by cell. Knows no users and no clock."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rules import sheet
from rules.presence import AbsenceRow, Holiday
from rules.problems import Problem, nearest
from rules.reps import ADDRESS, EMAIL, SAME_PERSON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from rules.problems import Mark, Notes
    from rules.sheet import Cell

ABSENCE_COLUMNS = (EMAIL, "from", "until", "cover", "reason")
HOLIDAY_COLUMNS = ("calendar", "date", "name")
_REQUIRED = {ABSENCE_COLUMNS: 3, HOLIDAY_COLUMNS: 2}
"""How many of the columns, from the first on, a file cannot do without."""


def read_absences(texts: Mapping[str, str], notes: Notes) -> tuple[AbsenceRow, ...]:
    """All files as one, the texts by file name. Every problem is noted at its cell."""
    rows = (row for name, text in texts.items() for row in _rows(name, text, ABSENCE_COLUMNS, notes))
    return tuple(found for row in rows if (found := _absence(row, notes)) is not None)


def read_holidays(texts: Mapping[str, str], notes: Notes) -> tuple[Holiday, ...]:
    """All files as one, the texts by file name. Every problem is noted at its cell."""
    seen: dict[tuple[str, date], Mark] = {}
    found = []
    for row in (row for name, text in texts.items() for row in _rows(name, text, HOLIDAY_COLUMNS, notes)):
        calendar, day = row["calendar"], _day(row["date"], notes)
        if not calendar.text:
            notes.error(
                calendar.mark, "the row names no calendar", "write the one that reps have in 'calendar', such as DE"
            )
        elif day is not None and (calendar.text, day) in seen:
            first = seen[calendar.text, day]
            notes.error(row["date"].mark, f"{day} is in the calendar '{calendar.text}' twice", f"first at {first}")
        elif day is not None:
            seen[calendar.text, day] = calendar.mark
            name = row["name"].text if "name" in row else ""
            found.append(Holiday(calendar.text, day, name or "holiday", calendar.mark))
    return tuple(found)


def unknown_people(rows: Sequence[AbsenceRow], addresses: Collection[str]) -> tuple[Problem, ...]:
    """The rows that are about nobody, or name nobody as cover. The users' ``addresses`` stand here in small letters."""
    return tuple(
        Problem(row.mark.file, row.mark.line, row.mark.column,
                f"no user of the CRM has the {what} '{email}'", nearest(email, addresses, SAME_PERSON) or hint)
        for row in rows
        for what, email, hint in (
            ("address", row.email, "nothing in the row has an effect"),
            ("cover's address", row.cover, "the rest of the team covers"),
        )
        if email and email not in addresses
    )  # fmt: skip


def _rows(name: str, text: str, columns: tuple[str, ...], notes: Notes) -> Iterator[dict[str, Cell]]:
    """The rows by column; none where the header cannot be used."""
    lines = sheet.read_lines(name, text, notes)
    if lines is None or not _headed(lines[0], columns, notes):
        return
    header = [cell.text.lower() for cell in lines[0]]
    wide = [line for line in lines[1:] if sheet.as_wide_as(lines[0], line, notes)]
    yield from (dict(zip(header, line, strict=True)) for line in wide)


def _headed(header: list[Cell], columns: tuple[str, ...], notes: Notes) -> bool:
    known = len(notes.problems)
    seen: set[str] = set()
    for cell in header:
        if (word := cell.text.lower()) not in columns:
            notes.error(cell.mark, f"'{cell.text[:60]}' is no column of such a file", nearest(word, columns))
        elif word in seen:
            notes.error(cell.mark, f"the column '{word}' is here twice", "remove one")
        seen.add(word)
    for word in columns[: _REQUIRED[columns]]:
        if word not in seen:
            notes.error(header[0].mark, f"the column '{word}' is missing", f"the header is {','.join(columns)}")
    return len(notes.problems) == known


def _absence(row: Mapping[str, Cell], notes: Notes) -> AbsenceRow | None:
    email, cover = (_address(row[name], notes) if name in row else "" for name in (EMAIL, "cover"))
    if not row[EMAIL].text:
        notes.error(row[EMAIL].mark, "the row has no e-mail address", "it names the rep: write it as the CRM has it")
    first = _day(row["from"], notes)
    last = _day(row["until"], notes) if row["until"].text else date.max
    if first and last and last < first:
        notes.error(row["until"].mark, f"the absence ends on {last}, before it begins on {first}", "swap the two days")
        return None
    if cover and cover == email:
        notes.error(row["cover"].mark, f"'{email}' cannot cover for themselves", "name somebody else, or nobody")
    if not (email and first and last):
        return None
    return AbsenceRow(email, first, last, cover, row["reason"].text if "reason" in row else "", row[EMAIL].mark)


def _address(cell: Cell, notes: Notes) -> str:
    """The address in small letters; empty, and noted, where the cell holds none."""
    email = cell.text.lower()
    if not email or ADDRESS.fullmatch(email):
        return email
    notes.error(cell.mark, f"'{cell.text[:60]}' is no e-mail address", "write it as the CRM has it")
    return ""


def _day(cell: Cell, notes: Notes) -> date | None:
    if found := sheet.day(cell.text):
        return date.fromisoformat(found)
    said = f"'{cell.text[:40]}' is no date" if cell.text else "the date is missing"
    notes.error(cell.mark, said, "write year-month-day: 2026-12-24")
    return None
