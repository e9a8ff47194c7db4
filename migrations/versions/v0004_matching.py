"""What matching has found, what waits for a person, and what people said of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.String(27)


def upgrade() -> None:
    """Nobody has said anything so far. Every match is made again: there are more ways to one now."""
    op.create_table(
        "account_match",
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", "account_id", name="pk_account_match"),
    )
    op.create_index("ix_account_match_id", "account_match", ["id"])
    op.create_index("ix_account_match_account_id", "account_match", ["account_id"])
    op.create_index("ix_account_match_state", "account_match", ["state", "source"])
    op.create_table(
        "match_verdict",
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", "account_id", name="pk_match_verdict"),
    )
    op.create_index("ix_match_verdict_id", "match_verdict", ["id"])
    op.execute("DELETE FROM setting WHERE name = 'signals_matched'")


def downgrade() -> None:
    """Forget what people said."""
    op.drop_table("match_verdict")
    op.drop_table("account_match")
    op.execute("DELETE FROM setting WHERE name IN ('signals_matched', 'leads_matched')")
