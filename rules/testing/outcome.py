"""What the compiled rules and their trace said of one account, as an Outcome. It runs no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.compile import ColumnKind
from rules.testing.model import Counted, Outcome, Tried
from rules.tracing import TraceKind
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.compile import Compiled
    from rules.testing.model import Value
    from rules.tracing import Trace, TraceColumn

_RULES = {
    "scope": ColumnKind.IN_SCOPE,
    "protect": ColumnKind.PROTECT,
    "return": ColumnKind.RETURN,
    "book": ColumnKind.BOOK,
    "route": ColumnKind.ROUTE,
}
_ONE = {"books": "book", "routes": "route"}
"""A trace's section → what tests call it, where the two differ."""


def outcome(compiled: Compiled, row: Mapping[str, object], traced: Trace, values: Mapping[str, object]) -> Outcome:
    """The outcome of an account from its row of the compiled statement and from its trace."""
    said = _Said(compiled, row)
    seen = _Traced(traced, values)
    return Outcome(
        decided={section: said.text(kind) for section, kind in _RULES.items()},
        fields=dict(said.fields()),
        totals=dict(said.figures(ColumnKind.TOTAL)),
        tiers=dict(said.texts(ColumnKind.TIER)),
        parts=dict(seen.parts()),
        tried=(*seen.rules(), *seen.rest(), *seen.tables()),
        counted=tuple(seen.terms()),
        rows=dict(seen.rows()),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """One row of the compiled statement."""

    compiled: Compiled
    row: Mapping[str, object]

    def text(self, kind: ColumnKind) -> str | None:
        found = [self.row[column.name] for column in self.compiled.of(kind)]
        return str(found[0]) if found and found[0] is not None else None

    def texts(self, kind: ColumnKind) -> Iterator[tuple[str, str]]:
        for column in self.compiled.of(kind):
            yield column.rule, str(self.row[column.name] or "")

    def figures(self, kind: ColumnKind) -> Iterator[tuple[str, float]]:
        for column in self.compiled.of(kind):
            yield column.rule, _number(self.row[column.name])

    def fields(self) -> Iterator[tuple[str, Value]]:
        for column in (*self.compiled.of(ColumnKind.OUTPUT), *self.compiled.of(ColumnKind.SEGMENT)):
            yield column.output, _value(column.type, self.row[column.name])
        for column in self.compiled.of(ColumnKind.GRID):
            yield column.rule, _value(column.type, self.row[column.name])


@dataclass(frozen=True, slots=True)
class _Traced:
    """One row of the trace."""

    traced: Trace
    values: Mapping[str, object]

    def rules(self) -> Iterator[Tried]:
        decided = set()
        for column in self.traced.of(TraceKind.TRUTH):
            if column.section == "scores":
                continue
            in_scheme = column.section == "segments"
            section = column.rule if in_scheme else _ONE.get(column.section, column.section)
            holds = bool(self.values[column.name])
            first = holds and section not in decided
            decided |= {section} if first else set()
            name = column.term if in_scheme else column.rule
            yield Tried(section, name, column.text, holds, first, self._seen(column), column.mark)

    def rest(self) -> Iterator[Tried]:
        """The last segment of each scheme where none before it held: it has no condition."""
        held = {one.section for one in self.rules() if one.decides}
        for column in self.traced.of(TraceKind.OUTPUT, "segments"):
            if column.rule not in held:
                yield Tried(column.rule, str(self.values[column.name]), "otherwise", holds=True, decides=True, seen={})

    def tables(self) -> Iterator[Tried]:
        """For each output the row that gave it, under the output's name."""
        matched = self.rows()
        numbers, places = dict(matched), {one.rule: one for one in self.traced.of(TraceKind.ROW)}
        for column in self.traced.of(TraceKind.OUTPUT, "tables"):
            table, rows = places[column.rule], numbers[column.rule]
            told = " and ".join(f"row {number}" for number in rows) or "no row"
            holds, seen = bool(rows), self._seen(table)
            yield Tried(
                column.text, f"{told} of {table.rule}", "", holds=holds, decides=True, seen=seen, mark=table.mark
            )

    def rows(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for column in self.traced.of(TraceKind.ROW):
            found = self.values[column.name]
            numbers = str(found).split("|") if isinstance(found, str) else [] if found is None else [str(found)]
            yield column.rule, tuple(int(float(number)) for number in numbers if number)

    def terms(self) -> Iterator[Counted]:
        for column in self.traced.of(TraceKind.POINTS):
            points, seen = _number(self.values[column.name]), self._seen(column)
            yield Counted(column.rule, column.part, column.term, column.text, points, seen)

    def parts(self) -> Iterator[tuple[tuple[str, str], float]]:
        for column in self.traced.of(TraceKind.PART):
            yield (column.rule, column.part), _number(self.values[column.name])

    def _seen(self, column: TraceColumn) -> dict[str, Value]:
        """What a rule read, under the words that rules use."""
        columns = {one.name: one for one in self.traced.columns}
        read = [columns[name] for name in column.reads]
        return {_word(one): _value(one.type, self.values[one.name]) for one in read}


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
