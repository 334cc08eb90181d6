"""What the ledger answers with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from evidence.items import Content, Item, PartOf, Provenance, Role
from evidence.orders import OrderRef
from evidence.receipts import Receipt
from storage.objects.stream import RowCipher


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose evidence it is, and the origin of its log."""

    name: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """An order with what opens its evidence: keep it off logs and errors.

    handle       32 random hex digits, what other rows call the order; also the associated data
                 of its objects (`context`)
    salt, key    32 bytes each
    commitment   what its receipts call the order
    """

    tenant: str
    store: str
    handle: str
    ref: OrderRef
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)
    commitment: str

    @property
    def context(self) -> bytes:
        """Associated data for `EncryptedSpool` and `Objects.open`."""
        return self.handle.encode()

    @cached_property
    def cipher(self) -> RowCipher:
        """What seals and opens the order's columns of the ledger."""
        return RowCipher(self.key)


class State(StrEnum):
    """How far a collection has come; `sealed` and `failed` are the ends."""

    QUEUED = "queued"
    COLLECTING = "collecting"
    VERIFYING = "verifying"
    SEALED = "sealed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (State.SEALED, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One run of collecting for an order.

    id                32 random hex digits
    order             the order's handle
    complete          None until it is sealed
    sources           asked for at the start; `tasks` has those that were added too
    defect            as it was handed in, or None
    at                the time verifiers were given, or None
    checkpoint_size   size of the log in the checkpoint taken before reading, or None
    failure           why it failed, or ""
    due               by when it should be done: the defect's deadline, or soon after the request
    bulk              nobody waits for it
    """

    id: str
    tenant: str
    store: str
    order: str
    state: State
    complete: bool | None
    policy: str
    sources: tuple[str, ...]
    defect: Mapping[str, object] | None = field(repr=False)
    requested_at: datetime
    updated_at: datetime
    at: datetime | None
    checkpoint_size: int | None
    failure: str
    due: datetime
    bulk: bool


class TaskState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    BROUGHT = "brought"
    EMPTY = "empty"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One source within one collection.

    attempts   how often it was begun
    items      how many items it has brought so far
    why        the reason of the last end, or ""
    since      when it came into this state; the same end twice over keeps the first time
    """

    source: str
    state: TaskState
    attempts: int
    items: int
    why: str
    since: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptItem:
    """An item as the ledger has it: everything but its bytes.

    The fields up to `hints` are those of evidence.items.Item. `media_type` is as in the receipt.

    start       where it begins in the object `stored`; None if that is this item alone
    salt        opens `receipt.commitment`
    receipt     None, like `log_index`, until the stamp is in sequence
    """

    role: Role
    key: str
    media_type: str
    collector: str
    origin: str
    provenance: Provenance
    collected_at: datetime
    name: str | None
    url: str | None
    exchange: str | None
    part_of: PartOf | None
    about: Mapping[str, str]
    hints: Mapping[str, str]
    sha256: str
    size: int
    stored: str
    collection: str
    source: str
    salt: bytes = field(repr=False)
    receipt: Receipt | None
    log_index: int | None
    start: int | None = None

    def item(self, content: Content) -> Item:
        """The Item again, with its bytes; a verifier takes these."""
        return Item(
            role=self.role,
            key=self.key,
            content=content,
            media_type=self.media_type,
            collector=self.collector,
            origin=self.origin,
            provenance=self.provenance,
            collected_at=self.collected_at,
            name=self.name,
            url=self.url,
            exchange=self.exchange,
            part_of=self.part_of,
            about=self.about,
            hints=self.hints,
        )


@dataclass(frozen=True, slots=True)
class Head:
    """A head the log committed to; `note` is None until it is signed. `root` is 32 bytes."""

    size: int
    root: bytes
    note: bytes | None
