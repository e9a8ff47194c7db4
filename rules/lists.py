"""Named lists: values that a rules file names, or a column of a CSV file beside it. It knows no conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import sheet, traps
from rules.document import Mapping, Scalar, Sequence
from rules.names import NamedList
from rules.problems import Mark, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rules.document import Node
    from rules.problems import Notes
    from rules.sheet import Cell

MAX_ITEMS = 50_000
"""Of one list. The database is handed all of them with every statement that reads the list."""


def read_lists(roots: Iterable[Mapping], texts: dict[str, str | None], notes: Notes) -> dict[str, NamedList]:
    """Lists by name, ``texts`` by CSV file. What is malformed is left to the shape's own check."""
    found: dict[str, NamedList] = {}
    for root in roots:
        node = root.get("lists")
        for key, value in node.entries if isinstance(node, Mapping) else ():
            if key.text in found:
                first = found[key.text].mark
                notes.error(key.mark, f"the list '{key.text}' is here twice", f"first at {first}; join them")
                continue
            found[key.text] = (
                _from_file(key, value, texts, notes) if isinstance(value, Mapping) else _here(key, value, notes)
            )
    return found


def list_files(roots: Iterable[Mapping]) -> Iterator[Scalar]:
    """The names of the CSV files that lists are read from, as written."""
    for root in roots:
        node = root.get("lists")
        for _, value in node.entries if isinstance(node, Mapping) else ():
            file = value.get("file") if isinstance(value, Mapping) else None
            if isinstance(file, Scalar):
                yield file


def _here(key: Scalar, value: Node, notes: Notes) -> NamedList:
    """The items as the rules file names them."""
    items = value.items if isinstance(value, Sequence) else ()
    scalars = [item for item in items if isinstance(item, Scalar)]
    texts = tuple(item.text for item in scalars)
    return NamedList(texts, key.mark, _complaint([item.mark for item in scalars], notes))


def _complaint(marks: list[Mark], notes: Notes) -> Callable[[int, str, str], None]:
    return lambda index, message, hint: notes.error(marks[index], message, hint)


def _from_file(key: Scalar, value: Mapping, texts: dict[str, str | None], notes: Notes) -> NamedList:
    """The items that a column holds, each once; empty where the file or the column cannot be read, which is noted."""
    file, column = value.get("file"), value.get("column")
    cells: list[Cell] = []
    if isinstance(file, Scalar) and isinstance(column, Scalar) and file.text and column.text:
        cells = _column(file, column, texts, notes)
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.text, cell)
    if len(first) > MAX_ITEMS:
        mark = list(first.values())[MAX_ITEMS].mark
        notes.error(mark, f"the list '{key.text}' has {len(first):,} values, over {MAX_ITEMS:,}",
                    "mark the accounts in the CRM, and let rules read that field")  # fmt: skip
    return NamedList(tuple(first), key.mark, _complaint([cell.mark for cell in first.values()], notes))


def _column(file: Scalar, column: Scalar, texts: dict[str, str | None], notes: Notes) -> list[Cell]:
    """The filled cells below a header."""
    if file.text not in texts:
        notes.error(file.mark, f"there is no file '{file.text[:60]}' in the folder",
                    nearest(file.text, texts) or "put the CSV file beside this one")  # fmt: skip
        return []
    text = texts[file.text]
    lines = sheet.read_lines(file.text, text, notes, most=MAX_ITEMS) if text is not None else None
    if lines is None:
        return []
    header = [cell.text for cell in lines[0]]
    if column.text not in header:
        notes.error(column.mark, f"'{file.text}' has no column '{column.text[:60]}'", nearest(column.text, header))
        return []
    at = header.index(column.text)
    if column.text in header[at + 1 :]:
        again = lines[0][header.index(column.text, at + 1)]
        notes.error(again.mark, f"the column '{column.text}' is here twice", "remove one")
    cells = [line[at] for line in lines[1:] if sheet.as_wide_as(lines[0], line, notes) and line[at].text]
    if not cells:
        notes.error(lines[0][at].mark, f"the column '{column.text}' has no values", "write one below its header")
    traps.watch_texts(cells, notes)
    return cells
