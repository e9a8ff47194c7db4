"""What the harnesses of both dialects share: a sandbox, its counts and its log, and names of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.port import Ref, Stream, Value
from connectors.transport import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Connector
    from connectors.sandbox import Sandbox
    from connectors.sandbox.view import Clock
    from tests.connectors.contract.harness import Breakage

    Names = Mapping[Stream, Mapping[str, str]]
    """The worker's name → the CRM's, for each stream."""

QUICK = Patience(tries=3, first_wait=0.01, longest_wait=0.02, in_all=10.0)
BREAKAGES: dict[Breakage, dict[str, object]] = {
    "reset before": {"fault": "reset"},
    "lost reply": {"fault": "lost_reply"},
    "error page": {"fault": "unavailable"},
    "server error": {"fault": "server_error"},
    "cut reply": {"fault": "truncate"},
}


class Sandboxed:
    """A sandbox and the connectors to it. ``objects`` are the CRM's for each stream, ``us`` the worker in its log."""

    def __init__(  # noqa: PLR0913 - what two dialects differ in, each named
        self,
        sandbox: Sandbox,
        *,
        clock: Clock,
        objects: Mapping[Stream, tuple[str, ...]],
        defaults: Names,
        custom: Names,
        us: str,
    ) -> None:
        self.sandbox = sandbox
        self.opened: list[Connector] = []
        self._clock = clock
        self._us = us
        self._streams = {entity: stream for stream, entities in objects.items() for entity in entities}
        self._names = {stream: {**names, **custom.get(stream, {})} for stream, names in defaults.items()}

    def close(self) -> None:
        for connector in self.opened:
            connector.close()

    def pass_time(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def calls(self) -> int:
        return int(str(self.sandbox.calls["total"]))

    def reset_calls(self) -> None:
        self.sandbox.reset_calls()

    def effects(self) -> list[tuple[Ref, str, Value]]:
        found = []
        for line in self.sandbox.effects:
            if line["actor"] == self._us:
                stream, column = self._streams[str(line["object"])], str(line["field"])
                value: Any = line["after"]
                found.append((Ref(stream, str(line["id"])), self._field(stream, column), self.typed(column, value)))
        return found

    def typed(self, column: str, value: Value) -> Value:
        """The sandbox's value as the suite speaks of it."""
        del column
        return value

    def column(self, stream: Stream, field: str) -> str:
        return self._names[stream][field]

    def columns(self, ref: Ref, fields: Mapping[str, Value]) -> dict[str, Any]:
        return {self.column(ref.stream, name): value for name, value in fields.items()}

    def _field(self, stream: Stream, column: str) -> str:
        return next((name for name, each in self._names[stream].items() if each == column), column)
