"""The first tables: what the CRM showed, what the rules said, what was written, and what can be checked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.String(27)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIELDS = sa.JSON().with_variant(JSONB(), "postgresql")

ENDED = "'verified', 'overwritten', 'failed', 'conflict', 'noop', 'gone', 'superseded', 'expired', 'cancelled'"
ENDED_STAYS = "a plan row that has ended stays as it is"
AUDIT_STAYS = "audit entries are never changed or deleted"

# INSERT OR REPLACE deletes without firing the trigger on DELETE, hence the one on INSERT.
SQLITE_TRIGGERS = f"""
CREATE TRIGGER plan_row_terminal BEFORE UPDATE ON plan_row WHEN OLD.state IN ({ENDED})
BEGIN SELECT RAISE(ABORT, '{ENDED_STAYS}'); END
;;
CREATE TRIGGER plan_row_no_delete BEFORE DELETE ON plan_row WHEN OLD.state IN ({ENDED})
BEGIN SELECT RAISE(ABORT, '{ENDED_STAYS}'); END
;;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, '{AUDIT_STAYS}'); END
;;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, '{AUDIT_STAYS}'); END
;;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, '{AUDIT_STAYS}'); END
"""  # noqa: S608 - constants of this file

POSTGRESQL_TRIGGERS = f"""
CREATE FUNCTION refuse_ended_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{ENDED_STAYS}'; END $$
;;
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{AUDIT_STAYS}'; END $$
;;
CREATE TRIGGER plan_row_terminal BEFORE UPDATE ON plan_row FOR EACH ROW
WHEN (OLD.state IN ({ENDED})) EXECUTE FUNCTION refuse_ended_row()
;;
CREATE TRIGGER plan_row_no_delete BEFORE DELETE ON plan_row FOR EACH ROW
WHEN (OLD.state IN ({ENDED})) EXECUTE FUNCTION refuse_ended_row()
;;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
;;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
;;
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    """Make every table, and the triggers that no code can talk its way past."""
    for make in TABLES:
        make()
    triggers = SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS
    for statement in triggers.split(";;"):
        op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def downgrade() -> None:
    """Drop everything."""
    for make in reversed(TABLES):
        op.drop_table(make.__name__.removeprefix("_"))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_ended_row(), refuse_audit_change()")


def _record() -> None:
    op.create_table(
        "record",
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("fields", FIELDS, nullable=False),
        sa.Column("modified", TIME, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.String(40)),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("seen_in", NUMBER),
        sa.PrimaryKeyConstraint("stream", "id", name="pk_record"),
    )
    op.create_index("ix_record_sequence", "record", ["stream", "sequence"])


def _sequence() -> None:
    op.create_table(
        "sequence",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sequence"),
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("full_at", TIME),
        sa.Column("full_count", sa.BigInteger()),
        sa.PrimaryKeyConstraint("stream", name="pk_cursor"),
    )


def _activity() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("rep_id", sa.String(40)),
        sa.Column("touch", sa.Boolean(), nullable=False),
        sa.Column("engagement", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
    )
    op.create_index("ix_activity_account", "activity", ["account_id", "touch", "engagement", "at"])


def _engagement() -> None:
    op.create_table(
        "engagement",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("half_life_days", sa.Float(), nullable=False),
        sa.Column("sum", sa.Float(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "kind", "half_life_days", name="pk_engagement"),
    )


def _alias() -> None:
    op.create_table(
        "alias",
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("old_id", sa.String(40), nullable=False),
        sa.Column("new_id", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream", "old_id", name="pk_alias"),
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("stream", "id", name="pk_quarantine"),
    )


def _owner_history() -> None:
    op.create_table(
        "owner_history",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("before", sa.String(40)),
        sa.Column("after", sa.String(40)),
        sa.Column("plan_id", sa.String(40)),
        sa.Column("row_number", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_owner_history"),
    )
    op.create_index("ix_owner_history_account", "owner_history", ["account_id", "at"])


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_hold"),
    )


def _rest() -> None:
    op.create_table(
        "rest",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("previous_owner", sa.String(40)),
        sa.PrimaryKeyConstraint("account_id", name="pk_rest"),
    )


def _outcome() -> None:
    op.create_table(
        "outcome",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("rules_version", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("read_set", sa.String(64), nullable=False),
        sa.Column("recheck_at", TIME),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_outcome"),
    )
    op.create_index("ix_outcome_recheck", "outcome", ["recheck_at"])


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("cycle_id", NUMBER),
        sa.Column("rules_version", sa.String(64), nullable=False),
        sa.Column("old", sa.JSON()),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_account", "decision", ["account_id", "at"])


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("rules_version", sa.String(64), nullable=False),
        sa.Column("config_digest", sa.String(64), nullable=False),
        sa.Column("worker_version", sa.String(40), nullable=False),
        sa.Column("guards", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decided_at", TIME),
        sa.Column("overrides", sa.JSON()),
        sa.Column("note", sa.Text()),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_plan"),
    )
    op.create_index("ix_plan_state", "plan", ["state"])


def _plan_row() -> None:
    op.create_table(
        "plan_row",
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("read_set", sa.String(64), nullable=False),
        sa.Column("rest_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("epoch", sa.BigInteger()),
        sa.Column("version", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("code", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_plan_row_plan_id_plan"),
        sa.PrimaryKeyConstraint("plan_id", "number", name="pk_plan_row"),
    )
    op.create_index("ix_plan_row_account", "plan_row", ["account_id"])
    op.create_index("ix_plan_row_state", "plan_row", ["state"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("plan_id", sa.String(40)),
        sa.Column("row_number", sa.Integer()),
        sa.Column("account_id", sa.String(40)),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_account", "audit", ["account_id"])
    op.create_index("ix_audit_plan", "audit", ["plan_id", "row_number"])


def _audit_value() -> None:
    op.create_table(
        "audit_value",
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(64)),
        sa.Column("value", sa.Text()),
        sa.PrimaryKeyConstraint("commitment", name="pk_audit_value"),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _slot() -> None:
    op.create_table(
        "slot",
        sa.Column("job", sa.String(40), nullable=False),
        sa.Column("slot", sa.String(40), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.String(20)),
        sa.PrimaryKeyConstraint("job", "slot", name="pk_slot"),
    )


def _cycle() -> None:
    op.create_table(
        "cycle",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.String(20)),
        sa.Column("counts", sa.JSON()),
        sa.Column("calls", sa.JSON()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_cycle"),
    )


def _bulk_job() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_job"),
    )


def _setting() -> None:
    op.create_table(
        "setting",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )


TABLES = (
    _record,
    _sequence,
    _cursor,
    _activity,
    _engagement,
    _alias,
    _quarantine,
    _owner_history,
    _hold,
    _rest,
    _outcome,
    _decision,
    _plan,
    _plan_row,
    _audit,
    _audit_value,
    _lease,
    _slot,
    _cycle,
    _bulk_job,
    _setting,
)
