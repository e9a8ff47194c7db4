"""What API users may see and change of the company, which an administrator may alter at any moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.schema import entity

if TYPE_CHECKING:
    from connectors.sandbox.schema import Column, Entity


class Clock:
    """The company's time, UTC: the machine's, and as many seconds ahead as somebody has moved it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the clock on, or back with a negative number."""
        self._ahead += timedelta(seconds=seconds)


class View:
    """The objects and fields that are in sight, and who is not."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.hidden_rows: set[str] = set()
        """Ids that no API user may see any more."""
        self.schema_changed: datetime | None = None
        """When objects or fields were last hidden, shown or frozen."""
        self._hidden: dict[str, set[str]] = {}
        self._frozen: dict[str, set[str]] = {}
        self._entities = dict(CATALOG)

    def entity(self, name: str) -> Entity | None:
        """The object of this name as API users see it, whatever the case; None if there is none."""
        found = self._entities.get(name)
        if found is None:
            found = next((each for key, each in self._entities.items() if key.lower() == name.lower()), None)
        return found

    def entities(self) -> tuple[Entity, ...]:
        """All objects that are in sight."""
        return tuple(self._entities.values())

    def hide_field(self, name: str, field: str) -> None:
        """Nobody may see this field any more; for API users it no longer exists."""
        self._hidden.setdefault(name, set()).add(field)
        self._look_again(name)

    def show_field(self, name: str, field: str) -> None:
        """Undoes ``hide_field`` and ``freeze_field``."""
        self._hidden.get(name, set()).discard(field)
        self._frozen.get(name, set()).discard(field)
        self._look_again(name)

    def freeze_field(self, name: str, field: str) -> None:
        """Everybody may see this field, and nobody may change it any more."""
        self._frozen.setdefault(name, set()).add(field)
        self._look_again(name)

    def hide_object(self, name: str) -> None:
        """Nobody may see this object any more; for API users it no longer exists."""
        self._entities.pop(name, None)
        self.schema_changed = self.clock.now()

    def _look_again(self, name: str) -> None:
        whole, hidden, frozen = CATALOG[name], self._hidden.get(name, set()), self._frozen.get(name, set())
        columns = tuple(_seen(column, frozen) for column in whole.columns.values() if column.name not in hidden)
        self._entities[name] = entity(whole.name, whole.label, whole.plural, whole.prefix, columns, like=whole)
        self.schema_changed = self.clock.now()


def _seen(column: Column, frozen: set[str]) -> Column:
    return replace(column, createable=False, updateable=False) if column.name in frozen else column
