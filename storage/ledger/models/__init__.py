"""The ledger's tables.

What is personal is ciphertext under its order's key, in columns that end in `_sealed`; what is
looked up is a keyed hash, in columns that end in `_lookup`. Erasing an order empties `key_wrapped`,
`ref_lookup` and the aliases; what is left shows nothing, and receipts stay as they were.

Times are RFC 3339 text, UTC with six digits, so that they sort as they read. Every row says whose
it is. Receipts and checkpoints are only ever added; `waiting` lists the stamps without a receipt.

`migrations/` makes these tables; a test holds the two together.
"""

from storage.ledger.models.access import (
    access_tokens,
    deliveries,
    outbox,
    shares,
    stores,
    subscriptions,
)
from storage.ledger.models.columns import (
    metadata,
)
from storage.ledger.models.defects import (
    alarms,
    case_orders,
    cases,
    defects,
    errands,
    figures,
    order_days,
    rate_levels,
    separations,
    standings,
)
from storage.ledger.models.evidence import (
    aliases,
    checkpoints,
    collections,
    cosignatures,
    custody,
    erasures,
    holds,
    items,
    logs,
    lost_receipts,
    orders,
    parked,
    receipts,
    stamps,
    tasks,
    tenants,
    tokens,
    waiting,
)

__all__ = [
    "access_tokens",
    "alarms",
    "aliases",
    "case_orders",
    "cases",
    "checkpoints",
    "collections",
    "cosignatures",
    "custody",
    "defects",
    "deliveries",
    "erasures",
    "errands",
    "figures",
    "holds",
    "items",
    "logs",
    "lost_receipts",
    "metadata",
    "order_days",
    "orders",
    "outbox",
    "parked",
    "rate_levels",
    "receipts",
    "separations",
    "shares",
    "stamps",
    "standings",
    "stores",
    "subscriptions",
    "tasks",
    "tenants",
    "tokens",
    "waiting",
]
