"""Defects: what platforms hold against orders, and the rates of them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "defects",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=2), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=True),
        sa.Column("number_lookup", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ordered_on", sa.String(length=10), nullable=True),
        sa.Column("noticed", sa.String(length=27), nullable=True),
        sa.Column("due_at", sa.String(length=27), nullable=True),
        sa.Column("due_rule", sa.String(length=100), nullable=True),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("doubts", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("collect", sa.String(length=8), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_defects_order_handle"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_defects"),
        sa.UniqueConstraint("id", name="uq_defects_id"),
    )
    op.create_index("ix_defects_order_handle", "defects", ["order_handle"])
    op.create_index("ix_defects_tenant_number_lookup", "defects", ["tenant", "number_lookup"])
    op.create_index(
        "ix_defects_tenant_platform_ordered_on", "defects", ["tenant", "platform", "ordered_on"]
    )
    op.create_index("ix_defects_collect_number", "defects", ["collect", "number"])
    _of_a_store(
        "order_days",
        ["day"],
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
    )
    _of_a_store(
        "standings",
        ["site", "measure"],
        sa.Column("site", sa.String(length=2), nullable=False),
        sa.Column("measure", sa.String(length=100), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
    )
    _of_a_store(
        "rate_levels",
        ["reading"],
        sa.Column("reading", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
    )
    op.add_column("outbox", sa.Column("details", sa.Text(), nullable=True))


def _of_a_store(name: str, more_key: list[str], *columns: sa.Column[str] | sa.Column[int]) -> None:
    """A table whose key begins with tenant, store and platform."""
    op.create_table(
        name,
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name=f"fk_{name}_tenant"),
        sa.PrimaryKeyConstraint("tenant", "store", "platform", *more_key, name=f"pk_{name}"),
    )
