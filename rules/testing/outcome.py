"""What the compiled rules and their trace said of one account, as an Outcome. It runs no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules.compile import ColumnKind
from rules.testing.model import Counted, Outcome, Tried
from rules.tracing import TraceKind
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rules.compile import Compiled
    from rules.testing.model import Value
    from rules.tracing import Trace, TraceColumn

_RULES = {
    "scope": ColumnKind.IN_SCOPE,
    "protect": ColumnKind.PROTECT,
    "return": ColumnKind.RETURN,
    "book": ColumnKind.BOOK,
    "route": ColumnKind.ROUTE,
    "service_level": ColumnKind.SERVICE_LEVEL,
    "cover": ColumnKind.COVER,
}
_ONE = {"books": "book", "routes": "route", "service_levels": "service_level", "covers": "cover"}
"""A trace's section → what tests call it, where the two differ."""


@dataclass(slots=True)
class Reader:
    """Reads outcomes of one compiled statement and its trace. Made once for all accounts of a day."""

    compiled: Compiled
    traced: Trace
    _columns: Mapping[str, TraceColumn] = field(init=False)
    _read: Mapping[str, tuple[TraceColumn, ...]] = field(init=False)
    """What each column of the trace reads."""

    def __post_init__(self) -> None:
        self._columns = {one.name: one for one in self.traced.columns}
        self._read = {one.name: tuple(self._columns[name] for name in one.reads) for one in self.traced.columns}

    def outcome(self, row: Mapping[str, object], values: Mapping[str, object]) -> Outcome:
        """The outcome of an account from its row of the compiled statement and from its trace."""
        rules, rows = tuple(self._rules(values)), dict(self._rows(values))
        return Outcome(
            decided={section: self._first(kind, row) for section, kind in _RULES.items()},
            fields=dict(self._fields(row)),
            totals={one.rule: _number(row[one.name]) for one in self.compiled.of(ColumnKind.TOTAL)},
            tiers={one.rule: str(row[one.name] or "") for one in self.compiled.of(ColumnKind.TIER)},
            parts={(one.rule, one.part): _number(values[one.name]) for one in self.traced.of(TraceKind.PART)},
            tried=(*rules, *self._rest(rules, values), *self._tables(rows, values)),
            counted=tuple(self._terms(values)),
            rows=rows,
        )

    def _first(self, kind: ColumnKind, row: Mapping[str, object]) -> str | None:
        found = [row[column.name] for column in self.compiled.of(kind)]
        return str(found[0]) if found and found[0] is not None else None

    def _fields(self, row: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
        for column in (*self.compiled.of(ColumnKind.OUTPUT), *self.compiled.of(ColumnKind.SEGMENT)):
            yield column.output, _value(column.type, row[column.name])
        for column in self.compiled.of(ColumnKind.GRID):
            yield column.rule, _value(column.type, row[column.name])

    def _rules(self, values: Mapping[str, object]) -> Iterator[Tried]:
        decided = set()
        for column in self.traced.of(TraceKind.TRUTH):
            if column.section in ("scores", "worked", "affinity"):
                continue
            in_scheme = column.section == "segments"
            section = column.rule if in_scheme else _ONE.get(column.section, column.section)
            holds = bool(values[column.name])
            first = holds and section not in decided
            decided |= {section} if first else set()
            name = column.term if in_scheme else column.rule
            yield Tried(section, name, column.text, holds, first, self._seen(column, values), column.mark)

    def _rest(self, rules: Iterable[Tried], values: Mapping[str, object]) -> Iterator[Tried]:
        """The last segment of each scheme where none before it held: it has no condition."""
        held = {one.section for one in rules if one.decides}
        for column in self.traced.of(TraceKind.OUTPUT, "segments"):
            if column.rule not in held:
                yield Tried(column.rule, str(values[column.name]), "otherwise", holds=True, decides=True, seen={})

    def _tables(self, rows: Mapping[str, tuple[int, ...]], values: Mapping[str, object]) -> Iterator[Tried]:
        """For each output the rows that gave it, under the output's name."""
        places = {one.rule: one for one in self.traced.of(TraceKind.ROW)}
        for column in self.traced.of(TraceKind.OUTPUT, "tables"):
            table, matched = places[column.rule], rows[column.rule]
            told = " and ".join(f"row {number}" for number in matched) or "no row"
            holds, seen = bool(matched), self._seen(table, values)
            yield Tried(
                column.text, f"{told} of {table.rule}", "", holds=holds, decides=True, seen=seen, mark=table.mark
            )

    def _rows(self, values: Mapping[str, object]) -> Iterator[tuple[str, tuple[int, ...]]]:
        for column in self.traced.of(TraceKind.ROW):
            found = values[column.name]
            numbers = str(found).split("|") if isinstance(found, str) else [] if found is None else [str(found)]
            yield column.rule, tuple(int(float(number)) for number in numbers if number)

    def _terms(self, values: Mapping[str, object]) -> Iterator[Counted]:
        for column in self.traced.of(TraceKind.POINTS):
            points, seen = _number(values[column.name]), self._seen(column, values)
            yield Counted(column.rule, column.part, column.term, column.text, points, seen)

    def _seen(self, column: TraceColumn, values: Mapping[str, object]) -> dict[str, Value]:
        """What a rule read, under the words that rules use."""
        return {_word(one): _value(one.type, values[one.name]) for one in self._read[column.name]}


def _word(column: TraceColumn) -> str:
    return column.fact.word if column.fact else column.text or column.name


def _value(kind: Type, seen: object) -> Value:
    if seen is None:
        return None
    if kind is Type.BOOLEAN:
        return bool(seen)
    return seen if isinstance(seen, str | int | float) else str(seen)


def _number(seen: object) -> float:
    return float(str(seen or 0))
