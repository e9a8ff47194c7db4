"""What a run is given, and what it reports. Plain values: nothing here reads or writes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping
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
    gone: int = 0
    unread: int = 0
    """Confirmed rows that have not been read again yet."""
    stopped: str | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Tools:
    """What every part of a run works with."""

    store: Store
    connector: Connector
    settings: ApplyConfig
    clock: Callable[[], datetime]
    """Now, UTC."""
    monotonic: Callable[[], float]
    stop: threading.Event
    progress: Callable[[Progress], None]
    lease: Lease

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that ends well only if the lease is ours to its end. Raises LeaseLost, StoreError."""
        self.lease.keep()  # a reading may have taken its time
        with self.store.begin() as tx:
            self.lease.fence(tx)
            yield tx
