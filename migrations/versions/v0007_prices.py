"""The prices of each book, and plans that take effect on a later day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Plans so far take effect at once."""
    op.add_column("plan", sa.Column("effective_from", sa.String(27)))
    op.create_table(
        "book_price",
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("book", sa.String(255), nullable=False),
        sa.Column("rebalance", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("move", sa.Float(), nullable=False),
        sa.Column("reps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "book", name="pk_book_price"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_book_price_plan_id_plan"),
    )


def downgrade() -> None:
    """Whatever waits for a later day must not be written at once: the worker before knew no such plans."""
    op.execute(
        "UPDATE plan SET state = 'expired' WHERE effective_from IS NOT NULL"
        " AND state IN ('planned', 'held', 'approved')"
    )
    op.execute(
        "UPDATE plan_row SET state = 'expired' WHERE state IN ('planned', 'approved')"
        " AND plan_id IN (SELECT id FROM plan WHERE effective_from IS NOT NULL AND state = 'expired')"
    )
    op.drop_table("book_price")
    op.drop_column("plan", "effective_from")
