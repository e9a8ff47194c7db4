"""One file from its first byte to its last: what it is, its rows in their order, and whether it can be taken at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TextIO

from connectors.files import values
from connectors.files.columns import Columns, means_something, plain, source_of
from connectors.files.lines import objects, table
from connectors.files.model import Fault, Refused, Unfit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.files.lines import Cells
    from connectors.files.model import Kind, Reading, Row

BAD_SHARE = 0.2
BAD_FLOOR = 10
"""Over this share of bad lines, and this many, a file is refused: it is no longer a matter of single lines."""

TABLES, OBJECTS = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson")

_MARKS = {
    b"\xff\xfe": "is UTF-16: save it as UTF-8",
    b"\xfe\xff": "is UTF-16: save it as UTF-8",
    b"PK\x03\x04": "is a spreadsheet or an archive: save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet: save it as CSV (UTF-8)",
    b"\x1f\x8b": "is compressed: unpack it",
}
_NAMED = 20
"""How many columns that were left out are named."""

_SHAPES = 1_000
"""How many sets of keys are remembered: objects may have as many as there are lines."""


def digest(path: Path) -> str:
    """The SHA-256 of the file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, how: Reading) -> Iterator[Row]:
    """The file's rows and faults in their order. Raises Refused, also after rows were given; OSError."""
    _look_at_beginning(path)
    good = bad = 0
    # A byte that is no UTF-8 travels as a surrogate to the cell that holds it, and is told with its line.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        for row in _Rows(file, path, how).all():
            good += not isinstance(row, Fault)
            bad += isinstance(row, Fault) and row.line > 0
            yield row
    if not good + bad:
        raise Refused("holds no line below its header")
    if bad > max(BAD_FLOOR, BAD_SHARE * (good + bad)):
        raise Refused(f"{bad:,} of {good + bad:,} lines are bad, over {BAD_SHARE:.0%}: none of it was taken")
    if not good:
        raise Refused("none of its lines can be taken")


def _look_at_beginning(path: Path) -> None:
    if path.suffix.casefold() not in (*TABLES, *OBJECTS):
        raise Refused(f"is no file that is read here: those end in {', '.join((*TABLES, *OBJECTS))}")
    with path.open("rb") as file:
        start = file.read(4)
    for mark, why in _MARKS.items():
        if start.startswith(mark):
            raise Refused(why)


class _Rows:
    """The rows of one open file, whose kind is that of the first that can be read."""

    def __init__(self, file: TextIO, path: Path, how: Reading) -> None:
        self.how = how
        self.source = source_of(path.name)
        self.objects = path.suffix.casefold() in OBJECTS
        fields = {plain(name) for name in how.fields}
        self.lines = objects(file) if self.objects else table(file, lambda word: means_something(word, fields))
        self.shapes: dict[tuple[str, ...], Columns] = {}
        self.kind: Kind | None = None
        self.left_out: dict[str, None] = {}

    def all(self) -> Iterator[Row]:
        """Row by row; at the end a fault of line 0 for columns that were left out."""
        for line, cells in self.lines:
            try:
                yield self._row(line, cells)
            except Unfit as unfit:
                yield Fault(line, str(unfit))
        if self.left_out:
            yield Fault(0, f"columns left out: {', '.join(map(values.shown, self.left_out))}")

    def _row(self, line: int, cells: Cells | Unfit) -> Row:
        if isinstance(cells, Unfit):
            raise cells
        columns = self._columns(tuple(cells))
        self.kind = self.kind or columns.kind
        if columns.kind is not self.kind:
            raise Unfit(f"is of {columns.kind}, and the file began with {self.kind}: make two files of it")
        return columns.row(line, cells, self.how, self.source)

    def _columns(self, headings: tuple[str, ...]) -> Columns:
        if headings not in self.shapes:
            if len(self.shapes) >= _SHAPES:
                self.shapes.clear()
            try:
                self.shapes[headings] = Columns.of(headings, self.how.fields)
            except Refused as refused:
                if not self.objects:
                    raise
                # An object has keys of its own: one that lacks some is a bad line, not a bad file.
                raise Unfit(str(refused)) from None
            new = (one for one in self.shapes[headings].left_out if len(self.left_out) < _NAMED)
            self.left_out |= dict.fromkeys(new)
        return self.shapes[headings]
