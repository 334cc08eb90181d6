"""By when each collection should be done, which are only caught up on, and which were put aside."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

UNDER_WAY = sa.text("state IN ('queued', 'collecting', 'verifying')")


def upgrade() -> None:
    op.add_column(
        "collections", sa.Column("due", sa.String(length=27), nullable=False, server_default="")
    )
    op.add_column(
        "collections", sa.Column("bulk", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE collections SET due = requested_at")
    op.create_index(
        "ix_collections_under_way",
        "collections",
        ["tenant", "due", "number"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "parked",
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("parked_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("retried_as", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["collection"], ["collections.id"], name="fk_parked_collection"),
        sa.PrimaryKeyConstraint("collection", name="pk_parked"),
    )
    op.create_index("ix_parked_tenant_state_parked_at", "parked", ["tenant", "state", "parked_at"])
