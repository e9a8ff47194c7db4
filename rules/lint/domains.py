"""What fields can be, as far as the rules themselves and the org's words tell: picklists, segments, tables' outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.axes import Domain
from rules.model import Hit
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.model import Ruleset, Table
    from rules.vocabulary import FieldInfo


def domains(ruleset: Ruleset, fields: Mapping[str, FieldInfo]) -> dict[str, Domain]:
    """What is known of fields beyond their type, by name."""
    found = picklists(fields)
    for table in ruleset.tables:
        found |= dict(_outputs(table))
    for scheme in ruleset.schemes:
        names = tuple(segment.name for segment in scheme.segments)
        found[scheme.name] = Domain(Type.TEXT, nullable=False, values=names, closed=True)
    return found


def picklists(fields: Mapping[str, FieldInfo]) -> dict[str, Domain]:
    """What is known of fields as the org describes them."""
    return {name: Domain(info.type, values=info.values) for name, info in fields.items() if info.values}


def _outputs(table: Table) -> Iterator[tuple[str, Domain]]:
    """The texts that a table's cells give. Where rows collect, any of them may come together."""
    for index, output in enumerate(table.outputs if table.hit is not Hit.COLLECT else ()):
        given = [row.values[index] for row in table.rows]
        always = any(row.when is None for row in table.rows) and None not in given
        if output.type is Type.TEXT:
            texts = tuple(dict.fromkeys(str(value) for value in given if value is not None))
            yield output.name, Domain(Type.TEXT, nullable=not always, values=texts, closed=True)
