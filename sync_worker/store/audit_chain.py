"""What an audit entry is: how it is hashed, how its values are committed to, where the chain ends. Adds nothing."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import select

from sync_worker.store import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

GENESIS = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: what a checkpoint outside the database remembers."""

    number: int
    hash: str


_HEAD = select(schema.audit.c.number, schema.audit.c.hash).order_by(schema.audit.c.number.desc()).limit(1)


def chain_hash(previous: str, entry: str) -> str:
    """The hash of an entry after ``previous`` (hex, 32 bytes). RFC 6962 sets leaves apart with the same 0x00."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(previous) + entry.encode()).hexdigest()


def commitment(salt: str, value: str) -> str:
    """HMAC-SHA-256 of a value's canonical JSON under its own random salt (hex)."""
    return hmac.new(bytes.fromhex(salt), value.encode(), hashlib.sha256).hexdigest()


def head(tx: Connection) -> Head:
    """The newest entry; number 0 when there is none."""
    row = tx.execute(_HEAD).one_or_none()
    return Head(row.number, row.hash) if row else Head(0, GENESIS)


def values_of(tx: Connection, commitments: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Salt and canonical JSON by commitment; two Nones where they have been erased."""
    found: dict[str, tuple[str | None, str | None]] = {}
    v = schema.audit_value.c
    for start in range(0, len(commitments), 500):
        part = commitments[start : start + 500]
        found |= {
            row.commitment: (row.salt, row.value)
            for row in tx.execute(select(schema.audit_value).where(v.commitment.in_(part)))
        }
    return found


def instant(at: datetime) -> str:
    """An instant as entries hold it: ISO 8601, UTC, microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
