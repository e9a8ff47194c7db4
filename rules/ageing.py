"""Which accounts the passing of days may decide otherwise: one SELECT over the facts. It writes SQL text and runs none.

Between two days a comparison of a date with a constant changes for the dates that its limit has passed, and for no
other. What decays changes until nothing is left of it. Everything else that depends on time is counted anew in the
facts themselves.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import decayed, read
from rules.facts import EngagementSource, account_roots, columns_read, needs
from rules.sql import Dialect, Writer, counted_against, named, quoted
from rules.tree import Comparator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from datetime import date, datetime

    from rules.facts import FactColumn
    from rules.model import Ruleset

    Found = tuple[str, tuple[FactColumn, ...]]
    """A condition, and the columns that it reads."""


def compile_due(ruleset: Ruleset, dialect: Dialect, *, since: date, today: date, landmark: datetime) -> str:
    """SELECT the ``account_id`` of every account in ``fact`` whose outcome of ``since`` may not be today's (UTC days).

    It takes for granted that the facts are today's; accounts whose facts have changed are not looked for. Empty text:
    there are none, whatever the facts are.
    """
    if since == today:
        return ""
    before = Writer(dialect, since, {})
    found = {*_engaged(ruleset, before, landmark)}
    read_first: dict[str, FactColumn] = {}
    for root in account_roots(ruleset):
        for condition, columns in _ageing(root, before, replace(before, today=today), ruleset.computed):
            found.add(condition)
            read_first |= {column.name: column for column in columns}
    if not found:
        return ""
    shown = [f"{read(column, before, 1.0)} AS {named(column.name)}" for column in read_first.values()]
    shown += [named(column.name) for column in needs(ruleset) if isinstance(column.source, EngagementSource)]
    source = f"SELECT {', '.join(['account_id', *shown])} FROM fact"  # noqa: S608 - names are checked by rules.facts
    return f"SELECT account_id FROM ({source}) AS facts WHERE {' OR '.join(sorted(found))}"  # noqa: S608 - the same


def _engaged(ruleset: Ruleset, before: Writer, landmark: datetime) -> Iterator[str]:
    """Accounts with engagement that still counted: it has decayed since."""
    for column in needs(ruleset):
        if isinstance(column.source, EngagementSource):
            factor = decayed(before.today, landmark, column.source.half_life_days)
            yield f"{read(column, before, factor)} <> {before.number(0)}"


def _ageing(node: tree.Part, before: Writer, after: Writer, computed: AbstractSet[str]) -> Iterator[Found]:
    """What must hold of the facts for a part of a rule to change, and the columns that this reads."""
    match node:
        case tree.Between(value=value, low=low, high=high):
            yield from _ageing(tree.Comparison(Comparator.GE, value, low), before, after, computed)
            yield from _ageing(tree.Comparison(Comparator.LE, value, high), before, after, computed)
        case tree.Comparison(comparator=Comparator.NE, left=left, right=right):
            yield from _ageing(tree.Comparison(Comparator.EQ, left, right), before, after, computed)
        case tree.Comparison(comparator=comparator, left=left, right=right) if against := counted_against(
            comparator, left, right
        ):
            yield from _passed(against, before, after, computed)
        case tree.Days(date=day):
            yield _dated(day, before, "{} IS NOT NULL", computed)
        case _:
            for child in _children(node):
                yield from _ageing(child, before, after, computed)


def _passed(
    against: tuple[tree.Days, Comparator, float], before: Writer, after: Writer, computed: AbstractSet[str]
) -> Iterator[Found]:
    limits = [writer.limit(*against) for writer in (before, after)]
    low, high = (min(str(each) for each in limits), max(str(each) for each in limits))
    if limits[0] is not None:
        collation = ' COLLATE "C"' if before.dialect is Dialect.POSTGRESQL else ""
        within = f"{{0}} >= {quoted(low)}{collation} AND {{0}} <= {quoted(high)}{collation}"
        yield _dated(against[0].date, before, within, computed)


def _dated(day: tree.Value, writer: Writer, condition: str, computed: AbstractSet[str]) -> Found:
    if any(isinstance(part, tree.FieldValue) and part.name in computed for part in tree.parts(day)):
        return writer.boolean(value=True), ()  # what rules compute is not among the facts
    return f"({condition.format(writer.value(day))})", columns_read(day, computed)


def _children(node: tree.Part) -> Iterator[tree.Part]:
    for entry in fields(node):
        found = getattr(node, entry.name)
        yield from (child for child in (found if isinstance(found, tuple) else (found,)) if is_dataclass(child))  # type: ignore[misc]
