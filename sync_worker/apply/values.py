"""What a run is given, and what it reports. Plain values: nothing here reads or writes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Connector
    from sync_worker.config import ApplyConfig
    from sync_worker.core.model import RowState
    from sync_worker.parts import Progress
    from sync_worker.store import Store
    from sync_worker.store.lease import Lease
    from sync_worker.store.plans import StoredRow


@dataclass(frozen=True, slots=True)
class Fresh:
    """What the plan rests on, computed again just before it is applied: from a new pull and new facts."""

    read_sets: Mapping[str, str]
    """Account id → hash of everything that the rules read for it (I3)."""
    active_owners: frozenset[str]
    """Ids of the users who may own accounts now, the pool's among them (I9)."""
    rules_version: str
    config_digest: str
    crm_clock_skew_seconds: Mapping[str, float]
    """Our clock minus each CRM's."""


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What one run did. ``stopped`` says why it ended early; ``resumable`` whether the rest may still be sent."""

    plan_id: str
    counts: Mapping[RowState, int]
    """All rows of the plan, by the state that they are in now."""
    stopped: str | None = None
    resumable: bool = False
    calls: int = 0
    """API calls that the run cost."""


@dataclass(frozen=True, slots=True)
class RecoverReport:
    """How what an earlier life left behind was settled."""

    interrupted: int = 0
    """Rows that were sent and never got an answer."""
    settled: Mapping[RowState, int] = field(default_factory=dict)
    """What rows without an answer turned out to be."""
    unreadable: int = 0
    """Rows that stay unknown because the CRM could not be read."""
    verified: int = 0
    overwritten: tuple[StoredRow, ...] = ()
    overwrote: tuple[StoredRow, ...] = ()
    expired: int = 0
    """Plans that outlived their time."""
    resumable: tuple[str, ...] = ()
    """Plans whose run was interrupted and that may be applied further."""
    warnings: tuple[str, ...] = ()
    calls: int = 0


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a second reading showed of confirmed rows."""

    plan_id: str
    verified: int = 0
    overwritten: tuple[StoredRow, ...] = ()
    overwrote: tuple[StoredRow, ...] = ()
    """Rows whose write turned out to have replaced somebody else's."""
    gone: int = 0
    unread: int = 0
    """Confirmed rows of which a second reading could not tell yet what became of them."""
    stopped: str | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Tools:
    """What every part of a run works with."""

    store: Store
    connectors: Mapping[str, Connector]
    """By CRM, in the order in which they are written to."""
    settings: ApplyConfig
    settle: Mapping[str, float]
    """Seconds between a write and the look that verifies it, by CRM."""
    clock: Callable[[], datetime]
    """Now, UTC."""
    monotonic: Callable[[], float]
    stop: threading.Event
    progress: Callable[[Progress], None]
    lease: Lease

    def at(self, crm: str) -> Connector:
        """The connector of this CRM."""
        return self.connectors[crm]

    def by_crm(self, rows: Iterable[StoredRow]) -> Iterator[tuple[str, list[StoredRow]]]:
        """The rows by CRM, in the connectors' order; those of a CRM without a connector are left out."""
        found: dict[str, list[StoredRow]] = {crm: [] for crm in self.connectors}
        for row in rows:
            if row.row.crm in found:
                found[row.row.crm].append(row)
        return ((crm, mine) for crm, mine in found.items() if mine)

    def spent(self) -> int:
        """API calls so far, of every CRM."""
        return sum(connector.budget().spent for connector in self.connectors.values())

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that ends well only if the lease is ours to its end. Raises LeaseLost, StoreError."""
        self.lease.keep()  # a reading may have taken its time
        with self.store.begin() as tx:
            self.lease.fence(tx)
            yield tx
