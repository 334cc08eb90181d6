"""What the routes need of the rest of the service, and no more.

`service.api.opened` puts the real one behind these names; a test hands in a small one of its own.
So a route knows neither a database nor a queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from evidence.custody import Act, CustodyLine
from evidence.erasure import ErasureReason
from evidence.items import Provenance, Role
from evidence.manifest import Manifest
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.receipts import Receipt
from evidence.sealed import SealedItem
from service.access.callers import Whose
from service.access.rates import Rates
from service.api.defect_port import DefectPort
from service.cases.work import CaseWork
from service.clock import Clock
from service.custody import By
from service.profiles.asked import Asked
from service.queue.operating import PutAside, QueueState
from service.queue.pressure import Busy
from service.report.known import KnownReport
from service.report.wanted import Wanted
from service.settings import Settings
from service.webhooks.hooks import Doorkeeper
from storage.ledger.access import AccessToken, Share, Store
from storage.ledger.backlog import Parked
from storage.ledger.deliveries import Delivery
from storage.ledger.errands import Errand, Why
from storage.ledger.outbox import Subscription
from storage.ledger.separation import Declaration, Declared


class Order(Protocol):
    """An order that the ledger knows. `commitment` shows nothing of it."""

    @property
    def ref(self) -> OrderRef: ...
    @property
    def handle(self) -> str: ...
    @property
    def commitment(self) -> str: ...


class SealedAtHand(Protocol):
    """A sealed document in memory: its bytes, and their SHA-256."""

    @property
    def envelope(self) -> bytes: ...
    @property
    def sha256(self) -> str: ...

    def noted(self, act: Act, by: By) -> asyncio.Future[None]:
        """Done once the custody log has that it is handed out; only then may it be.

        Fails if the order was erased or sealed anew, and if that cannot be known.
        """
        ...


class Collection(Protocol):
    """One run of collecting. `order` is the order's handle."""

    @property
    def id(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def store(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def complete(self) -> bool | None: ...
    @property
    def policy(self) -> str: ...
    @property
    def defect(self) -> Mapping[str, object] | None: ...
    @property
    def requested_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...
    @property
    def at(self) -> datetime | None: ...
    @property
    def failure(self) -> str: ...
    @property
    def order(self) -> str: ...


class Task(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def items(self) -> int: ...
    @property
    def why(self) -> str: ...
    @property
    def since(self) -> datetime | None: ...
    @property
    def updated_at(self) -> datetime: ...


class KeptItem(Protocol):
    """An item of the ledger, in sequence once `receipt` is there."""

    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def role(self) -> Role: ...
    @property
    def media_type(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def collector(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def provenance(self) -> Provenance: ...
    @property
    def collected_at(self) -> datetime: ...
    @property
    def collection(self) -> str: ...
    @property
    def receipt(self) -> Receipt | None: ...


class StoredContent(Protocol):
    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` (not included), decrypted and checked as they are read."""
        ...


class Health(Protocol):
    """One configured part. `detail` says what was found, `do` what to do about it."""

    @property
    def part(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...
    @property
    def do(self) -> str: ...


class Account(Protocol):
    """All that is known of an order.

    collections         oldest first
    tasks               by collection id
    manifest            the newest one that was sealed, with the exact bytes of its envelope
    statement_envelope  the exact bytes of the statement that goes with it
    """

    @property
    def order(self) -> Order: ...
    @property
    def collections(self) -> Sequence[Collection]: ...
    @property
    def tasks(self) -> Mapping[str, Sequence[Task]]: ...
    @property
    def items(self) -> Sequence[KeptItem]: ...
    @property
    def manifest(self) -> Manifest | None: ...
    @property
    def manifest_envelope(self) -> bytes | None: ...
    @property
    def statement_envelope(self) -> bytes | None: ...


class Custody(Protocol):
    """Who had the order's evidence in hand, and whether the chain of that holds."""

    def to_json(self) -> dict[str, Any]: ...


class Erased(Protocol):
    """An erasure that was made: its signed record, and the salt that opens the receipt of it."""

    def opened(self) -> dict[str, Any]: ...


class Evidence(Protocol):
    """The service, as its faces see it.

    Every name that takes `whose` answers None for what another tenant has, as if it were not, and
    raises DeniedError for what a store has that is not covered.
    """

    @property
    def cases(self) -> CaseWork: ...

    @property
    def clock(self) -> Clock: ...

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
        """Start a collection, or find the one this key started; True when it is new.

        It is committed when this returns. RequestError for an unknown policy or source, and for
        a key that came with another request before.

        store   of a new order; None: the only one that `whose` covers, or "default"
        """
        ...

    async def collection(self, whose: Whose, id: str) -> Collection | None: ...

    async def tasks(self, collection: Collection) -> Sequence[Task]: ...

    async def order_of(self, collection: Collection) -> Order: ...

    async def queue(self) -> QueueState:
        """What is to be done, of all tenants, and who does it."""
        ...

    async def figures(self) -> bytes:
        """What the service counted, in Prometheus' text format."""
        ...

    async def busy(self, tenant: str) -> Busy | None:
        """Why this tenant must wait before it asks for more; None if it need not."""
        ...

    async def parked(self, whose: Whose) -> Sequence[PutAside]: ...

    async def retry_parked(self, whose: Whose, id: str) -> Collection: ...

    async def drop_parked(self, whose: Whose, id: str) -> Parked: ...

    async def account(self, whose: Whose, ref: OrderRef) -> Account | None:
        """None for an order that was never asked for."""
        ...

    async def sealed(
        self, whose: Whose, ref: OrderRef, role: Role, act: Act, by: By
    ) -> tuple[str, bytes] | None:
        """The newest sealed manifest or statement, as it was signed, and its SHA-256.

        That it is handed out is in the custody log already. Empty, and not noted, if nothing is
        sealed yet; None for an order that was never asked for.
        """
        ...

    def sealed_at_hand(self, whose: Whose, ref: OrderRef, role: Role) -> SealedAtHand | None:
        """What `sealed` may hand out, if that needs no reading. Nothing is noted yet."""
        ...

    async def items(self, whose: Whose, ref: OrderRef) -> tuple[Order, Sequence[KeptItem]] | None:
        """As `account` has them, without reading the manifest for it."""
        ...

    async def summary(self, whose: Whose, ref: OrderRef) -> Mapping[str, Any] | None:
        """What is known of it so far, sealed or not, as JSON; nothing changes."""
        ...

    async def content(
        self, whose: Whose, ref: OrderRef, sha256: str
    ) -> tuple[Order, KeptItem, StoredContent] | None: ...

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
        """Write the newest sealed manifest's bundle; returns the items that it shows.

        RequestError for an unknown profile, and for a receipt to show that is not an item's, or
        to carry that is not a copy's.
        """
        ...

    async def report(
        self, whose: Whose, ref: OrderRef, wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        """A report of the newest sealed account, kept: its SHA-256 and its bytes.

        Raises as service.report.reports.make.
        """
        ...

    async def report_of_several(
        self, whose: Whose, refs: Sequence[OrderRef], wanted: Wanted, *, by: By
    ) -> tuple[str, bytes]:
        """One report of several orders, kept with each: its SHA-256 and its bytes.

        Raises as service.report.together.make; NotFoundError for an order never asked for.
        """
        ...

    async def known_report(self, whose: Whose, ref: OrderRef, sha256: str) -> KnownReport | None:
        """What is known of the report with these bytes; None if none of the order has them."""
        ...

    async def profiled(self, whose: Whose, asked: Asked, *, to: Path, by: By) -> None:
        """Write a bundle of these orders in the form of a profile.

        NotTakenError with every reason why the platform would not take it; NotFoundError for an
        order that was never asked for.
        """
        ...

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
        """Write into the custody log what is about to be handed out; only then may it be.

        order   what was read is of this one, as another method gave it; None looks for it by `ref`
        NotFoundError if the order was erased meanwhile.
        """
        ...

    async def custody(self, whose: Whose, ref: OrderRef) -> Custody | None: ...

    async def hold(self, whose: Whose, ref: OrderRef, *, reason: str, by: By) -> datetime | None:
        """A legal hold: since when it is there."""
        ...

    async def release(self, whose: Whose, ref: OrderRef, *, by: By) -> bool:
        """Lift the hold, if there is one. False for an order that was never asked for."""
        ...

    async def erase(
        self, whose: Whose, ref: OrderRef, *, reason: ErasureReason, by: By
    ) -> Erased | None:
        """Destroy what opens the order. HeldError if a hold or its retention forbids it."""
        ...

    async def token(self, id: str) -> AccessToken | None:
        """Of whichever tenant: only the door asks, before it knows who it is."""
        ...

    def token_at_hand(self, id: str) -> AccessToken | None:
        """As `token` would answer, if that needs no asking; else None."""
        ...

    async def token_used(self, id: str) -> None: ...

    async def add_token(self, token: AccessToken) -> None: ...

    async def tokens(self, tenant: str) -> Sequence[AccessToken]: ...

    async def revoke_token(self, tenant: str, id: str) -> AccessToken:
        """NotFoundError if the tenant has no such token."""
        ...

    async def has_tenant(self, tenant: str) -> bool: ...

    async def stores(self, tenant: str) -> Sequence[Store]: ...

    async def put_store(self, store: Store) -> None: ...

    async def declare(self, made: Declaration) -> None: ...

    async def declared(self, tenant: str, store: str) -> Sequence[Declared]: ...

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
        """A link to the order's bundle, and the secret that opens it."""
        ...

    async def shares_of(self, whose: Whose, ref: OrderRef) -> Sequence[Share] | None: ...

    async def revoke_share(self, whose: Whose, ref: OrderRef, id: str, *, by: By) -> Share | None:
        """None as well if the order has no such link."""
        ...

    async def shared(self, secret: str) -> tuple[Share, OrderRef] | None:
        """What a secret opens now; None if nothing, for whatever reason."""
        ...

    async def note_denial(self, tenant: str, what: Mapping[str, object]) -> None: ...

    async def denials(
        self, tenant: str, *, before: int | None, limit: int
    ) -> Sequence[tuple[CustodyLine, Mapping[str, Any]]]:
        """Newest first, each with its details."""
        ...

    async def receive(self, delivery: Delivery) -> bool:
        """Keep a webhook's notice, and have it acted on. False if it was there before."""
        ...

    async def delivery_counts(self, tenant: str) -> Sequence[tuple[str, str, str, int]]:
        """Hook, kind, state, how many."""
        ...

    async def add_subscription(self, subscription: Subscription) -> None: ...

    async def subscriptions(self, tenant: str) -> Sequence[Subscription]: ...

    async def remove_subscription(self, tenant: str, id: str) -> None:
        """NotFoundError if the tenant has no such subscription; so `replay`."""
        ...

    async def replay(self, tenant: str, id: str, *, since: datetime) -> int:
        """Enable it, and send again what happened since; how many messages that are."""
        ...

    @property
    def rates(self) -> Rates | None:
        """How callers are counted; None: by this process alone."""
        ...

    @property
    def defects(self) -> DefectPort: ...

    async def agenda(
        self,
        whose: Whose,
        *,
        store: str | None,
        whys: frozenset[Why],
        after: int | None,
        limit: int,
    ) -> Sequence[tuple[Errand, OrderRef | None]]:
        """What waits for its time, the nearest first; no OrderRef where the order is gone."""
        ...

    def policies_in_force(self) -> Sequence[Policy]:
        """Every policy, by id and version."""
        ...

    def log_file(self, tenant: str, path: str) -> bytes | None:
        """A file of the tenant's log: `checkpoint`, `log.vkey`, `tile/...`; blocking.

        None for what is not there. Only checked paths come here, never `..`.
        """
        ...

    async def health(self) -> Sequence[Health]: ...

    async def needs(self) -> Sequence[Health]:
        """Of these, what no request can be answered without."""
        ...

    # What pages need beside it (service/console).

    def session_key(self) -> bytes:
        """32 bytes that every process of the service has, and nobody else."""
        ...

    async def recent(self, whose: Whose, *, limit: int) -> Sequence[tuple[Order, Collection]]:
        """The newest collections that may be seen, newest first, with their orders."""
        ...

    async def heads(self, tenant: str) -> Sequence[int]:
        """The size of every head of the tenant's log that was published, smallest first."""
        ...

    async def receipts(self, whose: Whose, ref: OrderRef) -> Sequence[Receipt] | None:
        """The order's chain."""
        ...

    async def tenants(self) -> Sequence[str]: ...

    async def shown(self, whose: Whose, ref: OrderRef, sha256: str) -> Mapping[str, Any] | None:
        """How a person is shown the item (service/reading/previews.py)."""
        ...

    async def pictured(
        self, whose: Whose, ref: OrderRef, sha256: str, *, page: int
    ) -> tuple[bytes, str] | None:
        """A page of the item drawn anew, and its media type. RequestError if it cannot be."""
        ...


# How the service is opened, for the time an app runs.
Opening = Callable[[Settings], AbstractAsyncContextManager[Evidence]]

# Set once the service is shutting down, so that whoever waits stops waiting.
CLOSING = web.AppKey("closing", asyncio.Event)
EVIDENCE: web.AppKey[Evidence] = web.AppKey("evidence")
SETTINGS = web.AppKey("settings", Settings)
DOORKEEPER = web.AppKey("doorkeeper", Doorkeeper)
