"""What every step of a cycle works with. ``app`` puts the parts together; the steps only use them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connectors.port import Connector, Schema
    from rules import Ruleset, Vocabulary
    from sync_worker.config import ApplyConfig, Config
    from sync_worker.store import Store


class Tools(TypedDict):
    """What writing to the CRM takes, by the names of ``apply``'s parameters."""

    store: Store
    connectors: Mapping[str, Connector]
    settings: ApplyConfig
    settle: Mapping[str, float]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    stop: threading.Event
    progress: Callable[[Progress], None]


class Stopped(Exception):
    """A run ended before its first write, for a reason that a person has to see. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step has come. ``total`` is None where nobody knows it yet."""

    step: str
    done: int
    total: int | None = None


@dataclass
class Parts:
    """The worker's parts. The connectors are made when one is first used: reading a stored plan needs no CRM."""

    config: Config
    store: Store
    make_connectors: Callable[[], Mapping[str, Connector]]
    """A connector for each CRM that the config names, in its order."""
    read_rules: Callable[[Vocabulary], Ruleset]
    """The rules folder, checked against these words. Raises RulesInvalid."""
    clock: Callable[[], datetime]
    """Now, in UTC."""
    monotonic: Callable[[], float]
    """Seconds that no clock change disturbs: for how fresh a reading is."""
    stop: threading.Event
    """Set when the process is to end: no new page, batch or row is begun after it."""
    watch: Callable[[Progress], None]
    """Told how far each step has come; a command sets it for as long as it draws a bar."""

    @cached_property
    def connectors(self) -> Mapping[str, Connector]:
        """The CRMs by name, in the config's order."""
        return self.make_connectors()

    @property
    def met_crm(self) -> bool:
        """Whether the connectors were made."""
        return "connectors" in vars(self)

    def described(self) -> Mapping[str, Schema]:
        """The fields of every CRM, by its name, as they are now. Raises CrmError."""
        return {crm: connector.describe() for crm, connector in self.connectors.items()}

    def settle(self) -> Mapping[str, float]:
        """Seconds between a write and the look that verifies it, by CRM: longer where a CRM needs longer."""
        own = {"hubspot": self.config.hubspot.settle_seconds} if self.config.hubspot else {}
        return {crm: max(self.config.apply.settle_seconds, own.get(crm, 0.0)) for crm in self.connectors}

    def tools(self) -> Tools:
        """The parts that ``apply`` works with."""
        return Tools(
            store=self.store,
            connectors=self.connectors,
            settings=self.config.apply,
            settle=self.settle(),
            clock=self.clock,
            monotonic=self.monotonic,
            stop=self.stop,
            progress=self.watch,
        )
