"""Every table that migrations make; those whose columns the rules decide (``fact``, ``outcome``) are made elsewhere."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from sync_worker.store.types import Fields, Json, Number, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)

# What the CRM showed ---------------------------------------------------------------------------------------------

record = Table(
    "record",
    metadata,
    Column("stream", String(20), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("crm", String(20), nullable=False),
    Column("fields", Fields, nullable=False),
    Column("modified", UtcTime, nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),
    Column("merged_into", String(40)),
    Column("sequence", BigInteger, nullable=False),
    Column("seen_in", Number),
    Column("account_id", String(40)),
    Index("ix_record_sequence", "stream", "sequence"),
    Index(
        "ix_record_account",
        "stream",
        "account_id",
        sqlite_where=text("account_id IS NOT NULL"),
        postgresql_where=text("account_id IS NOT NULL"),
    ),
)
"""One row per CRM record. No two CRMs share an id: every Salesforce id begins with 0, and no HubSpot id does.

``account_id``: the account that a contact, a lead or an opportunity names; empty in all other streams.

``sequence`` is our own: changes are found by it, not by clocks. ``seen_in`` is the cycle of the latest full pull that
showed the record: those that a full pull misses are deleted."""

sequence = Table(
    "sequence",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("crm", String(20), primary_key=True),
    Column("stream", String(20), primary_key=True),
    Column("value", Text, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("full_at", UtcTime),
    Column("full_count", BigInteger),
)
"""``full_at``: when the latest full pull was closed, or the first one began. ``full_count``: live records after the
latest full pull, for the five-per-cent check of I14."""

activity = Table(
    "activity",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", String(40), nullable=False),
    Column("kind", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("rep_id", String(40)),
    Column("touch", Boolean, nullable=False),
    Column("engagement", Boolean, nullable=False),
    Column("contact_id", String(40)),
    # Covers every question that facts ask, so that they are answered from the index alone, grouped as it stands.
    Index("ix_activity_account", "account_id", "touch", "engagement", "at", "kind"),
    Index(
        "ix_activity_contact",
        "contact_id",
        "kind",
        "at",
        sqlite_where=text("contact_id IS NOT NULL"),
        postgresql_where=text("contact_id IS NOT NULL"),
    ),
)
"""Activities that happened, of every kind, typed for SQL; the raw ones are in ``record``. A meeting is both a touch and
engagement. ``at`` is never later than the moment at which the activity was first seen done. ``contact_id``: with whom,
where the CRM says so."""

engagement = Table(
    "engagement",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("kind", String(255), primary_key=True),
    Column("half_life_days", Float, primary_key=True),
    Column("sum", Float, nullable=False),
    Column("events", Integer, nullable=False),
)
"""Folded engagement (forward decay): the sum of 2^((t - landmark) / half-life) over ``events`` activities. The landmark
is a setting."""

alias = Table(
    "alias",
    metadata,
    Column("stream", String(20), primary_key=True),
    Column("old_id", String(40), primary_key=True),
    Column("new_id", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("stream", String(20), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
)

twin = Table(
    "twin",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("home_id", String(40), nullable=False),
    Column("because", Text, nullable=False),
    Index("ix_twin_home_id", "home_id"),
)
"""Accounts that two CRMs have: the record of the one that does not decide, and its counterpart in the home CRM."""

owner_history = Table(
    "owner_history",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("account_id", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("before", String(40)),
    Column("after", String(40)),
    Column("plan_id", String(40)),
    Column("row_number", Integer),
    Index("ix_owner_history_account", "account_id", "at"),
)
"""Owner changes as seen in the CRM. ``plan_id`` is empty for those that were not ours."""

hold = Table(
    "hold",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_hold_until", "until"),
)
"""Accounts that the worker stays away from (I12): ``person``, ``flapping`` or ``undone``."""

rest = Table(
    "rest",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("previous_owner", String(40)),
    Index("ix_rest_until", "until"),
)
"""Returned accounts that stay in the pool for a time."""

# What files told -------------------------------------------------------------------------------------------------

signal_file = Table(
    "signal_file",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("file", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""Files of signals that were taken in, by the SHA-256 of their content: the same content is never taken in twice.

``kind``: ``intent``, ``firmographics``, ``refused`` (nothing of it can be taken) or ``unreadable`` (nobody can open it:
its name stands for its content). ``lines``: rows with data; ``bad``: those of them that are set aside."""

bad_line = Table(
    "bad_line",
    metadata,
    Column("digest", String(64), ForeignKey("signal_file.digest"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
)
"""Lines that could not be taken in, and why. What they hold stays in the file. Line 0: the file as a whole."""

signal = Table(
    "signal",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("topic", String(100), primary_key=True),
    Column("score", Float, nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("account_id", String(40)),
    Column("because", Text, nullable=False),
    Column("digest", String(64), ForeignKey("signal_file.digest"), nullable=False),
    Column("line", Integer, nullable=False),
    Index("ix_signal_account", "account_id", "topic"),
    Index("ix_signal_expires_at", "expires_at"),
)
"""Intent by source, account and topic: the latest observation of each. ``key``: the account's id or domain as the file
says it. ``account_id``: the account that it was matched to, and ``because`` how, or why it was not."""

firmographic = Table(
    "firmographic",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("field", String(100), primary_key=True),
    Column("value", Fields, nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("account_id", String(40)),
    Column("because", Text, nullable=False),
    Column("digest", String(64), ForeignKey("signal_file.digest"), nullable=False),
    Column("line", Integer, nullable=False),
    Index("ix_firmographic_account", "account_id", "field"),
)
"""Values of account fields by source, account and field: the latest of each. The rest is as in ``signal``."""

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

# What can be checked ---------------------------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("plan_id", String(40)),
    Column("row_number", Integer),
    Column("account_id", String(40)),
    Column("entry", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_account", "account_id"),
    Index("ix_audit_plan", "plan_id", "row_number"),
)
"""hash = SHA-256(0x00 || previous || entry); ``entry`` is canonical JSON. Triggers forbid UPDATE and DELETE."""

audit_value = Table(
    "audit_value",
    metadata,
    Column("commitment", String(64), primary_key=True),
    Column("salt", String(64)),
    Column("value", Text),
)
"""Values live apart behind salted commitments, so that erasing a person's data leaves the chain valid."""

# Life ------------------------------------------------------------------------------------------------------------

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", Float, nullable=False),
)
"""One applier (I18). ``expires_at``: seconds since 1970 by the database's clock."""

slot = Table(
    "slot",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", String(20)),
)
"""A job claims its logical slot (a local date, a UTC hour) before it runs, so no slot runs twice."""

cycle = Table(
    "cycle",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", String(20)),
    Column("counts", Json),
    Column("calls", Json),
    Column("error", Text),
)
"""Runs of the worker's commands and jobs, with what they did and the API calls that they cost."""

bulk_job = Table(
    "bulk_job",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""Small facts of the worker's own: ``pause``, ``landmark``, ``fact_columns``, ``outcome_columns``, ``schema``."""
