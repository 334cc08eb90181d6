"""Make a copy of an item, or take one that a person made, and tie it to its original.

    1  make or read the copy
    2  keep it as an item, put it into the log          its receipt stands
    3  sign the record that names both receipts, keep that, put it into the log

Running it again after a crash goes on where the first run ended, and never keeps two records of one
copy. Nothing of an order may be kept while a collection of it is under way; then it is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.custody import Act
from evidence.derivatives import BY_HAND, Change, Tied, Transform, TransformRecord
from evidence.errors import CorruptionError, HeldError, NotFoundError, RequestError
from evidence.items import Content, InMemory, Item, Provenance, Role
from evidence.media import HEAD, sniff
from evidence.orders import OrderRef
from service import custody
from service.custody import By
from service.derivatives import transforms
from service.steps.collect import Shelf
from service.steps.copies import Derivative, record_of
from service.steps.read import opened
from storage.ledger.records import KeptItem, OrderRecord

if TYPE_CHECKING:
    from service.runtime import Account, Runtime

SOURCE = "orderproof"
COLLECTOR = "orderproof/1"
# How the copies of one item are found again: by their keys in the ledger.
_KEY = "derived"


async def make(
    runtime: Runtime,
    tenant: str,
    ref: OrderRef,
    *,
    original: int,
    transform: str,
    parameters: Mapping[str, str],
    by: By,
) -> Derivative:
    """Make a copy of the item whose receipt is number `original` (`transforms.py`).

    Raises NotFoundError if there is no such item in the newest sealed account, RequestError if it
    cannot be made, HeldError while a collection of the order is under way.
    """
    account = await runtime.account(tenant, ref)
    line = original_in(account, original)
    if transform not in transforms.KINDS:
        why = f"{transform[:40]!r} is not one of {', '.join(transforms.KINDS)}"
        raise RequestError(what="The transform", why=why)
    item = opened(line, account.order, runtime.objects)
    data, media_type = await runtime.reading.transformed(item, transform, parameters)
    return await tie(
        runtime,
        account,
        line,
        transform=transform,
        parameters=parameters,
        content=InMemory(data),
        media_type=media_type,
        by=by,
    )


async def tie(
    runtime: Runtime,
    account: Account,
    original: KeptItem,
    *,
    transform: str,
    parameters: Mapping[str, str],
    content: Content,
    media_type: str,
    by: By,
) -> Derivative:
    """Keep a copy that a transform made just now of `original`; `original_in` finds that."""
    kind = transforms.KINDS[transform]
    return await keep_tied(
        runtime,
        account,
        original,
        change=kind.change,
        content=content,
        media_type=media_type,
        transform=Transform(name=transform, version=kind.version(), parameters=parameters),
        by=by,
    )


async def take(
    runtime: Runtime,
    tenant: str,
    ref: OrderRef,
    *,
    original: int,
    change: Change,
    file: Path,
    parameters: Mapping[str, str],
    by: By,
) -> Derivative:
    """The same with a copy that a person made, in `file`. Raises as `make` does, and OSError."""
    account = await runtime.account(tenant, ref)
    line = original_in(account, original)
    shelf = runtime.shelf(account.order, line.collection)
    content, head = await asyncio.to_thread(_spooled, shelf, file)
    return await keep_tied(
        runtime,
        account,
        line,
        change=change,
        content=content,
        media_type=sniff(head),
        transform=Transform(name=BY_HAND, version="1", parameters=parameters),
        by=by,
    )


def original_in(account: Account, seq: int) -> KeptItem:
    """The sealed item whose receipt is number `seq`.

    Raises NotFoundError if there is none, HeldError while a collection of the order is under way.
    """
    sealed = account.manifest.items if account.manifest else ()
    if seq not in {item.seq for item in sealed}:
        why = f"the newest sealed account has no item with receipt {seq}"
        raise NotFoundError(what="the original", why=why)
    if any(not each.state.is_final for each in account.collections):
        raise HeldError(what="The copy", why="a collection of the order is under way")
    for line in account.items:
        if line.receipt is not None and line.receipt.seq == seq:
            return line
    raise CorruptionError(what="The ledger", why=f"it has lost the item of receipt {seq}")


def _spooled(shelf: Shelf, file: Path) -> tuple[Content, bytes]:
    """The file's bytes, encrypted where they wait, and how they begin. Raises TooLargeError."""
    writer = shelf.spool.open(limit=shelf.item_bytes)
    try:
        with file.open("rb") as data:
            head = data.read(HEAD)
            writer.write(head)
            while chunk := data.read(1 << 20):
                writer.write(chunk)
        return writer.close(), head
    except BaseException:
        writer.discard()
        raise


async def keep_tied(
    runtime: Runtime,
    account: Account,
    original: KeptItem,
    *,
    change: Change,
    content: Content,
    media_type: str,
    transform: Transform,
    by: By,
) -> Derivative:
    """Keep a copy and the signed record that ties it, both in the log; steps 2 and 3 above.

    Raises RequestError if it is its original, HeldError while a collection is under way.
    """
    order = account.order
    if original.receipt is None:  # `original_in` found it by its receipt
        raise CorruptionError(what="The ledger", why="an original has no receipt")
    if content.sha256 == original.sha256:
        raise RequestError(what="The copy", why="it is its original, byte for byte")
    await runtime.timestamps.check_clock(order.tenant)
    key = f"{_KEY}/{original.receipt.seq}/{change}/{content.sha256}"
    about = {"original": str(original.receipt.seq)}
    line = await _keep(runtime, order, original, key, change.role, content, media_type, about)
    if line.receipt is None:
        raise CorruptionError(what="The log", why="it has no receipt of a copy that was kept")
    record = TransformRecord(
        change=change,
        original=Tied.to(original.receipt),
        derivative=Tied.to(line.receipt),
        sha256=line.sha256,
        transform=transform,
        by=by.who,
        at=runtime.clock(),
    )
    signer = runtime.vault.manifest_signer(order.tenant)
    envelope = await asyncio.to_thread(record.signed_by, signer)  # a KMS is asked over the network
    kept = await _keep(
        runtime,
        order,
        original,
        f"{key}/record",
        Role.TRANSFORM_RECORD,
        InMemory(envelope.to_json()),
        "application/vnd.dsse+json",
        about,
    )
    # If an earlier run signed one, that is the record.
    record, _ = await record_of(runtime, order, kept)
    await custody.note(runtime, order, Act.DERIVE, by, sha256=line.sha256)
    return Derivative(line, kept, record)


async def _keep(
    runtime: Runtime,
    order: OrderRecord,
    original: KeptItem,
    key: str,
    role: Role,
    content: Content,
    media_type: str,
    about: Mapping[str, str],
) -> KeptItem:
    """An item of ours in the collection of its original; in the log once this returns."""
    item = Item(
        role=role,
        key=key,
        content=content,
        media_type=media_type,
        collector=COLLECTOR,
        origin="orderproof",
        provenance=Provenance.UNKNOWN,
        collected_at=runtime.clock(),
        about=about,
    )
    await runtime.shelf(order, original.collection).keep(SOURCE, [item], alone=True)
    await runtime.sequencer.sequence(order.tenant)
    for line in await runtime.ledger.items(order):
        if line.key == key and line.role is role and line.collection == original.collection:
            return line
    raise CorruptionError(what="The ledger", why="it has lost an item that was just kept")
