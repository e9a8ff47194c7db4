"""Views of the audit log: checked, searched, exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Text, Tone, table
from sync_worker.report.words import count, instant, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sync_worker.report.document import Answer
    from sync_worker.store.audit import AuditEntry, VerifyReport


def verified(found: VerifyReport) -> Answer:
    """``audit verify``."""
    payload = {
        "ok": found.ok,
        "entries": found.entries,
        "head": found.head,
        "first_bad": found.first_bad,
        "message": found.message,
    }
    head = Fields((("entries", f"{found.entries:,}"), ("head", f"{found.head.number} {found.head.hash}")))
    if found.ok:
        return (Text("the audit log is whole: every entry follows from the one before it", Tone.GOOD), head), payload
    where = f" at entry {found.first_bad}" if found.first_bad is not None else ""
    return (
        Text(f"the audit log does not hold{where}: {found.message}", Tone.BAD),
        head,
        Commands(
            (
                ("sync-worker pause --reason 'audit log does not hold'", "stop writing first"),
                ("sync-worker audit export FILE", "keep what is there, then compare it with an earlier export"),
            )
        ),
    ), payload


def found(entries: Sequence[AuditEntry]) -> Answer:
    """``audit search``."""
    rows = [(e.number, instant(e.at), e.kind, e.plan_id or "", e.account_id or "", _told(e)) for e in entries]
    listed = table(">no|at|kind|plan|account|~entry", rows)
    return (listed if rows else Text("no entry matches"),), {"entries": entries}


def exported(file: Path, entries: int) -> Answer:
    """``audit export``."""
    return (Text(f"{count(entries, 'entry').replace('entrys', 'entries')} written to {file}", Tone.GOOD),), {
        "file": file,
        "entries": entries,
    }


def _told(entry: AuditEntry) -> str:
    values = {name: "erased" if seen is None else seen for name, seen in entry.values.items()}
    return ", ".join(
        f"{name}={_short(seen)}" for name, seen in {**entry.entry, **values}.items() if seen not in ("", None)
    )


def _short(seen: object) -> str:
    """Long hashes by their beginning; the whole entry is in the JSON form."""
    long = 60
    text = _pairs(seen) if isinstance(seen, dict) else value(seen)
    return text if len(text) <= long else f"{text[: long - 1]}…"


def _pairs(seen: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {value(inner)}" for name, inner in seen.items()) + "}"
