"""What can be checked later, and what lets one worker run after another."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, String, Table, Text

from sync_worker.store.schema.base import metadata
from sync_worker.store.types import Json, Number, UtcTime

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
