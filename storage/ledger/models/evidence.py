"""Orders and what is kept of them: collections, items, receipts, the log, custody."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from storage.ledger.models.columns import (
    COUNTER,
    HANDLE,
    HASH,
    NAME,
    TIME,
    UNDER_WAY,
    metadata,
    whose,
)

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
    *whose(),
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
    *whose(),
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
    *whose(),
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
    Index(None, "tenant", "number"),
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
    *whose(),
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
    *whose(),
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
    *whose(),
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
    *whose(),
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
    *whose(),
    Index(None, "tenant", "stamp"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("stamp", COUNTER, ForeignKey("stamps.number"), primary_key=True, autoincrement=False),
    *whose(),
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
    *whose(),
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
    *whose(),
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
    *whose(),
    Column("order_handle", HANDLE, ForeignKey("orders.handle")),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("details_sealed", LargeBinary),
    Column("denial", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("tenant", "seq"),
    Index(None, "order_handle"),
    Index(None, "tenant", "denial", "seq"),
)
