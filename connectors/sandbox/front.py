"""What the sandbox itself, whatever CRM it speaks for, asks of the CRM's state: counts, faults, tokens, edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import Counter, deque
    from collections.abc import Iterable, Mapping
    from threading import RLock

    from connectors.port import Value
    from connectors.sandbox.calls import Call
    from connectors.sandbox.effects import EffectLog
    from connectors.sandbox.faults import Fault, FaultPlan
    from connectors.sandbox.seed import Seeding
    from connectors.sandbox.view import Clock


class Front(Protocol):
    """One CRM's state behind its dialect."""

    faults: FaultPlan
    calls: Counter[str]
    heard: deque[Call]

    @property
    def crm(self) -> str:
        """Its name."""

    @property
    def lock(self) -> RLock:
        """Held for as long as somebody needs one picture."""

    @property
    def log(self) -> EffectLog:
        """What has really changed."""

    @property
    def seeding(self) -> Seeding:
        """The company on its first morning."""

    @property
    def clock(self) -> Clock:
        """The CRM's time."""

    def credentials(self) -> dict[str, object]:
        """What a client needs to get in."""

    def app_token(self) -> str:
        """A valid token of the integration."""

    def person_token(self, who: str) -> tuple[str, str]:
        """A valid token of a person, and the person's id. Raises KeyError."""

    def expire_tokens(self) -> None:
        """Every token given out so far is refused from now on."""

    def edit(self, name: str, id_: str, actor: str, values: Mapping[str, Value]) -> bool:
        """A person changes a record; returns whether anything really changed. Raises KeyError."""

    def plan(self, faults: Iterable[Mapping[str, object] | Fault]) -> FaultPlan:
        """A fault plan that this dialect can carry out. Raises FaultPlanError."""
