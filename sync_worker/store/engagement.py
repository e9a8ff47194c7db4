"""Engagement, folded instead of rescanned: forward decay against a fixed landmark.

Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009. An event at t adds 2^((t - landmark) / half-life) to the
sum of its account and kind; at ``now`` the sum times 2^(-(now - landmark) / half-life) is the decayed count. All times
are whole UTC days. Time alone touches no row, late events fit, and a deleted event is subtracted. Only ``refold`` reads
all activities.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, except_, func, select, update

from sync_worker.store import settings
from sync_worker.store.days import midnight, number
from sync_worker.store.schema import activity
from sync_worker.store.schema import engagement as table
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from sync_worker.store.upsert import Insert

MOST_HALF_LIVES = 256.0
"""How far the landmark may lie back. A double's exponent holds 1,024 halvings, so events long before the landmark,
and clocks that run ahead, still have room."""

RESCANS = "engagement_rescans"
"""The setting that counts how often sums were made anew, other than by what was added to them."""

_NOBODY = datetime(2000, 1, 1, tzinfo=UTC)
"""Any moment will do while nothing is folded."""


class Event(NamedTuple):
    """One thing that a buyer did."""

    account: str
    kind: str
    at: datetime


def landmark(tx: Connection) -> datetime:
    """The moment, UTC, against which every sum is kept."""
    return _landmark(tx) or _NOBODY


def fold(tx: Connection, *, added: Iterable[Event], removed: Iterable[Event]) -> None:
    """Add and subtract events, for every half-life in use."""
    half_lives = _half_lives(tx)
    if not half_lives:
        return
    gone = list(removed)
    _apply(tx, _changes(added, gone, half_lives, landmark(tx)))
    # A sum without events is what rounding left over.
    for accounts in chunks(sorted({event.account for event in gone})):
        tx.execute(delete(table).where(table.c.account_id.in_(accounts), table.c.events <= 0))


def refold(tx: Connection, half_lives: Iterable[float], now: datetime) -> None:
    """Keep sums for exactly these half-lives, in days; and move the landmark when it has fallen far behind."""
    wanted, kept = sorted(set(half_lives)), _half_lives(tx)
    _move_landmark(tx, wanted, now)
    tx.execute(delete(table).where(table.c.half_life_days.not_in(wanted)))
    missing = [half_life for half_life in wanted if half_life not in kept]
    if missing:
        _rescan(tx, missing)
    if wanted != kept:
        settings.put(tx, "half_lives", wanted, now)


def rescan(tx: Connection, now: datetime) -> None:
    """Compute every sum again from the activities, as when their kinds have changed their meaning.

    No activity need have changed for a sum to change, so all facts are made anew as well.
    """
    tx.execute(delete(table))
    _rescan(tx, _half_lives(tx))
    settings.put(tx, RESCANS, (settings.get(tx, RESCANS) or 0) + 1, now)


def drifted(tx: Connection) -> int:
    """How many sums do not count the activities that there are. Anything but 0 is a defect; ``rescan`` mends it."""
    c = activity.c
    counted = select(c.account_id, c.kind, func.count()).where(c.engagement).group_by(c.account_id, c.kind)
    wrong = 0
    for half_life in _half_lives(tx):
        kept = select(table.c.account_id, table.c.kind, table.c.events).where(table.c.half_life_days == half_life)
        for one, other in ((counted, kept), (kept, counted)):
            wrong += tx.execute(select(func.count()).select_from(except_(one, other).subquery())).scalar_one()
    return wrong


def move(tx: Connection, old: str, new: str) -> None:
    """Give one account's sums to another, as a merge does."""
    rows = tx.execute(select(table).where(table.c.account_id == old)).mappings().all()
    _apply(tx, [{**row, "account_id": new} for row in rows])
    tx.execute(delete(table).where(table.c.account_id == old))


def _landmark(tx: Connection) -> datetime | None:
    value = settings.get(tx, "landmark")
    return None if value is None else datetime.fromisoformat(value)


def _half_lives(tx: Connection) -> list[float]:
    return [float(half_life) for half_life in settings.get(tx, "half_lives") or ()]


def _move_landmark(tx: Connection, half_lives: Sequence[float], now: datetime) -> None:
    if not half_lives:
        return
    old, new = _landmark(tx), midnight(now)
    if old is not None and abs(number(new) - number(old)) <= MOST_HALF_LIVES * min(half_lives):
        return
    settings.put(tx, "landmark", new.isoformat(), now)
    if old is not None:
        for half_life in _half_lives(tx):
            scale = _weight(old, new, half_life)
            tx.execute(update(table).where(table.c.half_life_days == half_life).values(sum=table.c.sum * scale))


def _weight(at: datetime, mark: datetime, half_life: float) -> float:
    # Bounded, because one mistyped year must not overflow the sum of an account.
    return math.exp2(min((number(at) - number(mark)) / half_life, 1000.0))


def _changes(
    added: Iterable[Event],
    removed: Iterable[Event],
    half_lives: Sequence[float],
    mark: datetime,
) -> list[dict[str, Any]]:
    parts: defaultdict[tuple[str, str], list[tuple[int, datetime]]] = defaultdict(list)
    for sign, events in ((1, added), (-1, removed)):
        for event in events:
            parts[event.account, event.kind].append((sign, event.at))
    return [
        {
            "account_id": account,
            "kind": kind,
            "half_life_days": half_life,
            # fsum: the sum is the same in whatever order events came.
            "sum": math.fsum(sign * _weight(at, mark, half_life) for sign, at in signed),
            "events": sum(sign for sign, _ in signed),
        }
        for (account, kind), signed in parts.items()
        for half_life in half_lives
    ]


def _apply(tx: Connection, changes: Sequence[Mapping[str, object]]) -> None:
    def added_up(insert: Insert) -> dict[str, ColumnElement[float]]:
        return {name: table.c[name] + insert.excluded[name] for name in ("sum", "events")}

    upsert(tx, table, changes, added_up)


def _rescan(tx: Connection, half_lives: Sequence[float]) -> None:
    mark = landmark(tx)
    c = activity.c
    # In the order of accounts, so that an account's events meet in one block and its sum is written once.
    wanted = select(c.account_id, c.kind, c.at).where(c.engagement).order_by(c.account_id)
    for block in tx.execute(wanted.execution_options(yield_per=20_000)).partitions():
        _apply(tx, _changes((Event(*row) for row in block), (), half_lives, mark))
