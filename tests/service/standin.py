"""A small Evidence that lives in memory, for tests of the routes alone.

Collections do not move by themselves: a test moves them, so that it says when.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.canonical import digest
from evidence.custody import NO_LINE, Act, CustodyChain, CustodyLine
from evidence.erasure import ErasureReason
from evidence.errors import HeldError, NotFoundError, RequestError
from evidence.items import Role
from evidence.manifest import SealedItem, Statement
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.receipts import Receipt
from evidence.times import rfc3339
from service.access.callers import DeniedError, Whose
from service.access.rates import Rates
from service.access.tokens import LINK, mint
from service.clock import Clock, machine
from service.custody import By, Entry, Report
from service.instruments import Instruments
from service.profiles.asked import Asked
from service.queue.operating import PutAside, QueueState
from service.queue.pressure import Busy
from service.report.known import KnownReport
from service.report.wanted import Wanted
from service.retention.erasure import Erased
from service.settings import Settings
from service.steps.publish import chosen
from storage.ledger.access import AccessToken, Share, Store
from storage.ledger.backlog import Backlog, Parked
from storage.ledger.deliveries import Delivery
from storage.ledger.errands import Errand
from storage.ledger.outbox import Subscription
from storage.ledger.records import State
from storage.ledger.separation import Declaration, Declared
from tests.service.standin_parts import (
    NOW,
    POLICY,
    ACollection,
    AContent,
    ADesk,
    AHealth,
    AnAccount,
    AnItem,
    AnOrder,
    ATask,
    NoCases,
    erased,
    manifest_of,
    sealed,
)


class InMemoryEvidence:
    def __init__(self) -> None:
        self.cases: Any = NoCases()
        self.clock: Clock = machine
        self.reports: dict[str, Mapping[str, str]] = {}
        self.accounts: dict[tuple[str, OrderRef], AnAccount] = {}
        self.keys: dict[str, tuple[str, object]] = {}
        self.files: dict[str, bytes] = {"checkpoint": b"origin\n1\n"}
        self.parts = [AHealth("ledger", True), AHealth("objects", True), AHealth("queue", True)]
        self.contents: dict[str, AContent] = {}
        self.asked: list[dict[str, object]] = []
        self.noted: list[tuple[OrderRef, Act, By, dict[str, object]]] = []
        self.holds: dict[OrderRef, str] = {}
        self.fails: Exception | None = None
        self.tokens_made: dict[str, AccessToken] = {}
        self.stores_made: dict[tuple[str, str], Store] = {}
        self.shares_made: dict[str, tuple[Share, OrderRef]] = {}
        self.received: dict[tuple[str, str, str], Delivery] = {}
        self.subscribed: dict[str, Subscription] = {}
        self.denied: list[tuple[str, dict[str, object]]] = []
        self.put_aside: list[PutAside] = []
        self.is_busy: Busy | None = None
        self.defects = ADesk()
        self.separated: list[Declaration] = []
        self.rates: Rates | None = None

    @contextlib.asynccontextmanager
    async def opening(self, settings: Settings) -> AsyncIterator[InMemoryEvidence]:
        yield self

    # -- what a test does ------------------------------------------------------------------

    def move(self, id: str, **changes: object) -> None:
        for account in self.accounts.values():
            account.collections = [
                replace(c, **changes) if c.id == id else c  # type: ignore[arg-type]
                for c in account.collections
            ]

    def seal(self, tenant: str, ref: OrderRef) -> None:
        account = self.accounts[tenant, ref]
        account.manifest = manifest_of(account.order, account.items)
        chain = [item.receipt for item in account.items if item.receipt is not None]
        statement = Statement.over(
            chain, account.manifest, log_origin="log", log_size=1, trusted_time="none"
        )
        account.manifest_envelope = sealed(account.manifest.payload())
        account.statement_envelope = sealed(statement.payload())

    def unfinished(self) -> list[ACollection]:
        return [
            c
            for a in self.accounts.values()
            for c in a.collections
            if c.state not in {"sealed", "failed"}
        ]

    # -- Evidence --------------------------------------------------------------------------

    def session_key(self) -> bytes:
        return bytes(32)

    async def agenda(
        self, whose: Whose, *, store: str | None, whys: object, after: int | None, limit: int
    ) -> Sequence[tuple[Errand, OrderRef | None]]:
        """Nothing ever waits here."""
        if store is not None and not whose.covers(store):
            raise DeniedError("store")
        return []

    async def recent(self, whose: Whose, *, limit: int) -> Sequence[tuple[AnOrder, ACollection]]:
        found = [
            (account.order, each)
            for (tenant, _), account in self.accounts.items()
            for each in account.collections
            if tenant == whose.tenant and whose.covers(each.store)
        ]
        return found[::-1][:limit]

    async def heads(self, tenant: str) -> Sequence[int]:
        return [1]

    async def receipts(self, whose: Whose, ref: OrderRef) -> Sequence[Receipt] | None:
        account = self.accounts.get((whose.tenant, ref))
        return [each.receipt for each in account.items if each.receipt] if account else None

    async def tenants(self) -> Sequence[str]:
        return sorted({tenant for tenant, _ in self.accounts})

    async def shown(self, whose: Whose, ref: OrderRef, sha256: str) -> Mapping[str, object] | None:
        return None

    async def pictured(
        self, whose: Whose, ref: OrderRef, sha256: str, *, page: int
    ) -> tuple[bytes, str] | None:
        return None

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
    ) -> tuple[ACollection, bool]:
        if self.fails is not None:
            raise self.fails
        request: dict[str, object] = {
            "ref": ref,
            "store": store,
            "policy": policy,
            "sources": sources,
        }
        request |= {"defect": defect}
        if policy is not None and policy != POLICY.id:
            raise RequestError(what="the policy", why=f"{policy!r} is not known")
        if idempotency_key is not None and idempotency_key in self.keys:
            id, before = self.keys[idempotency_key]
            if before != request:
                raise RequestError(what="the key", why="it came with another request before")
            found = await self.collection(whose, id)
            assert found is not None
            return found, False
        self.asked.append(request)
        account = self.accounts.setdefault(
            (whose.tenant, ref), AnAccount(AnOrder(ref, f"h{ref.id}"))
        )
        collection = ACollection(f"c{len(self.asked):07}", whose.tenant, account.order.handle)
        account.collections.append(collection)
        account.tasks[collection.id] = [ATask("folder"), ATask("ups", "failed", why="no answer")]
        if idempotency_key is not None:
            self.keys[idempotency_key] = (collection.id, request)
        return collection, True

    async def collection(self, whose: Whose, id: str) -> ACollection | None:
        for (owner, _), account in self.accounts.items():
            for collection in account.collections:
                if owner == whose.tenant and collection.id == id:
                    return collection
        return None

    async def tasks(self, collection: Any) -> Sequence[ATask]:
        return next(
            (a.tasks[collection.id] for a in self.accounts.values() if collection.id in a.tasks), []
        )

    async def order_of(self, collection: object) -> AnOrder:
        handle = getattr(collection, "order", None)
        return next(a.order for a in self.accounts.values() if a.order.handle == handle)

    async def queue(self) -> QueueState:
        states = Counter((each.tenant, str(each.state)) for each in self.unfinished())
        backlog = [
            Backlog(tenant, State(state), False, count, NOW, NOW)
            for (tenant, state), count in states.items()
        ]
        return QueueState(backlog, {}, None, [])

    async def figures(self) -> bytes:
        instruments = Instruments()
        instruments.look_at(await self.queue(), now=NOW)
        return instruments.text()

    async def busy(self, tenant: str) -> Busy | None:
        return self.is_busy

    async def parked(self, whose: Whose) -> Sequence[PutAside]:
        return [each for each in self.put_aside if each.parked.tenant == whose.tenant]

    async def retry_parked(self, whose: Whose, id: str) -> ACollection:
        for each in await self.parked(whose):
            if each.parked.collection == id:
                self.put_aside.remove(each)
                return ACollection("c" + "1" * 31, whose.tenant, "order")
        raise NotFoundError(what="The parked collection", why="none of yours has this id")

    async def drop_parked(self, whose: Whose, id: str) -> Parked:
        for each in await self.parked(whose):
            if each.parked.collection == id:
                self.put_aside.remove(each)
                return each.parked
        raise NotFoundError(what="The parked collection", why="none of yours has this id")

    async def account(self, whose: Whose, ref: OrderRef) -> AnAccount | None:
        if self.fails is not None:
            raise self.fails
        return self.accounts.get((whose.tenant, ref))

    async def sealed(
        self, whose: Whose, ref: OrderRef, role: Role, act: Act, by: By
    ) -> tuple[str, bytes] | None:
        account = await self.account(whose, ref)
        if account is None:
            return None
        is_manifest = role is Role.MANIFEST
        found = account.manifest_envelope if is_manifest else account.statement_envelope
        sha256 = digest(found or b"")
        if found:
            await self.note(whose, ref, act, by, {"sha256": sha256})
        return sha256, found or b""

    async def items(self, whose: Whose, ref: OrderRef) -> tuple[AnOrder, Sequence[AnItem]] | None:
        account = self.accounts.get((whose.tenant, ref))
        return (account.order, account.items) if account else None

    async def summary(self, whose: Whose, ref: OrderRef) -> Mapping[str, Any] | None:
        account = self.accounts.get((whose.tenant, ref))
        if account is None:
            return None
        return {
            "at": rfc3339(NOW), "state": None, "sealed": False, "policy": None,
            "roles": sorted({str(item.role) for item in account.items}),
            "order": [], "tracking": [], "history": [], "events": [], "present": [], "gaps": [],
            "contact": {"first_from_buyer": None, "messages": 0, "sources": []}, "sources": [],
        }  # fmt: skip

    async def content(
        self, whose: Whose, ref: OrderRef, sha256: str
    ) -> tuple[AnOrder, AnItem, AContent] | None:
        account = self.accounts.get((whose.tenant, ref))
        for item in account.items if account else ():
            if account is not None and item.sha256 == sha256:
                return account.order, item, self.contents.get(sha256, AContent(item.data))
        return None

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
        if profile not in {"bagit", "reviewer"}:
            raise RequestError(what="the profile", why=f"{profile!r} is not known")
        if copies:
            raise RequestError(what="the choice of copies to carry", why="there are none")
        await asyncio.to_thread(to.write_bytes, b"PK\x05\x06" + bytes(18))
        manifest = self.accounts[whose.tenant, ref].manifest
        assert manifest is not None
        if profile == "bagit":
            return manifest.items
        return chosen(manifest.items, show=show, show_roles=())

    async def report(
        self, whose: Whose, ref: OrderRef, wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        pdf = f"%PDF-1.4 {wanted.parameters()}".encode()
        sha256 = hashlib.sha256(pdf).hexdigest()
        self.reports[sha256] = wanted.parameters()
        return sha256, pdf

    async def report_of_several(
        self, whose: Whose, refs: Sequence[OrderRef], wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        if any((whose.tenant, ref) not in self.accounts for ref in refs):
            raise NotFoundError(what="The order", why="nothing is kept of it")
        return await self.report(whose, refs[0], wanted, by=by)

    async def known_report(self, whose: Whose, ref: OrderRef, sha256: str) -> KnownReport | None:
        told = self.reports.get(sha256)
        if told is None:
            return None
        return KnownReport(
            sha256=sha256, receipt=5, manifest=2, current=True, made_at=NOW, made_with=told
        )

    async def profiled(self, whose: Whose, asked: Asked, *, to: Path, by: By) -> None:
        if any((whose.tenant, ref) not in self.accounts for ref in asked.orders):
            raise NotFoundError(what="The order", why="nothing is kept of it")
        await asyncio.to_thread(to.write_bytes, b"PK\x05\x06" + bytes(18))

    async def note(
        self,
        whose: Whose,
        ref: OrderRef,
        act: Act,
        by: By,
        what: Mapping[str, object],
        *,
        order: object = None,
    ) -> None:
        self.noted.append((ref, act, by, dict(what)))

    async def custody(self, whose: Whose, ref: OrderRef) -> Report | None:
        if (whose.tenant, ref) not in self.accounts:
            return None
        sealed = b"sealed"
        chain, entries = CustodyChain(), []
        for of, act, by, what in self.noted:
            line = CustodyLine(
                seq=chain.size,
                prev=chain.head,
                at=NOW,
                order=of.id,
                act=act,
                details=digest(sealed),
            )
            chain.add(line.to_bytes(), sealed=sealed, erased=False)
            if of == ref:
                details = {"who": by.who, "way": by.way, "request": by.request, **what}
                entries.append(Entry(line, details))
        return Report(
            commitment=self.accounts[whose.tenant, ref].order.commitment,
            erased_at=None,
            entries=entries,
            lines=chain.size,
            head=chain.head,
            wrong=chain.wrong,
        )

    async def hold(self, whose: Whose, ref: OrderRef, *, reason: str, by: By) -> datetime | None:
        if (whose.tenant, ref) not in self.accounts:
            return None
        self.holds[ref] = reason
        return NOW

    async def release(self, whose: Whose, ref: OrderRef, *, by: By) -> bool:
        self.holds.pop(ref, None)
        return (whose.tenant, ref) in self.accounts

    async def erase(
        self, whose: Whose, ref: OrderRef, *, reason: ErasureReason, by: By
    ) -> Erased | None:
        account = self.accounts.get((whose.tenant, ref))
        if account is None:
            return None
        if ref in self.holds:
            raise HeldError(what="The erasure", why="a legal hold is on the order")
        del self.accounts[whose.tenant, ref]
        return erased(account.order.commitment, reason)

    def policies_in_force(self) -> Sequence[Policy]:
        return [POLICY]

    async def token(self, id: str) -> AccessToken | None:
        return self.tokens_made.get(id)

    def sealed_at_hand(self, whose: Whose, ref: OrderRef, role: Role) -> None:
        return None

    def token_at_hand(self, id: str) -> AccessToken | None:
        return self.tokens_made.get(id)

    async def token_used(self, id: str) -> None:
        self.tokens_made[id] = replace(self.tokens_made[id], used_at=NOW)

    async def add_token(self, token: AccessToken) -> None:
        self.tokens_made[token.id] = token

    async def tokens(self, tenant: str) -> Sequence[AccessToken]:
        return [token for token in self.tokens_made.values() if token.tenant == tenant]

    async def revoke_token(self, tenant: str, id: str) -> AccessToken:
        if id not in {token.id for token in await self.tokens(tenant)}:
            raise NotFoundError(what="The token", why="there is none of this id")
        self.tokens_made[id] = replace(self.tokens_made[id], revoked_at=NOW)
        return self.tokens_made[id]

    async def has_tenant(self, tenant: str) -> bool:
        return tenant == "default"

    async def stores(self, tenant: str) -> Sequence[Store]:
        return [store for store in self.stores_made.values() if store.tenant == tenant]

    async def put_store(self, store: Store) -> None:
        self.stores_made[store.tenant, store.name] = store

    async def declare(self, made: Declaration) -> None:
        self.separated.append(made)

    async def declared(self, tenant: str, store: str) -> Sequence[Declared]:
        return []

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
        minted = mint(LINK)
        share = Share(
            id=minted.id,
            tenant=whose.tenant,
            store="default",
            order="h",
            hash=minted.hash,
            profile=profile,
            show=tuple(show),
            copies=tuple(copies),
            created_at=NOW,
            expires_at=datetime.now(UTC) + lasts,
        )
        self.shares_made[minted.secret] = (share, ref)
        return share, minted.secret

    async def shares_of(self, whose: Whose, ref: OrderRef) -> Sequence[Share] | None:
        if (whose.tenant, ref) not in self.accounts:
            return None
        return [share for share, of in self.shares_made.values() if of == ref]

    async def revoke_share(self, whose: Whose, ref: OrderRef, id: str, *, by: By) -> Share | None:
        for secret, (share, of) in list(self.shares_made.items()):
            if share.id == id and of == ref:
                del self.shares_made[secret]
                return replace(share, revoked_at=NOW)
        return None

    async def shared(self, secret: str) -> tuple[Share, OrderRef] | None:
        return self.shares_made.get(secret)

    async def note_denial(self, tenant: str, what: Mapping[str, object]) -> None:
        self.denied.append((tenant, dict(what)))

    async def denials(
        self, tenant: str, *, before: int | None, limit: int
    ) -> Sequence[tuple[CustodyLine, Mapping[str, object]]]:
        lines = [
            (
                CustodyLine(
                    seq=seq, prev=NO_LINE, at=NOW, order="", act=Act.DENIAL, details=NO_LINE
                ),
                what,
            )
            for seq, (whose, what) in enumerate(self.denied)
            if whose == tenant and (before is None or seq < before)
        ]
        return lines[::-1][:limit]

    async def receive(self, delivery: Delivery) -> bool:
        key = (delivery.tenant, delivery.hook, delivery.event)
        new = key not in self.received
        self.received.setdefault(key, delivery)
        return new

    async def delivery_counts(self, tenant: str) -> Sequence[tuple[str, str, str, int]]:
        found = Counter((d.hook, d.kind) for d in self.received.values() if d.tenant == tenant)
        return [(hook, kind, "waiting", count) for (hook, kind), count in found.items()]

    async def add_subscription(self, subscription: Subscription) -> None:
        self.subscribed[subscription.id] = subscription

    async def subscriptions(self, tenant: str) -> Sequence[Subscription]:
        return [each for each in self.subscribed.values() if each.tenant == tenant]

    async def remove_subscription(self, tenant: str, id: str) -> None:
        if id not in {each.id for each in await self.subscriptions(tenant)}:
            raise NotFoundError(what="The subscription", why="there is none of this id")
        del self.subscribed[id]

    async def replay(self, tenant: str, id: str, *, since: datetime) -> int:
        if id not in {each.id for each in await self.subscriptions(tenant)}:
            raise NotFoundError(what="The subscription", why="there is none of this id")
        return 0

    def log_file(self, tenant: str, path: str) -> bytes | None:
        return self.files.get(path)

    async def health(self) -> Sequence[AHealth]:
        return self.parts

    async def needs(self) -> Sequence[AHealth]:
        return self.parts
