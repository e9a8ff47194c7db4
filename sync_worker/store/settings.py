"""Small facts of the worker's own by name, among them the pause. It stores what it is given and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as delete_from
from sqlalchemy import select

from sync_worker.store.schema import setting
from sync_worker.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Pause:
    """Who stopped all writes to the CRM, why and when (I13)."""

    by: str
    reason: str
    since: datetime


def get(tx: Connection, name: str) -> Any:  # noqa: ANN401 - any JSON value; each name's owner knows its shape
    """The value, as JSON knows it; None if there is none."""
    return tx.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def put(tx: Connection, name: str, value: object, now: datetime) -> None:
    """Keep a JSON value under a name, in place of an earlier one."""
    upsert(tx, setting, [{"name": name, "value": value, "at": now}])


def delete(tx: Connection, name: str) -> bool:
    """Forget a value; whether there was one."""
    return tx.execute(delete_from(setting).where(setting.c.name == name)).rowcount == 1


def pause(tx: Connection, by: str, reason: str, now: datetime) -> Pause:
    """Stop all writes to the CRM until ``resume``. A pause that holds already stays as it was, and is returned."""
    held = paused(tx)
    if held is None:
        held = Pause(by, reason, now)
        put(tx, _PAUSE, {"by": by, "reason": reason, "since": now.isoformat()}, now)
    return held


def resume(tx: Connection) -> Pause | None:
    """Let writes go on; the pause that ended, if there was one."""
    held = paused(tx)
    delete(tx, _PAUSE)
    return held


def paused(tx: Connection) -> Pause | None:
    """The pause that holds; None when writes may go on."""
    value = get(tx, _PAUSE)
    return None if value is None else Pause(value["by"], value["reason"], datetime.fromisoformat(value["since"]))
