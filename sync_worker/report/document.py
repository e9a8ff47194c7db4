"""What a view says, apart from how it looks: headings, fields, tables, lists. Knows no terminal and no CRM."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Tone(StrEnum):
    """What a text means to its reader; a terminal may colour it, plain text does not."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section; a ``scene`` begins a whole part of a long answer."""

    text: str
    scene: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values under one another."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. Figures stand to the right; a column that ``folds`` may take several lines on a terminal."""

    title: str
    right: bool = False
    folds: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, as many in each as there are columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """Lines that belong together, each with its tone; an item's further lines are set in."""

    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Commands:
    """What to type next: command and why."""

    lines: tuple[tuple[str, str], ...]


Block = Heading | Text | Fields | Table | Items | Commands
Document = tuple[Block, ...]


def table(titles: str, rows: Iterable[Sequence[object]]) -> Table:
    """A table from its titles, parted by ``|``; ``>`` before a title sets it right, ``~`` lets it fold."""
    columns = tuple(
        Column(title.strip().lstrip(">~").strip(), right=title.strip().startswith(">"), folds="~" in title)
        for title in titles.split("|")
    )
    return Table(columns, tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows))


Answer = tuple[Document, "Mapping[str, object]"]
"""What a command answers: for people, and as the object that ``--format json`` prints."""
