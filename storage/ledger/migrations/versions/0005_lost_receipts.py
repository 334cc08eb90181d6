"""Receipts that a restored ledger lacked, read back from the published log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "lost_receipts",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recovered_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "log_index", name="pk_lost_receipts"),
        sa.UniqueConstraint("order_handle", "seq", name="uq_lost_receipts_order_handle_seq"),
    )
