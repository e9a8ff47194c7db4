"""The best contacts of an account, by name, with their points and what these are for. It reads the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.port import Stream
from rules import ColumnKind
from sync_worker.core.model import Points
from sync_worker.store import contacts, lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Compiled, ContactScore, Ruleset


@dataclass(frozen=True, slots=True)
class BestContact:
    """One of the best contacts of an account by a score. ``points``: every term that counted, before caps."""

    score: str
    contact: str
    name: str
    title: str
    total: float
    tier: str
    """Empty for a score without tiers."""
    points: tuple[Points, ...]


def best_contacts(tx: Connection, rules: Ruleset, account: str, now: datetime) -> tuple[BestContact, ...]:
    """Score by score the account's best contacts, as many as the score says; those with the same total by their ids.

    ``now`` is the moment of the facts. They must have been made by these rules.
    """
    if not rules.contacts:
        return ()
    compiled, rows = contacts.of_account(tx, rules.contacts, account, now)
    return tuple(found for score in rules.contacts for found in _best(tx, score, compiled, rows))


def _best(
    tx: Connection, contact: ContactScore, compiled: Compiled, rows: list[Mapping[str, Any]]
) -> Iterator[BestContact]:
    score = contact.score.id
    [total] = compiled.of(ColumnKind.TOTAL, score)
    tiers = compiled.of(ColumnKind.TIER, score)
    for row in sorted(rows, key=lambda row: (-row[total.name], row["contact_id"]))[: contact.best]:
        record = lookup.get(tx, Stream.CONTACTS, row["contact_id"])
        fields = record.fields if record else {}
        yield BestContact(
            score=score,
            contact=row["contact_id"],
            name=str(fields.get("name") or row["contact_id"]),
            title=str(fields.get("title") or ""),
            total=row[total.name],
            tier="".join(row[tier.name] for tier in tiers),
            points=tuple(_points(contact, compiled, row)),
        )


def _points(contact: ContactScore, compiled: Compiled, row: Mapping[str, Any]) -> Iterator[Points]:
    because = {term.id: term.because for term in contact.score.terms}
    for column in compiled.of(ColumnKind.POINTS, contact.score.id):
        if row[column.name]:
            yield Points(column.term, round(row[column.name], 6), because[column.term])
