"""Where names of a query lead: from an object through its parents to a field, and the value of that field in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from connectors.sandbox.catalog import NAMED
from connectors.sandbox.soql.tokens import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from connectors.port import Value
    from connectors.sandbox.schema import Column, Entity, Row
    from connectors.sandbox.soql.tree import Path, Select

MOST_PARENTS = 5


class Source(Protocol):
    """What a query needs of the place where rows lie."""

    def entity(self, name: str) -> Entity | None:
        """The object of this name, whatever its case."""

    def rows(self, entity: str, *, deleted: bool = False) -> list[Row]:
        """The visible rows of an object."""

    def get(self, entity: str, id_: str) -> Row | None:
        """The row with this id."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path ends: the parents to walk through, and the field."""

    steps: tuple[Column, ...]
    column: Column

    @property
    def name(self) -> str:
        """The path as declared: ``Owner.Name``."""
        return ".".join([*(step.parent for step in self.steps), self.column.name])


@dataclass(frozen=True, slots=True)
class Scope:
    """One query's object, within the text of its statement."""

    source: Source
    entity: Entity
    text: str
    today: date
    alias: str = ""

    def error(self, code: str, message: str, at: int) -> QueryError:
        """An error that points into the statement."""
        return QueryError(code, message, self.text, at)

    def target(self, path: Path) -> Target:
        """The field that a path names. Raises QueryError INVALID_FIELD."""
        names = list(path.names)
        if (
            len(names) > 1
            and names[0].lower() in {self.alias.lower(), self.entity.name.lower()} - {""}
            and not self._is_parent(names[0])
        ):
            names = names[1:]
        entity = self.entity
        steps: list[Column] = []
        for name in names[:-1]:
            step = entity.parents.get(name.lower())
            if step is None or len(steps) == MOST_PARENTS:
                raise self.error("INVALID_FIELD", no_such_parent(name), path.at)
            steps.append(step)
            entity = self.parent(step)
        column = entity.column(names[-1])
        if column is None:
            raise self.error("INVALID_FIELD", no_such_column(names[-1], entity.name), path.at)
        return Target(tuple(steps), column)

    def reader(self, target: Target) -> Callable[[Row], Value]:
        """A function from a row to the value that the path has there; None where a parent is missing."""
        name = target.column.name
        if not target.steps:
            return lambda row: row.get(name)
        names_type = name == "Type" and len(target.steps[-1].refers) > 1

        def read(row: Row) -> Value:
            for step in target.steps:
                parent = self.parent_row(row, step)
                if parent is None:
                    return None
                row = parent
            return self.type_of(row, target.steps[-1]) if names_type else row.get(name)

        return read

    def parent_row(self, row: Row, step: Column) -> Row | None:
        """The row that a reference leads to, or None."""
        key = row.get(step.name)
        if not isinstance(key, str):
            return None
        return next((found for name in step.refers if (found := self.source.get(name, key)) is not None), None)

    def type_of(self, row: Row, step: Column) -> str | None:
        """The object of a row that a reference leads to."""
        return next((name for name in step.refers if self.source.get(name, str(row["Id"])) is not None), None)

    def inner(self, select: Select) -> Scope:
        """The scope of a query within this one. Raises QueryError INVALID_TYPE."""
        return scope_of(self.source, select, self.text, self.today)

    def _is_parent(self, name: str) -> bool:
        return name.lower() in self.entity.parents

    def parent(self, step: Column) -> Entity:
        """The object that a reference leads to. Raises QueryError if it is out of sight."""
        found = NAMED if len(step.refers) > 1 else self.source.entity(step.refers[0])
        if found is None:
            raise QueryError("INVALID_FIELD", no_such_parent(step.parent))
        return found


def scope_of(source: Source, select: Select, text: str, today: date) -> Scope:
    """The scope of a statement. Raises QueryError INVALID_TYPE if there is no such object."""
    entity = source.entity(select.source)
    if entity is None:
        raise QueryError("INVALID_TYPE", no_such_object(select.source), text, select.at)
    return Scope(source, entity, text, today, select.alias)


_CUSTOM = "If you are attempting to use a custom {}, be sure to append the '{}' after the {} name."
_REFERENCE = "Please reference your WSDL or the describe call for the appropriate names."


def no_such_column(name: str, entity: str) -> str:
    """The message for an unknown field in a query."""
    hint = _CUSTOM.format("field", "__c", "custom field")
    return f"No such column '{name}' on entity '{entity}'. {hint} {_REFERENCE}"


def no_such_object(name: str) -> str:
    """The message for an unknown object in a query."""
    return f"sObject type '{name}' is not supported. {_CUSTOM.format('object', '__c', 'entity')} {_REFERENCE}"


def no_such_parent(name: str, place: str = "field path") -> str:
    """The message for an unknown relationship in a query."""
    hint = _CUSTOM.format("relationship", "__r", "custom relationship")
    return f"Didn't understand relationship '{name}' in {place}. {hint} {_REFERENCE}"
