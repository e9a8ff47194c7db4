"""The rules that decisions were made by, kept once for each version, so that a decision can be told years later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sync_worker.store.schema import rules_outline
from sync_worker.store.upsert import insert_if_absent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Came:
    """A version of the rules, and when it first decided anything."""

    version: str
    at: datetime


def keep(tx: Connection, version: str, outline: Callable[[], Mapping[str, Any]], now: datetime) -> None:
    """Keep the outline of a version that is new; ``outline`` is asked for it only then."""
    c = rules_outline.c
    if tx.scalar(select(c.version).where(c.version == version)) is None:
        insert_if_absent(tx, rules_outline, {"version": version, "outline": outline(), "at": now})


def of(tx: Connection, version: str) -> Mapping[str, Any] | None:
    """The outline of a version, as it was kept; None for one that decided before outlines were kept."""
    c = rules_outline.c
    found: Mapping[str, Any] | None = tx.scalar(select(c.outline).where(c.version == version))
    return found


def since(tx: Connection, after: datetime, until: datetime) -> tuple[Came, ...]:
    """The versions that came after one moment and by another, in order."""
    c = rules_outline.c
    wanted = select(c.version, c.at).where(c.at > after, c.at <= until).order_by(c.at, c.version)
    return tuple(Came(version, at) for version, at in tx.execute(wanted))
