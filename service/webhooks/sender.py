"""Tell others what happened, by Standard Webhooks 1.0: signed, tried for three days, then given up.

What is told is put together when it is sent: of an order that was erased meanwhile nothing is. A
URL is a tenant's, so it passes the guard: no private address, whatever its name says, and no
redirect; only hosts that the operator named (`outbound_hosts`) may be anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from yarl import URL

from collectors.guard import BlockedAddress, guarded_socket
from evidence.errors import RequestError
from evidence.times import rfc3339
from service.api.shapes import collection_path, order_path
from service.background import beside
from service.cases.ref import case_of
from storage.ledger.outbox import Message

if TYPE_CHECKING:
    from service.runtime import Runtime

# After each failure so many seconds; then it is given up: three days in all.
PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ANSWER_S = 15.0
LOOK_S = 1.0
LEASE = timedelta(seconds=60)
AT_ONCE = 20
KEPT = timedelta(days=30)
FORGET_S = 3600.0
GONE = 410

log = structlog.get_logger()


class Sender:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._trusted = frozenset(runtime.settings.outbound_hosts)
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        guarded = aiohttp.TCPConnector(socket_factory=guarded_socket)
        self._guarded = aiohttp.ClientSession(
            connector=guarded, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._free = aiohttp.ClientSession(
            timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        await self._guarded.close()
        await self._free.close()

    async def run(self) -> None:
        """Send what is due, every second, until cancelled."""
        waited = FORGET_S
        while True:
            try:
                if waited >= FORGET_S:
                    before = self._runtime.clock() - KEPT
                    await self._runtime.ledger.forget_messages(before=before)
                    waited = 0.0
                while await self.send() == AT_ONCE:
                    pass
            except Exception as error:
                log.error("messages wait", kind=type(error).__name__)
            await asyncio.sleep(LOOK_S)
            waited += LOOK_S

    async def send(self) -> int:
        """Send what is due now, each once; how many that were."""
        until = self._runtime.clock() + LEASE
        due = await self._runtime.ledger.claim_messages(limit=AT_ONCE, until=until)
        await asyncio.gather(*(self._one(message) for message in due))
        return len(due)

    async def _one(self, message: Message) -> None:
        ledger = self._runtime.ledger
        body = await self._body(message)
        if body is None:
            await ledger.message_ended(message.number, "gone", again=None)
            return
        why = await self._why_not(message, body)
        if not why:
            await ledger.message_ended(message.number, "sent", again=None)
        elif why == str(GONE) or message.attempts >= len(PAUSES_S):
            await ledger.message_ended(message.number, "failed", again=None)
            said = "It said 410 Gone." if why == str(GONE) else f"For three days: {why}."
            await ledger.disable_subscription(message.to.id, said)
            log.error("a subscription is disabled", subscription=message.to.id, why=said)
        else:
            pause = timedelta(seconds=PAUSES_S[message.attempts])
            again = self._runtime.clock() + pause
            await ledger.message_ended(message.number, "waiting", again=again)

    async def _why_not(self, message: Message, body: bytes) -> str:
        """Empty if it was taken (2xx); else the status, or what went wrong, in few words."""
        url = URL(message.to.url)
        at = str(int(self._runtime.clock().timestamp()))
        signed = b".".join([message.id.encode(), at.encode(), body])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "orderproof",
            "webhook-id": message.id,
            "webhook-timestamp": at,
            "webhook-signature": signature(message.to.secret, signed),
        }
        session = self._free if (url.host or "") in self._trusted else self._guarded
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return "" if 200 <= answer.status < 300 else str(answer.status)
        except BlockedAddress:
            return "its address is not a public one"
        except aiohttp.ClientConnectorError as error:
            blocked = isinstance(error.os_error, BlockedAddress)
            return "its address is not a public one" if blocked else "it cannot be reached"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return f"it did not answer ({type(error).__name__})"

    async def _body(self, message: Message) -> bytes | None:
        """What is told; None once there is nothing to tell any more."""
        ledger = self._runtime.ledger
        if not message.order:
            told = {"store": message.store, **json.loads(message.details or "{}")}
            return _said(message, told)
        order = await ledger.order_by_handle(message.tenant, message.order)
        if order is None:
            return None
        if (case := case_of(order.ref)) is not None:
            links = {"case": f"/v1/cases/{case}"}
            about = json.loads(message.details or "{}")
            told = {"case": case, "store": order.store, "about": about, "links": links}
            return _said(message, told | ({"act": message.act} if message.act else {}))
        data: dict[str, Any] = {
            "platform": str(order.ref.platform),
            "order_id": order.ref.id,
            "site": order.ref.site,
            "store": order.store,
            "links": {"order": order_path(order.ref)},
        }
        if message.details is not None:
            data["about"] = json.loads(message.details)
        if message.act is not None:
            data["act"] = message.act
            data["links"]["custody"] = order_path(order.ref, "/custody")
        if message.collection is not None:
            found = await ledger.collection(message.tenant, message.collection)
            if found is None:
                return None
            data["collection"] = found.id
            data |= {"state": str(found.state), "complete": found.complete, "policy": found.policy}
            data["links"]["collection"] = collection_path(found.id)
            if found.defect is not None:
                names = ("kind", "case_id", "noticed_at", "due_at", "due_rule")
                data["defect"] = {n: found.defect[n] for n in names if n in found.defect}
        return _said(message, data)


def _said(message: Message, data: dict[str, Any]) -> bytes:
    said = {"type": str(message.event), "timestamp": rfc3339(message.happened_at), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def check_url(text: str, *, trusted: frozenset[str]) -> str:
    """RequestError unless it is one that may be told: https, or a host that the operator named."""
    try:
        url = URL(text)
        host = url.host or ""
    except ValueError as error:
        raise RequestError(what="the subscription's url", why="it is no URL") from error
    if host in trusted and url.scheme in ("http", "https"):
        return text
    why = ""
    if url.user or url.password:
        why = "it carries a user's name or password"
    elif not host:
        why = "it names no host"
    elif url.scheme != "https":
        why = "it is not https, and its host is not among the operator's `outbound_hosts`"
    if why:
        raise RequestError(what="the subscription's url", why=why)
    return text


@contextlib.asynccontextmanager
async def sending(runtime: Runtime) -> AsyncIterator[Sender]:
    """Send what is due for the time of the block."""
    sender = Sender(runtime)
    try:
        async with beside(sender.run(), name="orderproof-sender"):
            yield sender
    finally:
        await sender.close()
