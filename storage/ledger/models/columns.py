"""What the columns of all tables are made of."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    String,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column of this very type.
COUNTER = BigInteger().with_variant(Integer(), "sqlite")
TIME = String(27)
HASH = String(64)
HANDLE = String(32)
NAME = String(63)

UNDER_WAY = text("state IN ('queued', 'collecting', 'verifying')")


def whose() -> list[Column[str]]:
    return [Column("tenant", NAME, nullable=False), Column("store", NAME, nullable=False)]
