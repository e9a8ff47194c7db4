"""Decision tables: rows that others hide, and accounts that no row takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.lint.findings import note, warning
from rules.model import Hit
from rules.rows import search

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rules.axes import Domain
    from rules.lint.findings import Finding
    from rules.model import Row, Table

_SHOWN = 4


def of_table(table: Table, domains: Mapping[str, Domain]) -> Iterator[Finding]:
    """What is the matter with a table's rows. Where all rows that match count, none hides another."""
    if table.hit is Hit.COLLECT:
        return
    found = search(table, domains)
    for hidden in found.hidden:
        message = f"this row is never reached: {_lines(hidden.by)} above it take all its accounts"
        if len(hidden.by) == 1:
            message = f"this row is never reached: {_lines(hidden.by)} above it takes all its accounts"
        yield warning("unreachable-row", hidden.row.mark, message, "put the narrower one first, or delete this one")
    for gap in found.gaps:
        where = "its outputs are then empty: add a row, or a last one with empty cells"
        if gap.near is not None:
            yield warning("table-gap", gap.near.mark, f"no row takes an account with {gap.example}", where)
        else:
            yield note("table-gap", table.mark, f"no row takes an account with {gap.example}", where)
    if not found.complete:
        message = f"the table '{table.name}' is too large to be searched for hidden rows and gaps to the end"
        yield note("search-cut", table.mark, message, "what is told here is right, and there may be more")


def _lines(rows: Sequence[Row]) -> str:
    told = ", ".join(str(row.mark.line) for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"line{'s' if len(rows) > 1 else ''} {told}{more}"
