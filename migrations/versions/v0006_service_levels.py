"""Reminders of first touches that were told, and owner rows that are found by what moved the account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OWNERS_ALONE = sa.text("kind = 'owner'")


def upgrade() -> None:
    """Nobody has been reminded of anything so far."""
    op.create_table(
        "reminder",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("level", sa.String(63), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("owner_id", sa.String(40), nullable=False),
        sa.Column("told_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "level", "since", name="pk_reminder"),
    )
    op.create_index("ix_plan_row_rule", "plan_row", ["rule"], sqlite_where=OWNERS_ALONE, postgresql_where=OWNERS_ALONE)


def downgrade() -> None:
    """Forget who was reminded."""
    op.drop_index("ix_plan_row_rule", "plan_row")
    op.drop_table("reminder")
