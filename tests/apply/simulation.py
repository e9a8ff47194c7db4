"""Histories of a worker's life, drawn from a seed: people edit, requests get lost, processes die, freeze and meet.

Every history runs the real ``apply``, ``recover`` and ``verify_plan`` on a real (in-memory) database and on the CRM of
``crm.py``. ``complaints`` says afterwards which promise a history has broken.
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import URL, Engine, StaticPool, create_engine, event

from connectors.port import Outcome, Unreachable
from sync_worker.apply.reading import SLACK
from sync_worker.core.canonical import canonical
from sync_worker.core.model import TERMINAL, RowKind, RowState
from sync_worker.store import Store, StoreError, audit, outbox, plans, settings
from sync_worker.store.engine import Place
from sync_worker.store.lease import Lease
from sync_worker.store.plans import PlanRefused
from tests.apply.crm import US, Failure
from tests.apply.house import House, make_plan, owner_row, priority_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.port import Write
    from sync_worker.core.model import PlanRow
    from sync_worker.store.plans import StoredRow
    from tests.apply.crm import Effect

PEOPLE = ("ann", "ben", "cleo")


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class MortalStore(Store):
    """A store whose process may die just before or just after any commit."""

    fate: Fate

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:  # type: ignore[override]
        with super().begin() as tx:
            yield tx  # type: ignore[misc]
            self.fate.maybe_die()
        self.fate.maybe_die()


@dataclass
class Fate:
    """How often what happens, in this history. After ``calm`` nothing disturbs any more."""

    draw: random.Random
    kill: float
    calm: bool = False

    def happens(self, chance: float) -> bool:
        return not self.calm and self.draw.random() < chance

    def maybe_die(self) -> None:
        if self.happens(self.kill):
            raise Killed


class Stage:
    """One database in memory, put back to empty for each history: an engine's caches are worth keeping."""

    def __init__(self, migrated: Path) -> None:
        self._empty = sqlite3.connect(migrated, check_same_thread=False)
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.engine: Engine = create_engine(
            "sqlite://", creator=lambda: self.connection, poolclass=StaticPool, json_serializer=canonical
        )
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    def clear(self, fate: Fate) -> MortalStore:
        self._empty.backup(self.connection)
        return MortalStore(Place(URL.create("sqlite"), "sqlite", None), self.engine, fate)

    def close(self) -> None:
        self.engine.dispose()
        self._empty.close()


@dataclass
class History:
    """One life: a plan, a worker that may die and be started again, and what the world does meanwhile."""

    stage: Stage
    seed: int
    conditional: bool = True
    """Whether the CRM compares versions. Where it does not, an overwrite may happen, but not go unnoticed."""
    sends: list[tuple[int, str]] = field(default_factory=list)
    """For each write that left: how many effects there were before it, and its account."""
    paused_since: float | None = None
    late_after_pause: float = 0.0
    deaths: int = 0
    overwritten: int = 0
    """Rows whose write has replaced somebody's edit."""

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311 - a history must come out the same again
        self.fate = Fate(self.draw, kill=self.draw.choice([0.0, 0.01, 0.04]))
        self.house = House(self.stage.clear(self.fate), conditional=self.conditional)
        self.house.crm.keeps_history = self.draw.random() < 0.5 or not self.conditional
        self.house.crm.seconds_per_write = self.draw.choice([0.0, 0.3, 1.2])
        self.house.crm.before_write = self._before_write
        self.house.crm.before_read = self._world_or_death
        self._frozen = False
        if not self.conditional:
            self._loosen()

    def _loosen(self) -> None:
        """A CRM that compares no versions: edits while we wait, a history that is behind, another clock."""
        crm = self.house.crm
        crm.late_within = 90.0
        crm.ahead = timedelta(seconds=self.draw.choice([0.0, -200.0, 3.3]))
        crm.behind = self.draw.choice([0.0, 0.0, 8.0])
        self.house.stop.while_waiting = self._world

    def run(self) -> list[str]:
        """Live it to its end; the broken promises, which are none."""
        rows = self.house.homed(self._rows())
        self.fate.calm = True
        self._approve(rows)
        self.fate.calm = False
        for _ in range(self.draw.choice([1, 1, 1, 1, 2, 3])):
            self._life()
            self._world()
            if not self.conditional:
                self.house.time(self.draw.choice([0.1, 1.0, 30.0, 400.0]))
        self._calm_end()
        return self._complaints(rows)

    def _approve(self, rows: list[PlanRow]) -> None:
        """An approved plan, the short way: how plans are approved is tested elsewhere."""
        with self.house.store.begin() as tx:
            plans.save(tx, make_plan(rows, self.house.clock), now=self.house.clock())
        self.stage.connection.execute("UPDATE plan SET state = 'approved'")
        self.stage.connection.execute("UPDATE plan_row SET state = 'approved'")

    def _rows(self) -> list[PlanRow]:
        accounts = self.house.accounts(self.draw.choice([1, 2, 2, 3]))
        rows = [owner_row(number, account) for number, account in enumerate(accounts, 1)]
        if self.draw.random() < 0.6:
            rows.append(priority_row(len(rows) + 1, accounts[0], {"score": None}, {"score": 71.0}))
        for row in rows:
            self.house.crm.failures[row.account] = [self._failure() for _ in range(self.draw.randint(0, 3))]
        return rows

    def _failure(self) -> Failure:
        return self.draw.choice(
            [
                Failure(),
                Failure(lost=True),
                Failure(lost=True),
                Failure(late=True),
                Failure(late=True),
                Failure(answer=Outcome.UNKNOWN),
                Failure(answer=Outcome.BUSY, code="UNABLE_TO_LOCK_ROW"),
                Failure(answer=Outcome.FAILED, code="INVALID_OWNER"),
                Failure(raises=Unreachable("no answer")),
            ]
        )

    def _life(self) -> None:
        """One process, from its start to its end or death."""
        try:
            # The former holder's lease has run out.
            self.stage.connection.execute("UPDATE lease SET expires_at = 0")
            self._cycle()
        except Killed:
            self.deaths += 1
        except (StoreError, PlanRefused):
            pass

    def _cycle(self) -> None:
        with Lease.acquire(self.house.store, f"life-{self.deaths}", seconds=self.house.clock.monotonic) as lease:
            if "plan-1" in self.house.recover(lease).resumable:
                self.house.apply(lease=lease)
            if self.draw.random() < 0.7:
                self.house.verify(lease=lease)

    # What else happens -------------------------------------------------------------------------------------------

    def _before_write(self, write: Write) -> None:
        script = self.house.crm.failures[write.ref.id]
        if not (script and script[0].answer is Outcome.BUSY):  # a locked row is known not to have been written
            self.sends.append((len(self.house.crm.effects), write.ref.id))
        if self.paused_since is not None:
            self.late_after_pause = max(self.late_after_pause, self.house.crm.call_began - self.paused_since)
        self._world_or_death()
        if self.fate.happens(0.04):
            self._freeze()

    def _world(self) -> None:
        crm, draw = self.house.crm, self.draw
        crm.unreadable = Unreachable("no answer") if self.fate.happens(0.03) else None
        if self.fate.happens(0.15 if self.conditional else 0.35):
            account = draw.choice(sorted(crm.accounts))
            if draw.random() < 0.7:
                crm.edit(account, by="dana", owner=draw.choice(PEOPLE))
            else:
                crm.edit(account, by="a flow", phone=str(draw.random()))
        if self.fate.happens(0.03):
            crm.delete(draw.choice(sorted(crm.accounts)))
        if self.fate.happens(0.2):
            crm.land_late()
        if self.fate.happens(0.03):
            self._pause()
        elif self.paused_since is not None and self.fate.happens(0.3):
            self._resume()

    def _world_or_death(self) -> None:
        self._world()
        self.fate.maybe_die()

    def _pause(self) -> None:
        with Store.begin(self.house.store) as tx:
            settings.pause(tx, "rita", "stop", self.house.clock())
        if self.paused_since is None:
            self.paused_since = self.house.clock.seconds

    def _resume(self) -> None:
        with Store.begin(self.house.store) as tx:
            settings.resume(tx)
        self.paused_since = None

    def _freeze(self) -> None:
        """The process sleeps through its lease; another one does its work; then it wakes up where it was."""
        if self._frozen:
            return
        self._frozen = True
        # Longer than its lease. Nothing but a version stops a request that leaves an hour after its reading.
        self.house.clock.pass_(3600 if self.conditional else 200)
        try:
            self._life()
        finally:
            self._frozen = False

    def _calm_end(self) -> None:
        """Nothing disturbs any more: what is open is settled, and what cannot be sent expires."""
        self.fate.calm = True
        self.house.crm.unreadable = None
        if self.paused_since is not None:
            self._resume()
        self.house.crm.land_late()
        self.house.crm.failures.clear()
        for _ in range(2 if self.conditional else 3):
            with self.house.store.read() as tx:
                if outbox.by_state(tx).keys() <= TERMINAL:
                    return
            self._life()
            self.house.clock.now += timedelta(hours=25)

    # What must hold ----------------------------------------------------------------------------------------------

    def _complaints(self, rows: list[PlanRow]) -> list[str]:
        stored = self.house.plan().rows
        found = [f"I6: row {row.row.number} ends as {row.state}" for row in stored if row.state not in TERMINAL]
        for row in stored:
            found += self._of_row(row)
        if self.late_after_pause >= 5:
            found.append(f"I13: a write left {self.late_after_pause} s after the pause")
        with self.house.store.read() as tx:
            if self.seed % 4 == 0 and not audit.verify(tx).ok:
                found.append("the audit chain is broken")
            intents = tx.exec_driver_sql("SELECT count(*) FROM audit WHERE kind = 'row.intent'").scalar_one()
        if intents < len(self.house.crm.written):
            found.append(f"I1: {len(self.house.crm.written)} writes, {intents} intents")
        return found + [f"row {row.number} of the plan is lost" for row in rows[len(stored) :]]

    def _of_row(self, row: StoredRow) -> list[str]:
        name = "owner" if row.row.kind is RowKind.OWNER else "score"
        ours = self.house.crm.ours(row.row.account, name)
        label = f"row {row.row.number} ({row.row.account}, {name}, {row.state}, tries {row.tries})"
        found = self._unnoticed(row, label) if name == "owner" and not self.conditional else []
        if row.state is RowState.OVERWROTE or (row.state is RowState.GONE and not self.conditional):
            return found  # of a deleted account nothing can be looked up
        if len(ours) > 1:
            found.append(f"I4: {label} had {len(ours)} effects")
        if any(effect.before != row.row.before[name] for effect in ours):
            found.append(f"I2: {label} overwrote another value")
        if row.state in {RowState.NOOP, RowState.FAILED} and ours:
            found.append(f"I5: {label} says that it did not land")
        if row.state is RowState.CONFLICT and ours and row.tries == 0:
            found.append(f"I5: {label} says that it did not land")
        if row.state in {RowState.VERIFIED, RowState.OVERWRITTEN} and not self._written(row, name) and not row.adopted:
            found.append(f"I5: {label} says that it landed")
        return found + self._after_edit(row, label)

    def _written(self, row: StoredRow, name: str) -> bool:
        """Whether the CRM has ever shown the value: without versions somebody else may have been first to write it."""
        effects = [e for e in self.house.crm.effects if (e.account, e.field) == (row.row.account, name)]
        return any(e.after == row.row.after[name] and (e.by == US or not self.conditional) for e in effects)

    def _unnoticed(self, row: StoredRow, label: str) -> list[str]:
        """I2 without versions: what one of our writes has replaced, and the row does not say; or says without cause."""
        effects = self.house.crm.effects
        lost = [
            effect
            for at, effect in enumerate(effects)
            if (effect.account, effect.field, effect.by) == (row.row.account, "owner", US)
            and (effect.before != row.row.before["owner"] or self._edited(row, effects[effect.read_at : at]))
        ]
        self.overwritten += bool(lost)
        if lost and row.state is RowState.GONE:
            return []
        if lost and (row.state is not RowState.OVERWROTE or row.replaced != {"owner": lost[-1].before}):
            return [f"I2: {label} has replaced {lost[-1].before} unnoticed"]
        # When exactly a row was read is not kept: an edit there and back in the seconds before it may count as after.
        near = [e for e in effects if row.first_sent_at is not None and e.at >= row.first_sent_at - SLACK]
        if not lost and row.state is RowState.OVERWROTE and not self._edited(row, near):
            return [f"I5: {label} says that it replaced {row.replaced}"]
        return []

    def _edited(self, row: StoredRow, between: list[Effect]) -> bool:
        return any((e.account, e.field) == (row.row.account, "owner") and e.by != US for e in between)

    def _after_edit(self, row: StoredRow, label: str) -> list[str]:
        """I4: none of our effects comes after somebody's edit that came after our first try."""
        effects = self.house.crm.effects
        first = next((count for count, account in self.sends if account == row.row.account), len(effects))
        edited = False
        for effect in effects[first:]:
            if effect.account != row.row.account or effect.field != "owner":
                continue
            if effect.by != US:
                edited = True
            elif edited and row.row.kind is RowKind.OWNER:
                return [f"I4: {label} came after a person's edit"]
        return []
