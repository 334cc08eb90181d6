"""The copies of an order's items that are in the ledger, and what of them goes into a bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.bundle import Sealed
from evidence.carried import Carried, derived_files
from evidence.checkpoint import Checkpoint
from evidence.derivatives import TransformRecord
from evidence.dsse import Envelope
from evidence.errors import CorruptionError, RequestError
from evidence.items import Content, Role
from evidence.merkle import consistency_path
from evidence.notes import split_note
from evidence.tiles import tile_reader
from storage.ledger.records import KeptItem, OrderRecord

if TYPE_CHECKING:
    from service.runtime import Account, Runtime


@dataclass(frozen=True, slots=True)
class Derivative:
    """A copy that is tied: its line in the ledger, its record's, and what that says."""

    line: KeptItem
    kept: KeptItem
    record: TransformRecord

    @property
    def seq(self) -> int:
        return self.record.derivative.seq


async def of(runtime: Runtime, order: OrderRecord, items: Sequence[KeptItem]) -> list[Derivative]:
    """Every copy that is tied, in the order of their receipts."""
    by_seq = {line.receipt.seq: line for line in items if line.receipt is not None}
    found = []
    for kept in items:
        if kept.role is not Role.TRANSFORM_RECORD or kept.receipt is None:
            continue
        record, _ = await record_of(runtime, order, kept)
        line = by_seq.get(record.derivative.seq)
        if line is None or line.sha256 != record.sha256:
            why = f"its derivative {record.derivative.seq} is not in the ledger"
            raise CorruptionError(what="A transform record", why=why)
        found.append(Derivative(line, kept, record))
    return sorted(found, key=lambda each: each.seq)


async def for_bundle(
    runtime: Runtime, account: Account, chosen: Sequence[int] | None, sealed: bytes
) -> dict[str, Content]:
    """The files of a bundle that carry these copies (evidence/carried.py).

    chosen   the copies' receipts, or None for all of items in the newest sealed account
    sealed   the bundle's sealed checkpoint

    Raises RequestError for a receipt that is not that of such a copy.
    """
    order, tenant = account.order, account.order.tenant
    last = account.statement.manifest_seq if account.statement else -1
    every = {each.seq: each for each in await of(runtime, order, account.items)}
    carried = {seq: each for seq, each in every.items() if each.record.original.seq <= last}
    if chosen is not None:
        if strange := sorted(set(chosen) - carried.keys()):
            why = f"receipt {strange[0]} is not that of a copy of a sealed item"
            raise RequestError(what="the choice of copies to carry", why=why)
        carried = {seq: carried[seq] for seq in chosen}
    if not carried:
        return {}
    places: dict[int, int] = {}
    for each in carried.values():
        for line in (each.line, each.kept):
            if line.receipt is not None and line.log_index is not None:
                places[line.receipt.seq] = line.log_index
    old = Checkpoint.parse(split_note(sealed)[0]).size
    note = await runtime.ledger.first_checkpoint_covering(tenant, max(*places.values(), old - 1))
    size = Checkpoint.parse(split_note(note)[0]).size
    nodes = tile_reader(runtime.log(tenant).read, size=size)
    return await asyncio.to_thread(
        derived_files,
        [await _carried(runtime, order, each) for _, each in sorted(carried.items())],
        checkpoint=note,
        consistency=await asyncio.to_thread(
            lambda: consistency_path(nodes, old_size=old, new_size=size)
        ),
        proofs={
            seq: await runtime.sequencer.tlog_proof(tenant, index, note)
            for seq, index in places.items()
        },
    )


async def record_of(
    runtime: Runtime, order: OrderRecord, kept: KeptItem
) -> tuple[TransformRecord, bytes]:
    """What a transform record says, and its envelope's bytes."""
    raw = await asyncio.to_thread(runtime.stored(order, kept).read, 1 << 20)
    return TransformRecord.from_payload(Envelope.from_json(raw).payload), raw


async def _carried(runtime: Runtime, order: OrderRecord, each: Derivative) -> Carried:
    if each.line.receipt is None or each.kept.receipt is None:
        raise CorruptionError(what="A derivative", why="it has no receipt")
    _, record = await record_of(runtime, order, each.kept)
    return Carried(
        original=each.record.original.seq,
        content=runtime.stored(order, each.line),
        salt=each.line.salt,
        receipt=each.line.receipt.to_bytes(),
        record=Sealed(envelope=record, salt=each.kept.salt),
        record_receipt=each.kept.receipt.to_bytes(),
    )
