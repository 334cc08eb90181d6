"""A tenant's newest collections are found without going over everybody's."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_collections_tenant_number", "collections", ["tenant", "number"])
