"""Separations: what was declared of a store's independence."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "separations",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("value_lookup", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=True),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("declared_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_separations"),
    )
    op.create_index("ix_separations_tenant_store", "separations", ["tenant", "store"])
