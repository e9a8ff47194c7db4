"""The sandbox's own account of what really changed: a line for each field of each record, in order, flushed at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.port import Value


@dataclass(frozen=True, slots=True)
class Effect:
    """One value that is now another. ``time`` is UTC with milliseconds; ``actor`` is a user's id."""

    seq: int
    time: str
    object: str
    id: str
    field: str
    before: Value
    after: Value
    actor: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """An effect that has not been numbered yet: its transaction may still be undone."""

    object: str
    id: str
    field: str
    before: Value
    after: Value
    actor: str
    request_id: str


class EffectLog:
    """Numbers effects from 1 and writes each to the file, if there is one, before anybody is told of it."""

    def __init__(self, path: Path | None = None) -> None:
        self.effects: list[Effect] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def record(self, changes: list[Change], time: str) -> None:
        """Appends the changes of one committed write."""
        for change in changes:
            effect = Effect(seq=len(self.effects) + 1, time=time, **asdict(change))
            self.effects.append(effect)
            if self._file:
                self._file.write(json.dumps(asdict(effect), ensure_ascii=False) + "\n")
        if self._file and changes:
            self._file.flush()

    def lines(self) -> list[dict[str, Value]]:
        """All effects so far, as the file has them."""
        return [asdict(effect) for effect in self.effects]

    def close(self) -> None:
        """Closes the file. Safe to call twice."""
        if self._file:
            self._file.close()
            self._file = None
