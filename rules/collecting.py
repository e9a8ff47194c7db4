"""Decision tables that collect: what all matching rows give together, and the SQL for it. It runs none.

Numbers add up, to six digits; texts are joined with ``|`` in the order of rows. Empty cells give nothing, and an output
that no matching row fills is empty.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules import tree
from rules.model import Hit, Row, Table
from rules.sql import quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.model import Output
    from rules.sql import Writer

BETWEEN = "|"
"""What stands between two collected texts; ``includes()`` reads it."""
_DIGITS = 6
"""After the point, of a sum."""

_Filled = list[tuple[tree.Tree | None, str | float]]
"""The rows that fill an output: when, and with what."""


def as_lookup(table: Table) -> Table:
    """A collecting table that compares one field with fixed values, as one whose first row gives all.

    Every value's rows are known beforehand, so a database need not try them all. Any other table stays as it is.
    """
    value = _only_field(table)
    if table.hit is not Hit.COLLECT or value is None:
        return table
    choices = dict.fromkeys(
        choice for row in table.rows if isinstance(row.when, tree.Membership) for choice in row.when.choices
    )
    alike: dict[tuple[int, ...], list[str | float]] = {}
    for choice, numbers in _matching(table, choices).items():
        alike.setdefault(numbers, []).append(choice)
    rows = [
        Row(tree.Membership(value, tuple(found)), _together(table, numbers), table.rows[numbers[0]].mark)
        for numbers, found in alike.items()
    ]
    if rest := tuple(number for number, row in enumerate(table.rows) if row.when is None):
        rows.append(Row(None, _together(table, rest), table.rows[rest[0]].mark))
    return replace(table, rows=tuple(rows), hit=Hit.FIRST)


def _only_field(table: Table) -> tree.FieldValue | None:
    """The field that all rows with a condition compare with fixed values."""
    read = [row.when.value if isinstance(row.when, tree.Membership) else None for row in table.rows if row.when]
    value = read[0] if read else None
    return value if isinstance(value, tree.FieldValue) and all(other == value for other in read) else None


def _matching(table: Table, choices: dict[str | float, None]) -> dict[str | float, tuple[int, ...]]:
    """The numbers of the rows that each value matches, in order."""
    found: dict[str | float, list[int]] = {choice: [] for choice in choices}
    for number, row in enumerate(table.rows):
        reached = row.when.choices if isinstance(row.when, tree.Membership) else found
        for choice in reached:
            found[choice].append(number)
    return {choice: tuple(numbers) for choice, numbers in found.items()}


def _together(table: Table, numbers: Sequence[int]) -> tuple[str | float | None, ...]:
    """What these rows give."""
    found: list[str | float | None] = []
    for index, output in enumerate(table.outputs):
        given = [value for number in numbers if (value := table.rows[number].values[index]) is not None]
        if not given:
            found.append(None)
        elif output.type is Type.TEXT:
            found.append(BETWEEN.join(map(str, given)))
        else:
            digits = _digits(value for row in table.rows if (value := row.values[index]) is not None)
            found.append(sum(_scaled(value, digits) for value in given) / 10.0**digits)
    return tuple(found)


# In SQL


def collected(table: Table, index: int, writer: Writer) -> str:
    """SQL for an output of the table: what all matching rows give."""
    output: Output = table.outputs[index]
    filled = [(row.when, value) for row in table.rows if (value := row.values[index]) is not None]
    if not filled:
        return f"CAST(NULL AS {'TEXT' if output.type is Type.TEXT else 'DOUBLE PRECISION'})"
    return _joined(filled, writer) if output.type is Type.TEXT else _added(filled, writer)


def matched(table: Table, writer: Writer) -> str:
    """SQL for the numbers of all matching rows, 1 for the first, joined like an output."""
    return _joined([(row.when, str(number)) for number, row in enumerate(table.rows, 1)], writer)


def _joined(filled: _Filled, writer: Writer) -> str:
    texts = [f"CASE WHEN {_test(when, writer)} THEN {quoted(BETWEEN + str(value))} ELSE '' END"
             for when, value in filled]  # fmt: skip
    return f"NULLIF(SUBSTR({_balanced(texts, '||')}, 2), '')"


def _added(filled: _Filled, writer: Writer) -> str:
    """The scaled sum, so that it is exact; empty where no row matches."""
    digits = _digits(value for _, value in filled)
    tests = [_test(when, writer) for when, _ in filled]
    amounts = [f"CASE WHEN {test} THEN {writer.number(_scaled(value, digits))} ELSE {writer.number(0)} END"
               for test, (_, value) in zip(tests, filled, strict=True)]  # fmt: skip
    total = f"{_balanced(amounts, '+')} / {writer.number(10.0**digits)}"
    if any(when is None for when, _ in filled):
        return total
    # One flat CASE: a chain of OR would be nested as deep as the table is long.
    return f"CASE {' '.join(f'WHEN {test} THEN 1' for test in tests)} END * ({total})"


def _test(when: tree.Tree | None, writer: Writer) -> str:
    return writer.boolean(value=True) if when is None else writer.condition(when)


def _balanced(pieces: Sequence[str], operator: str) -> str:
    """The pieces joined in pairs: databases limit how deep an expression may be, and a table has thousands of rows."""
    found = list(pieces)
    while len(found) > 1:
        found = list(_paired(found, operator))
    return found[0]


def _paired(pieces: list[str], operator: str) -> Iterator[str]:
    for at in range(0, len(pieces) - 1, 2):
        yield f"({pieces[at]} {operator} {pieces[at + 1]})"
    if len(pieces) % 2:
        yield pieces[-1]


# Sums without the noise of binary fractions


def _digits(values: Iterator[str | float]) -> int:
    """How many digits behind the point the values have, six at most."""
    found = [float(value) for value in values]
    return next((digits for digits in range(_DIGITS) if all(round(value, digits) == value for value in found)), _DIGITS)


def _scaled(value: str | float, digits: int) -> float:
    return float(round(float(value) * 10**digits))
