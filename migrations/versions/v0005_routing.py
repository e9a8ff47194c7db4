"""Turns as they were given, with what each rep was entitled to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No route has given anything so far."""
    op.create_table(
        "route_turn",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("plan_id", sa.String(40), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("route", sa.String(63), nullable=False),
        sa.Column("rep_id", sa.String(40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("away", sa.JSON(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_route_turn"),
        sa.ForeignKeyConstraint(
            ["plan_id", "row_number"], ["plan_row.plan_id", "plan_row.number"], name="fk_route_turn_plan_id_plan_row"
        ),
    )
    op.create_index("ix_route_turn_account", "route_turn", ["account_id"])


def downgrade() -> None:
    """Forget whose turn it is."""
    op.drop_table("route_turn")
