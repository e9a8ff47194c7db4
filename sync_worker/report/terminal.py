"""A document on a terminal, through Rich: the same words as plain text, with room, weight and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from sync_worker.report.document import Commands, Fields, Heading, Items, Table, Text, Tone
from sync_worker.report.text import parts, safe

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from sync_worker.report.document import Block, Document

STYLES = {Tone.PLAIN: "", Tone.GOOD: "green", Tone.WARN: "yellow", Tone.BAD: "bold red", Tone.QUIET: "dim"}


def show(document: Document, console: Console) -> None:
    """Write the document to the console, blocks parted by an empty line."""
    for number, block in enumerate(document):
        if number:
            console.print()
        console.print(_drawn(block))


def _drawn(block: Block) -> RenderableType:
    match block:
        case Heading(text, scene):
            return RichText(safe(text), style="bold underline cyan" if scene else "bold")
        case Text(text, tone):
            return RichText("\n".join(safe(line) for line in text.split("\n")), style=STYLES[tone])
        case Items(lines):
            return RichText("\n").join(
                RichText("\n  ".join(["• " + parts(line)[0], *parts(line)[1:]]), style=STYLES[line.tone])
                for line in lines
            )
        case Fields(pairs):
            return _pairs([(name, value) for name, value in pairs], ("dim", ""))
        case Commands(lines):
            return Padding(_pairs([(command, why) for command, why in lines], ("cyan", "dim")), (0, 0, 0, 2))
        case Table():
            return _table(block)


def _pairs(pairs: list[tuple[str, str]], styles: tuple[str, str]) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(style=styles[0], no_wrap=True)
    grid.add_column(style=styles[1])
    for name, value in pairs:
        grid.add_row(RichText(safe(name)), RichText(safe(value)))
    return grid


def _table(block: Table) -> RichTable:
    drawn = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in block.columns:
        justify: Literal["right", "left"] = "right" if column.right else "left"
        drawn.add_column(
            column.title, justify=justify, no_wrap=not column.folds, overflow="fold" if column.folds else "ellipsis"
        )
    for row in block.rows:
        drawn.add_row(*(RichText(safe(cell)) for cell in row))
    return drawn
