"""Errands: what is to be done for an order at a time to come."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "errands",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("key_lookup", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=True),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_errands_order_handle"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_errands"),
        sa.UniqueConstraint(
            "order_handle", "why", "key_lookup", name="uq_errands_order_handle_why_key_lookup"
        ),
    )
    op.create_index("ix_errands_state_at", "errands", ["state", "at"])
