"""A whole storage in one folder, and a check of everything a stranger could check of its log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.items import InMemory, Item, Provenance, Role
from evidence.merkle import root, verify_consistency
from evidence.notes import NoteVerifier, sign_note
from evidence.orders import OrderRef, Platform
from evidence.receipts import Stamp, check_chain
from evidence.tiles import leaf_hashes_of, new_bundles, read_bundle, tiles_of
from storage.ledger.ledger import Ledger
from storage.ledger.records import Collection, Head, OrderRecord
from storage.log.log import Log
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.local import LocalObjects
from storage.objects.spool import EncryptedSpool, SpooledContent
from storage.vault.vault import Vault
from tests import shape

TENANT = "acme"
ORIGIN = "log.example/acme"


def now() -> datetime:
    return datetime.now(UTC)


def an_item(key: str, data: bytes, *, name: str | None = None) -> Item:
    return Item(
        role=Role.ORDER_RECORD,
        key=key,
        content=InMemory(data),
        media_type="text/csv",
        collector="erp/1",
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=now(),
        name=name,
    )


@dataclass(frozen=True)
class Stage:
    folder: Path
    vault: Vault
    ledger: Ledger
    objects: LocalObjects
    sequencer: Sequencer
    files: LogFiles

    async def order(self, number: int = 1) -> OrderRecord:
        ref = OrderRef(Platform.OTHER, f"order-{number:06d}")
        return await self.ledger.order(TENANT, ref)

    async def collection(self, order: OrderRecord) -> Collection:
        made, _ = await self.ledger.start_collection(order, policy="p/1", sources=["erp"])
        return made

    def stored(self, order: OrderRecord, item: Item) -> tuple[Item, SpooledContent]:
        """The item with its object, durable."""
        spool = EncryptedSpool(self.folder / "spool", key=order.key, context=order.context)
        content = spool.keep(item.content)
        self.objects.put(content)
        return item, content

    async def bring(
        self, order: OrderRecord, collection: Collection, keys: Sequence[str]
    ) -> list[Stamp]:
        """Keep one small item a key. They share an object each ten keys, to save time."""
        kept = []
        spool = EncryptedSpool(self.folder / "spool", key=order.key, context=order.context)
        for key in keys:
            item = an_item(key, b"same bytes")
            kept.append((item, spool.keep(item.content)))
            kept[-1][1].discard()
        return await self.ledger.keep(order, collection.id, "erp", kept)

    def sign(self, head: Head) -> bytes:
        """What the sequencer would write over a head."""
        text = Checkpoint(origin=ORIGIN, size=head.size, root=head.root).text
        return sign_note(text, self.vault.log_signers(TENANT, ORIGIN))

    @property
    def key(self) -> NoteVerifier:
        return NoteVerifier.parse(self.vault.public_keys(TENANT, ORIGIN)["log"][0]["vkey"])


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Open what is in `folder`, or begin there."""
    async with staged_at(folder, await asyncio.to_thread(shape.ledger_url, folder)) as stage:
        yield stage


@asynccontextmanager
async def staged_at(folder: Path, url: str) -> AsyncIterator[Stage]:
    vault = await asyncio.to_thread(Vault.open, folder / "vault")
    ledger = await Ledger.open(url, vault=vault, clock=now)
    try:
        await ledger.tenant(TENANT, origin=ORIGIN)
        files = LogFiles(folder / "log")
        sequencer = Sequencer(ledger, lambda _: files, vault, now)
        objects = LocalObjects(folder / "objects")
        yield Stage(folder, vault, ledger, objects, sequencer, files)
    finally:
        await ledger.close()


def check_log(files: Log, key: NoteVerifier) -> tuple[Checkpoint, list[bytes]]:
    """Recompute the log from its entries alone; compare every tile and every head with that."""
    note = files.checkpoint()
    assert note is not None
    head, _ = open_checkpoint(note, [key])
    entries = [
        entry
        for bundle in new_bundles(old_size=0, new_size=head.size)
        for entry in read_bundle(files.read_tile, bundle)
    ]
    leaves = leaf_hashes_of(entries)
    assert len(leaves) == head.size
    assert root(leaves) == head.root
    for tile in tiles_of(head.size):
        data = files.read_tile(tile.path)
        width = 1 << (8 * (tile.level or 0))
        hashes = [
            root(leaves[at * width : (at + 1) * width])
            for at in range(tile.index * 256, tile.index * 256 + tile.width)
        ]
        assert data == b"".join(hashes), tile.path
    for size in files.head_sizes():
        note = files.read(f"checkpoints/{size}")
        assert note is not None
        old, _ = open_checkpoint(note, [key])
        assert old.size == size
        # A crash may come between a head and the pointer to it; then it is not covered yet.
        if size <= head.size:
            assert old.root == root(leaves[:size]), size
    return head, entries


def check_consistent(files: Log, old: Checkpoint, new: Checkpoint) -> None:
    """By a proof made from the tiles, as an auditor would."""
    from evidence.merkle import consistency_path
    from evidence.tiles import tile_reader

    reader = tile_reader(files.read_tile, size=new.size)
    verify_consistency(
        old_size=old.size,
        old_root=old.root,
        new_size=new.size,
        new_root=new.root,
        path=consistency_path(reader, old_size=old.size, new_size=new.size),
        allow_empty=True,
    )


async def check_storage(stage: Stage, orders: Sequence[OrderRecord]) -> Checkpoint:
    """Log, chains and ledger say the same, and each stamp is in sequence exactly once."""
    head, entries = await asyncio.to_thread(check_log, stage.files, stage.key)
    assert await stage.ledger.pending(TENANT) == 0
    seen: set[int] = set()
    for order in orders:
        chain = await stage.ledger.receipts(order)
        check_chain([receipt.to_bytes() for _, receipt in chain])
        for index, receipt in chain:
            assert entries[index] == receipt.to_bytes()
            assert index not in seen
            seen.add(index)
        kept = await stage.ledger.items(order)
        assert [item.receipt for item in kept] == [receipt for _, receipt in chain]
        keys = [(item.collection, item.source, item.key) for item in kept]
        assert len(set(keys)) == len(keys)
    assert seen == set(range(head.size))
    return head
