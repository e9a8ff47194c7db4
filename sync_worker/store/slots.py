"""Logical slots of scheduled jobs: of all who try to claim one, one gets it, once. It knows no clock and no job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from sync_worker.store.schema import slot as table
from sync_worker.store.upsert import insert_if_absent

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed slot. ``ended_at`` is None while its job runs, and for ever if it was killed."""

    slot: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


def claim(tx: Connection, job: str, slot: str, now: datetime) -> bool:
    """Take a job's slot, such as a local date; False where it was taken before. It stays taken for good."""
    return insert_if_absent(tx, table, {"job": job, "slot": slot, "started_at": now})


def finish(tx: Connection, job: str, slot: str, outcome: str, now: datetime) -> None:
    """Note how the job in this slot ended."""
    here = update(table).where(table.c.job == job, table.c.slot == slot)
    tx.execute(here.values(ended_at=now, outcome=outcome))


def tries(tx: Connection, job: str, slot: str) -> list[Claim]:
    """The claims of a slot and of its further tries (``SLOT #2``), in the order in which they were made."""
    c = table.c
    named = or_(c.slot == slot, c.slot.startswith(f"{slot} #", autoescape=True))
    wanted = select(c.slot, c.started_at, c.ended_at, c.outcome).where(c.job == job, named)
    return [Claim(*row) for row in tx.execute(wanted.order_by(c.started_at, c.slot))]
