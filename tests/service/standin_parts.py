"""What the stand-in of the service keeps: orders, collections, items, accounts, and a desk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.canonical import canonical, digest
from evidence.custody import NO_LINE
from evidence.dsse import IN_TOTO, EcdsaSigner, sign
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import NotFoundError
from evidence.items import Provenance, Role
from evidence.manifest import Coverage, Manifest, SealedItem, SourceOutcome
from evidence.orders import OrderRef
from evidence.policy import parse_policy
from evidence.receipts import NO_RECEIPT, Receipt, commit, commit_order
from evidence.verdicts import Finding, Judgement, Verdict
from service.access.callers import Whose
from service.clock import machine
from service.defects.deadlines import Due
from service.defects.desk import Covered, Told, said_at, told_by
from service.defects.export import Export
from service.defects.figures import Watched
from service.defects.kinds import kind_of
from service.defects.standing import standings_in
from service.defects.window import Rated
from service.retention.erasure import Erased
from storage.ledger.defects import Defect, Standing
from storage.ledger.erasures import Erasure
from storage.ledger.figures import KeptAlarm, Measured

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
    updated_at: datetime = NOW


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


def erased(order: str, reason: ErasureReason) -> Erased:
    record = ErasureRecord(
        origin="log", order=order, at=NOW, reason=reason, custody_size=0, custody_head=NO_LINE
    )
    key = ec.derive_private_key(ENVELOPE_KEY_SEED, ec.SECP256R1())
    envelope = record.signed_by(EcdsaSigner(key)).to_json()
    done = Erasure(
        tenant="",
        store="",
        order=order,
        handle="",
        collection="",
        at=NOW,
        reason=reason,
        envelope=envelope,
        salt=SALT,
        stored="",
        size=len(envelope),
    )
    return Erased(done, logged=True, scrubbed=True)


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

    async def naming(self, *_: object) -> list[object]:
        return []

    def __getattr__(self, name: str) -> Any:
        async def nothing(*_: object, **__: object) -> None:
            raise NotFoundError(what="The case", why="there is none of this id")

        return nothing


@dataclass(slots=True)
class ADesk:
    """Keeps defects as they were told, without a deadline; nothing is started."""

    kept: dict[str, Defect] = field(default_factory=dict)
    measured: dict[Measured, dict[date, str]] = field(default_factory=dict)

    async def enter_figures(
        self, whose: Whose, of: Measured, days: Mapping[date, str]
    ) -> Sequence[KeptAlarm]:
        self.measured.setdefault(of, {}).update(days)
        return []

    async def figures(
        self, whose: Whose, platform: str, *, store: str | None, metric: str | None
    ) -> tuple[Sequence[Watched], Sequence[KeptAlarm]]:
        found = [
            Watched(of=of, days=days, gaps=[], rules=[])
            for of, days in self.measured.items()
            if of.tenant == whose.tenant and of.platform == platform
        ]
        return found, []

    async def behind(self, alarm: KeptAlarm) -> Sequence[Defect]:
        return []

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
        return standings_in(data, store=store, site=site, at=machine())

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


def manifest_of(order: AnOrder, items: Sequence[AnItem]) -> Manifest:
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


def sealed(payload: Mapping[str, object]) -> bytes:
    key = ec.derive_private_key(ENVELOPE_KEY_SEED, ec.SECP256R1())
    return sign(canonical(payload), IN_TOTO, [EcdsaSigner(key)]).to_json()
