"""The way of one order, from `queued` to `sealed`.

Each state is left by a compare-and-set in the ledger, and everything done in a state may be done
again: a walk that died is simply walked again, by whoever finds it.

    queued -> collecting     the sources are written down as tasks
    collecting -> verifying  every task has ended; a checkpoint covers every item; `at` is fixed
    verifying -> sealed      manifest and statement are in the log
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from evidence.errors import CorruptionError, EvidenceError, NotFoundError, OutageError
from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.receipts import NO_RECEIPT
from service.sources import Source
from service.steps import collect, plan, publish, seal
from service.steps.read import opened, read_all
from storage.ledger.records import Collection, KeptItem, OrderRecord, State, Task, TaskState

if TYPE_CHECKING:
    from service.runtime import Runtime

log = structlog.get_logger()

# What a watcher is told as the walk goes on: a step, and a few words.
Watch = Callable[[str, str], Awaitable[None]]
# A source that a collection was lost with so often is taken for the reason.
MOST_ATTEMPTS = 20
_ENDED = frozenset(TaskState) - {TaskState.WAITING, TaskState.RUNNING}


async def unwatched(step: str, words: str) -> None:
    """The default watcher looks away."""


async def walk(
    runtime: Runtime, tenant: str, collection_id: str, watch: Watch = unwatched
) -> State:
    """Drive a collection as far as it goes; returns the state it is then in.

    Raises NotFoundError if there is no such collection. Other failures that are not the order's own
    (a full disk, a lost database) are raised too, and the collection stays where it was.
    """
    collection = await _collection(runtime, tenant, collection_id)
    order = await runtime.ledger.order_by_handle(tenant, collection.order)
    if order is None:
        raise NotFoundError(what="the collection's order", why="it was erased")
    if not await _is_next(runtime, order, collection, watch):
        return collection.state
    if collection.state is State.QUEUED:
        await runtime.ledger.advance(collection.id, State.QUEUED, State.COLLECTING)
    if collection.state in {State.QUEUED, State.COLLECTING}:
        await _collect(runtime, order, collection, watch)
    collection = await _collection(runtime, tenant, collection_id)
    if collection.state is State.VERIFYING:
        return await _seal(runtime, order, collection, watch)
    return collection.state


async def _is_next(
    runtime: Runtime, order: OrderRecord, collection: Collection, watch: Watch
) -> bool:
    """Collections of one order go one after another, oldest first.

    A manifest must account for every receipt before its own, so no second collection may add any
    while the first is sealing.
    """
    for older in await runtime.ledger.collections_of(order):
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
        raise NotFoundError(what="the collection", why="there is none with this id")
    return collection


async def _collect(
    runtime: Runtime, order: OrderRecord, collection: Collection, watch: Watch
) -> None:
    """Ask every source, all at once, each as soon as what it needs is known.

    ClockError if our clock is known to be far off: what it stamped would be worth nothing.
    """
    await runtime.timestamps.check_clock(order.tenant)
    sources = [s for s in runtime.sources if s.name in collection.sources]
    tasks = {task.source: task for task in await runtime.ledger.tasks(collection.id)}
    waiting = [s for s in sources if s.name not in tasks or tasks[s.name].state not in _ENDED]
    waiting = await _without_hopeless(runtime, collection, tasks, waiting)
    shelf = runtime.shelf(order, collection.id)
    running: dict[asyncio.Task[None], Source] = {}
    known: plan.Known = {}
    try:
        while waiting or running:
            if waiting:
                known = plan.known_facts(order.ref, await runtime.ledger.aliases(order))
            # Those far away first: while they think, the files at hand are read.
            ready = plan.askable(order.ref, known, waiting, list(running.values()))
            for source in sorted(ready, key=lambda s: s.settings.base_url is None):
                waiting.remove(source)
                job = _one(runtime, order, collection, source, shelf, known, waiting, watch)
                running[asyncio.create_task(job)] = source
            if not running:
                break
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for finished in done:
                del running[finished]
                finished.result()
    finally:
        for job_left in running:
            job_left.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for source in waiting:
        why = plan.missing(source, known)
        await runtime.ledger.end_task(collection.id, source.name, state=TaskState.SKIPPED, why=why)
        await watch(source.name, why)
    checkpoint = await runtime.sequencer.sequence(order.tenant)
    runtime.timestamps.begin(order.tenant, checkpoint.size)
    await runtime.ledger.advance(
        collection.id,
        State.COLLECTING,
        State.VERIFYING,
        at=runtime.clock(),
        checkpoint_size=checkpoint.size,
    )


async def _without_hopeless(
    runtime: Runtime,
    collection: Collection,
    tasks: Mapping[str, Task],
    waiting: Sequence[Source],
) -> list[Source]:
    """End the tasks that nobody can bring to an end; the sources that are left.

    Gone from the configuration, or begun again and again by processes that died over them.
    """
    hopeless = {
        name: (TaskState.SKIPPED, "It is no longer configured.")
        for name, task in tasks.items()
        if task.state not in _ENDED and name not in {source.name for source in waiting}
    }
    for source in waiting:
        if source.name in tasks and tasks[source.name].attempts >= MOST_ATTEMPTS:
            why = f"It was begun {MOST_ATTEMPTS} times and never came to an end."
            hopeless[source.name] = (TaskState.FAILED, why)
    for name, (state, why) in hopeless.items():
        await runtime.ledger.end_task(collection.id, name, state=state, why=why)
    return [source for source in waiting if source.name not in hopeless]


async def _one(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    source: Source,
    shelf: collect.Shelf,
    known: plan.Known,
    waiting: Sequence[Source],
    watch: Watch,
) -> None:
    """Ask one source; if others are `waiting`, learn from its records what the order is called."""
    await watch(source.name, "asking")
    await runtime.ledger.begin_task(collection.id, source.name)
    limits = runtime.settings.limits
    outcome = await collect.ask(
        source,
        shelf=shelf,
        known=known,
        seconds=source.seconds or limits.source_s,
        most_items=limits.items_per_source,
        text_of=runtime.reading.text_of,
        clock=runtime.clock,
    )
    if waiting:  # somebody may need what this source's records call the order
        await _learn(runtime, order, collection, source)
    await runtime.ledger.end_task(collection.id, source.name, state=outcome.state, why=outcome.why)
    await watch(source.name, outcome.why or outcome.state)


async def _learn(
    runtime: Runtime, order: OrderRecord, collection: Collection, source: Source
) -> None:
    if not source.collector.roles & plan.BELIEVED:
        return
    for line in await runtime.ledger.items(order):
        if line.collection != collection.id or line.source != source.name:
            continue
        if line.role in plan.BELIEVED:
            facts = await runtime.reading.facts_of(opened(line, order, runtime.objects))
            for alias in plan.aliases_in(facts, line.role):
                await runtime.ledger.add_alias(order, alias)


async def _seal(
    runtime: Runtime, order: OrderRecord, collection: Collection, watch: Watch
) -> State:
    """Manifest and statement, kept one after the other and put into the log together.

    The statement's root covers the manifest's receipt, which is known before it is in sequence:
    collections of an order go one after another, so nothing can come between.
    """
    kept = await runtime.ledger.items(order)
    sealed = await runtime.sealed(order, kept, collection.id, Role.MANIFEST)
    if sealed is None:
        manifest = await _account(runtime, order, collection, kept, watch)
        # Reading did not wait for the token; the seal does, for a while.
        trusted_time = await _trusted_time(runtime, collection, watch)
        await watch("seal", "signing")
        signer = runtime.vault.manifest_signer(order.tenant)
        signed = await asyncio.to_thread(  # a KMS is asked over the network
            seal.seal_manifest, manifest, signer=signer, at=runtime.clock()
        )
    else:
        manifest = Manifest.from_payload(sealed.payload)
        trusted_time = await _trusted_time(runtime, collection, watch)
        signed = seal.Signed.of(sealed, Role.MANIFEST, at=runtime.clock())
    shelf = runtime.shelf(order, collection.id)
    (stamp,) = await shelf.keep("orderproof", [signed.item])
    chain = [receipt for _, receipt in await runtime.ledger.receipts(order)]
    earlier = [line.seq for line in chain if line.commitment == stamp.commitment]
    if earlier:
        chain = chain[: earlier[0] + 1]
    else:
        prev = chain[-1].sha256 if chain else NO_RECEIPT
        chain.append(stamp.receipt(seq=len(chain), prev=prev))
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
    (last,) = await shelf.keep("orderproof", [statement.item])
    await runtime.sequencer.sequence(order.tenant)
    placed = await runtime.ledger.receipts(order)
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
    if not await runtime.ledger.advance(
        collection.id, State.VERIFYING, State.SEALED, complete=manifest.complete
    ):
        return (await _collection(runtime, order.tenant, collection.id)).state
    await watch("seal", "sealed, complete" if manifest.complete else "sealed, incomplete")
    return State.SEALED


async def _trusted_time(runtime: Runtime, collection: Collection, watch: Watch) -> str:
    """What the statement says of the checkpoint before reading. ClockError stops the seal."""
    if runtime.timestamps.authorities:
        await watch("time", "waiting for the token")
    return await runtime.timestamps.said_of(collection.tenant, collection.checkpoint_size or 0)


async def _account(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    kept: Sequence[KeptItem],
    watch: Watch,
) -> Manifest:
    """Read every item that the checkpoint covers, and judge."""
    if collection.at is None or collection.checkpoint_size is None:
        raise CorruptionError(what="The collection", why="it is verifying without a checkpoint")
    lines = seal.covered(kept, collection.checkpoint_size)
    before_read = await runtime.ledger.checkpoint_at(order.tenant, collection.checkpoint_size)
    if before_read is None:
        raise CorruptionError(what="The log", why="the checkpoint before reading is not there")
    await watch("read", f"{len(lines)} items")
    facts, aliases, tasks = await asyncio.gather(
        read_all(lines, order, objects=runtime.objects, reading=runtime.reading),
        runtime.ledger.aliases(order),
        runtime.ledger.tasks(collection.id),
    )
    await watch("verify", f"{len(facts)} facts")
    return seal.manifest_for(
        order=order,
        collection=collection,
        aliases=aliases,
        policy=runtime.policy(collection.policy),
        items=seal.sealed_items(lines, order, runtime.objects),
        facts=Facts(facts),
        tasks=tasks,
        at=collection.at,
        before_read=before_read,
        lost=await runtime.ledger.lost_of(order),
    )


async def walk_or_fail(
    runtime: Runtime, tenant: str, collection_id: str, watch: Watch = unwatched
) -> State:
    """Walk; an error that walking again cannot mend fails the collection, with its reason.

    OutageError is raised: whoever drives tries again later, and nothing is lost meanwhile.
    """
    try:
        return await walk(runtime, tenant, collection_id, watch)
    except OutageError:
        raise
    except EvidenceError as problem:
        log.exception("collection failed", collection=collection_id)
        await fail(runtime, collection_id, str(problem))
        return State.FAILED


async def fail(runtime: Runtime, collection_id: str, why: str) -> None:
    """End the collection as failed, with the reason; one that has ended stays as it is."""
    for state in (State.QUEUED, State.COLLECTING, State.VERIFYING):
        await runtime.ledger.advance(collection_id, state, State.FAILED, failure=why)
