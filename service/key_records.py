"""Put every rotation and revocation of our keys into the log, as items of an order of their own.

The vault knows what happened; this writes down what is not written down yet, so it may run again
after a crash at any place. What is in the log nobody takes out: not we, and not who took a key.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.dsse import Envelope
from evidence.items import InMemory, Item, Provenance, Role
from evidence.key_records import KeyRecord
from evidence.orders import OrderRef, Platform
from evidence.receipts import Receipt
from storage.ledger.records import State

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.vault.vault import SignedRecord

# No platform's order can be called this: order_ref lets no slash through.
KEYS_ORDER = OrderRef(Platform.OTHER, "orderproof/keys", "ZZ")
SOURCE = "orderproof"
_COLLECTOR = "orderproof/1"
_POLICY = "orderproof.keys"


@dataclass(frozen=True, slots=True)
class Logged:
    """A key record in the log, with all that a stranger needs to check that it is there.

    envelope   DSSE, the bytes that `salt` and `receipt.commitment` commit to
    proof      a C2SP tlog-proof of the receipt's bytes
    """

    name: str
    record: KeyRecord
    envelope: bytes
    salt: bytes
    receipt: Receipt
    log_index: int
    proof: bytes


async def record(runtime: Runtime, tenant: str) -> list[Logged]:
    """All key records of the tenant, each in the log once this returns; none if none was needed."""
    origin = await runtime.ledger.origin(tenant)
    records = runtime.vault.records(tenant, origin)
    if not records:
        return []
    order = await runtime.ledger.order(tenant, KEYS_ORDER)
    there = {line.key for line in await runtime.ledger.items(order)}
    for signed in records:
        if signed.name in there:
            continue
        collection, _ = await runtime.ledger.start_collection(
            order, policy=_POLICY, sources=[], idempotency_key=f"orderproof/keys/{signed.name}"
        )
        item = await asyncio.to_thread(_item, runtime, signed)
        await runtime.shelf(order, collection.id).keep(SOURCE, [item])
        await runtime.ledger.advance(
            tenant, collection.id, State.QUEUED, State.SEALED, complete=True
        )
    await runtime.sequencer.sequence(tenant)
    return await _logged(runtime, tenant)


def _item(runtime: Runtime, signed: SignedRecord) -> Item:
    return Item(
        role=Role.KEY_RECORD,
        key=signed.name,
        content=InMemory(signed.record.signed_by(signed.signers).to_json()),
        media_type="application/vnd.dsse+json",
        collector=_COLLECTOR,
        origin="orderproof",
        provenance=Provenance.UNKNOWN,
        collected_at=runtime.clock(),
    )


async def _logged(runtime: Runtime, tenant: str) -> list[Logged]:
    order = await runtime.ledger.order(tenant, KEYS_ORDER)
    note = await runtime.sequencer.note(tenant)
    found = []
    for line in await runtime.ledger.items(order):
        if line.receipt is not None and line.log_index is not None:
            envelope = await asyncio.to_thread(runtime.stored(order, line).read, 1 << 20)
            found.append(
                Logged(
                    name=line.key,
                    record=KeyRecord.from_payload(Envelope.from_json(envelope).payload),
                    envelope=envelope,
                    salt=line.salt,
                    receipt=line.receipt,
                    log_index=line.log_index,
                    proof=await runtime.sequencer.tlog_proof(tenant, line.log_index, note),
                )
            )
    return found
