"""Whose something is, what has changed, what the rules said, and what we will write: tables of decisions and plans."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from sync_worker.store.schema.base import metadata
from sync_worker.store.types import Json, Number, UtcTime

# Whose it is -----------------------------------------------------------------------------------------------------

account_match = Table(
    "account_match",
    metadata,
    Column("source", String(20), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("account_id", String(40), primary_key=True),
    Column("id", String(12), nullable=False),
    Column("state", String(20), nullable=False),
    Column("how", String(20), nullable=False),
    Column("score", Float, nullable=False),
    Column("because", Text, nullable=False),
    Column("name", Text, nullable=False),
    Index("ix_account_match_id", "id"),
    Index("ix_account_match_account_id", "account_id"),
    Index("ix_account_match_state", "state", "source"),
)
"""What matching found. ``source``: ``leads`` or ``signals``; ``key``: the lead's id, or the signal's key. One row with
``state`` ``linked``, or one for each account that a person may accept (``review``), or one without an account
(``none``)."""

match_verdict = Table(
    "match_verdict",
    metadata,
    Column("source", String(20), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("account_id", String(40), primary_key=True),
    Column("id", String(12), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_match_verdict_id", "id"),
)
"""What people said of pairs: of those with one key at most one is accepted. A rejected one is never proposed again."""

# What has changed since the rules last looked ---------------------------------------------------------------------

touched = Table(
    "touched",
    metadata,
    Column("stream", String(20), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
)
"""Accounts and users of whom something has changed that facts are made of. Triggers write it, so that no code path can
forget to. ``number``: the transaction, on PostgreSQL, so that what another one notes meanwhile is never lost."""

stale = Table("stale", metadata, Column("account_id", String(40), primary_key=True))
"""Accounts whose facts are newer than their outcome."""

# What the rules said ---------------------------------------------------------------------------------------------

decision = Table(
    "decision",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("account_id", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("cycle_id", Number),
    Column("rules_version", String(64), nullable=False),
    Column("old", Json),
    Column("new", Json, nullable=False),
    Column("inputs", Json, nullable=False),
    Index("ix_decision_account", "account_id", "at"),
)
"""The log of changed decisions, with the values that the rules read."""

rules_outline = Table(
    "rules_outline",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("outline", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""The rules by version, as decisions are told with them later: ids, texts, reasons. ``at``: when it first decided."""

# What we will write, and what became of it -----------------------------------------------------------------------

plan = Table(
    "plan",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("rules_version", String(64), nullable=False),
    Column("config_digest", String(64), nullable=False),
    Column("worker_version", String(40), nullable=False),
    Column("guards", Json, nullable=False),
    Column("summary", Json, nullable=False),
    Column("decided_by", String(200)),
    Column("decided_at", UtcTime),
    Column("overrides", Json),
    Column("note", Text),
    Column("ended_at", UtcTime),
    Column("effective_from", UtcTime),
    Index("ix_plan_state", "state"),
)
"""``effective_from``: nothing of it is written before; empty: at once."""

plan_row = Table(
    "plan_row",
    metadata,
    Column("plan_id", String(40), ForeignKey("plan.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("crm", String(20), nullable=False),
    Column("account_id", String(40), nullable=False),
    Column("account_name", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Column("rule", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("read_set", String(64), nullable=False),
    Column("rest_days", Integer, nullable=False, default=0),
    Column("state", String(20), nullable=False),
    Column("epoch", BigInteger),
    Column("version", Text),
    Column("tries", Integer, nullable=False, default=0),
    Column("sent_at", UtcTime),
    Column("first_sent_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("code", Text),
    Column("message", Text),
    Column("adopted", Boolean, nullable=False, default=False),
    Column("replaced", Json),
    Index("ix_plan_row_state", "state"),
    Index("ix_plan_row_account", "account_id"),
    Index(
        "ix_plan_row_rule",
        "rule",
        sqlite_where=text("kind = 'owner'"),
        postgresql_where=text("kind = 'owner'"),
    ),
)
"""The outbox is the rows in ``approved``, ``sent`` and ``unknown``. A trigger keeps terminal rows as they are.
``sent_at``: when the latest try left. ``first_sent_at``: when the earliest one left of those that may have landed.
``replaced``: what somebody else had written and our write replaced, in rows that ended as ``overwrote``."""

book_price = Table(
    "book_price",
    metadata,
    Column("plan_id", String(40), ForeignKey("plan.id"), primary_key=True),
    Column("book", String(255), primary_key=True),
    Column("rebalance", Boolean, nullable=False),
    Column("problem", String(64), nullable=False),
    Column("value", Float, nullable=False),
    Column("bound", Float, nullable=False),
    Column("move", Float, nullable=False),
    Column("reps", Json, nullable=False),
)
"""What each book was filled by, with the plan that it gave: the prices prove how good the plan is, and begin the next
one. ``problem``: SHA-256 of all that was given. ``reps``: by rep the prices of a slot, of work and of potential."""

reminder = Table(
    "reminder",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("level", String(63), primary_key=True),
    Column("since", UtcTime, primary_key=True),
    Column("owner_id", String(40), nullable=False),
    Column("told_at", UtcTime, nullable=False),
)
"""First touches that an owner was reminded of: each once. ``since``: when that owner got the account."""

route_turn = Table(
    "route_turn",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("plan_id", String(40), nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("account_id", String(40), nullable=False),
    Column("route", String(63), nullable=False),
    Column("rep_id", String(40), nullable=False),
    Column("value", Float, nullable=False),
    Column("shares", Json, nullable=False),
    Column("away", Json, nullable=False),
    Column("candidates", Json, nullable=False),
    ForeignKeyConstraint(["plan_id", "row_number"], ["plan_row.plan_id", "plan_row.number"]),
    Index("ix_route_turn_account", "account_id"),
)
"""Turns that routes gave, saved with their plan. One counts once its plan row may have landed. ``shares``: by how much
what each rep is entitled to has grown, in accounts and in value. ``away``: the members who were away. ``candidates``:
everybody who was considered, for explanations. Ids are of reps, whichever CRM the account is in."""
