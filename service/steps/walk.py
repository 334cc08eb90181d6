"""The way of one order, from `queued` to `sealed`.

Each state is left by a compare-and-set in the ledger, and everything done in a state may be done
again: a walk that died is simply walked again, by whoever finds it.

    queued -> collecting     the sources are written down as tasks
    collecting -> verifying  every task has ended; a checkpoint covers every item; `at` is fixed
    verifying -> sealed      manifest and statement are in the log
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from evidence.errors import CorruptionError, EvidenceError, NotFoundError, OutageError
from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.orders import Alias
from evidence.receipts import NO_RECEIPT, Receipt, Stamp
from evidence.verdicts import Verdict
from service import tracing
from service.agenda.agenda import plan_next
from service.retention import keeping
from service.steps import publish, seal
from service.steps.collect import Shelf
from service.steps.fan_out import FanOut, Watch, unwatched
from service.steps.read import read_all
from service.webhooks.intake import keep_notices
from storage.ledger.records import Collection, KeptItem, OrderRecord, State, Task

if TYPE_CHECKING:
    from service.runtime import Runtime

log = structlog.get_logger()


async def walk(
    runtime: Runtime, tenant: str, collection_id: str, watch: Watch = unwatched
) -> State:
    """Drive a collection as far as it goes; returns the state it is then in.

    Raises NotFoundError if there is no such collection. Other failures that are not the order's own
    (a full disk, a lost database) are raised too, and the collection stays where it was.
    """
    order, beside = await runtime.ledger.beside(tenant, collection_id)
    collection = next((each for each in beside if each.id == collection_id), None)
    if collection is None:
        raise _unknown()
    if order is None:
        raise NotFoundError(what="the collection's order", why="it was erased")
    if not await _is_next(runtime, order, beside, collection, watch):
        return collection.state
    begun = collection.state is not State.QUEUED or not await runtime.ledger.advance(
        tenant, collection.id, State.QUEUED, State.COLLECTING
    )
    first = beside[0] is collection and collection.state is State.QUEUED
    shelf = runtime.shelf(order, collection.id, policy=collection.policy, first=first)
    if collection.state in {State.QUEUED, State.COLLECTING}:
        collection = await _collect(runtime, order, collection, shelf, watch, begun=begun)
    if collection.state is State.VERIFYING:
        with tracing.span("seal"):
            first_asked = beside[0].requested_at
            return await _seal(runtime, order, collection, shelf, watch, first_asked)
    return collection.state


async def _is_next(
    runtime: Runtime,
    order: OrderRecord,
    beside: Sequence[Collection],
    collection: Collection,
    watch: Watch,
) -> bool:
    """Collections of one order go one after another, oldest first.

    A manifest must account for every receipt before its own, so no second collection may add any
    while the first is sealing.
    """
    for older in beside:
        if older.id == collection.id:
            return True
        if older.state.is_final:
            continue
        if runtime.queue is not None:
            await watch("wait", "an earlier collection of this order is not done yet")
            return False
        # What is wrong with the older one fails that one, and never this one.
        await walk_or_fail(runtime, order.tenant, older.id)
    return True


async def _collection(runtime: Runtime, tenant: str, collection_id: str) -> Collection:
    collection = await runtime.ledger.collection(tenant, collection_id)
    if collection is None:
        raise _unknown()
    return collection


def _unknown() -> NotFoundError:
    return NotFoundError(what="the collection", why="there is none with this id")


async def _collect(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    shelf: Shelf,
    watch: Watch,
    *,
    begun: bool,
) -> Collection:
    """Every source has its say, and a checkpoint covers all that came; what it is then.

    begun   a walk before this one may have asked some of them

    ClockError if our clock is known to be far off: what it stamped would be worth nothing.
    """
    await runtime.timestamps.check_clock(order.tenant)
    fan_out = FanOut(runtime, order, collection, shelf, watch)
    # Asked together, the ledger answers all at once.
    await asyncio.gather(
        keep_notices(runtime, order, collection.id),
        fan_out.look(begun=begun),
        shelf.locking.lock(),
    )
    with tracing.span("collect"):
        await fan_out.run()
    with tracing.span("sequence"):
        checkpoint = await runtime.sequencer.sequence(order.tenant)
    runtime.timestamps.begin(order.tenant, checkpoint.size)
    at = runtime.clock()
    if await runtime.ledger.advance(
        order.tenant,
        collection.id,
        State.COLLECTING,
        State.VERIFYING,
        at=at,
        checkpoint_size=checkpoint.size,
    ):
        return replace(collection, state=State.VERIFYING, at=at, checkpoint_size=checkpoint.size)
    return await _collection(runtime, order.tenant, collection.id)


async def _seal(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    shelf: Shelf,
    watch: Watch,
    first_asked: datetime,
) -> State:
    """Manifest and statement, kept one after the other and put into the log together.

    The statement's root covers the manifest's receipt, which is known before it is in sequence:
    collections of an order go one after another, so nothing can come between.
    """
    known = await _known(runtime, order, collection)
    manifest, signed, trusted_time, new = await _signed(runtime, order, collection, known, watch)
    (stamp,) = await shelf.keep("orderproof", [signed.item], unseen=new)
    chain = _ending_in(stamp, _chain_of(known.kept, known.lost))
    statement = await asyncio.to_thread(
        seal.seal_statement,
        manifest,
        chain,
        log_origin=runtime.settings.origin_of(order.tenant),
        log_size=collection.checkpoint_size or 0,
        trusted_time=trusted_time,
        signer=runtime.vault.manifest_signer(order.tenant),
        at=runtime.clock(),
    )
    (last,) = await shelf.keep("orderproof", [statement.item], unseen=new)
    await runtime.sequencer.sequence(order.tenant)
    placed, _ = await asyncio.gather(
        runtime.ledger.receipts(order), keeping.secure(runtime, order, known.kept, collection.id)
    )
    if [receipt for _, receipt in placed[: len(chain)]] != chain:
        raise CorruptionError(
            what="The order's chain", why="a receipt came between its items and their manifest"
        )
    # After the head is published and before the bundle can be had; a witness that is down or says
    # no stops nothing.
    for outcome in await runtime.witnesses.cosign(order.tenant):
        await watch("witness", str(outcome))
    for index, receipt in placed[len(chain) :]:
        if runtime.timestamps.authorities and receipt.commitment == last.commitment:
            await publish.sealed_anchor(runtime, order.tenant, index)
    await plan_next(runtime, order, collection, manifest, first_asked=first_asked)
    if not await runtime.ledger.advance(
        order.tenant,
        collection.id,
        State.VERIFYING,
        State.SEALED,
        complete=manifest.complete,
        judged_against=any(j.verdict is Verdict.FAIL for j in manifest.judgements),
    ):
        return (await _collection(runtime, order.tenant, collection.id)).state
    runtime.instruments.judged(manifest.judgements)
    runtime.instruments.sealed(
        complete=manifest.complete,
        bulk=collection.bulk,
        seconds=(runtime.clock() - collection.requested_at).total_seconds(),
    )
    await watch("seal", "sealed, complete" if manifest.complete else "sealed, incomplete")
    return State.SEALED


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger has when an order is to be sealed.

    kept, lost     the order's items, and the receipts whose items are gone
    before_read    the note of the checkpoint before reading
    tasks          the collection's
    trusted_time   what is said of that checkpoint; None where an authority is still asked
    """

    kept: Sequence[KeptItem]
    lost: Sequence[Receipt]
    before_read: bytes | None
    aliases: Sequence[Alias]
    tasks: Sequence[Task]
    trusted_time: str | None


async def _known(runtime: Runtime, order: OrderRecord, collection: Collection) -> _Known:
    """Asked together, the ledger answers all at once."""
    ledger, size = runtime.ledger, collection.checkpoint_size or 0
    return _Known(
        *await asyncio.gather(
            ledger.items(order),
            ledger.lost_of(order),
            ledger.checkpoint_at(order.tenant, size),
            ledger.aliases(order),
            ledger.tasks(order.tenant, collection.id),
            _said_without_asking(runtime, collection),
        )
    )


async def _signed(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    known: _Known,
    watch: Watch,
) -> tuple[Manifest, seal.Signed, str, bool]:
    """The collection's manifest, signed; the trusted time; whether it was made only now."""
    sealed = await runtime.sealed(order, known.kept, collection.id, Role.MANIFEST)
    if sealed is not None:
        trusted_time = known.trusted_time or await _trusted_time(runtime, collection, watch)
        signed = seal.Signed.of(sealed, Role.MANIFEST, at=runtime.clock())
        return Manifest.from_payload(sealed.payload), signed, trusted_time, False
    manifest = await _account(runtime, order, collection, known, watch)
    # Reading did not wait for the token; the seal does, for a while.
    trusted_time = known.trusted_time or await _trusted_time(runtime, collection, watch)
    await watch("seal", "signing")
    signer = runtime.vault.manifest_signer(order.tenant)
    signed = await asyncio.to_thread(  # a KMS is asked over the network
        seal.seal_manifest, manifest, signer=signer, at=runtime.clock()
    )
    return manifest, signed, trusted_time, True


def _chain_of(kept: Sequence[KeptItem], lost: Sequence[Receipt]) -> list[Receipt]:
    """The order's receipts, those too whose stamps are no more."""
    there = [line.receipt for line in kept if line.receipt is not None]
    return sorted([*there, *lost], key=lambda receipt: receipt.seq)


def _ending_in(stamp: Stamp, chain: list[Receipt]) -> list[Receipt]:
    """The order's receipts up to that of the stamp, which may not be in sequence yet."""
    for place, receipt in enumerate(chain):
        if receipt.commitment == stamp.commitment:
            return chain[: place + 1]
    prev = chain[-1].sha256 if chain else NO_RECEIPT
    return [*chain, stamp.receipt(seq=len(chain), prev=prev)]


async def _trusted_time(runtime: Runtime, collection: Collection, watch: Watch) -> str:
    """What the statement says of the checkpoint before reading. ClockError stops the seal."""
    await watch("time", "waiting for the token")
    return await runtime.timestamps.said_of(collection.tenant, collection.checkpoint_size or 0)


async def _said_without_asking(runtime: Runtime, collection: Collection) -> str | None:
    """As `_trusted_time`, where only the ledger has to be asked; else None."""
    if runtime.timestamps.authorities:
        return None
    return await runtime.timestamps.said_of(collection.tenant, collection.checkpoint_size or 0)


async def _account(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    known: _Known,
    watch: Watch,
) -> Manifest:
    """Read every item that the checkpoint covers, and judge."""
    if collection.at is None or collection.checkpoint_size is None:
        raise CorruptionError(what="The collection", why="it is verifying without a checkpoint")
    if known.before_read is None:
        raise CorruptionError(what="The log", why="the checkpoint before reading is not there")
    lines = seal.covered(known.kept, collection.checkpoint_size)
    await watch("read", f"{len(lines)} items")
    with tracing.span("read", items=len(lines)):
        facts = await read_all(lines, order, objects=runtime.objects, reading=runtime.reading)
    await watch("verify", f"{len(facts)} facts")
    with tracing.span("verify", facts=len(facts)):
        return seal.manifest_for(
            order=order,
            collection=collection,
            aliases=known.aliases,
            policy=runtime.policy(collection.policy),
            items=seal.sealed_items(lines, order, runtime.objects),
            facts=Facts(facts),
            tasks=known.tasks,
            at=collection.at,
            before_read=known.before_read,
            lost=known.lost,
        )


async def walk_or_fail(
    runtime: Runtime, tenant: str, collection_id: str, watch: Watch = unwatched
) -> State:
    """Walk; an error that walking again cannot mend fails the collection, with its reason.

    OutageError is raised: whoever drives tries again later, and nothing is lost meanwhile.
    """
    try:
        with (
            structlog.contextvars.bound_contextvars(collection=collection_id),
            tracing.within(collection_id),
            tracing.span("walk"),
        ):
            return await walk(runtime, tenant, collection_id, watch)
    except OutageError:
        raise
    except EvidenceError as problem:
        log.exception("collection failed", collection=collection_id)
        gone = isinstance(problem, NotFoundError)
        await fail(runtime, tenant, collection_id, str(problem), park=not gone)
        runtime.instruments.failed(problem)
        return State.FAILED


async def fail(runtime: Runtime, tenant: str, collection_id: str, why: str, *, park: bool) -> None:
    """End the collection as failed, with the reason; one that has ended stays as it is.

    park   somebody is to decide what becomes of it; not if its order was erased
    """
    for state in (State.QUEUED, State.COLLECTING, State.VERIFYING):
        await runtime.ledger.advance(
            tenant, collection_id, state, State.FAILED, failure=why, park=park
        )
