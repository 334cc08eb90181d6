"""From a believed notice to a collection: durable first, then answered, then acted on.

Notices that arrive together are kept in one transaction, so a burst costs as many syncs as there
are batches. What a crash leaves waiting, the next look acts on: each step finds what it did before.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import structlog

from evidence.errors import ConfigError, EvidenceError, OutageError, RequestError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef, order_ref
from service import tracing
from service.agenda.warning import Heard, warn
from service.background import beside
from service.defects.desk import Desk
from service.defects.kinds import policy_of
from service.webhooks.events import Effect, Event, read
from service.webhooks.hooks import HookSettings
from storage.ledger.deliveries import Delivery, DeliveryState, WaitingDelivery

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import OrderRecord

LOOK_S = 5.0
FORGET_S = 3600.0
AT_ONCE = 200
COLLECTOR = "webhook/1"
# What readers need, and the trace that the notice belongs to.
_KEPT_HEADERS = ("webhook-id", "x-shopify-topic", "traceparent")

log = structlog.get_logger()


class Intake:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.clock = runtime.clock
        self._desk = Desk(runtime)
        self._hooks = {hook.name: hook for hook in hooks_of(runtime)}
        self._arrived: list[tuple[Delivery, asyncio.Future[bool]]] = []
        self._keeping: asyncio.Task[None] | None = None
        self._there_is_work = asyncio.Event()

    async def receive(self, delivery: Delivery) -> bool:
        """It is on stable storage once this returns; False if this event was there already."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._arrived.append((delivery, kept))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep())
        return await kept

    async def _keep(self) -> None:
        while self._arrived:
            batch, self._arrived = self._arrived[:AT_ONCE], self._arrived[AT_ONCE:]
            try:
                new = await self._runtime.ledger.receive([delivery for delivery, _ in batch])
            except Exception as error:
                for _, kept in batch:
                    if not kept.done():
                        kept.set_exception(error)
                continue
            for (_, kept), is_new in zip(batch, new, strict=True):
                if not kept.done():  # its caller may have gone away
                    kept.set_result(is_new)
            self._there_is_work.set()

    async def run(self) -> None:
        """Act on what waits, whenever something comes and every few seconds, until cancelled."""
        since_forgetting = FORGET_S
        while True:
            try:
                if since_forgetting >= FORGET_S:
                    await self._runtime.ledger.forget_deliveries()
                    since_forgetting = 0.0
                await self.act()
            except Exception as error:
                log.error("notices wait", kind=type(error).__name__)
            self._there_is_work.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._there_is_work.wait()
            since_forgetting += LOOK_S

    async def act(self) -> int:
        """Act on all that waits, oldest first; how many that were. An outage ends it early."""
        acted = 0
        while waiting := await self._runtime.ledger.waiting_deliveries(limit=AT_ONCE):
            for delivery in waiting:
                try:
                    with tracing.resumed(unpack(delivery.body)[0], "notice"):
                        state = await self._act_on(delivery)
                except (OutageError, OSError):
                    raise
                except Exception as error:  # ours; the others must not wait for it for ever
                    log.error("a notice is put aside", kind=type(error).__name__)
                    state = DeliveryState.KEPT
                await self._runtime.ledger.end_delivery(delivery.number, state)
                acted += 1
        return acted

    async def _act_on(self, delivery: WaitingDelivery) -> DeliveryState:
        """Raises OutageError where waiting helps; all else has an end."""
        hook = self._hooks.get(delivery.hook)
        if hook is None:  # it is configured no more
            return DeliveryState.KEPT
        headers, body = unpack(delivery.body)
        try:
            event = read(hook.vendor, headers, body, self._runtime.risk_words)
        except EvidenceError:
            return DeliveryState.KEPT
        if event.effect is not Effect.COLLECT:
            counted = event.effect is Effect.COUNT
            return DeliveryState.COUNTED if counted else DeliveryState.KEPT
        refs = await self._orders(hook, event, delivery.tenant)
        for ref in refs:
            try:
                await self._collect(hook, event, delivery, ref, first=ref is refs[0])
            except (RequestError, ConfigError) as error:
                log.warning("a notice starts nothing", hook=hook.name, kind=type(error).__name__)
                return DeliveryState.KEPT
        return DeliveryState.DONE if refs else DeliveryState.KEPT

    async def _orders(self, hook: HookSettings, event: Event, tenant: str) -> list[OrderRef]:
        """The order it names; else those that are known by a name it gives. None is no order.

        What another store has is not this hook's.
        """
        if event.order is not None:
            platform, site = event.platform or hook.platform, event.site or hook.site
            try:
                ref = order_ref(platform, event.order, site)
            except RequestError:
                return []
            known = await self._runtime.ledger.find_order(tenant, ref)
            return [ref] if known is None or _is_of(hook, known) else []
        for alias in event.aliases:
            found = await self._runtime.ledger.orders_by_alias(tenant, alias)
            if mine := [order.ref for order in found if _is_of(hook, order)]:
                return mine
        return []

    async def _collect(
        self,
        hook: HookSettings,
        event: Event,
        delivery: WaitingDelivery,
        ref: OrderRef,
        *,
        first: bool,
    ) -> None:
        """One collection a case; without a case, one an event, of messages one an hour.

        The first order takes the notice.
        """
        about = f"case:{event.case}" if event.case else f"event:{delivery.lookup}"
        if event.message is not None:
            about = f"message:{delivery.received_at:%Y-%m-%dT%H}"
        key = f"webhook:{hook.name}:{ref.platform}:{ref.id}:{about}"
        if first:
            await self._runtime.ledger.attach_delivery(delivery, key)
        policy = None
        if event.defect is not None:
            platform, today = str(ref.platform), self._runtime.clock().date()
            among = self._runtime.policies
            policy = policy_of(platform, event.defect["kind"], on=today, among=among).id
        collection, _ = await self._runtime.request_collection(
            ref,
            tenant=delivery.tenant,
            store=delivery.store,
            policy=policy,
            defect=event.defect,
            idempotency_key=key,
            urgent=event.defect is not None or event.message is not None,
        )
        if event.defect is not None:
            await self._desk.note(ref, delivery, event.defect, collection.id)
        if event.message is not None:
            order = await self._runtime.find(delivery.tenant, ref)
            message = Heard(event.message.id, event.message.text, event.message.at)
            await warn(self._runtime, order, [message], collection=collection.id)


async def keep_notices(runtime: Runtime, order: OrderRecord, collection: str) -> None:
    """Keep what a collection rests on as its items.

    Its walk alone does this: an order's chain takes no receipt while a manifest is sealed over it.
    """
    for notice in await runtime.ledger.notices_of(order.tenant, collection):
        _, body = unpack(notice.body)
        hook = next((h for h in hooks_of(runtime) if h.name == notice.hook), None)
        item = Item(
            role=Role.DEFECT_NOTICE,
            key=f"notice/{notice.lookup}",
            content=InMemory(body),
            media_type="application/json",
            collector=COLLECTOR,
            origin=hook.vendor if hook is not None else notice.hook,
            # UPS signs nothing, and one's own system is no witness of a platform.
            provenance=Provenance.UNKNOWN
            if hook is None or hook.vendor in ("ups", "standard")
            else Provenance.RELAYED,
            collected_at=notice.received_at,
            name=f"{notice.kind.replace('/', '-')}.json",
        )
        await runtime.shelf(order, collection).keep(f"webhook-{notice.hook}", [item])
        await runtime.ledger.let_go(notice.number)


def _is_of(hook: HookSettings, order: OrderRecord) -> bool:
    """A hook of one store tells nothing into another's orders; one without serves them all."""
    return hook.store in ("default", order.store)


def hooks_of(runtime: Runtime) -> list[HookSettings]:
    """Those that are posted to, and those that stand for a queue."""
    settings = runtime.settings
    return [*settings.webhooks, *(queue.hook for queue in settings.queues)]


def pack(headers: Mapping[str, str], body: bytes) -> bytes:
    """A notice as it waits: its body, and what readers need of its headers."""
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    return json.dumps({"h": kept, "b": base64.b64encode(body).decode()}).encode()


def unpack(data: bytes) -> tuple[dict[str, str], bytes]:
    said = json.loads(data)
    return said["h"], base64.b64decode(said["b"])


@contextlib.asynccontextmanager
async def taking_in(runtime: Runtime) -> AsyncIterator[Intake]:
    """An intake that acts on what comes for the time of the block."""
    intake = Intake(runtime)
    async with beside(intake.run(), name="orderproof-intake"):
        yield intake
