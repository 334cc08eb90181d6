"""The client: it checks nothing that the service checks, and raises its problems as they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote, urlencode

import aiohttp

from evidence.orders import OrderRef
from service.client import shapes as s
from service.client.cases import CaseCalls, one

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=90)
_PIECE = 1 << 20


class ProblemError(Exception):
    """An answer that is an error: RFC 9457. `type` is stable, `errors` name fields."""

    def __init__(
        self, status: int, problem: Mapping[str, Any], *, retry_after_s: int | None
    ) -> None:
        super().__init__(str(problem.get("detail", f"the service answered {status}")))
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.request = str(problem.get("instance", ""))
        self.errors = list(problem.get("errors", ()))
        self.retry_after_s = retry_after_s


class Client(CaseCalls):
    """One service, as one caller. Use it as an async context manager, or close it."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    # -- collections ------------------------------------------------------------------------

    async def request_collection(
        self,
        order: OrderRef,
        request: s.CollectionRequest | None = None,
        *,
        idempotency_key: str | None = None,
        wait_s: int = 0,
    ) -> s.Collection:
        """With `wait_s`, the answer waits for the collection to end, up to 60 seconds."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        if wait_s:
            headers["Prefer"] = f"wait={wait_s}"
        path = _of(order, "/collections")
        return cast(s.Collection, await self._json("POST", path, request or {}, headers=headers))

    async def get_collection(self, id: str) -> s.Collection:
        return cast(s.Collection, await self._json("GET", f"/v1/collections/{one(id)}"))

    async def watch_collection(self, id: str) -> AsyncIterator[s.Collection]:
        """The collection each time it changes, until it has ended."""
        async with self._asked("GET", f"/v1/collections/{one(id)}/events") as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield cast(s.Collection, json.loads(line[6:]))

    # -- evidence ---------------------------------------------------------------------------

    async def get_evidence(self, order: OrderRef) -> s.Evidence:
        return cast(s.Evidence, await self._json("GET", _of(order)))

    async def get_summary(self, order: OrderRef) -> s.Summary:
        """What is known so far, sealed or not."""
        return cast(s.Summary, await self._json("GET", _of(order, "/summary")))

    async def list_items(self, order: OrderRef, *, page: int = 100) -> AsyncIterator[s.Item]:
        """Every item, asked for page by page."""
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            path = _of(order, "/items") + f"&limit={page}{more}"
            found = cast(s.ItemPage, await self._json("GET", path))
            for item in found["items"]:
                yield item
            cursor = found["next"]

    async def get_item(
        self, order: OrderRef, sha256: str, *, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Bytes `start` to `stop` (not included) as they were received; hash all of them."""
        headers = {}
        if start or stop is not None:
            headers["Range"] = f"bytes={start}-{stop - 1 if stop is not None else ''}"
        return await self._bytes(_of(order, f"/items/{one(sha256)}"), headers=headers)

    async def get_manifest(self, order: OrderRef) -> s.Envelope:
        return cast(s.Envelope, await self._json("GET", _of(order, "/manifest")))

    async def get_statement(self, order: OrderRef) -> s.Envelope:
        return cast(s.Envelope, await self._json("GET", _of(order, "/statement")))

    async def get_bundle(
        self,
        order: OrderRef,
        *,
        profile: str = "bagit",
        show: Sequence[int] = (),
        copies: Sequence[int] = (),
    ) -> bytes:
        query = f"&profile={quote(profile)}"
        for name, receipts in (("show", show), ("copies", copies)):
            if receipts:
                query += f"&{name}={','.join(map(str, receipts))}"
        return await self._bytes(_of(order, "/bundle") + query)

    async def get_report(
        self,
        order: OrderRef,
        *,
        about: str = "evidence",
        language: str = "en",
        form: str = "pdfa-1a",
        sign: bool = False,
        zone: str = "",
    ) -> bytes:
        """A PDF."""
        asked = {"about": about, "language": language, "form": form}
        query = "".join(f"&{name}={quote(value)}" for name, value in asked.items())
        query += f"&sign={'yes' if sign else 'no'}" + (f"&zone={quote(zone)}" if zone else "")
        return await self._bytes(_of(order, "/report") + query)

    async def make_report(self, request: s.ReportRequest) -> bytes:
        """A PDF of several orders."""
        async with self._asked("POST", "/v1/reports", json=request) as answer:
            return await answer.read()

    async def check_report(self, order: OrderRef, sha256: str) -> s.KnownReport:
        """Whether the report with this digest is ours and current; Problem 404 if it is not."""
        path = _of(order, f"/reports/{quote(sha256)}")
        return cast(s.KnownReport, await self._json("GET", path))

    async def make_bundle(self, request: s.BundleRequest) -> bytes:
        """A problem `not-taken` has every reason why the platform would not take it."""
        async with self._asked("POST", "/v1/bundles", json=request) as answer:
            return await answer.read()

    # -- custody ----------------------------------------------------------------------------

    async def get_custody(self, order: OrderRef) -> s.Custody:
        return cast(s.Custody, await self._json("GET", _of(order, "/custody")))

    async def put_hold(self, order: OrderRef, reason: str) -> s.Hold:
        return cast(s.Hold, await self._json("PUT", _of(order, "/hold"), {"reason": reason}))

    async def lift_hold(self, order: OrderRef) -> s.Hold:
        return cast(s.Hold, await self._json("DELETE", _of(order, "/hold")))

    async def erase_order(self, order: OrderRef, reason: s.ErasureReason) -> s.Erasure:
        path = _of(order, "/erasure")
        return cast(s.Erasure, await self._json("POST", path, {"reason": reason}))

    async def list_denials(self, *, page: int = 100) -> AsyncIterator[s.Denial]:
        """Newest first, asked for page by page."""
        path: str | None = f"/v1/denials?limit={page}"
        while path is not None:
            found = await self._json("GET", path)
            for denial in found["denials"]:
                yield cast(s.Denial, denial)
            following = found["next"]
            path = f"/v1/denials?limit={page}&before={following}" if following else None

    # -- shares and access ------------------------------------------------------------------

    async def make_share(self, order: OrderRef, request: s.ShareRequest) -> s.NewShare:
        return cast(s.NewShare, await self._json("POST", _of(order, "/shares"), request))

    async def list_shares(self, order: OrderRef) -> list[s.Share]:
        found = await self._json("GET", _of(order, "/shares"))
        return cast(list[s.Share], found["shares"])

    async def revoke_share(self, order: OrderRef, id: str) -> s.Share:
        return cast(s.Share, await self._json("DELETE", _of(order, f"/shares/{one(id)}")))

    async def get_shared(self, secret: str) -> bytes:
        return await self._bytes(f"/v1/shared/{one(secret)}")

    async def get_caller(self) -> s.Caller:
        return cast(s.Caller, await self._json("GET", "/v1/caller"))

    async def make_token(self, request: s.TokenRequest) -> s.NewToken:
        return cast(s.NewToken, await self._json("POST", "/v1/tokens", request))

    async def list_tokens(self) -> list[s.Token]:
        return cast(list[s.Token], (await self._json("GET", "/v1/tokens"))["tokens"])

    async def revoke_token(self, id: str) -> s.Token:
        return cast(s.Token, await self._json("DELETE", f"/v1/tokens/{one(id)}"))

    async def list_stores(self) -> list[s.Store]:
        return cast(list[s.Store], (await self._json("GET", "/v1/stores"))["stores"])

    async def put_store(self, name: str, request: s.StoreRequest) -> s.Store:
        return cast(s.Store, await self._json("PUT", f"/v1/stores/{quote(name)}", request))

    async def get_separation(self, store: str) -> s.Separation:
        return cast(s.Separation, await self._json("GET", f"/v1/stores/{quote(store)}/separation"))

    async def declare_separation(
        self, store: str, dimension: s.Dimension, declared: Mapping[str, str]
    ) -> s.Separation:
        """`value`, `source`, `as_of`, and `document` in base64."""
        path = f"/v1/stores/{quote(store)}/separation/{dimension}"
        return cast(s.Separation, await self._json("PUT", path, declared))

    async def list_webhooks(self) -> list[s.Webhook]:
        return cast(list[s.Webhook], (await self._json("GET", "/v1/webhooks"))["webhooks"])

    async def receive_webhook(
        self, hook: str, body: bytes, headers: Mapping[str, str]
    ) -> s.Received:
        """Send a notice, signed by whoever calls."""
        path = f"/v1/webhooks/{quote(hook)}"
        async with self._asked("POST", path, headers=headers, data=body) as answer:
            return cast(s.Received, await answer.json())

    async def answer_challenge(self, hook: str, code: str) -> str:
        path = f"/v1/webhooks/{quote(hook)}?challenge_code={quote(code)}"
        return str((await self._json("GET", path))["challengeResponse"])

    async def make_subscription(self, request: s.SubscriptionRequest) -> s.NewSubscription:
        found = await self._json("POST", "/v1/subscriptions", request)
        return cast(s.NewSubscription, found)

    async def list_subscriptions(self) -> list[s.Subscription]:
        found = await self._json("GET", "/v1/subscriptions")
        return cast(list[s.Subscription], found["subscriptions"])

    async def remove_subscription(self, id: str) -> None:
        await self._json("DELETE", f"/v1/subscriptions/{one(id)}")

    async def replay_subscription(self, id: str, since: str) -> int:
        path = f"/v1/subscriptions/{one(id)}/replay"
        return int((await self._json("POST", path, {"since": since}))["messages"])

    # -- defects ----------------------------------------------------------------------------

    async def enter_defect(self, entry: s.DefectEntry) -> s.KnownDefect:
        return cast(s.KnownDefect, await self._json("POST", "/v1/defects", entry))

    async def get_defect(self, id: str) -> s.KnownDefect:
        return cast(s.KnownDefect, await self._json("GET", f"/v1/defects/{one(id)}"))

    async def list_defects(self, *, page: int = 100, **only: str) -> AsyncIterator[s.KnownDefect]:
        """By deadline; `platform`, `kind`, `store`, `due_before` narrow it."""
        cursor: str | None = ""
        while cursor is not None:
            more = {"limit": str(page), **only} | ({"cursor": cursor} if cursor else {})
            found = await self._json("GET", f"/v1/defects?{urlencode(more)}")
            for defect in found["defects"]:
                yield cast(s.KnownDefect, defect)
            cursor = found["next"]

    async def get_agenda(self, *, page: int = 100, **only: str) -> AsyncIterator[s.AgendaEntry]:
        """What waits for its time, the nearest first; `why` and `store` narrow it."""
        cursor: str | None = ""
        while cursor is not None:
            more = {"limit": str(page), **only} | ({"cursor": cursor} if cursor else {})
            found = await self._json("GET", f"/v1/agenda?{urlencode(more)}")
            for entry in found["agenda"]:
                yield cast(s.AgendaEntry, entry)
            cursor = found["next"]

    async def upload_defects(self, platform: str, export: bytes, **more: str) -> s.Exported:
        """CSV, or Amazon's account health report (an object of JSON)."""
        kind = "application/json" if export.lstrip()[:1] == b"{" else "text/csv"
        path = f"/v1/defects/exports?{urlencode({'platform': platform, **more})}"
        return cast(s.Exported, await self._uploaded(path, export, kind))

    async def upload_orders(self, platform: str, orders: bytes, **more: str) -> dict[str, Any]:
        path = f"/v1/defects/orders?{urlencode({'platform': platform, **more})}"
        return cast(dict[str, Any], await self._uploaded(path, orders, "text/csv"))

    async def get_rates(self, platform: str, **more: str) -> s.Rates:
        """`store`, `at` and `orders` as in the contract."""
        path = f"/v1/defects/rates?{urlencode({'platform': platform, **more})}"
        return cast(s.Rates, await self._json("GET", path))

    async def check_coverage(self, platform: str, orders: Sequence[str]) -> s.AppealCoverage:
        body = {"platform": platform, "orders": list(orders)}
        return cast(s.AppealCoverage, await self._json("POST", "/v1/defects/coverage", body))

    async def enter_figures(
        self, platform: str, metric: str, series: Mapping[str, float], **more: str
    ) -> list[s.Alarm]:
        """Percent by day; the alarms that this gives newly."""
        body = {"platform": platform, "metric": metric, "series": dict(series), **more}
        return cast(list[s.Alarm], (await self._json("POST", "/v1/figures", body))["alarms"])

    async def get_figures(self, platform: str, **more: str) -> dict[str, Any]:
        path = f"/v1/figures?{urlencode({'platform': platform, **more})}"
        return cast(dict[str, Any], await self._json("GET", path))

    async def _uploaded(self, path: str, data: bytes, kind: str) -> Any:
        headers = {"Content-Type": kind}
        async with self._asked("POST", path, headers=headers, data=data) as answer:
            return await answer.json()

    # -- the rest ---------------------------------------------------------------------------

    async def list_policies(self) -> list[s.PolicySummary]:
        found = await self._json("GET", "/v1/policies")
        return cast(list[s.PolicySummary], found["policies"])

    async def get_policy(self, id: str) -> s.Policy:
        return cast(s.Policy, await self._json("GET", f"/v1/policies/{quote(id)}"))

    async def verify_bundle(self, bundle: bytes | Path) -> s.VerifyReport:
        headers = {"Content-Type": "application/zip"}
        data = bundle.read_bytes() if isinstance(bundle, Path) else bundle
        async with self._asked("POST", "/v1/verify", headers=headers, data=data) as answer:
            return cast(s.VerifyReport, await answer.json())

    async def get_log_file(self, path: str) -> bytes:
        return await self._bytes(f"/v1/log/{path}")

    async def get_queue(self) -> s.Queue:
        return cast(s.Queue, await self._json("GET", "/v1/queue"))

    async def list_parked(self) -> list[s.Parked]:
        return cast(list[s.Parked], (await self._json("GET", "/v1/queue/parked"))["parked"])

    async def retry_parked(self, collection_id: str) -> str:
        """The new collection's id."""
        path = f"/v1/queue/parked/{one(collection_id)}/retry"
        return str((await self._json("POST", path))["collection"])

    async def drop_parked(self, collection_id: str) -> None:
        async with self._asked("DELETE", f"/v1/queue/parked/{one(collection_id)}"):
            pass

    async def get_health(self) -> bool:
        return bool((await self._json("GET", "/healthz"))["ok"])

    async def get_readiness(self) -> s.Readiness:
        """Also where it is not ready; which part is not, it says."""
        async with self._session.get(f"{self._url}/readyz") as answer:
            return cast(s.Readiness, await answer.json())

    async def get_metrics(self) -> str:
        return (await self._bytes("/metrics")).decode()

    async def get_contract(self) -> bytes:
        return await self._bytes("/openapi.yaml")

    async def get_reference(self) -> str:
        return (await self._bytes("/docs")).decode()

    # -- how it asks ------------------------------------------------------------------------

    async def _json(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        async with self._asked(method, path, headers=headers, json=body) as answer:
            return await answer.json()

    async def _bytes(self, path: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        async with self._asked("GET", path, headers=headers) as answer:
            return await answer.read()

    def _asked(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> _Asked:
        sent = {**self._headers, **(headers or {})}
        return _Asked(self._session.request(method, self._url + path, headers=sent, **more))


class _Asked:
    """An answer that is none of the errors."""

    def __init__(self, request: Any) -> None:
        self._request = request

    async def __aenter__(self) -> aiohttp.ClientResponse:
        answer: aiohttp.ClientResponse = await self._request.__aenter__()
        if answer.status < 400:
            return answer
        try:
            problem = json.loads(await answer.read())
        except ValueError:
            problem = {}
        wait = answer.headers.get("Retry-After", "")
        await self._request.__aexit__(None, None, None)
        raise ProblemError(
            answer.status, problem, retry_after_s=int(wait) if wait.isdigit() else None
        )

    async def __aexit__(self, *error: Any) -> None:
        await self._request.__aexit__(*error)


def _of(order: OrderRef, below: str = "") -> str:
    return f"/v1/orders/{order.platform}/{quote(order.id, safe='')}{below}?site={order.site}"
