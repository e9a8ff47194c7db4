"""One account under a glass: what the rules say of it now, would say if a value were another one, or on another day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from rules import Dialect, TraceKind, needs, trace
from rules.probing import probe
from rules.unfolding import Unfolding
from sync_worker.core.model import SUITS, WORKED
from sync_worker.explain.telling import AMONG_FIELDS
from sync_worker.store import decisions, engagement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection

    from rules import Ruleset, Trace
    from rules.probing import Found, Seen
    from rules.tree import Tree


@dataclass(frozen=True, slots=True)
class Glass:
    """Everything that looking at one account takes. It reads; it changes nothing."""

    tx: Connection
    rules: Ruleset
    dialect: Dialect
    landmark: datetime
    account: str
    now: datetime
    columns: frozenset[str]
    """What the rules read of the facts."""
    unfolding: Unfolding

    @classmethod
    def over(cls, tx: Connection, rules: Ruleset, account: str, now: datetime) -> Self:
        """The glass over one account, in this transaction."""
        columns = frozenset(column.name for column in needs(rules))
        dialect, landmark = Dialect(tx.dialect.name), engagement.landmark(tx)
        return cls(tx, rules, dialect, landmark, account, now, columns, Unfolding(rules))

    @property
    def today(self) -> date:
        """The UTC day."""
        return self.now.astimezone(UTC).date()

    def said(self, given: Mapping[str, Seen] | None = None, now: datetime | None = None) -> Mapping[str, Any] | None:
        """What the rules say, in the form of a logged decision; None where there are no facts of the account.

        ``given``: values in place of those that the facts have, by column. ``now``: another moment than now.
        """
        traced = trace(
            self.rules, self.dialect, now=now or self.now, landmark=self.landmark, account_id=self.account, given=given
        )
        # Read to the end: PostgreSQL keeps a cursor open until then.
        found = list(decisions.evaluate(self.tx, traced.sql))
        return as_decided(traced, found[0]) if found else None

    def probed(self, roots: Iterable[Tree], given: Mapping[str, Seen] | None = None) -> Found:
        """Which atoms of conditions hold, and what they saw; with values in place of those that the facts have."""
        asked = probe(
            self.rules,
            self.dialect,
            roots,
            now=self.now,
            landmark=self.landmark,
            account_id=self.account,
            given=given,
        )
        return asked.found(
            [tuple(row.values()) for sql in asked.statements for row in decisions.evaluate(self.tx, sql)]
        )


def as_decided(traced: Trace, row: Mapping[str, object]) -> dict[str, Any]:
    """A trace's row in the form of a logged decision."""
    output = TraceKind.OUTPUT
    made = (*traced.of(output), *traced.of(TraceKind.GRID))
    fields = {column.text if column.kind is output else column.rule: row[column.name] for column in made}
    if traced.of(TraceKind.TRUTH, "routes"):
        fields["route"] = _first(traced, row, "routes")
    for section in ("service_levels", "covers"):
        if traced.of(TraceKind.TRUTH, section):
            fields[AMONG_FIELDS[section]] = _first(traced, row, section)
    fields |= _of_its_book(traced, row, _first(traced, row, "books"))
    return {
        "scope": _first(traced, row, "scope"),
        "protect": _first(traced, row, "protect"),
        "return": _first(traced, row, "return"),
        "book": _first(traced, row, "books"),
        "fields": fields,
        "scores": {
            total.rule: {
                "total": _number(row[total.name]),
                "tier": str(row[tier.name] or ""),
                "points": [
                    [column.term, points, column.because]
                    for column in traced.of(TraceKind.POINTS)
                    if column.rule == total.rule and (points := round(_number(row[column.name]), 6))
                ],
            }
            for total, tier in zip(traced.of(TraceKind.TOTAL), traced.of(TraceKind.TIER), strict=True)
        },
    }


def _of_its_book(traced: Trace, row: Mapping[str, object], book: str | None) -> dict[str, Any]:
    """Which state the account is in by its book, and which of the book's affinities it has; for no book nothing."""
    states, affinities = traced.of(TraceKind.TRUTH, "worked"), traced.of(TraceKind.TRUTH, "affinity")
    found: dict[str, Any] = {}
    if states:
        own = [column for column in states if column.rule == book]
        found[WORKED] = next((column.term for column in own if row[column.name]), "red" if own else None)
    if affinities:
        own = [column for column in affinities if column.rule == book]
        found[SUITS] = "".join(f"|{column.term}" for column in own if row[column.name]) if own else None
    return found


def _first(traced: Trace, row: Mapping[str, object], section: str) -> str | None:
    return next((column.rule for column in traced.of(TraceKind.TRUTH, section) if row[column.name]), None)


def _number(seen: object) -> float:
    return float(str(seen or 0))
