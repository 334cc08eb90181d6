"""A small Evidence that lives in memory, for tests of the routes alone.

Collections do not move by themselves: a test moves them, so that it says when.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.canonical import canonical, digest
from evidence.custody import NO_LINE, Act, CustodyChain, CustodyLine
from evidence.dsse import IN_TOTO, EcdsaSigner, sign
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import HeldError, NotFoundError, RequestError
from evidence.items import Provenance, Role
from evidence.manifest import Coverage, Manifest, SealedItem, SourceOutcome, Statement
from evidence.orders import OrderRef
from evidence.policy import Policy, parse_policy
from evidence.receipts import NO_RECEIPT, Receipt, commit, commit_order
from evidence.verdicts import Finding, Judgement, Verdict
from service.access.callers import Whose
from service.access.rates import Rates
from service.access.tokens import LINK, mint
from service.custody import By, Entry, Report
from service.defects.deadlines import Due
from service.defects.desk import Covered, Told, said_at, told_by
from service.defects.export import Export
from service.defects.kinds import kind_of
from service.defects.standing import standings_in
from service.defects.window import Rated
from service.instruments import Instruments
from service.operating import PutAside, QueueState
from service.pressure import Busy
from service.profiles.asked import Asked
from service.report.known import KnownReport
from service.report.wanted import Wanted
from service.settings import Settings
from service.steps.publish import chosen
from storage.ledger.access import AccessToken, Share, Store
from storage.ledger.backlog import Backlog, Parked
from storage.ledger.defects import Defect, Standing
from storage.ledger.deliveries import Delivery
from storage.ledger.outbox import Subscription
from storage.ledger.records import State
from storage.ledger.separation import Declaration, Declared

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SALT = bytes(32)
ENVELOPE_KEY_SEED = 7

POLICY = parse_policy(
    b"""
id = "amazon.delivery"
version = "1"
platform = "amazon"
defect_kinds = ["a-to-z"]
title = "Delivery, for tests"

[[requirement]]
id = "pod"
text = "Proof of delivery"
any_of = ["pod.document"]
level = "required"
source = "tests"
source_date = "n.d."
confidence = "general"

[[deadline]]
id = "reply"
starts = "defect.noticed.at"
amount = 48
unit = "hours"
clock = "UTC"
source = "tests"
source_date = "n.d."
confidence = "general"

[[limit]]
key = "zip.total_bytes"
value = "10000000"
source = "tests"
source_date = "n.d."
confidence = "general"
"""
)


@dataclass(frozen=True, slots=True)
class AnOrder:
    ref: OrderRef
    handle: str

    @property
    def commitment(self) -> str:
        return commit_order(SALT, self.ref)


@dataclass(frozen=True, slots=True)
class ACollection:
    id: str
    tenant: str
    order: str
    store: str = "default"
    state: str = "queued"
    complete: bool | None = None
    policy: str = POLICY.id
    defect: Mapping[str, object] | None = None
    requested_at: datetime = NOW
    updated_at: datetime = NOW
    at: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ATask:
    source: str
    state: str = "brought"
    attempts: int = 1
    items: int = 1
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnItem:
    data: bytes
    seq: int | None
    order: str
    role: Role = Role.POD_DOCUMENT
    media_type: str = "application/pdf"
    name: str | None = "../../etc/POD \u7b7e\u6536.pdf"
    source: str = "folder"
    collector: str = "folder/1"
    origin: str = "seller"
    provenance: Provenance = Provenance.UPLOAD
    collected_at: datetime = NOW
    collection: str = "c0000000"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def receipt(self) -> Receipt | None:
        if self.seq is None:
            return None
        return Receipt(
            order=self.order,
            seq=self.seq,
            prev=NO_RECEIPT,
            role=self.role,
            commitment=commit(SALT, self.sha256),
            stored=self.sha256,
            size=self.size,
            media_type=self.media_type,
            collector=self.collector,
            collected_at=self.collected_at,
        )


@dataclass(slots=True)
class AContent:
    data: bytes
    broken_at: int | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        return len(self.data)

    def read_range(self, start: int, stop: int) -> bytes:
        if self.broken_at is not None and stop > self.broken_at:
            raise OSError("the disk is gone")
        return self.data[start:stop]


@dataclass(frozen=True, slots=True)
class AHealth:
    part: str
    ok: bool
    detail: str = "said for tests"
    do: str = ""


@dataclass(frozen=True, slots=True)
class AnErasure:
    order: str
    reason: ErasureReason
    at: datetime = NOW
    salt: bytes = SALT

    @property
    def envelope(self) -> bytes:
        record = ErasureRecord(
            origin="log",
            order=self.order,
            at=self.at,
            reason=self.reason,
            custody_size=0,
            custody_head=NO_LINE,
        )
        key = ec.derive_private_key(ENVELOPE_KEY_SEED, ec.SECP256R1())
        return record.signed_by(EcdsaSigner(key)).to_json()


@dataclass(frozen=True, slots=True)
class AnErased:
    erasure: AnErasure
    logged: bool = True
    scrubbed: bool = True


@dataclass(slots=True)
class AnAccount:
    order: AnOrder
    collections: list[ACollection] = field(default_factory=list)
    tasks: dict[str, list[ATask]] = field(default_factory=dict)
    items: list[AnItem] = field(default_factory=list)
    manifest: Manifest | None = None
    manifest_envelope: bytes | None = None
    statement_envelope: bytes | None = None


class NoCases:
    """There are none: what cases do is tested on the real service."""

    async def listed(self, *_: object, **__: object) -> tuple[list[object], None]:
        return [], None

    def __getattr__(self, name: str) -> Any:
        async def nothing(*_: object, **__: object) -> None:
            raise NotFoundError(what="The case", why="there is none of this id")

        return nothing


@dataclass(slots=True)
class ADesk:
    """Keeps defects as they were told, without a deadline; nothing is started."""

    kept: dict[str, Defect] = field(default_factory=dict)

    async def enter(
        self, whose: Whose, store: str, told: Told, *, collect: bool
    ) -> tuple[Defect, bool]:
        made = Defect(
            id=digest(repr(told).encode())[:32],
            tenant=whose.tenant,
            store=store,
            platform=told.platform,
            site=told.site,
            ref=None,
            number=told.number,
            kind=str(kind_of(told.said)),
            said=told.said,
            ordered_on=told.ordered,
            noticed=said_at(told.noticed),
            due_at=told.due,
            due_rule="",
            policy=POLICY.id,
            origin="manual",
            created_at=NOW,
        )
        new = made.id not in self.kept
        self.kept[made.id] = made
        return made, new

    async def enter_export(
        self, whose: Whose, store: str, export: Export, *, collect: bool
    ) -> Sequence[tuple[Defect, bool]]:
        rows = [told_by(row) for row in export.rows]
        return [await self.enter(whose, store, told, collect=collect) for told in rows]

    async def enter_orders(
        self, whose: Whose, store: str, platform: str, export: Export
    ) -> tuple[int, int]:
        return len({row.ordered for row in export.rows}), len(export.rows)

    async def enter_report(
        self, whose: Whose, store: str, data: bytes, *, site: str
    ) -> Sequence[Standing]:
        return standings_in(data, store=store, site=site)

    async def listed(self, whose: Whose, *, limit: int, **only: object) -> Sequence[Defect]:
        return [one for one in self.kept.values() if one.tenant == whose.tenant][:limit]

    async def one(self, whose: Whose, id: str) -> Defect | None:
        return self.kept.get(id)

    async def evidence(self, found: Sequence[Defect]) -> Mapping[str, str]:
        return {one.id: "missing" for one in found}

    def dues(self, defect: Defect) -> Sequence[Due]:
        return []

    async def rates(
        self, whose: Whose, platform: str, *, store: str | None, at: date, orders: int | None
    ) -> Rated:
        return Rated(policy=None, at=at)

    async def coverage(
        self, whose: Whose, platform: str, site: str, *, store: str | None, orders: Sequence[str]
    ) -> Covered:
        return Covered(named=[(order, "missing") for order in orders], strange=[], left_out=[])


class InMemoryEvidence:
    def __init__(self) -> None:
        self.cases: Any = NoCases()
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
        account.manifest = _manifest(account.order, account.items)
        chain = [item.receipt for item in account.items if item.receipt is not None]
        statement = Statement.over(
            chain, account.manifest, log_origin="log", log_size=1, trusted_time="none"
        )
        account.manifest_envelope = _sealed(account.manifest.payload())
        account.statement_envelope = _sealed(statement.payload())

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

    async def items(self, whose: Whose, ref: OrderRef) -> Sequence[AnItem] | None:
        account = self.accounts.get((whose.tenant, ref))
        return account.items if account else None

    async def content(
        self, whose: Whose, ref: OrderRef, sha256: str
    ) -> tuple[AnItem, AContent] | None:
        account = self.accounts.get((whose.tenant, ref))
        for item in account.items if account else ():
            if item.sha256 == sha256:
                return item, self.contents.get(sha256, AContent(item.data))
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
            raise RequestError(what="the copies to carry", why="there are none")
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
        self, whose: Whose, ref: OrderRef, act: Act, by: By, what: Mapping[str, object]
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
    ) -> AnErased | None:
        account = self.accounts.get((whose.tenant, ref))
        if account is None:
            return None
        if ref in self.holds:
            raise HeldError(what="The erasure", why="a legal hold is on the order")
        del self.accounts[whose.tenant, ref]
        return AnErased(AnErasure(account.order.commitment, reason))

    def policies_in_force(self) -> Sequence[Policy]:
        return [POLICY]

    async def token(self, id: str) -> AccessToken | None:
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


def _manifest(order: AnOrder, items: Sequence[AnItem]) -> Manifest:
    finding = Finding.note("scan-order-open", do="Ask the carrier.").saying("Both are possible.")
    return Manifest(
        order=order.ref,
        order_salt=SALT,
        collection="c0000001",
        requested_at=NOW,
        at=NOW,
        policy=POLICY,
        items=tuple(_line(item) for item in items),
        facts=(),
        judgements=(
            Judgement("timestamps", 1, "Do the times agree?", Verdict.INCONCLUSIVE, (finding,)),
        ),
        coverage=(Coverage(requirement="pod", level="required", state="missing", why="none came"),),
        sources=(SourceOutcome(source="folder", state="brought", items=1, attempts=1),),
        versions={"orderproof": "0"},
        before_read="origin\n1\n",
    )


def _line(item: AnItem) -> SealedItem:
    assert item.seq is not None and item.receipt is not None
    return SealedItem(
        sha256=item.sha256,
        role=item.role,
        key=str(item.seq),
        media_type=item.media_type,
        size=item.size,
        collector=item.collector,
        origin=item.origin,
        provenance=str(item.provenance),
        collected_at=item.collected_at,
        seq=item.seq,
        receipt=item.receipt.sha256,
        salt=SALT,
    )


def _sealed(payload: Mapping[str, object]) -> bytes:
    key = ec.derive_private_key(ENVELOPE_KEY_SEED, ec.SECP256R1())
    return sign(canonical(payload), IN_TOTO, [EcdsaSigner(key)]).to_json()
