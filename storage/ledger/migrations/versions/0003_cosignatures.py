"""Cosignatures of witnesses over checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "cosignatures",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness_key", sa.String(length=64), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("cosigned_at", sa.String(length=27), nullable=False),
        sa.Column("received_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "size"],
            ["checkpoints.tenant", "checkpoints.size"],
            name="fk_cosignatures_tenant",
        ),
        sa.PrimaryKeyConstraint("tenant", "size", "witness_key", name="pk_cosignatures"),
    )
