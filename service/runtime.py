"""Everything the service holds, opened once and closed in order.

The HTTP API, the worker and the command line all act through a Runtime; none of them touches the
ledger, the objects or the keys by another way.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets as dice
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from evidence.dsse import Envelope
from evidence.errors import (
    ConfigError,
    NotFoundError,
    OutageError,
    RequestError,
)
from evidence.items import Content, Role
from evidence.manifest import Manifest, Statement
from evidence.orders import Alias, OrderRef
from evidence.playbook import Playbook
from evidence.policy import Policy
from evidence.sealed import SealedItem
from service import tracing
from service.at_hand import AtHand
from service.backup.moved import check_not_moved
from service.cases.ref import POLICY as CASES
from service.clock import Clock, machine
from service.instruments import Instruments
from service.own_folder import OwnFolder
from service.places import Places, content_of, open_places
from service.queue.line import Waiting
from service.queue.queue import Queue
from service.reading.reading import Reading
from service.retention import erasure, keeping
from service.settings import Settings
from service.sources.renewed import Renewed
from service.sources.sources import Source, configured, local_bucket
from service.steps import plan, publish
from service.steps.collect import Shelf
from service.steps.fan_out import Watch, unwatched
from service.steps.walk import fail, walk_or_fail
from service.timestamping.authority import Authority
from service.timestamping.authority import configured as configured_authorities
from service.timestamping.timestamps import Timestamps
from service.witness.client import Witnesses
from service.zones import use_sealed_zones
from storage.ledger.ledger import Ledger
from storage.ledger.records import Collection, KeptItem, OrderRecord, State, Task
from storage.log.log import Log
from storage.log.sequencer import Sequencer
from storage.objects.packs import MOST_PACKED
from storage.objects.spool import IN_MEMORY_BYTES, EncryptedSpool
from storage.vault.vault import Vault
from verifiers.playbook import playbook_for, playbooks
from verifiers.risk.words import built_in_words, read_folder, risks_in
from verifiers.rulebook import policies, policy_for, read_policies

log = structlog.get_logger()

# A report takes a core for a second and up to gigabytes of memory.
REPORTS_AT_ONCE = 2
# A document that was read takes so many times the memory of its text.
_READ = 10


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of an order now. `manifest` and `statement` are the newest sealed ones."""

    order: OrderRecord
    aliases: list[Alias]
    collections: list[Collection]
    tasks: Mapping[str, list[Task]]
    items: list[KeptItem]
    manifest: Manifest | None
    manifest_envelope: bytes | None
    statement: Statement | None
    statement_envelope: bytes | None


@dataclass(frozen=True, slots=True)
class Sealing:
    """Manifest and statement of one collection, read, and as they were signed."""

    manifest: Manifest | None = None
    manifest_envelope: bytes | None = None
    statement: Statement | None = None
    statement_envelope: bytes | None = None


def open_vault(settings: Settings) -> Vault:
    """The vault as it is configured."""
    signing = settings.signing
    return Vault.open(settings.keys, manifest=signing.manifest, kms_endpoint=signing.kms_endpoint)


class Runtime:
    """Open with `await Runtime.open(settings)`; use as an async context manager or close it."""

    def __init__(
        self,
        *,
        settings: Settings,
        vault: Vault,
        ledger: Ledger,
        places: Places,
        sequencer: Sequencer,
        sources: tuple[Source, ...],
        authorities: tuple[Authority, ...],
        clock: Callable[[], datetime],
        queue: Queue | None,
    ) -> None:
        self.settings = settings
        self.vault = vault
        self.ledger = ledger
        self.objects = places.objects
        self.packing = places.packing
        self.bucket = places.bucket
        self._log = places.log
        self.sequencer = sequencer
        self.sources = sources
        self.timestamps = Timestamps(authorities, ledger, clock)
        self.clock = clock
        self.queue = queue
        self.instruments = Instruments()
        self.reading = Reading(settings.limits)
        self.rendering = asyncio.Semaphore(REPORTS_AT_ONCE)
        self._sealings: AtHand[Sealing] = AtHand()
        self._spool = OwnFolder(settings.data / "spool")
        self.owner = dice.token_hex(8)
        self.witnesses = Witnesses(
            settings.witnesses,
            ledger=ledger,
            sequencer=sequencer,
            files_for=places.log,
        )
        # An operator's lists stand beside ours; one of the same language takes its place.
        lists = {words.language: words for words in built_in_words()}
        if settings.risk_words:
            lists |= {words.language: words for words in read_folder(settings.risk_words)}
        self.risk_words = tuple(lists.values())
        own = settings.policies
        self._policies = policies() | (read_policies(own) if own else {})
        self._playbooks = playbooks(settings.playbooks)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        with_queue: bool = False,
        clock: Clock = machine,
    ) -> Runtime:
        """Open or make the data folder. Without a queue, collections are walked by the caller."""
        use_sealed_zones()
        check_not_moved(settings)
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        vault = open_vault(settings)
        places = await asyncio.to_thread(open_places, settings, clock)
        ledger = await Ledger.open(
            settings.database_url,
            vault=vault,
            clock=clock,
            connections=settings.database_connections,
        )
        queue: Queue | None = None
        runtime: Runtime | None = None
        try:
            queue = await Queue.open(settings) if with_queue else None
            await ledger.tenant(settings.tenant, origin=settings.origin_of(settings.tenant))
            runtime = cls(
                settings=settings,
                vault=vault,
                ledger=ledger,
                places=places,
                sequencer=Sequencer(ledger, places.log, vault, clock, apart_s=places.heads_apart_s),
                sources=configured(
                    settings,
                    queue.bucket if queue else local_bucket,
                    partial(Renewed, vault, settings.keys, settings.tenant),
                ),
                authorities=configured_authorities(settings.authorities),
                clock=clock,
                queue=queue,
            )
        finally:
            if runtime is None:
                if queue is not None:
                    await queue.close()
                await ledger.close()
        try:
            await erasure.finish(runtime)
        except BaseException:
            await runtime.close()
            raise
        return runtime

    async def __aenter__(self) -> Runtime:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.timestamps.close()
        await self.reading.close()
        if self.queue is not None:
            await self.queue.close()
        await self.ledger.close()
        await asyncio.to_thread(self._spool.close)

    def log(self, tenant: str) -> Log:
        """Where the tenant's log is published. What it does blocks."""
        return self._log(tenant)

    def policy(self, policy_id: str) -> Policy:
        """RequestError if there is no such policy."""
        if policy_id == CASES.id:
            return CASES
        try:
            return self._policies[policy_id]
        except KeyError:
            names = ", ".join(sorted(self._policies))
            raise RequestError(
                what="the policy", why=f"{policy_id[:60]!r} is not one of {names}"
            ) from None

    def playbook(self, platform: str) -> Playbook:
        """How a case with the platform is conducted."""
        return playbook_for(platform, self._playbooks)

    @property
    def policies(self) -> Mapping[str, Policy]:
        return self._policies

    # -- asking for a collection ------------------------------------------------------------

    async def sources_for(
        self, ref: OrderRef, *, tenant: str, store: str, asked: Sequence[str] | None
    ) -> list[Source]:
        """Those to be asked for the order: of the `asked` ones, or of all that may be.

        RequestError for a name that is not configured, ConfigError if nothing is.
        """
        known = await self.ledger.find_order(tenant, ref)
        return self._sources_for(known, tenant=tenant, store=store, asked=asked)

    def _sources_for(
        self, known: OrderRecord | None, *, tenant: str, store: str, asked: Sequence[str] | None
    ) -> list[Source]:
        ours = plan.allowed(
            self.sources,
            tenant=tenant,
            store=known.store if known else store,
            house=self.settings.tenant,
        )
        chosen = plan.choose(ours, asked)
        if not chosen:
            raise ConfigError(what="the configuration", why="it has no source to collect from")
        return chosen

    async def request_collection(
        self,
        ref: OrderRef,
        *,
        tenant: str,
        store: str = "default",
        policy: str | None = None,
        sources: Sequence[str] | None = None,
        defect: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        bulk: bool = False,
        urgent: bool = False,
    ) -> tuple[Collection, bool]:
        """Write the request down, then ring. True if it is new; the row is committed first.

        bulk     it is only caught up on: whatever else the tenant asks for goes first
        urgent   a claim came or is near: it goes before what has a day
        """
        known = await self.ledger.find_order(tenant, ref)
        chosen = self._sources_for(known, tenant=tenant, store=store, asked=sources)
        kind = (defect or {}).get("kind", "")
        today = self.clock().date()
        rules = (
            self.policy(policy)
            if policy
            else policy_for(ref.platform, kind, on=today, among=self._policies)
        )
        if tenant != self.settings.tenant:  # that one was made when we opened
            await self.ledger.tenant(tenant, origin=self.settings.origin_of(tenant))
        order = known or await self.ledger.order(tenant, ref, store=store, is_new=True)
        collection, new = await self.ledger.start_collection(
            order,
            policy=rules.id,
            sources=[source.name for source in chosen],
            defect=defect,
            idempotency_key=idempotency_key,
            bulk=bulk,
            urgent=urgent,
        )
        with tracing.asked_for(collection.id) if new else contextlib.nullcontext():
            await self._ring(collection)
        return collection, new

    async def ask_again(self, order: OrderRecord, old: Collection) -> Collection:
        """The same request anew, once: asked twice, it is the same new collection."""
        collection, _ = await self.ledger.start_collection(
            order,
            policy=old.policy,
            sources=old.sources,
            defect=old.defect,
            idempotency_key=f"again:{old.id}",
            bulk=old.bulk,
        )
        await self._ring(collection)
        return collection

    async def _ring(self, collection: Collection) -> None:
        """The request is kept: without Valkey it waits for the reconciler, and is accepted."""
        if self.queue is None or collection.state.is_final:
            return
        try:
            await self.queue.ring(
                Waiting(collection.id, collection.tenant, collection.due, collection.bulk)
            )
        except OutageError as problem:
            log.warning("nobody was rung for", collection=collection.id, why=str(problem))

    async def walk(self, tenant: str, collection_id: str, watch: Watch = unwatched) -> State:
        """Drive a collection here and now, without the queue."""
        return await walk_or_fail(self, tenant, collection_id, watch)

    async def give_up(self, tenant: str, collection_id: str, why: str) -> None:
        """End a collection as failed, unless it has ended already."""
        await fail(self, tenant, collection_id, why, park=True)
        self.instruments.failed()

    def is_risky(self, text: str) -> bool:
        """Whether a buyer's message has words after which a claim is likely."""
        return bool(risks_in(text, self.risk_words))

    @property
    def spool_folder(self) -> Path:
        """Where answers wait, encrypted, until they are kept or let go."""
        return self._spool.path

    # -- keeping an order -------------------------------------------------------------------

    async def hold(self, order: OrderRecord, *, reason: str) -> datetime:
        """A legal hold on the order and on each of its objects; since when it is there."""
        since = await self.ledger.hold(order, reason=reason)
        await keeping.hold(self, order, on=True)
        return since

    async def release(self, order: OrderRecord) -> None:
        """Lift the hold, if there is one. Its objects follow once the ledger says so."""
        await self.ledger.release(order)
        await keeping.hold(self, order, on=False)

    # -- looking at an order ----------------------------------------------------------------

    async def find(self, tenant: str, ref: OrderRef) -> OrderRecord:
        """NotFoundError if nothing is kept of the order: never collected, or erased."""
        order = await self.ledger.find_order(tenant, ref)
        if order is None:
            raise NotFoundError(
                what="Evidence of the order", why="it was never collected, or it was erased"
            )
        return order

    async def account(self, tenant: str, ref: OrderRef) -> Account:
        return await self.account_of(await self.find(tenant, ref))

    async def account_of(self, order: OrderRecord) -> Account:
        collections = await self.ledger.collections_of(order)
        items = await self.ledger.items(order)
        sealed = [c for c in collections if c.state is State.SEALED]
        sealing = await self._sealing(order, items, sealed[-1].id) if sealed else Sealing()
        return Account(
            order=order,
            aliases=await self.ledger.aliases(order),
            collections=collections,
            tasks=await self.ledger.tasks_of(order),
            items=items,
            manifest=sealing.manifest,
            manifest_envelope=sealing.manifest_envelope,
            statement=sealing.statement,
            statement_envelope=sealing.statement_envelope,
        )

    async def _sealing(
        self, order: OrderRecord, items: Sequence[KeptItem], collection: str
    ) -> Sealing:
        """Both documents, as read lately: once they are there they are there for good."""
        held = self._sealings.get((order.handle, collection))
        if held is not None:
            return held
        manifest = await self.sealed(order, items, collection, Role.MANIFEST)
        statement = await self.sealed(order, items, collection, Role.STATEMENT)
        found = Sealing(
            Manifest.from_payload(manifest.payload) if manifest else None,
            manifest.to_json() if manifest else None,
            Statement.from_payload(statement.payload) if statement else None,
            statement.to_json() if statement else None,
        )
        if found.manifest_envelope and found.statement_envelope:
            size = _READ * (len(found.manifest_envelope) + len(found.statement_envelope))
            self._sealings.put((order.handle, collection), found, size=size)
        return found

    async def sealed(
        self, order: OrderRecord, items: Sequence[KeptItem], collection: str, role: Role
    ) -> Envelope | None:
        """The manifest or statement that this collection sealed, if it did."""
        for line in items:
            if line.collection == collection and line.role is role:
                data = await asyncio.to_thread(self.stored(order, line).read, 128 << 20)
                return Envelope.from_json(data)
        return None

    def shelf(
        self, order: OrderRecord, collection: str, *, policy: str | None = None, first: bool = False
    ) -> Shelf:
        """Where this collection's items go.

        policy   the collection's, if it is at hand
        first    nothing was kept for the order before
        """
        most = IN_MEMORY_BYTES if self.packing is None else MOST_PACKED
        return Shelf(
            order,
            collection,
            EncryptedSpool(self._spool.path, key=order.key, context=order.context, in_memory=most),
            self.objects,
            self.packing,
            self.ledger,
            self.settings.limits.item_bytes,
            keeping.Locking(self, order, collection, policy),
            own={} if first else None,
        )

    def stored(self, order: OrderRecord, line: KeptItem) -> Content:
        return content_of(line, order, self.objects)

    async def content(self, tenant: str, ref: OrderRef, sha256: str) -> tuple[KeptItem, Content]:
        """An item of the order and its bytes; NotFoundError if it has none of this digest."""
        order = await self.find(tenant, ref)
        for line in await self.ledger.items(order):
            if line.sha256 == sha256:
                return line, self.stored(order, line)
        raise NotFoundError(what="the item", why="this order has none with this digest")

    async def bundle(
        self,
        tenant: str,
        ref: OrderRef,
        *,
        profile: str,
        to: Path,
        show: Sequence[int] = (),
        show_roles: Sequence[str] = (),
        copies: Sequence[int] = (),
    ) -> Sequence[SealedItem]:
        """Write the order's newest sealed account to `to` as one ZIP; what items are in it."""
        account = await self.account(tenant, ref)
        return await publish.write(
            self,
            account,
            profile=profile,
            to=to,
            show=show,
            show_roles=show_roles,
            copies=copies,
        )
