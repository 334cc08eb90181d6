"""Who may ask for what, what webhooks brought, and who is told."""

from sqlalchemy import (
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
    *whose(),
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
    *whose(),
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
    *whose(),
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
