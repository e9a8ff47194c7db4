"""From a file's text to cells: separators, quotes, JSON. A line that cannot be parsed does not end the file."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn, TextIO

from connectors.files.model import Refused, Unfit
from connectors.files.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LONGEST_CELL = 1_000_000
LONGEST_LINE = 4_000_000

SEPARATORS = (",", ";", "\t")

_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""A first line that spreadsheets write and understand, and others do not."""

Cells = Mapping[str, object]
"""What a line holds, by heading."""


class Lines:
    """The lines of a file, numbered from 1. One that is too long raises Unfit once, and the next one follows."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.number = 0
        """Of the line that was given last."""
        self._back: str | None = None

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line, self._back = self._back if self._back is not None else self.file.readline(LONGEST_LINE), None
        if not line:
            raise StopIteration
        self.number += 1
        if _cut(line):
            while _cut(self.file.readline(LONGEST_LINE)):
                pass
            raise Unfit(f"the line has over {LONGEST_LINE:,} letters")
        return line

    def give_back(self, line: str) -> None:
        """Let the line that was given last be the next one again."""
        self._back = line
        self.number -= 1


def table(file: TextIO, known: Callable[[str], bool]) -> Iterator[tuple[int, Cells | Unfit]]:
    """A table's lines below its header, by heading. ``known``: whether a heading means anything. Raises Refused."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    lines = Lines(file)
    header, separator = _header(lines, known)
    if twice := next((name for name in header if name.strip() and header.count(name) > 1), None):
        raise Refused(f"two columns are called {shown(twice)}: leave one")
    rows = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        start = lines.number + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, Unfit(f"its quotes do not fit or a cell is too long: {error}")
        except Unfit as unfit:
            yield start, unfit
        else:
            if any(cell.strip() for cell in cells):
                yield start, _by_heading(header, cells)


def objects(file: TextIO) -> Iterator[tuple[int, Cells | Unfit]]:
    """The objects of a file that holds one in each line."""
    lines = Lines(file)
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except Unfit as unfit:
            yield lines.number, unfit
        else:
            if line.strip():
                yield lines.number, _object(line.rstrip())


def _cut(line: str) -> bool:
    return len(line) == LONGEST_LINE and not line.endswith(("\n", "\r"))


def _header(lines: Lines, known: Callable[[str], bool]) -> tuple[list[str], str]:
    try:
        first = next((line for line in lines if line.strip()), "")
        if named := _SEPARATOR_LINE.fullmatch(first):
            first = next(lines, "")
            return _split(first, named[1]), named[1]
    except Unfit as unfit:
        raise Refused(f"has no header: {unfit}") from None
    found = {separator: _split(first, separator) for separator in SEPARATORS}
    # Reserved words are few: the right separator is the one that brings most of them out.
    separator = max(SEPARATORS, key=lambda one: sum(map(known, found[one])))
    if not any(map(known, found[separator])):
        raise Refused("has no header that says what its columns are, such as account_id,topic,score,observed_at")
    return found[separator], separator


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except (csv.Error, ValueError, TypeError):
        return []


def _by_heading(header: Sequence[str], cells: Sequence[str]) -> Cells | Unfit:
    if len(cells) != len(header):
        return Unfit(f"has {len(cells)} cells, the header has {len(header)}: quote a cell that holds a separator")
    return dict(zip(header, cells, strict=True))


def _object(line: str) -> Cells | Unfit:
    try:
        found = json.loads(line, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except Unfit as unfit:
        return unfit
    except (ValueError, RecursionError) as error:
        # Only what the parser says of the place: a message could repeat the line.
        where = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return Unfit(f"is not JSON{where}: write one object in each line")
    return found if isinstance(found, dict) else Unfit("is JSON but no object: write one object in each line")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unfit("gives one key twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise Unfit(f"holds {word}, which is no number")
