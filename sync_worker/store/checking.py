"""Looking a store over for ``db check``. It reads, reports and repairs nothing."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text

from migrations import HEAD
from sync_worker.store import engagement
from sync_worker.store.engine import Place, connect, place
from sync_worker.store.opening import require_file, require_revision, revision
from sync_worker.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

NOTED = (
    "activity", "alias", "firmographic", "hold", "owner_history", "quarantine", "record", "rest", "signal", "twin",
)  # fmt: skip
"""The tables whose changes are noted, so that facts are made anew."""

TRIGGERS = {
    "sqlite": (
        "audit_no_delete",
        "audit_no_replace",
        "audit_no_update",
        "plan_row_no_delete",
        "plan_row_terminal",
    ),
    "postgresql": (
        "audit_no_delete",
        "audit_no_truncate",
        "audit_no_update",
        "plan_row_no_delete",
        "plan_row_terminal",
    ),
}
"""What keeps ended plan rows and audit entries as they are."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``db check`` found. ``rows`` counts every table's rows; ``problems`` is empty for a sound store."""

    place: str
    dialect: str
    revision: str
    journal: str
    """SQLite's journal mode; empty on PostgreSQL."""
    rows: Mapping[str, int]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the store is sound."""
        return not self.problems


def check(url: str) -> CheckReport:
    """Look the store over. Raises StoreError if it cannot be opened at all."""
    where = place(url)
    require_file(where)
    store = connect(where)
    try:
        with store.read() as tx:
            found = revision(tx)
            require_revision(where, found)
            return CheckReport(
                place=str(where),
                dialect=where.dialect,
                revision=found or HEAD,
                journal=str(tx.execute(text("PRAGMA journal_mode")).scalar()) if where.file else "",
                rows=_rows(tx),
                problems=(*_damage(tx, where), *_missing(tx, where), *_drift(tx), *_open_to_others(where)),
            )
    finally:
        store.close()


def _rows(tx: Connection) -> dict[str, int]:
    known = set(inspect(tx).get_table_names())
    return {
        table.name: tx.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if table.name in known
    }


def _damage(tx: Connection, where: Place) -> Iterator[str]:
    if where.dialect == "postgresql":
        return  # PostgreSQL checks pages and keys itself as it reads them
    for (line,) in tx.execute(text("PRAGMA integrity_check(20)")):
        if line != "ok":
            yield f"damaged: {line}"
    for table, row, parent, _ in tx.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row} of table '{table}' points at a row of '{parent}' that is not there"


def _missing(tx: Connection, where: Place) -> Iterator[str]:
    known = set(inspect(tx).get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in known:
            yield f"table '{table.name}' is missing"
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if where.dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    present = set(tx.execute(text(listed)).scalars())
    for trigger in TRIGGERS[where.dialect]:
        if trigger not in present:
            yield f"trigger '{trigger}' is missing: what has ended, or was audited, could be changed"
    for trigger in (f"{table}_{change}_noted" for table in NOTED for change in ("delete", "insert", "update")):
        if trigger not in present:
            yield f"trigger '{trigger}' is missing: accounts that have changed could be overlooked"


def _drift(tx: Connection) -> Iterator[str]:
    wrong = engagement.drifted(tx)
    if wrong:
        yield f"{wrong:,} engagement sums do not agree with the activities: run 'sync-worker pull --full'"


def _open_to_others(where: Place) -> Iterator[str]:
    if where.file is None:
        return
    mode = stat.S_IMODE(where.file.stat().st_mode)
    if mode & 0o077:
        yield f"{where} may be read by others (mode {mode:04o}): run 'chmod 600 {where}'"
