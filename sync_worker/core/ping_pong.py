"""Accounts that go back to somebody who had them not long ago: told on the row, counted, judged by a guard. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sync_worker.core.model import PlanRow

MEANT = ("return:", "cover:", "cover-end:", "rollback:")
"""Moves that are meant to bring back: to the pool, from a cover, and what somebody asks to be undone."""


def coming_back(
    rows: Iterable[PlanRow], had: Mapping[str, Mapping[str, datetime]], pools: Collection[str]
) -> tuple[PlanRow, ...]:
    """The rows that give an account to an owner who had it. ``had``: account → former owner → until when."""
    return tuple(
        row
        for row in rows
        if row.kind is RowKind.OWNER
        and not row.rule.startswith(MEANT)
        and row.after["owner"] not in pools
        and str(row.after["owner"]) in had.get(row.account, {})
    )


def marked(
    rows: Sequence[PlanRow], had: Mapping[str, Mapping[str, datetime]], pools: Collection[str]
) -> tuple[PlanRow, ...]:
    """All rows; those that bring an account back say until when its new owner had it, as a UTC day."""
    back = {row.number for row in coming_back(rows, had, pools)}
    return tuple(
        replace(row, reason=f"{row.reason}; back again, had until {had[row.account][str(row.after['owner'])]:%Y-%m-%d}")
        if row.number in back
        else row
        for row in rows
    )
