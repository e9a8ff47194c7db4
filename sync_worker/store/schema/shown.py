"""What the CRM showed, and what files told: tables that pulls and files fill."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text

from sync_worker.store.schema.base import metadata
from sync_worker.store.types import Fields, Number, UtcTime

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
