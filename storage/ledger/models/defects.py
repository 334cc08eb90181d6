"""What platforms hold against orders, what is pursued with them, and what falls due."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.ledger.models.columns import COUNTER, HANDLE, HASH, NAME, TIME, metadata, whose

# What a person pursues with a platform. Its events are items of an order of its own, which
# `order_handle` names; this row only finds it, and is mended from them. `open_lookup` is the keyed
# hash of what the case is about, and is there while it is open: so there is one at a time.
cases = Table(
    "cases",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("id", HANDLE, nullable=False, unique=True),
    *whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("collection", HANDLE, ForeignKey("collections.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("open_lookup", HASH),
    Column("summary_sealed", LargeBinary),
    Column("next_at", TIME),
    Column("opened_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("tenant", "open_lookup"),
    Index(None, "tenant", "number"),
    Index(None, "order_handle"),
)

# Which cases name an order, by the keyed hash of the order's name.
case_orders = Table(
    "case_orders",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("tenant", NAME, nullable=False),
    Column("case_id", HANDLE, ForeignKey("cases.id"), nullable=False),
    Column("ref_lookup", HASH, nullable=False),
    UniqueConstraint("case_id", "ref_lookup"),
    Index(None, "tenant", "ref_lookup"),
)

# What a platform holds against an order. `details_sealed` (number, words, case) is under the
# order's key; under the tenant's where the number is none of the platform's (`number_lookup`). What
# is left after an erasure (kind, day) still counts into the rate. `collect` is "wanted" until a
# collection was started for it.
defects = Table(
    "defects",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("id", HANDLE, nullable=False, unique=True),
    *whose(),
    Column("platform", String(16), nullable=False),
    Column("site", String(2), nullable=False),
    Column("order_handle", HANDLE, ForeignKey("orders.handle")),
    Column("number_lookup", HASH),
    Column("kind", String(32), nullable=False),
    Column("ordered_on", String(10)),
    Column("noticed", String(27)),
    Column("due_at", TIME),
    Column("due_rule", String(100)),
    Column("policy", Text, nullable=False),
    Column("denied", Boolean, nullable=False),
    Column("stars", Integer),
    Column("doubts", Text, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("collect", String(8), nullable=False),
    Column("collection", HANDLE),
    Column("details_sealed", LargeBinary),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Index(None, "order_handle"),
    Index(None, "tenant", "number_lookup"),
    Index(None, "tenant", "platform", "ordered_on"),
    Index(None, "collect", "number"),
)

# How many orders were placed on a day, by the newest list that has the day: what a rate divides by.
order_days = Table(
    "order_days",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("store", NAME, primary_key=True),
    Column("platform", String(16), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("orders", Integer, nullable=False),
    Column("doubtful", Integer, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# What a platform itself says of a seller's measure, as its report has it; the newest of each.
standings = Table(
    "standings",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("store", NAME, primary_key=True),
    Column("platform", String(16), primary_key=True),
    Column("site", String(2), primary_key=True),
    Column("measure", String(100), primary_key=True),
    Column("said", Text, nullable=False),
    Column("report", HASH, nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# How high a rate stood when it was last looked at, so that each crossing is told once.
rate_levels = Table(
    "rate_levels",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("store", NAME, primary_key=True),
    Column("platform", String(16), primary_key=True),
    Column("reading", String(100), primary_key=True),
    Column("level", String(8), nullable=False),
    Column("since", TIME, nullable=False),
)

# A measure of a store, in percent, day by day, as `origin` says it (storage/ledger/figures.py).
figures = Table(
    "figures",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("store", NAME, primary_key=True),
    Column("platform", String(16), primary_key=True),
    Column("site", String(2), primary_key=True),
    Column("metric", String(32), primary_key=True),
    Column("origin", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("value", String(32), nullable=False),
    Column("updated_at", TIME, nullable=False),
)

# When a figure met a rule: one line a crossing, told once. `since` is the day on which it began.
alarms = Table(
    "alarms",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    *whose(),
    Column("platform", String(16), nullable=False),
    Column("site", String(2), nullable=False),
    Column("metric", String(32), nullable=False),
    Column("origin", String(100), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("since", String(10), nullable=False),
    Column("fired", String(10), nullable=False),
    Column("ended", String(10)),
    Column("said", Text, nullable=False),
    Column("collect", String(8), nullable=False),
    Column("created_at", TIME, nullable=False),
    UniqueConstraint("tenant", "store", "platform", "site", "metric", "origin", "rule", "since"),
    Index(None, "collect", "number"),
)

# What is to be done for an order at a time to come (storage/ledger/errands.py). `said` is JSON with
# nothing personal in it.
errands = Table(
    "errands",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("why", String(16), nullable=False),
    Column("key_lookup", HASH, nullable=False),
    Column("at", TIME, nullable=False),
    Column("state", String(8), nullable=False),
    Column("said", Text, nullable=False),
    Column("collection", HANDLE),
    Column("made_at", TIME, nullable=False),
    UniqueConstraint("order_handle", "why", "key_lookup"),
    Index(None, "state", "at"),
)

# What was declared of a store's independence; only ever added to. What is sealed is under the
# tenant's key, `document` is the SHA-256 of what was handed in.
separations = Table(
    "separations",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *whose(),
    Column("dimension", String(16), nullable=False),
    Column("value_lookup", HASH, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("document", HASH),
    Column("document_sealed", LargeBinary),
    Column("declared_at", TIME, nullable=False),
    Index(None, "tenant", "store"),
)
