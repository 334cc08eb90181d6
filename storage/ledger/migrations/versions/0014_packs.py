"""Packs: several small items of an order in one object."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("items", sa.Column("start", sa.BigInteger(), nullable=True))
