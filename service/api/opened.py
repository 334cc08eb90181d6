"""The real service behind the ports: a Runtime, with its worker where one belongs to it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import structlog

from evidence.custody import Act, CustodyLine
from evidence.erasure import ErasureReason
from evidence.errors import NotFoundError, RequestError
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.receipts import Receipt
from evidence.sealed import SealedItem
from evidence.times import rfc3339
from service import custody
from service.access.callers import DeniedError, Whose
from service.access.rates import Rates, SharedRates
from service.access.tokens import LINK, id_of, is_right, mint
from service.agenda.agenda import keeping_time
from service.agenda.polls import asking
from service.api.defect_port import DeskPort
from service.api.ports import Collection as AnyCollection
from service.api.ports import Evidence, Order, SealedAtHand
from service.api.sealed_port import SealedPort
from service.at_hand import AtHand
from service.cases.work import CaseWork
from service.custody import By
from service.defects.desk import Desk, watching
from service.health import Health, health_of, needs_of
from service.profiles.asked import Asked
from service.profiles.make import make
from service.queue import operating
from service.queue.pressure import Busy, Pressure
from service.queue.worker import DRAIN_S, HANDS, CollectionWorker
from service.report import reports, together
from service.report.known import KnownReport
from service.report.wanted import Wanted
from service.retention import erasure
from service.runtime import Account, Runtime
from service.settings import Settings
from service.summary import summary
from service.webhooks.intake import Intake, taking_in
from service.webhooks.queues import polling
from service.webhooks.sender import sending
from storage.ledger.access import AccessToken, Share, Store
from storage.ledger.backlog import Parked
from storage.ledger.deliveries import Delivery
from storage.ledger.errands import Errand, Why
from storage.ledger.outbox import Subscription
from storage.ledger.records import Collection, KeptItem, OrderRecord, Task
from storage.ledger.separation import Declaration, Declared
from storage.objects.objects import RangedContent

# A token that was revoked in another process works here no longer than this.
TOKEN_S = 2.0

_log = structlog.get_logger("orderproof")


class RuntimeEvidence:
    """`Evidence`, as a Runtime has it. What nobody knows is None here, not an error."""

    def __init__(
        self,
        runtime: Runtime,
        worker: asyncio.Task[None] | None = None,
        intake: Intake | None = None,
        desk: Desk | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self.clock = runtime.clock
        self._worker = worker
        self._intake = intake or Intake(runtime)
        self.cases = CaseWork(runtime)
        self._pressure = Pressure(runtime)
        queue, quota = runtime.queue, runtime.settings.limits.requests_per_minute
        self.rates: Rates | None = SharedRates(queue.pool, quota) if queue is not None else None
        self.defects = DeskPort(runtime, desk or Desk(runtime))
        self._sealed = SealedPort(runtime)
        # Lines of single items by their order's handle and digest: they never change.
        self._lines: AtHand[KeptItem] = AtHand()
        self._tokens: AtHand[AccessToken] = AtHand(held_s=TOKEN_S, clock=monotonic)

    async def request_collection(
        self,
        ref: OrderRef,
        *,
        whose: Whose,
        store: str | None,
        policy: str | None,
        sources: Sequence[str] | None,
        defect: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> tuple[Collection, bool]:
        named = store or _only(whose.stores)
        known = await self._runtime.ledger.find_order(whose.tenant, ref)
        # An order that is there keeps its store, whatever is asked for now.
        if not whose.covers(known.store if known else named):
            raise DeniedError("store")
        return await self._runtime.request_collection(
            ref,
            tenant=whose.tenant,
            store=named,
            policy=policy,
            sources=sources,
            defect=defect,
            idempotency_key=idempotency_key,
        )

    async def collection(self, whose: Whose, id: str) -> Collection | None:
        found = await self._runtime.ledger.collection(whose.tenant, id)
        if found is not None and not whose.covers(found.store):
            raise DeniedError("collection")
        return found

    async def tasks(self, collection: AnyCollection) -> Sequence[Task]:
        return await self._runtime.ledger.tasks(collection.tenant, collection.id)

    async def order_of(self, collection: AnyCollection) -> OrderRecord:
        order = await self._runtime.ledger.order_by_handle(collection.tenant, collection.order)
        if order is None:
            raise RequestError(what="the collection", why="its order was erased")
        return order

    async def queue(self) -> operating.QueueState:
        return await operating.state(self._runtime)

    async def figures(self) -> bytes:
        return await operating.figures(self._runtime)

    async def busy(self, tenant: str) -> Busy | None:
        return await self._pressure.busy(tenant)

    async def parked(self, whose: Whose) -> Sequence[operating.PutAside]:
        return await operating.parked(self._runtime, whose.tenant, whose.stores)

    async def retry_parked(self, whose: Whose, id: str) -> Collection:
        return await operating.retry(self._runtime, whose.tenant, id, whose.stores)

    async def drop_parked(self, whose: Whose, id: str) -> Parked:
        return await operating.drop(self._runtime, whose.tenant, id, whose.stores)

    async def account(self, whose: Whose, ref: OrderRef) -> Account | None:
        order = await self._order(whose, ref)
        return None if order is None else await self._runtime.account_of(order)

    async def sealed(
        self, whose: Whose, ref: OrderRef, role: Role, act: Act, by: By
    ) -> tuple[str, bytes] | None:
        return await self._sealed.handed_out(whose, ref, role, act, by)

    def sealed_at_hand(self, whose: Whose, ref: OrderRef, role: Role) -> SealedAtHand | None:
        return self._sealed.at_hand(whose, ref, role)

    async def items(
        self, whose: Whose, ref: OrderRef
    ) -> tuple[OrderRecord, Sequence[KeptItem]] | None:
        order = await self._order(whose, ref)
        return None if order is None else (order, await self._runtime.ledger.items(order))

    async def summary(self, whose: Whose, ref: OrderRef) -> Mapping[str, Any] | None:
        order = await self._order(whose, ref)
        return None if order is None else await summary(self._runtime, order)

    async def content(
        self, whose: Whose, ref: OrderRef, sha256: str
    ) -> tuple[OrderRecord, KeptItem, RangedContent] | None:
        order = await self._order(whose, ref)
        if order is None:
            return None
        key = (order.handle, sha256)
        line = self._lines.get(key)
        if line is None:
            line = next(
                (each for each in await self._runtime.ledger.items(order) if each.sha256 == sha256),
                None,
            )
            if line is None:
                return None
            self._lines.put(key, line)
        # Every Objects gives contents that can be read in part.
        return order, line, cast(RangedContent, self._runtime.stored(order, line))

    def session_key(self) -> bytes:
        house = self._runtime.settings.tenant
        return bytes.fromhex(self._runtime.vault.lookup(house, "sessions", "of the console"))

    async def recent(self, whose: Whose, *, limit: int) -> Sequence[tuple[OrderRecord, Collection]]:
        found = []
        for each in await self._runtime.ledger.recent(
            whose.tenant, stores=whose.stores, limit=limit
        ):
            order = await self._runtime.ledger.order_by_handle(whose.tenant, each.order)
            if order is not None:  # it was not erased
                found.append((order, each))
        return found

    async def agenda(
        self,
        whose: Whose,
        *,
        store: str | None,
        whys: frozenset[Why],
        after: int | None,
        limit: int,
    ) -> Sequence[tuple[Errand, OrderRef | None]]:
        if store is not None and not whose.covers(store):
            raise DeniedError("store")
        found = await self._runtime.ledger.agenda(
            whose.tenant,
            stores=whose.stores if store is None else frozenset([store]),
            whys=whys,
            after=after,
            limit=limit,
        )
        orders = {
            handle: await self._runtime.ledger.order_by_handle(whose.tenant, handle)
            for handle in {errand.order for errand in found}
        }
        return [
            (errand, order.ref if (order := orders[errand.order]) is not None else None)
            for errand in found
        ]

    async def heads(self, tenant: str) -> Sequence[int]:
        return await asyncio.to_thread(self._runtime.log(tenant).head_sizes)

    async def receipts(self, whose: Whose, ref: OrderRef) -> Sequence[Receipt] | None:
        order = await self._order(whose, ref)
        if order is None:
            return None
        return [receipt for _, receipt in await self._runtime.ledger.receipts(order)]

    async def tenants(self) -> Sequence[str]:
        return [each.name for each in await self._runtime.ledger.tenants()]

    async def shown(self, whose: Whose, ref: OrderRef, sha256: str) -> Mapping[str, Any] | None:
        item = await self._item(whose, ref, sha256)
        return None if item is None else await self._runtime.reading.shown(item)

    async def pictured(
        self, whose: Whose, ref: OrderRef, sha256: str, *, page: int
    ) -> tuple[bytes, str] | None:
        item = await self._item(whose, ref, sha256)
        return None if item is None else await self._runtime.reading.pictured(item, page=page)

    async def _item(self, whose: Whose, ref: OrderRef, sha256: str) -> Item | None:
        found = await self.content(whose, ref, sha256)
        return None if found is None else found[1].item(found[2])

    async def bundle(
        self,
        whose: Whose,
        ref: OrderRef,
        *,
        profile: str,
        to: Path,
        show: Sequence[int],
        copies: Sequence[int],
    ) -> Sequence[SealedItem]:
        await self._found(whose, ref)
        return await self._runtime.bundle(
            whose.tenant, ref, profile=profile, to=to, show=show, copies=copies
        )

    async def report(
        self, whose: Whose, ref: OrderRef, wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        await self._found(whose, ref)
        made, content = await reports.make(self._runtime, whose.tenant, ref, wanted, by=by)
        return made.line.sha256, await asyncio.to_thread(content.read, reports.MOST_BYTES)

    async def report_of_several(
        self, whose: Whose, refs: Sequence[OrderRef], wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        for ref in refs:
            await self._found(whose, ref)
        _, content = await together.make(self._runtime, whose.tenant, refs, wanted, by=by)
        return content.sha256, await asyncio.to_thread(content.read, reports.MOST_BYTES)

    async def known_report(self, whose: Whose, ref: OrderRef, sha256: str) -> KnownReport | None:
        await self._found(whose, ref)
        return await reports.known(self._runtime, whose.tenant, ref, sha256)

    async def profiled(self, whose: Whose, asked: Asked, *, to: Path, by: By) -> None:
        for ref in asked.orders:
            await self._found(whose, ref)
        await make(self._runtime, whose.tenant, asked, to=to, by=by, scratch=to.parent)

    async def note(
        self,
        whose: Whose,
        ref: OrderRef,
        act: Act,
        by: By,
        what: Mapping[str, object],
        *,
        order: Order | None = None,
    ) -> None:
        known = order if isinstance(order, OrderRecord) else await self._found(whose, ref)
        await custody.note(self._runtime, known, act, by, **what)

    async def custody(self, whose: Whose, ref: OrderRef) -> custody.Report | None:
        if await self._order(whose, ref) is None:
            return None
        return await custody.report(self._runtime, whose.tenant, ref)

    async def hold(self, whose: Whose, ref: OrderRef, *, reason: str, by: By) -> datetime | None:
        order = await self._order(whose, ref)
        if order is None:
            return None
        await custody.note(self._runtime, order, Act.HOLD, by)
        return await self._runtime.hold(order, reason=reason)

    async def release(self, whose: Whose, ref: OrderRef, *, by: By) -> bool:
        order = await self._order(whose, ref)
        if order is None:
            return False
        await custody.note(self._runtime, order, Act.RELEASE, by)
        await self._runtime.release(order)
        return True

    async def erase(
        self, whose: Whose, ref: OrderRef, *, reason: ErasureReason, by: By
    ) -> erasure.Erased | None:
        if await self._order(whose, ref) is None:
            return None
        return await erasure.erase(self._runtime, whose.tenant, ref, reason=reason, by=by)

    async def _order(self, whose: Whose, ref: OrderRef) -> OrderRecord | None:
        """The order, if it is there and theirs. Every way to one goes through here."""
        order = await self._runtime.ledger.find_order(whose.tenant, ref)
        if order is not None and not whose.covers(order.store):
            raise DeniedError("order")
        return order

    async def _found(self, whose: Whose, ref: OrderRef) -> OrderRecord:
        order = await self._order(whose, ref)
        if order is None:
            raise NotFoundError(what="The order", why="nothing is kept of it")
        return order

    async def token(self, id: str) -> AccessToken | None:
        known = self._tokens.get(id)
        if known is None:
            since = self._tokens.now()
            known = await self._runtime.ledger.access_token(id)
            if known is not None:
                self._tokens.put(id, known, since=since)
        return known

    def token_at_hand(self, id: str) -> AccessToken | None:
        return self._tokens.get(id)

    async def token_used(self, id: str) -> None:
        await self._runtime.ledger.access_token_used(id)

    async def add_token(self, token: AccessToken) -> None:
        await self._runtime.ledger.add_access_token(token)

    async def tokens(self, tenant: str) -> Sequence[AccessToken]:
        return await self._runtime.ledger.access_tokens(tenant)

    async def revoke_token(self, tenant: str, id: str) -> AccessToken:
        revoked = await self._runtime.ledger.revoke_access_token(tenant, id)
        self._tokens.drop(id)
        return revoked

    async def has_tenant(self, tenant: str) -> bool:
        return tenant in {each.name for each in await self._runtime.ledger.tenants()}

    async def stores(self, tenant: str) -> Sequence[Store]:
        return await self._runtime.ledger.stores(tenant)

    async def put_store(self, store: Store) -> None:
        await self._runtime.ledger.put_store(store)

    async def declare(self, made: Declaration) -> None:
        await self._runtime.ledger.declare(made)

    async def declared(self, tenant: str, store: str) -> Sequence[Declared]:
        return await self._runtime.ledger.declared(tenant, store)

    async def add_share(
        self,
        whose: Whose,
        ref: OrderRef,
        *,
        profile: str,
        show: Sequence[int],
        copies: Sequence[int],
        lasts: timedelta,
        by: By,
    ) -> tuple[Share, str] | None:
        order = await self._order(whose, ref)
        if order is None:
            return None
        until = self._runtime.clock() + lasts
        minted = mint(LINK)
        until_said = rfc3339(until)
        await custody.note(
            self._runtime, order, Act.SHARE, by, share=minted.id, profile=profile, until=until_said
        )
        share = await self._runtime.ledger.add_share(
            order,
            id=minted.id,
            hash=minted.hash,
            profile=profile,
            show=show,
            copies=copies,
            expires_at=until,
        )
        return share, minted.secret

    async def shares_of(self, whose: Whose, ref: OrderRef) -> Sequence[Share] | None:
        order = await self._order(whose, ref)
        return None if order is None else await self._runtime.ledger.shares_of(order)

    async def revoke_share(self, whose: Whose, ref: OrderRef, id: str, *, by: By) -> Share | None:
        order = await self._order(whose, ref)
        if order is None:
            return None
        share = await self._runtime.ledger.revoke_share(order, id)
        if share is not None:
            await custody.note(self._runtime, order, Act.UNSHARE, by, share=id)
        return share

    async def shared(self, secret: str) -> tuple[Share, OrderRef] | None:
        id = id_of(secret, LINK)
        share = await self._runtime.ledger.share(id) if id is not None else None
        if share is None or not is_right(secret, share.hash) or share.revoked_at is not None:
            return None
        if self._runtime.clock() >= share.expires_at:
            return None
        order = await self._runtime.ledger.order_by_handle(share.tenant, share.order)
        return None if order is None else (share, order.ref)

    async def note_denial(self, tenant: str, what: Mapping[str, object]) -> None:
        await self._runtime.ledger.note_apart(tenant, Act.DENIAL, what)

    async def denials(
        self, tenant: str, *, before: int | None, limit: int
    ) -> Sequence[tuple[CustodyLine, Mapping[str, object]]]:
        ledger = self._runtime.ledger
        rows = await ledger.denials(tenant, before=before, limit=limit)
        return [
            (CustodyLine.from_bytes(row.body), ledger.apart_details(tenant, row)) for row in rows
        ]

    async def receive(self, delivery: Delivery) -> bool:
        return await self._intake.receive(delivery)

    async def delivery_counts(self, tenant: str) -> Sequence[tuple[str, str, str, int]]:
        return await self._runtime.ledger.delivery_counts(tenant)

    async def add_subscription(self, subscription: Subscription) -> None:
        await self._runtime.ledger.add_subscription(subscription)

    async def subscriptions(self, tenant: str) -> Sequence[Subscription]:
        return await self._runtime.ledger.subscriptions(tenant)

    async def remove_subscription(self, tenant: str, id: str) -> None:
        await self._runtime.ledger.remove_subscription(tenant, id)

    async def replay(self, tenant: str, id: str, *, since: datetime) -> int:
        return await self._runtime.ledger.replay_messages(tenant, id, since=since)

    def policies_in_force(self) -> Sequence[Policy]:
        return sorted(self._runtime.policies.values(), key=lambda policy: policy.id)

    def log_file(self, tenant: str, path: str) -> bytes | None:
        return self._runtime.log(tenant).read(path)

    async def health(self) -> Sequence[Health]:
        return [*await health_of(self._runtime), *self._walking()]

    async def needs(self) -> Sequence[Health]:
        return [*await needs_of(self._runtime), *self._walking()]

    def _walking(self) -> list[Health]:
        if self._worker is None:
            return []
        runs = not self._worker.done()
        detail = "It runs in this process." if runs else "It has stopped."
        do = "" if runs else "Look at the log for the reason, then start the service again."
        return [Health("worker", runs, detail, do, needed=True)]


def _only(stores: frozenset[str] | None) -> str:
    return next(iter(stores)) if stores is not None and len(stores) == 1 else "default"


@contextlib.asynccontextmanager
async def open_runtime(settings: Settings, *, worker: bool = True) -> AsyncIterator[Evidence]:
    """Open the service with its queue; with `worker`, collections are driven in this process."""
    async with (
        await Runtime.open(settings, with_queue=True) as runtime,
        taking_in(runtime) as intake,
        polling(settings, intake),
        watching(runtime) as desk,
        asking(runtime, desk),
        keeping_time(runtime),
        sending(runtime),
    ):
        if not worker:
            async with _closing(RuntimeEvidence(runtime, None, intake, desk)) as evidence:
                yield evidence
            return
        async with (
            working(runtime) as task,
            _closing(RuntimeEvidence(runtime, task, intake, desk)) as evidence,
        ):
            yield evidence


@contextlib.asynccontextmanager
async def _closing(evidence: RuntimeEvidence) -> AsyncIterator[RuntimeEvidence]:
    try:
        yield evidence
    finally:
        if isinstance(evidence.rates, SharedRates):
            await evidence.rates.close()


@contextlib.asynccontextmanager
async def working(
    runtime: Runtime, *, hands: int = HANDS, drain_s: float = DRAIN_S
) -> AsyncIterator[asyncio.Task[None]]:
    """Run a worker for the time of the block. What it had begun is taken up by the next one.

    hands     how many collections it walks at once
    drain_s   seconds for those to come to their end when the block does
    """
    collector = CollectionWorker(runtime, hands=hands)
    task = asyncio.create_task(collector.run(), name="orderproof-worker")
    task.add_done_callback(_tell)
    try:
        yield task
    finally:
        with contextlib.suppress(Exception):
            await collector.stop(drain_s)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the worker stopped", kind=type(error).__name__)
