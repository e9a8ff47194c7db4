"""Compares the sandbox's effect log with the plan: each planned change must be there once, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.model import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sync_worker.store.plans import StoredRow

WRITTEN = frozenset({RowState.CONFIRMED, RowState.VERIFIED, RowState.OVERWRITTEN, RowState.OVERWROTE})
"""States that say: the CRM holds it, or held it, because we wrote it."""

Change = tuple[str, str, str]
"""Account, CRM field, new value."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the CRM's own record of what changed agrees with the plan's."""

    planned: int
    logged: int
    missing: tuple[Change, ...]
    unplanned: tuple[Change, ...]
    """Changes that no row asked for, or that happened more than once."""

    @property
    def ok(self) -> bool:
        """True when the two agree exactly."""
        return not self.missing and not self.unplanned


def compare(rows: Iterable[StoredRow], fields: Mapping[str, Mapping[str, str]], effects: Path) -> Evidence:
    """Field by field; ``fields`` maps worker names to each CRM's own."""
    wanted = Counter(change for row in rows if row.state in WRITTEN for change in _planned(row, fields[row.row.crm]))
    logged = Counter(_logged(effects))
    return Evidence(
        planned=wanted.total(),
        logged=logged.total(),
        missing=tuple((wanted - logged).elements()),
        unplanned=tuple((logged - wanted).elements()),
    )


def _planned(row: StoredRow, fields: Mapping[str, str]) -> Iterator[Change]:
    for name, after in row.row.after.items():
        if not _same(row.row.before.get(name), after):
            yield row.row.account, fields[name], _plain(after)


def _logged(effects: Path) -> Iterator[Change]:
    for line in effects.read_text(encoding="utf-8").splitlines():
        effect = json.loads(line)
        yield effect["id"], effect["field"], _plain(effect["after"])


def _same(before: object, after: object) -> bool:
    return _plain(before) == _plain(after)


def _plain(value: object) -> str:
    """A value as text: HubSpot knows nothing else. Equal numbers are equal however they are written."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return f"{float(value):.15g}" if isinstance(value, int | float | str) else ""
    except ValueError:
        return str(value)
