"""Erase an order: nothing that is kept opens it afterwards, and the log says that it was erased.

    1  custody    who erases is noted
    2  record     signed; its object is durable
    3  destroy    one transaction: keys, salts, hashes, everything sealed; the record's stamp
    4  journal    forced to the disk, apart from the database
    5  log        the stamp becomes the order's last receipt
    6  scrub      the database's files hold none of it any more; the journal says so

It may die between any two. Before 3 nothing was erased; after it `finish`, which every start runs,
does the rest. A backup that is restored is held against the journal in the same way.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from evidence.custody import Act
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import CorruptionError, HeldError
from evidence.items import InMemory
from evidence.orders import OrderRef
from evidence.receipts import SALT_BYTES
from evidence.times import rfc3339
from service.custody import By, note
from service.retention.retention import window_of
from storage.journal import ErasureJournal
from storage.ledger.erasures import Erasure

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import OrderRecord

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of it.

    logged     whether its receipt is in the published log; else the next collection puts it there
    scrubbed   whether the database's files are known to hold nothing; else the next start does it
    """

    erasure: Erasure
    logged: bool
    scrubbed: bool

    def to_json(self) -> dict[str, object]:
        return {
            "order": self.erasure.order,
            "erased_at": rfc3339(self.erasure.at),
            "reason": str(self.erasure.reason),
            "logged": self.logged,
            "scrubbed": self.scrubbed,
        }

    def opened(self) -> dict[str, object]:
        """The same with the signed record, and the salt that opens its receipt."""
        record = json.loads(self.erasure.envelope)
        return {**self.to_json(), "record": record, "salt": self.erasure.salt.hex()}


async def erase(
    runtime: Runtime, tenant: str, ref: OrderRef, *, reason: ErasureReason, by: By
) -> Erased:
    """Destroy what opens the order. Raises HeldError if something stands against it."""
    order = await runtime.find(tenant, ref)
    window = window_of(runtime, tenant)
    await runtime.ledger.check_erasable(order, window)
    cases = await _cases_of(runtime, order)
    await note(runtime, order, Act.ERASURE, by, reason=str(reason))
    erasure = await _recorded(runtime, order, reason)
    hidden = await runtime.ledger.erase(order, erasure, window)
    journal = ErasureJournal(runtime.settings.journal)
    await asyncio.to_thread(journal.erased, erasure)
    logged = await _logged(runtime, tenant)
    scrubbed = await runtime.ledger.scrub(hidden)
    if scrubbed:
        await asyncio.to_thread(journal.scrubbed, erasure.handle)
    for case in cases:
        await erase(runtime, tenant, case.ref, reason=reason, by=by)
    return Erased(erasure, logged, scrubbed)


async def _cases_of(runtime: Runtime, order: OrderRecord) -> list[OrderRecord]:
    """The orders of the cases that are about this order alone: they go with it.

    Raises HeldError if one may not go yet, or one names other orders too: whoever erases has to
    decide about that one first, for it holds what this order's letters said.
    """
    found = []
    for row in await runtime.ledger.cases_naming(order.tenant, [order.ref]):
        case = await runtime.ledger.order_by_handle(order.tenant, row.order)
        if case is None:
            continue
        if row.summary.get("orders") != 1:
            why = f"the case {row.id} names it among others; erase that case first"
            raise HeldError(what="The erasure", why=why)
        await runtime.ledger.check_erasable(case, window_of(runtime, order.tenant))
        found.append(case)
    return found


async def finish(runtime: Runtime) -> int:
    """Complete what a crash or a restored backup left undone; how many orders that were."""
    journal = ErasureJournal(runtime.settings.journal)
    said = await asyncio.to_thread(journal.read)
    known = {each.handle: each for each in await runtime.ledger.erasures()}
    for handle in known.keys() - said.erased.keys():
        await asyncio.to_thread(journal.erased, known[handle])
    back = set(await runtime.ledger.restored(list(said.erased)))
    hidden: list[bytes] = []
    for handle in back:
        hidden.extend(await runtime.ledger.erase_again(said.erased[handle]))
        log.warning("an erased order was restored, and erased again", order=handle)
    undone = back | ((known.keys() | said.erased.keys()) - said.scrubbed)
    if not undone:
        return 0
    unknown = undone - back
    for tenant in sorted({e.tenant for h, e in {**said.erased, **known}.items() if h in undone}):
        await _logged(runtime, tenant)
    # What a process that died was looking for, nobody knows any more.
    if await runtime.ledger.scrub(None if unknown else hidden):
        for handle in undone:
            await asyncio.to_thread(journal.scrubbed, handle)
    return len(undone)


async def _recorded(runtime: Runtime, order: OrderRecord, reason: ErasureReason) -> Erasure:
    """The signed record, its object among the others."""
    size, head = await runtime.ledger.custody_end(order.tenant)
    record = ErasureRecord(
        origin=await runtime.ledger.origin(order.tenant),
        order=order.commitment,
        at=runtime.clock(),
        reason=reason,
        custody_size=size,
        custody_head=head,
    )
    signer = runtime.vault.manifest_signer(order.tenant)
    envelope = (await asyncio.to_thread(record.signed_by, signer)).to_json()
    # Under the order's key like everything of it; the readable copy is in ledger and journal.
    shelf = runtime.shelf(order, "")
    lock = await shelf.locking.lock()

    def put() -> str:
        content = shelf.spool.keep(InMemory(envelope))
        runtime.objects.put(content, lock=lock)
        content.discard()
        return content.stored

    return Erasure(
        tenant=order.tenant,
        store=order.store,
        order=order.commitment,
        handle=order.handle,
        collection=secrets.token_hex(16),
        at=record.at,
        reason=reason,
        envelope=envelope,
        salt=secrets.token_bytes(SALT_BYTES),
        stored=await asyncio.to_thread(put),
        size=len(envelope),
    )


async def _logged(runtime: Runtime, tenant: str) -> bool:
    """Sequence; a log that refuses does not undo an erasure."""
    try:
        await runtime.sequencer.sequence(tenant)
    except CorruptionError as problem:
        log.error("the record of an erasure waits for the log", error=str(problem))
        return False
    return True
