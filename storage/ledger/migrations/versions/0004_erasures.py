"""Erasures with their records, legal holds, and the custody log."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("erased_at", sa.String(length=27), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_erasures_order_handle"
        ),
        sa.PrimaryKeyConstraint("order_handle", name="pk_erasures"),
    )
    op.create_table(
        "holds",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("placed_at", sa.String(length=27), nullable=False),
        sa.Column("lifted_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["order_handle"], ["orders.handle"], name="fk_holds_order_handle"),
        sa.PrimaryKeyConstraint("number", name="pk_holds"),
    )
    op.create_index("ix_holds_order_handle", "holds", ["order_handle"])
    op.create_table(
        "custody",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_custody_order_handle"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_custody"),
        sa.UniqueConstraint("tenant", "seq", name="uq_custody_tenant_seq"),
    )
    op.create_index("ix_custody_order_handle", "custody", ["order_handle"])
