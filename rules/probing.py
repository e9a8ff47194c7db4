"""Single atoms and values of conditions for one account or rep: which are true, and what was seen. It runs no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import Chain, fence, read
from rules.facts import columns_read, needs
from rules.nearest import atoms
from rules.sql import Dialect, Writer, named, quoted
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from rules.model import Ruleset

Seen = str | float | bool | None
"""A value as conditions see it; dates as ``YYYY-MM-DD``."""

COLUMNS = 500
"""At most so many columns in one statement: SQLite takes 2,000, PostgreSQL 1,600."""

_NULLS = {Type.TEXT: "TEXT", Type.DATE: "TEXT", Type.NUMBER: "DOUBLE PRECISION", Type.BOOLEAN: "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class Probe:
    """Atoms and values of some conditions; ``statements`` tell them, each in one row, column after column."""

    atoms: tuple[tree.Tree, ...]
    values: tuple[tree.Value, ...]
    statements: tuple[str, ...]

    def found(self, rows: Sequence[Sequence[object]]) -> Found:
        """What the statements' rows say."""
        told = [cell for row in rows for cell in row]
        truths = dict(zip(self.atoms, map(bool, told), strict=False))
        seen = zip(self.values, told[len(self.atoms) :], strict=True)
        return Found(truths, {value: _seen(value, cell) for value, cell in seen})


@dataclass(frozen=True, slots=True)
class Found:
    """What holds of an account or rep, and what was seen."""

    truths: Mapping[tree.Tree, bool]
    values: Mapping[tree.Value, Seen]

    def truth(self, atom: tree.Tree) -> bool:
        """Whether an atom holds. Raises KeyError for one that was not asked for."""
        return self.truths[atom]

    def seen(self, value: tree.Value) -> Seen:
        """What a value is; constants are themselves. Raises KeyError for one that was not asked for."""
        return value.value if isinstance(value, tree.Constant) else self.values[value]


def probe(  # noqa: PLR0913 - what an account is looked at by
    ruleset: Ruleset,
    dialect: Dialect,
    roots: Iterable[tree.Tree],
    *,
    now: datetime,
    landmark: datetime,
    account_id: str,
    given: Mapping[str, Seen] | None = None,
) -> Probe:
    """The atoms of account conditions, and the values on their sides; ``given`` stands for columns of the facts."""
    stands = stand_ins(ruleset, dialect, given or {})
    chain = Chain(ruleset, dialect, now, landmark, f"account_id = {quoted(account_id)}", given=stands)
    return _probe(roots, chain.writer, chain.select)


def probe_rep(dialect: Dialect, roots: Sequence[tree.Tree], *, now: datetime, rep_id: str) -> Probe:
    """The atoms of rep conditions, and the values on their sides."""
    writer = Writer(dialect, now.astimezone(UTC).date(), {})
    columns = sorted({column for root in roots for column in columns_read(root)}, key=lambda column: column.name)
    facts = ", ".join(["rep_id", *(f"{read(column, writer, 1.0)} AS {named(column.name)}" for column in columns)])
    stage = f"SELECT {facts} FROM rep_fact WHERE rep_id = {quoted(rep_id)}{fence(dialect)}"  # noqa: S608 - names are checked by rules.facts, the id is quoted
    return _probe(roots, writer, lambda selected: f"WITH facts AS ({stage})\nSELECT {', '.join(selected)} FROM facts")


def stand_ins(ruleset: Ruleset, dialect: Dialect, given: Mapping[str, Seen]) -> dict[str, str]:
    """SQL for values that stand for columns of the facts. Raises KeyError for a column that the rules do not read."""
    if not given:
        return {}
    writer = Writer(dialect, date.min, {})
    types = {column.name: column.type for column in needs(ruleset)}
    return {
        name: writer.constant(value) if value is not None else f"CAST(NULL AS {_NULLS[types[name]]})"
        for name, value in given.items()
    }


def _probe(roots: Iterable[tree.Tree], writer: Writer, select: Callable[[Iterable[str]], str]) -> Probe:
    asked = tuple(dict.fromkeys(atom for root in roots for atom in atoms(root)))
    values = tuple(dict.fromkeys(value for atom in asked for value in _sides(atom)))
    columns = [f"CASE WHEN {writer.condition(atom)} THEN 1 ELSE 0 END" for atom in asked]
    columns += [writer.value(value) for value in values]
    numbered = [f"{sql} AS probed__{number}" for number, sql in enumerate(columns, 1)]
    groups = [numbered[start : start + COLUMNS] for start in range(0, len(numbered), COLUMNS)]
    return Probe(asked, values, tuple(select(group) for group in groups))


def _sides(atom: tree.Tree) -> Iterator[tree.Value]:
    """What an atom looks at, without what is written in it; a count of days by its date, too."""
    match atom:
        case tree.Comparison(left=left, right=right):
            sides: tuple[tree.Value, ...] = (left, right)
        case tree.Between(value=value, low=low, high=high):
            sides = (value, low, high)
        case tree.Membership(value=value) | tree.Like(value=value) | tree.Includes(value=value):
            sides = (value,)
        case tree.Empty(value=value) | tree.Truth(value=value):
            sides = (value,)
        case _:
            raise TypeError(f"not an atom: {atom!r}")
    for side in sides:
        if isinstance(side, tree.Days):
            yield side.date
        if not isinstance(side, tree.Constant):
            yield side


def _seen(value: tree.Value, cell: object) -> Seen:
    if cell is None or isinstance(cell, str | bool):
        return cell
    return bool(cell) if _is_boolean(value) else float(str(cell))


def _is_boolean(value: tree.Value) -> bool:
    return isinstance(value, tree.FieldValue) and value.type is Type.BOOLEAN
