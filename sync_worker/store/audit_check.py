"""Checks the audit chain, exports it, and anchors it outside the database. It reads entries and adds none."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sqlalchemy import func, select

from sync_worker.store import schema
from sync_worker.store.audit_chain import GENESIS, Head, chain_hash, commitment, head, instant, values_of
from sync_worker.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

PAGE = 500
"""Entries that are read at once: a chain of any length is checked in little memory."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a check of the whole chain found. ``first_bad`` is the number of the first entry that does not hold."""

    ok: bool
    entries: int
    head: Head
    first_bad: int | None = None
    message: str = ""


class _Broken(Exception):
    """The check ends here."""

    def __init__(self, number: int | None, message: str) -> None:
        super().__init__(message)
        self.number = number


def verify(tx: Connection, checkpoint: Head | None = None) -> VerifyReport:
    """Check every entry, every value that was not erased, and that the chain reaches the checkpoint.

    The end of a chain that was cut off together with its counter can only be noticed against a checkpoint.
    """
    last, entries, committed = Head(0, GENESIS), 0, 0
    try:
        for page in _pages(tx):
            known = values_of(tx, [c for row in page for c in _commitments(row)])
            for row in page:
                last = _check_entry(row, last)
                committed += _check_values(row, known)
                _check_anchor(last, checkpoint)
                entries += 1
        _check_end(tx, last, committed, checkpoint)
    except _Broken as broken:
        return VerifyReport(ok=False, entries=entries, head=head(tx), first_bad=broken.number, message=str(broken))
    return VerifyReport(ok=True, entries=entries, head=last)


def export_jsonl(tx: Connection, file: TextIO, *, values: bool = True) -> int:
    """Write one line for each entry, for ``tools/verify_audit.py``; returns how many.

    ``values=False`` leaves the values out: the chain can be checked all the same.
    """
    count = 0
    for page in _pages(tx):
        known = values_of(tx, [c for row in page for c in _commitments(row)]) if values else {}
        for row in page:
            line: dict[str, Any] = {"entry": row.entry, "previous": row.previous, "hash": row.hash}
            if values:
                line["values"] = {c: known.get(c) for c in _commitments(row)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count


def advance_checkpoint(tx: Connection, file: Path) -> None:
    """Move the checkpoint on to where the chain ends now. Raises StoreError when the file cannot be used.

    A chain that no longer holds what the checkpoint remembers leaves it where it is: ``verify`` must find that.
    """
    remembered = read_checkpoint(file)
    if remembered is None or remembered.number == 0 or _hash_at(tx, remembered.number) == remembered.hash:
        write_checkpoint(file, head(tx))


def _hash_at(tx: Connection, number: int) -> str | None:
    return tx.scalar(select(schema.audit.c.hash).where(schema.audit.c.number == number))


def write_checkpoint(file: Path, anchor: Head) -> None:
    """Remember the head of the chain outside the database; the file is replaced whole or not at all.

    Raises StoreError when it cannot be written.
    """
    try:
        _replace(file, anchor)
    except OSError as error:
        hint = "is the volume mounted and writable? Set [audit] checkpoint to another file, or to nothing"
        raise StoreError(f"the audit checkpoint {file} cannot be written: {error.strerror}", hint=hint) from error


def _replace(file: Path, anchor: Head) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({"number": anchor.number, "hash": anchor.hash}, out)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        # A full disk must not fill up further with one of these for each run.
        Path(name).unlink()
        raise


def read_checkpoint(file: Path) -> Head | None:
    """The remembered head; None when there is no file. Raises StoreError when it cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Head(int(found["number"]), str(found["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "restore the file, or move it away to begin a new one after 'sync-worker audit verify'"
        raise StoreError(f"the audit checkpoint {file} cannot be read", hint=hint) from error


def _pages(tx: Connection) -> Iterator[list[Any]]:
    a = schema.audit.c
    after: int | None = None
    while True:
        wanted = select(schema.audit).order_by(a.number).limit(PAGE)
        page = list(tx.execute(wanted if after is None else wanted.where(a.number > after)))
        if not page:
            return
        yield page
        after = page[-1].number


def _commitments(row: Any) -> list[str]:  # noqa: ANN401 - a row of the audit table
    try:
        return [str(c) for c in json.loads(row.entry)["values"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # _check_entry says what is wrong with it


def _check_entry(row: Any, last: Head) -> Head:  # noqa: ANN401 - a row of the audit table
    if row.number != last.number + 1:
        raise _Broken(last.number + 1, f"entry {last.number + 1} is missing: the next one is {row.number}")
    if row.previous != last.hash:
        raise _Broken(row.number, f"entry {row.number} does not follow the entry before it")
    if chain_hash(row.previous, row.entry) != row.hash:
        raise _Broken(row.number, f"entry {row.number} was changed: its hash does not match")
    entry = json.loads(row.entry)
    columns = {name: getattr(row, name) for name in ("number", "kind", "plan_id", "row_number", "account_id")}
    if any(entry[name] != value for name, value in columns.items()) or entry["at"] != instant(row.at):
        raise _Broken(row.number, f"entry {row.number} was changed: its columns do not match it")
    return Head(row.number, row.hash)


def _check_values(row: Any, known: dict[str, tuple[str | None, str | None]]) -> int:  # noqa: ANN401 - as above
    commitments = _commitments(row)
    for wanted in commitments:
        if wanted not in known:
            raise _Broken(row.number, f"a value of entry {row.number} is missing (an erased one leaves its mark)")
        salt, value = known[wanted]
        if (salt is None) != (value is None) or not _holds(wanted, salt, value):
            raise _Broken(row.number, f"a value of entry {row.number} was changed")
    return len(commitments)


def _holds(wanted: str, salt: str | None, value: str | None) -> bool:
    if salt is None or value is None:
        return True
    try:
        return bytes.fromhex(salt).hex() == salt and commitment(salt, value) == wanted
    except ValueError:  # a salt that is no hex
        return False


def _check_anchor(last: Head, checkpoint: Head | None) -> None:
    if checkpoint and last.number == checkpoint.number and last.hash != checkpoint.hash:
        raise _Broken(last.number, f"entry {last.number} is not the one that the checkpoint remembers")


def _check_end(tx: Connection, last: Head, committed: int, checkpoint: Head | None) -> None:
    counter = tx.scalar(select(schema.sequence.c.value).where(schema.sequence.c.name == "audit")) or 0
    if counter != last.number:
        raise _Broken(last.number + 1, f"the chain ends at {last.number}, but {counter} entries were written")
    if checkpoint and checkpoint.number > last.number:
        raise _Broken(
            last.number + 1,
            f"the chain ends at {last.number}, before the checkpoint at {checkpoint.number}: "
            "entries were cut off, or the store was restored from an older backup",
        )
    stored = tx.scalar(select(func.count()).select_from(schema.audit_value)) or 0
    if stored != committed:
        raise _Broken(None, f"{stored} values are stored, but entries commit to {committed}")
