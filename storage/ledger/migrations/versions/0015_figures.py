"""Figures: measures of a store day by day, and the alarms that they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# SQLite counts up by itself only in a column of this very type.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SERIES = ["tenant", "store", "platform", "site", "metric", "origin"]


def upgrade() -> None:
    op.create_table(
        "figures",
        *_series(),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.tenant"], name="fk_figures_tenant"),
        sa.PrimaryKeyConstraint(*SERIES, "day", name="pk_figures"),
    )
    op.create_table(
        "alarms",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        *_series(),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("fired", sa.String(length=10), nullable=False),
        sa.Column("ended", sa.String(length=10), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("collect", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_alarms"),
        sa.UniqueConstraint("id", name="uq_alarms_id"),
        sa.UniqueConstraint(
            *SERIES, "rule", "since", name=f"uq_alarms_{'_'.join(SERIES)}_rule_since"
        ),
    )
    op.create_index("ix_alarms_collect_number", "alarms", ["collect", "number"])


def _series() -> list[sa.Column[str]]:
    return [
        sa.Column("tenant", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=2), nullable=False),
        sa.Column("metric", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=100), nullable=False),
    ]
