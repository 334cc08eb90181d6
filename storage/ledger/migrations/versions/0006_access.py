"""Stores, access tokens, share links; and lines of custody that concern no order."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("custody") as custody:
        custody.alter_column("order_handle", existing_type=sa.String(length=32), nullable=True)
        denial: sa.Column[bool] = sa.Column(
            "denial", sa.Boolean(), nullable=False, server_default=sa.false()
        )
        custody.add_column(denial)
    op.create_index("ix_custody_tenant_denial_seq", "custody", ["tenant", "denial", "seq"])
    op.create_table(
        "stores",
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("seller", sa.String(length=100), nullable=False),
        sa.Column("site", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_stores_tenant"),
        sa.PrimaryKeyConstraint("tenant", "store", name="pk_stores"),
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("stores", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("used_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_access_tokens_tenant"),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
    )
    op.create_index("ix_access_tokens_tenant_id", "access_tokens", ["tenant", "id"])
    op.create_table(
        "shares",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("order_handle", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("show", sa.Text(), nullable=False),
        sa.Column("copies", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["order_handle"], ["orders.handle"], name="fk_shares_order_handle"),
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
    )
    op.create_index("ix_shares_order_handle", "shares", ["order_handle"])
