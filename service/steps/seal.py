"""Build the manifest and the statement, sign them, and put both into the log.

Each is stored as an item with a stamp of its own, so running this again after a crash finds what
the first run sealed, and seals nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from collectors.registry import all_collectors
from evidence.canonical import canonical
from evidence.dsse import Envelope, Signer, sign
from evidence.facts import Facts
from evidence.items import OWN_ROLES, InMemory, Item, Provenance, Role
from evidence.manifest import Manifest, SealedItem, SourceOutcome, Statement
from evidence.orders import Alias
from evidence.policy import Policy
from evidence.receipts import Receipt
from service.steps.read import opened
from service.steps.verify import judge
from storage.ledger.records import Collection, KeptItem, OrderRecord, Task
from storage.objects.objects import Objects
from verifiers.readers.registry import versions as versions_of_readers
from verifiers.registry import VERIFIERS

PAYLOAD_TYPE = "application/vnd.in-toto+json"
COLLECTOR = "orderproof/1"


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope as an item, ready to be kept."""

    envelope: Envelope
    item: Item

    @classmethod
    def of(cls, envelope: Envelope, role: Role, *, at: datetime) -> Signed:
        item = Item(
            role=role,
            key=str(role),
            content=InMemory(envelope.to_json()),
            media_type="application/vnd.dsse+json",
            collector=COLLECTOR,
            origin="orderproof",
            provenance=Provenance.UNKNOWN,
            collected_at=at,
        )
        return cls(envelope, item)


def covered(kept: Sequence[KeptItem], log_size: int) -> list[KeptItem]:
    """The items that a checkpoint of this size covers, without our own earlier seals."""
    return [
        line
        for line in kept
        if line.role not in OWN_ROLES
        and line.receipt is not None
        and line.log_index is not None
        and line.log_index < log_size
    ]


def sealed_items(
    kept: Sequence[KeptItem], order: OrderRecord, objects: Objects
) -> tuple[SealedItem, ...]:
    """The manifest's lines; every one has a receipt (`covered` saw to that)."""
    return tuple(
        SealedItem.of(opened(line, order, objects), receipt=line.receipt, salt=line.salt)
        for line in kept
        if line.receipt is not None
    )


def manifest_for(
    *,
    order: OrderRecord,
    collection: Collection,
    aliases: Sequence[Alias],
    policy: Policy,
    items: tuple[SealedItem, ...],
    facts: Facts,
    tasks: Sequence[Task],
    at: datetime,
    before_read: bytes,
    lost: Sequence[Receipt] = (),
) -> Manifest:
    """Judge, and write down everything. Pure but for the versions installed."""
    judgements, coverage = judge(order=order.ref, items=items, facts=facts, policy=policy, at=at)
    return Manifest(
        order=order.ref,
        order_salt=order.salt,
        collection=collection.id,
        requested_at=collection.requested_at,
        at=at,
        policy=policy,
        items=items,
        facts=tuple(facts),
        judgements=judgements,
        coverage=coverage,
        sources=tuple(_outcome(task) for task in tasks),
        versions=versions(),
        before_read=before_read.decode("utf-8"),
        aliases=tuple(aliases),
        lost=tuple(receipt.seq for receipt in lost if receipt.role not in OWN_ROLES),
        defect={key: str(value) for key, value in (collection.defect or {}).items()} or None,
    )


def _outcome(task: Task) -> SourceOutcome:
    return SourceOutcome(
        source=task.source,
        state=task.state,
        items=task.items,
        attempts=task.attempts,
        why=task.why,
        since=task.since if task.state not in {"brought", "empty"} else None,
    )


@cache
def versions() -> Mapping[str, str]:
    """What reads and judges: whoever repeats it in ten years needs the same."""
    return {
        "orderproof": version("orderproof"),
        "tzdata": version("tzdata"),
        # How names are spelled and compared.
        "anyascii": version("anyascii"),
        "jellyfish": version("jellyfish"),
        **{f"collector.{c.name}": str(c.version) for c in all_collectors()},
        **versions_of_readers(),
        **{f"verifier.{v.name}": str(v.version) for v in VERIFIERS},
    }


def seal_manifest(manifest: Manifest, *, signer: Signer, at: datetime) -> Signed:
    return _signed(Role.MANIFEST, manifest.payload(), signer=signer, at=at)


def seal_statement(
    manifest: Manifest,
    chain: Sequence[Receipt],
    *,
    log_origin: str,
    log_size: int,
    trusted_time: str,
    signer: Signer,
    at: datetime,
) -> Signed:
    """The statement over the order's receipts; the last of `chain` is the manifest's."""
    statement = Statement.over(
        chain, manifest, log_origin=log_origin, log_size=log_size, trusted_time=trusted_time
    )
    return _signed(Role.STATEMENT, statement.payload(), signer=signer, at=at)


def _signed(role: Role, payload: Mapping[str, Any], *, signer: Signer, at: datetime) -> Signed:
    return Signed.of(sign(canonical(payload), PAYLOAD_TYPE, [signer]), role, at=at)
