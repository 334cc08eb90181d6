"""The ledger's tables.

What is personal is ciphertext under its order's key, in columns that end in `_sealed`; what is
looked up is a keyed hash, in columns that end in `_lookup`. Erasing an order empties `key_wrapped`,
`ref_lookup` and the aliases; what is left shows nothing, and receipts stay as they were.

Times are RFC 3339 text, UTC with six digits, so that they sort as they read. Every row says whose
it is. Receipts and checkpoints are only ever added; `waiting` lists the stamps without a receipt.

`migrations/` makes these tables; a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
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


def _whose() -> list[Column[str]]:
    return [Column("tenant", NAME, nullable=False), Column("store", NAME, nullable=False)]


tenants = Table(
    "tenants",
    metadata,
    Column("tenant", NAME, primary_key=True),
    Column("origin", Text, nullable=False, unique=True),
    Column("created_at", TIME, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("handle", HANDLE, primary_key=True),
    *_whose(),
    Column("ref_lookup", HASH),
    Column("ref_sealed", LargeBinary),
    Column("key_wrapped", LargeBinary),
    Column("salt_sealed", LargeBinary),
    Column("commitment", HASH, nullable=False),
    Column("created_at", TIME, nullable=False),
    UniqueConstraint("tenant", "ref_lookup"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("alias_lookup", HASH, nullable=False),
    Column("alias_sealed", LargeBinary, nullable=False),
    Column("added_at", TIME, nullable=False),
    UniqueConstraint("order_handle", "alias_lookup"),
    Index(None, "tenant", "alias_lookup"),
)

collections = Table(
    "collections",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("id", HANDLE, nullable=False, unique=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("complete", Boolean),
    Column("policy", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Column("defect_sealed", LargeBinary),
    Column("failure_sealed", LargeBinary),
    Column("at", TIME),
    Column("checkpoint_size", BigInteger),
    Column("idempotency_lookup", HASH),
    Column("request_lookup", HASH, nullable=False),
    Column("requested_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    Column("due", TIME, nullable=False, server_default=""),
    Column("bulk", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("tenant", "idempotency_lookup"),
    Index(None, "order_handle"),
    Index(None, "state", "updated_at"),
)
# Few of a ledger's collections are under way; whoever looks for them reads no other.
Index(
    "ix_collections_under_way",
    collections.c.tenant,
    collections.c.due,
    collections.c.number,
    sqlite_where=UNDER_WAY,
    postgresql_where=UNDER_WAY,
)

# Collections that failed and wait for somebody to say what is to be done; why is in their row.
parked = Table(
    "parked",
    metadata,
    Column("collection", HANDLE, ForeignKey("collections.id"), primary_key=True),
    *_whose(),
    Column("state", String(16), nullable=False),
    Column("parked_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Column("retried_as", HANDLE),
    Index(None, "tenant", "state", "parked_at"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("collection", HANDLE, ForeignKey("collections.id"), nullable=False),
    Column("source", NAME, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("why_sealed", LargeBinary),
    Column("since", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    UniqueConstraint("collection", "source"),
)

# One row for the same bytes of one order, however often they were brought.
items = Table(
    "items",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("content_lookup", HASH, nullable=False),
    Column("stored", HASH, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("start", BigInteger),  # in what the object decrypts to; none if it is this alone
    UniqueConstraint("order_handle", "content_lookup"),
)

stamps = Table(
    "stamps",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("collection", HANDLE, ForeignKey("collections.id"), nullable=False),
    Column("source", NAME, nullable=False),
    Column("ordinal_lookup", HASH, nullable=False),
    Column("role", String(32), nullable=False),
    Column("commitment", HASH, nullable=False),
    Column("stored", HASH, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("collector", String(127), nullable=False),
    Column("collected_at", TIME, nullable=False),
    Column("details_sealed", LargeBinary, nullable=False),
    UniqueConstraint("collection", "source", "ordinal_lookup"),
    Index(None, "order_handle"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("stamp", COUNTER, ForeignKey("stamps.number"), primary_key=True, autoincrement=False),
    *_whose(),
    Index(None, "tenant", "stamp"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("stamp", COUNTER, ForeignKey("stamps.number"), primary_key=True, autoincrement=False),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("order_handle", "seq"),
    UniqueConstraint("tenant", "log_index"),
)

# Receipts that were published after the backup that this ledger was restored from: read back from
# the log, where their stamps are no more. An order whose row is lost too goes by the first half of
# its commitment here, which is no handle.
lost_receipts = Table(
    "lost_receipts",
    metadata,
    Column("tenant", NAME, primary_key=True),
    Column("log_index", BigInteger, primary_key=True),
    Column("order_handle", HANDLE, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recovered_at", TIME, nullable=False),
    UniqueConstraint("order_handle", "seq"),
)

# The head that a compare-and-set moves. `frontier` is 32 bytes a hash, see evidence.merkle.
logs = Table(
    "logs",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

# A head and the signature over it are committed together: so no size is ever signed twice over.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("root", HASH, nullable=False),
    Column("note", LargeBinary),
    Column("committed_at", TIME, nullable=False),
)

# What an authority said about a head, first answer kept; `reply` and `query` are DER.
tokens = Table(
    "tokens",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("tenant", NAME, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("authority", NAME, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    Column("query", LargeBinary, nullable=False),
    Column("gen_time", TIME, nullable=False),
    Column("asked_at", TIME, nullable=False),
    Column("answered_at", TIME, nullable=False),
    UniqueConstraint("tenant", "size", "authority"),
    ForeignKeyConstraint(["tenant", "size"], ["checkpoints.tenant", "checkpoints.size"]),
)

# A witness's signature line over a head; of several by one key the first is kept.
cosignatures = Table(
    "cosignatures",
    metadata,
    Column("tenant", NAME, primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("witness_key", HASH, primary_key=True),
    Column("witness", Text, nullable=False),
    Column("line", LargeBinary, nullable=False),
    Column("cosigned_at", TIME, nullable=False),
    Column("received_at", TIME, nullable=False),
    ForeignKeyConstraint(["tenant", "size"], ["checkpoints.tenant", "checkpoints.size"]),
)

# What is left of an order that was erased. Its record's bytes and salt are for everybody to see.
erasures = Table(
    "erasures",
    metadata,
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), primary_key=True),
    *_whose(),
    Column("erased_at", TIME, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("collection", HANDLE, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("stored", HASH, nullable=False),
    Column("size", BigInteger, nullable=False),
)

# A hold is lifted, never taken away; the one that counts has no `lifted_at`.
holds = Table(
    "holds",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("reason_sealed", LargeBinary),
    Column("placed_at", TIME, nullable=False),
    Column("lifted_at", TIME),
    Index(None, "order_handle"),
)

# Each line's body holds the hash of the one before; see evidence.custody. A line that concerns no
# order, such as a denial, has its details under the tenant's key.
custody = Table(
    "custody",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle")),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("details_sealed", LargeBinary),
    Column("denial", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("tenant", "seq"),
    Index(None, "order_handle"),
    Index(None, "tenant", "denial", "seq"),
)

# One account on one platform of a tenant.
stores = Table(
    "stores",
    metadata,
    Column("tenant", NAME, ForeignKey("tenants.tenant"), primary_key=True),
    Column("store", NAME, primary_key=True),
    Column("platform", String(16), nullable=False),
    Column("seller", String(100), nullable=False),
    Column("site", String(2), nullable=False),
    Column("created_at", TIME, nullable=False),
)

# Only the hash of a token is kept. `stores` and `scopes` are JSON lists; null is no limit.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("tenant", NAME, ForeignKey("tenants.tenant"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("stores", Text),
    Column("scopes", Text),
    Column("hash", HASH, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("revoked_at", TIME),
    Column("used_at", TIME),
    Index(None, "tenant", "id"),
)

# A link that opens one order's bundle to whoever has it. `show` and `copies` are JSON lists.
shares = Table(
    "shares",
    metadata,
    Column("id", String(16), primary_key=True),
    *_whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle"), nullable=False),
    Column("hash", HASH, nullable=False),
    Column("profile", String(40), nullable=False),
    Column("show", Text, nullable=False),
    Column("copies", Text, nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("revoked_at", TIME),
    Index(None, "order_handle"),
)

# What webhooks brought. `body_sealed` is under the tenant's key and goes once an order has it as an
# item, or its time is over; `collection_key` is the idempotency look-up of who is to take it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("hook", NAME, nullable=False),
    Column("event_lookup", HASH, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("collection_key", HASH),
    Column("body_sealed", LargeBinary),
    Column("received_at", TIME, nullable=False),
    Column("keep_until", TIME, nullable=False),
    UniqueConstraint("tenant", "hook", "event_lookup"),
    Index(None, "state", "number"),
    Index(None, "tenant", "collection_key"),
)

# Who wants to be told of what. URL and secret are under the tenant's key: both may open something.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("tenant", NAME, ForeignKey("tenants.tenant"), nullable=False),
    Column("url_sealed", LargeBinary, nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("events", Text, nullable=False),
    Column("stores", Text),
    Column("created_at", TIME, nullable=False),
    Column("disabled_at", TIME),
    Column("disabled_why", String(200)),
    Index(None, "tenant"),
)

# One row an event and subscription, written in the transaction that made the event true. What is
# told is put together when it is sent, so nothing personal is in it. `order_handle` is empty where
# it is about no order; `details` is JSON that is told as it stands.
outbox = Table(
    "outbox",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    *_whose(),
    Column("message", String(40), nullable=False),
    Column("subscription", String(16), ForeignKey("subscriptions.id"), nullable=False),
    Column("event", String(32), nullable=False),
    Column("order_handle", HANDLE, nullable=False),
    Column("collection", HANDLE),
    Column("act", String(16)),
    Column("details", Text),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("happened_at", TIME, nullable=False),
    Column("next_at", TIME, nullable=False),
    Index(None, "state", "next_at"),
    Index(None, "subscription", "number"),
)

# What a person pursues with a platform. Its events are items of an order of its own, which
# `order_handle` names; this row only finds it, and is mended from them. `open_lookup` is the keyed
# hash of what the case is about, and is there while it is open: so there is one at a time.
cases = Table(
    "cases",
    metadata,
    Column("number", COUNTER, primary_key=True, autoincrement=True),
    Column("id", HANDLE, nullable=False, unique=True),
    *_whose(),
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
    *_whose(),
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
    *_whose(),
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
    *_whose(),
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
    *_whose(),
    Column("dimension", String(16), nullable=False),
    Column("value_lookup", HASH, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("document", HASH),
    Column("document_sealed", LargeBinary),
    Column("declared_at", TIME, nullable=False),
    Index(None, "tenant", "store"),
)
