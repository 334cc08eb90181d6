"""Put a sealed account into one file that a stranger can check."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.page import page
from evidence.archive import Entry
from evidence.bundle import Anchor, Sealed, bundle_entries, write_bundle
from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError, NotFoundError, RequestError
from evidence.items import Content, InMemory, Role
from evidence.manifest import Manifest, SealedItem
from evidence.merkle import consistency_path
from evidence.notes import add_signatures, split_note
from evidence.tiles import tile_reader
from evidence.trusted_time import stamped_in
from service.steps import copies as carried
from storage.ledger.records import Collection, KeptItem, OrderRecord, State
from storage.ledger.tokens import Token

if TYPE_CHECKING:
    from service.runtime import Account, Runtime

# The auditor's full copy, and a reviewer's: no manifest, and only such items as were named.
BAGIT = "bagit"
REVIEWER = "reviewer"
PROFILES = (BAGIT, REVIEWER)
# Above this many receipts the chain is recomputed and only its head is proven (evidence/bundle.py).
MOST_PROOFS = 1_000


async def write(
    runtime: Runtime,
    account: Account,
    *,
    profile: str,
    to: Path,
    show: Sequence[int] = (),
    show_roles: Sequence[str] = (),
    copies: Sequence[int] = (),
) -> Sequence[SealedItem]:
    """Write the newest sealed account to `to`, whole or not at all; returns the items in it.

    show, show_roles   what to open in a reviewer's copy, by receipt or by role; the rest is
                       withheld, and `data/withheld.txt` names it by role and receipt
    copies             derivatives to carry in a reviewer's copy, by receipt; a full one has all

    Raises NotFoundError if nothing is sealed yet, RequestError if the profile is not known or an
    item is named that is not there.
    """
    if profile not in PROFILES:
        raise RequestError(
            what="the profile", why=f"{profile[:40]!r} is not one of {', '.join(PROFILES)}"
        )
    sealed = [c for c in account.collections if c.state is State.SEALED]
    if not sealed or account.manifest is None:
        raise NotFoundError(what="the bundle", why="no collection of this order is sealed yet")
    full = profile == BAGIT
    if full and (show or show_roles or copies):
        why = f"only a copy of profile {REVIEWER} withholds some; this one shows all"
        raise RequestError(what="the choice of items to show", why=why)
    items = account.manifest.items
    shown = items if full else chosen(items, show=show, show_roles=show_roles)
    entries = await _entries(
        runtime,
        account,
        account.manifest,
        sealed[-1],
        shown=shown,
        copies=None if full else copies,
    )
    await asyncio.to_thread(_write_whole, entries, to)
    return shown


def chosen(
    items: Sequence[SealedItem], *, show: Sequence[int], show_roles: Sequence[str]
) -> Sequence[SealedItem]:
    """Those of the items that have one of these receipts or roles.

    Raises RequestError for a receipt or role that no item has: whoever mistypes one would else
    believe that he had shown it.
    """
    if strange := sorted(set(show) - {item.seq for item in items}):
        why = f"receipt {strange[0]} is not that of an item of the newest sealed account"
        raise RequestError(what="the choice of items to show", why=why)
    if unheard := sorted(set(show_roles) - {str(item.role) for item in items}):
        why = f"no item has the role {unheard[0][:40]!r}"
        raise RequestError(what="the choice of items to show", why=why)
    return [item for item in items if item.seq in show or str(item.role) in show_roles]


async def _entries(
    runtime: Runtime,
    account: Account,
    manifest: Manifest,
    collection: Collection,
    *,
    shown: Sequence[SealedItem],
    copies: Sequence[int] | None,
) -> list[Entry]:
    """`copies` is None for the full copy, which has the manifest and every derivative."""
    order = account.order
    tenant = order.tenant
    statement_line = _own(account, collection, Role.STATEMENT)
    manifest_line = _own(account, collection, Role.MANIFEST)
    last = statement_line.receipt
    if last is None or statement_line.log_index is None or collection.checkpoint_size is None:
        raise CorruptionError(what="the bundle", why="its statement has no receipt")
    chain = [line for line in await runtime.ledger.receipts(order) if line[1].seq <= last.seq]
    sealed = await sealed_anchor(runtime, tenant, statement_line.log_index)
    note = sealed.cosigned or sealed.checkpoint
    size = Checkpoint.parse(split_note(note)[0]).size
    log = runtime.log(tenant)
    nodes = tile_reader(log.read, size=size)
    proven = chain if len(chain) <= MOST_PROOFS else chain[-1:]
    seqs = {item.seq for item in shown}
    # In a thread: the key may lie in a KMS, and the signature is over every file.
    return await asyncio.to_thread(
        bundle_entries,
        items=[
            (item, _content(runtime, order, account, item) if item.seq in seqs else None)
            for item in manifest.items
        ],
        statement=await _sealed(runtime, order, statement_line),
        manifest=await _sealed(runtime, order, manifest_line) if copies is None else None,
        receipts=[receipt.to_bytes() for _, receipt in chain],
        before_read=await _before_read(runtime, account, manifest, collection.checkpoint_size),
        sealed=sealed,
        proofs={
            receipt.seq: await runtime.sequencer.tlog_proof(tenant, index, note)
            for index, receipt in proven
        },
        keys=runtime.vault.public_keys(tenant, runtime.settings.origin_of(tenant)),
        signer=runtime.vault.manifest_signer(tenant),
        consistency=await asyncio.to_thread(
            lambda: consistency_path(nodes, old_size=collection.checkpoint_size or 0, new_size=size)
        ),
        derived=await carried.for_bundle(runtime, account, copies, sealed.checkpoint),
        rendered=[Entry("verify.html", InMemory(page()))],
    )


async def sealed_anchor(runtime: Runtime, tenant: str, log_index: int) -> Anchor:
    """A checkpoint that covers this receipt: the first that witnesses cosigned, or the first.

    It comes with a token if an authority gives one; a token that was not to be had at the seal is
    asked for again here. A cosigned head without a token does not displace one that has it.
    """
    note = await runtime.ledger.first_checkpoint_covering(tenant, log_index)
    first = Checkpoint.parse(split_note(note)[0]).size
    cosigned = await runtime.ledger.first_cosigned_covering(tenant, log_index)
    if cosigned is not None:
        token = await runtime.timestamps.token(tenant, cosigned)
        if not isinstance(token, str) or not await runtime.ledger.tokens(tenant, first):
            return await _cosigned_anchor(
                runtime, tenant, cosigned, None if isinstance(token, str) else token
            )
    token = await runtime.timestamps.token(tenant, first)
    return _anchor(note, None if isinstance(token, str) else token)


async def _cosigned_anchor(runtime: Runtime, tenant: str, size: int, token: Token | None) -> Anchor:
    note = await runtime.ledger.checkpoint_at(tenant, size)
    if note is None:
        raise CorruptionError(what="The log", why=f"its cosigned head of {size} is not there")
    lines = [each.signature for each in await runtime.ledger.cosignatures(tenant, size)]
    return replace(_anchor(note, token), cosigned=add_signatures(note, lines))


async def _before_read(runtime: Runtime, account: Account, manifest: Manifest, size: int) -> Anchor:
    """The checkpoint before reading, with the very token that the statement names."""
    kept = await runtime.ledger.tokens(account.order.tenant, size)
    told = stamped_in(account.statement.trusted_time) if account.statement else None
    if told is not None:
        kept = [token for token in kept if token.sha256 == told.token]
        if not kept:
            why = "the token that its statement names is not in the ledger"
            raise CorruptionError(what="The bundle", why=why)
    return _anchor(manifest.before_read.encode(), kept[0] if kept else None)


def _anchor(note: bytes, token: Token | None) -> Anchor:
    if token is None:
        return Anchor(checkpoint=note)
    return Anchor(checkpoint=note, token=token.reply, query=token.query)


def _own(account: Account, collection: Collection, role: Role) -> KeptItem:
    for line in account.items:
        if line.collection == collection.id and line.role is role:
            return line
    raise CorruptionError(what="the bundle", why=f"the sealed collection has no {role}")


def _content(runtime: Runtime, order: OrderRecord, account: Account, item: SealedItem) -> Content:
    for line in account.items:
        if line.sha256 == item.sha256:
            return runtime.stored(order, line)
    raise CorruptionError(what="the bundle", why=f"item {item.seq} is not in the ledger")


async def _sealed(runtime: Runtime, order: OrderRecord, line: KeptItem) -> Sealed:
    data = await asyncio.to_thread(runtime.stored(order, line).read, 128 << 20)
    return Sealed(envelope=data, salt=line.salt)


def _write_whole(entries: list[Entry], to: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{to.name}.", dir=to.resolve().parent)
    try:
        with os.fdopen(handle, "w+b") as out:
            write_bundle(out, entries)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, to)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
