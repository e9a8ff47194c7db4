"""Records know their CRM, signals come from files, and a row may end as ``overwrote``."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.String(27)
FIELDS = sa.JSON().with_variant(JSONB(), "postgresql")

BEFORE = "'verified', 'overwritten', 'failed', 'conflict', 'noop', 'gone', 'superseded', 'expired', 'cancelled'"
NOW = f"{BEFORE}, 'overwrote'"
ENDED_STAYS = "a plan row that has ended stays as it is"


def upgrade() -> None:
    """Everything pulled so far came from Salesforce: no earlier version could reach another CRM."""
    _drop_triggers()
    for table in ("record", "plan_row"):
        with op.batch_alter_table(table) as change:
            change.add_column(sa.Column("crm", sa.String(20), nullable=False, server_default="salesforce"))
        with op.batch_alter_table(table) as change:
            change.alter_column("crm", server_default=None)
    with op.batch_alter_table("plan_row") as change:
        change.add_column(sa.Column("replaced", sa.JSON()))
        change.add_column(sa.Column("first_sent_at", TIME))
    op.execute("UPDATE plan_row SET first_sent_at = sent_at")
    _cursor_by_crm()
    _forget_what_pulls_bring()
    for make in TABLES:
        make()
    _make_triggers(NOW)


def downgrade() -> None:
    """Forget the other CRM's records, and what came from files."""
    _drop_triggers()
    op.execute("UPDATE plan_row SET state = 'overwritten' WHERE state = 'overwrote'")
    op.execute("DELETE FROM record WHERE crm <> 'salesforce'")
    _forget_what_pulls_bring()
    for make in reversed(TABLES):
        op.drop_table(make.__name__.removeprefix("_"))
    op.execute("DELETE FROM cursor WHERE crm <> 'salesforce'")
    with op.batch_alter_table("cursor") as change:
        change.drop_constraint("pk_cursor", type_="primary")
        change.drop_column("crm")
        change.create_primary_key("pk_cursor", ["stream"])
    for table in ("record", "plan_row"):
        with op.batch_alter_table(table) as change:
            change.drop_column("crm")
    with op.batch_alter_table("plan_row") as change:
        change.drop_column("replaced")
        change.drop_column("first_sent_at")
    _make_triggers(BEFORE)


def _cursor_by_crm() -> None:
    """A cursor is cheap to make again, its count of the latest full pull is not: both are kept."""
    with op.batch_alter_table("cursor") as change:
        change.add_column(sa.Column("crm", sa.String(20), nullable=False, server_default="salesforce"))
        change.drop_constraint("pk_cursor", type_="primary")
        change.create_primary_key("pk_cursor", ["crm", "stream"])
    with op.batch_alter_table("cursor") as change:
        change.alter_column("crm", server_default=None)


def _forget_what_pulls_bring() -> None:
    """The CRM's fields and its count of calls are written by CRM from now on, and every pull brings them anew."""
    op.execute("DELETE FROM setting WHERE name IN ('schema', 'org_calls')")


def _twin() -> None:
    op.create_table(
        "twin",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("home_id", sa.String(40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_twin"),
    )
    op.create_index("ix_twin_home_id", "twin", ["home_id"])


def _signal_file() -> None:
    op.create_table(
        "signal_file",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_signal_file"),
    )


def _bad_line() -> None:
    op.create_table(
        "bad_line",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["signal_file.digest"], name="fk_bad_line_digest_signal_file"),
        sa.PrimaryKeyConstraint("digest", "line", name="pk_bad_line"),
    )


def _signal() -> None:
    op.create_table(
        "signal",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("topic", sa.String(100), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("observed_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("account_id", sa.String(40)),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["signal_file.digest"], name="fk_signal_digest_signal_file"),
        sa.PrimaryKeyConstraint("source", "key", "topic", name="pk_signal"),
    )
    op.create_index("ix_signal_account", "signal", ["account_id", "topic"])


def _firmographic() -> None:
    op.create_table(
        "firmographic",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("field", sa.String(100), nullable=False),
        sa.Column("value", FIELDS, nullable=False),
        sa.Column("observed_at", TIME, nullable=False),
        sa.Column("account_id", sa.String(40)),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["signal_file.digest"], name="fk_firmographic_digest_signal_file"),
        sa.PrimaryKeyConstraint("source", "key", "field", name="pk_firmographic"),
    )
    op.create_index("ix_firmographic_account", "firmographic", ["account_id", "field"])


TABLES = (_twin, _signal_file, _bad_line, _signal, _firmographic)


def _drop_triggers() -> None:
    on = " ON plan_row" if op.get_bind().dialect.name == "postgresql" else ""
    for name in ("plan_row_terminal", "plan_row_no_delete"):
        op.execute(f"DROP TRIGGER {name}{on}")


def _make_triggers(ended: str) -> None:
    """A table that SQLite has altered by copying has lost them in any case."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, verb in (("plan_row_terminal", "UPDATE"), ("plan_row_no_delete", "DELETE")):
        refuse = (
            f"WHEN OLD.state IN ({ended}) BEGIN SELECT RAISE(ABORT, '{ENDED_STAYS}'); END"
            if sqlite
            else f"FOR EACH ROW WHEN (OLD.state IN ({ended})) EXECUTE FUNCTION refuse_ended_row()"
        )
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verb} ON plan_row {refuse}", execution_options={"no_parameters": True}
        )
