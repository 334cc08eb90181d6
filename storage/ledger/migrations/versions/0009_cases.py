"""Cases: one row to find each by, and which of them name an order."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open_lookup", sa.String(length=64), nullable=True),
        sa.Column("summary_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("next_at", sa.String(length=27), nullable=True),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["order_handle"], ["orders.handle"], name="fk_cases_order_handle"),
        sa.ForeignKeyConstraint(["collection"], ["collections.id"], name="fk_cases_collection"),
        sa.PrimaryKeyConstraint("number", name="pk_cases"),
        sa.UniqueConstraint("id", name="uq_cases_id"),
        sa.UniqueConstraint("tenant", "open_lookup", name="uq_cases_tenant_open_lookup"),
    )
    op.create_index("ix_cases_tenant_number", "cases", ["tenant", "number"])
    op.create_index("ix_cases_order_handle", "cases", ["order_handle"])
    op.create_table(
        "case_orders",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("ref_lookup", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_orders_case_id"),
        sa.PrimaryKeyConstraint("number", name="pk_case_orders"),
        sa.UniqueConstraint("case_id", "ref_lookup", name="uq_case_orders_case_id_ref_lookup"),
    )
    op.create_index("ix_case_orders_tenant_ref_lookup", "case_orders", ["tenant", "ref_lookup"])
