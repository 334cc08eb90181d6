"""What inbound webhooks brought."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("hook", sa.String(length=63), nullable=False),
        sa.Column("event_lookup", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("collection_key", sa.String(length=64), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.String(length=27), nullable=False),
        sa.Column("keep_until", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint(
            "tenant", "hook", "event_lookup", name="uq_deliveries_tenant_hook_event_lookup"
        ),
    )
    op.create_index("ix_deliveries_state_number", "deliveries", ["state", "number"])
    op.create_index(
        "ix_deliveries_tenant_collection_key", "deliveries", ["tenant", "collection_key"]
    )
