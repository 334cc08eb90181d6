"""The tables of the first version; what each is for stands in storage/ledger/models/."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("ref_lookup", sa.String(length=64), nullable=True),
        sa.Column("ref_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("salt_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("handle", name="pk_orders"),
        sa.UniqueConstraint("tenant", "ref_lookup", name="uq_orders_tenant_ref_lookup"),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_tenants"),
        sa.UniqueConstraint("origin", name="uq_tenants_origin"),
    )
    op.create_table(
        "aliases",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("alias_lookup", sa.String(length=64), nullable=False),
        sa.Column("alias_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_aliases_order_handle"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_aliases"),
        sa.UniqueConstraint(
            "order_handle", "alias_lookup", name="uq_aliases_order_handle_alias_lookup"
        ),
    )
    op.create_index("ix_aliases_tenant_alias_lookup", "aliases", ["tenant", "alias_lookup"])
    op.create_table(
        "checkpoints",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("committed_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_checkpoints_tenant"),
        sa.PrimaryKeyConstraint("tenant", "size", name="pk_checkpoints"),
    )
    op.create_table(
        "collections",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=True),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("defect_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("failure_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=True),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=True),
        sa.Column("idempotency_lookup", sa.String(length=64), nullable=True),
        sa.Column("request_lookup", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.String(length=27), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_collections_order_handle"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_collections"),
        sa.UniqueConstraint("id", name="uq_collections_id"),
        sa.UniqueConstraint(
            "tenant", "idempotency_lookup", name="uq_collections_tenant_idempotency_lookup"
        ),
    )
    op.create_index("ix_collections_order_handle", "collections", ["order_handle"])
    op.create_index("ix_collections_state_updated_at", "collections", ["state", "updated_at"])
    op.create_table(
        "items",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("content_lookup", sa.String(length=64), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_handle"], ["orders.handle"], name="fk_items_order_handle"),
        sa.PrimaryKeyConstraint("number", name="pk_items"),
        sa.UniqueConstraint(
            "order_handle", "content_lookup", name="uq_items_order_handle_content_lookup"
        ),
    )
    op.create_table(
        "logs",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_logs_tenant"),
        sa.PrimaryKeyConstraint("tenant", name="pk_logs"),
    )
    op.create_table(
        "stamps",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("ordinal_lookup", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("collector", sa.String(length=127), nullable=False),
        sa.Column("collected_at", sa.String(length=27), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["collection"], ["collections.id"], name="fk_stamps_collection"),
        sa.ForeignKeyConstraint(["order_handle"], ["orders.handle"], name="fk_stamps_order_handle"),
        sa.PrimaryKeyConstraint("number", name="pk_stamps"),
        sa.UniqueConstraint(
            "collection",
            "source",
            "ordinal_lookup",
            name="uq_stamps_collection_source_ordinal_lookup",
        ),
    )
    op.create_index("ix_stamps_order_handle", "stamps", ["order_handle"])
    op.create_table(
        "tasks",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("collection", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("why_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["collection"], ["collections.id"], name="fk_tasks_collection"),
        sa.PrimaryKeyConstraint("number", name="pk_tasks"),
        sa.UniqueConstraint("collection", "source", name="uq_tasks_collection_source"),
    )
    op.create_table(
        "receipts",
        sa.Column("stamp", COUNTER, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_handle"], ["orders.handle"], name="fk_receipts_order_handle"
        ),
        sa.ForeignKeyConstraint(["stamp"], ["stamps.number"], name="fk_receipts_stamp"),
        sa.PrimaryKeyConstraint("stamp", name="pk_receipts"),
        sa.UniqueConstraint("order_handle", "seq", name="uq_receipts_order_handle_seq"),
        sa.UniqueConstraint("tenant", "log_index", name="uq_receipts_tenant_log_index"),
    )
    op.create_table(
        "waiting",
        sa.Column("stamp", COUNTER, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["stamp"], ["stamps.number"], name="fk_waiting_stamp"),
        sa.PrimaryKeyConstraint("stamp", name="pk_waiting"),
    )
    op.create_index("ix_waiting_tenant_stamp", "waiting", ["tenant", "stamp"])
