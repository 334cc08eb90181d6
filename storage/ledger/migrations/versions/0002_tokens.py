"""Time tokens over checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.String(length=63), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("query", sa.LargeBinary(), nullable=False),
        sa.Column("gen_time", sa.String(length=27), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("answered_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "size"],
            ["checkpoints.tenant", "checkpoints.size"],
            name="fk_tokens_tenant",
        ),
        sa.PrimaryKeyConstraint("number", name="pk_tokens"),
        sa.UniqueConstraint("tenant", "size", "authority", name="uq_tokens_tenant_size_authority"),
    )
