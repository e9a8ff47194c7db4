"""The audit chain: an entry before and after each write, in the transaction of the change that it tells of.

``hash = SHA-256(0x00 || previous hash || entry)``, the entry as canonical JSON. Values stand apart behind salted HMAC
commitments, so that erasing a person's data leaves the chain valid. Nothing here updates or deletes an entry.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from sync_worker.core.canonical import canonical
from sync_worker.store import schema
from sync_worker.store.audit_chain import Head, chain_hash, commitment, head, instant, values_of
from sync_worker.store.audit_check import (
    VerifyReport,
    advance_checkpoint,
    export_jsonl,
    read_checkpoint,
    verify,
    write_checkpoint,
)
from sync_worker.store.upsert import insert_if_absent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

__all__ = [
    "AuditEntry",
    "Head",
    "Note",
    "VerifyReport",
    "advance_checkpoint",
    "append",
    "append_all",
    "erase",
    "export_jsonl",
    "head",
    "read_checkpoint",
    "search",
    "verify",
    "write_checkpoint",
]

_LOCK = "audit"
_OURS = update(schema.sequence).where(schema.sequence.c.name == _LOCK)
_TOUCH = _OURS.values(value=schema.sequence.c.value)
_COUNT = _OURS.values(value=bindparam("number"))


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to record. ``secret_values`` are committed to, and can be erased without breaking the chain."""

    kind: str
    entry: Mapping[str, object] = field(default_factory=dict)
    plan_id: str | None = None
    row_number: int | None = None
    account_id: str | None = None
    secret_values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as people look it up. ``values`` holds None where the values have been erased."""

    number: int
    at: datetime
    kind: str
    plan_id: str | None
    row_number: int | None
    account_id: str | None
    entry: Mapping[str, object]
    values: Mapping[str, object]
    hash: str


def append(  # noqa: PLR0913 - the columns of an entry, by name
    tx: Connection,
    kind: str,
    entry: Mapping[str, object],
    *,
    now: datetime,
    plan_id: str | None = None,
    row_number: int | None = None,
    account_id: str | None = None,
    secret_values: Mapping[str, object] | None = None,
) -> Head:
    """Add one entry; see ``append_all``."""
    return append_all(tx, [Note(kind, entry, plan_id, row_number, account_id, secret_values or {})], now=now)


def append_all(tx: Connection, notes: Sequence[Note], *, now: datetime) -> Head:
    """Add entries to the chain, in order. Writers wait for each other until their transactions end.

    Call it last in a transaction: it holds the chain's lock until then.
    """
    if not notes:
        return head(tx)
    last = _lock(tx)
    rows, values = [], []
    for note in notes:
        commitments = {name: _commit(value) for name, value in sorted(note.secret_values.items())}
        values += list(commitments.values())
        names = {name: stored["commitment"] for name, stored in commitments.items()}
        row = _row(note, names, last, now)
        rows.append(row)
        last = Head(row["number"], row["hash"])
    tx.execute(insert(schema.audit), rows)
    tx.execute(_COUNT, {"number": last.number})
    if values:
        tx.execute(insert(schema.audit_value), values)
    return last


def erase(tx: Connection, commitments: Sequence[str]) -> int:
    """Forget the values behind commitments; the chain stays valid and shows that values were erased."""
    v = schema.audit_value.c
    done = tx.execute(update(schema.audit_value).where(v.commitment.in_(commitments)).values(salt=None, value=None))
    return done.rowcount


def search(
    tx: Connection,
    *,
    account: str | None = None,
    plan: str | None = None,
    since: datetime | None = None,
    limit: int = 1000,
) -> list[AuditEntry]:
    """The entries of an account, a plan or a time, oldest first; with several, those that match all of them."""
    a = schema.audit.c
    wanted = select(schema.audit).order_by(a.number.desc()).limit(limit)
    for column, value in ((a.account_id, account), (a.plan_id, plan)):
        wanted = wanted if value is None else wanted.where(column == value)
    if since is not None:
        wanted = wanted.where(a.at >= since)
    rows = list(reversed(tx.execute(wanted).all()))
    bodies = [json.loads(row.entry) for row in rows]
    known = values_of(tx, [commitment for body in bodies for commitment in body["values"].values()])
    return [_entry(row, body, known) for row, body in zip(rows, bodies, strict=True)]


def _entry(row: Any, body: Mapping[str, Any], known: Mapping[str, tuple[str | None, str | None]]) -> AuditEntry:  # noqa: ANN401 - a row of the audit table
    texts = {name: known.get(commitment, (None, None))[1] for name, commitment in body["values"].items()}
    values = {name: None if text is None else json.loads(text) for name, text in texts.items()}
    return AuditEntry(
        row.number, row.at, row.kind, row.plan_id, row.row_number, row.account_id, body["body"], values, row.hash
    )


def _lock(tx: Connection) -> Head:
    """Make the chain ours until the transaction ends, and tell where it stands."""
    if tx.execute(_TOUCH).rowcount == 0:
        insert_if_absent(tx, schema.sequence, {"name": _LOCK, "value": 0})
        tx.execute(_TOUCH)
    return head(tx)


def _row(note: Note, names: Mapping[str, str], last: Head, now: datetime) -> dict[str, Any]:
    number = last.number + 1
    columns = {
        "number": number,
        "kind": note.kind,
        "plan_id": note.plan_id,
        "row_number": note.row_number,
        "account_id": note.account_id,
    }
    entry = canonical({**columns, "at": instant(now), "body": dict(note.entry), "values": dict(names)})
    return {**columns, "at": now, "entry": entry, "previous": last.hash, "hash": chain_hash(last.hash, entry)}


def _commit(value: object) -> dict[str, str]:
    salt, text = secrets.token_hex(32), canonical(value)
    return {"commitment": commitment(salt, text), "salt": salt, "value": text}
