"""From one shape to the other: ledger, objects, log, keys and the journal of erasures.

    1  mark the old evidence as moving      nobody opens it to write any more
    2  keys and journal, rows, objects      what is there already is compared and left
    3  publish the log from the ledger      the same heads, tiles and cosignatures
    4  compare, and audit the new one       counts of rows, heads of every log, then every byte
    5  mark the old evidence as moved       nothing of it was changed or removed

Each step may be the last: the same command again goes on. Nothing is copied of the queue, which
rings for what the ledger calls unfinished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from auditor.audit import AuditReport
from evidence.checkpoint import Checkpoint
from evidence.errors import ConfigError, CorruptionError, HeldError
from evidence.notes import split_note
from service.audit.audit import Asked, audit
from service.backup.moved import is_moved, mark
from service.clock import machine
from service.places import Places, open_places
from service.settings import Settings
from storage.files import SECRET, append_line, create_once, make_folder
from storage.ledger.copying import copy_rows, count_rows
from storage.ledger.database import Database
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.objects.copying import copy_lock, copy_object
from storage.vault.vault import Vault

_AT_ONCE = 8

Watch = Callable[[str, int], None]
"""Called with a step's words and how many of its things are done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is at the new place.

    heads    size of each tenant's log
    copied   objects that this run brought, and their bytes; others were there
    audits   of each tenant; all are fine, or `migrate` had raised
    """

    rows: dict[str, int]
    heads: dict[str, int]
    copied: int = 0
    copied_bytes: int = 0
    audits: dict[str, AuditReport] = field(default_factory=dict)


async def migrate(old: Settings, new: Settings, *, to: Path, watch: Watch) -> Moved:
    """Copy everything that `old` names to where `new` says; `to` is the file of the new settings.

    Raises ConfigError if the two cannot be one and the same evidence, CorruptionError if something
    of the old is damaged or the new one fails its audit, HeldError if somebody wrote to the old one
    meanwhile. The old one is not marked as moved then.
    """
    _check(old, new)
    if is_moved(old):
        raise HeldError(what="Moving the evidence", why="it was moved before; see moved.json")
    await asyncio.to_thread(mark, old, to=to, done=False)
    await asyncio.to_thread(_copy_keys, old, new)
    await asyncio.to_thread(_copy_journal, old, new)
    new.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    here = await asyncio.to_thread(open_places, old, machine)
    there = await asyncio.to_thread(open_places, new, machine)
    source = await Database.open(old.database_url, connections=old.database_connections)
    try:
        target = await Database.open(new.database_url, connections=new.database_connections)
        try:
            await copy_rows(source, target, watch)
            copied = (0, 0)
            if _place_of(old) != _place_of(new):
                copied = await asyncio.to_thread(_copy_objects, here, there, new, watch)
            vault = Vault.open(
                new.keys, manifest=new.signing.manifest, kms_endpoint=new.signing.kms_endpoint
            )
            ledger = Ledger(target, vault, machine)
            if _place_of(old) != _place_of(new):
                await _publish(ledger, vault, here, there, watch)
            rows = await _compared(source, target)
            heads = await _heads(ledger, there)
        finally:
            await target.close()
    finally:
        await source.close()
    moved = Moved(rows, heads, *copied)
    for tenant in heads:
        watch(f"audit of {tenant}", 0)
        report = await asyncio.to_thread(audit, Asked(tenant=tenant), lambda: new)
        moved.audits[tenant] = report
        if not report.ok and heads[tenant]:
            why = f"its audit failed; run `orderproof audit --tenant {tenant}` on it"
            raise CorruptionError(what="The new evidence", why=why)
    await asyncio.to_thread(mark, old, to=to, done=True)
    return moved


def _check(old: Settings, new: Settings) -> None:
    what = "The new configuration"
    if old.database_url == new.database_url:
        raise ConfigError(what=what, why="it names the same ledger as the old one")
    if (old.tenant, old.log_origin) != (new.tenant, new.log_origin):
        why = "its tenant or log_origin is another: a log keeps its name for ever"
        raise ConfigError(what=what, why=why)
    if old.signing.manifest != new.signing.manifest:
        raise ConfigError(what=what, why="it signs manifests with another key; rotate it instead")


def _place_of(settings: Settings) -> object:
    """Where objects and log lie."""
    if settings.s3 is not None:
        return settings.s3.endpoint, settings.s3.bucket, settings.s3.prefix
    return settings.data.resolve()


def _copy_keys(old: Settings, new: Settings) -> None:
    if old.keys.resolve() == new.keys.resolve():
        return
    make_folder(new.keys.parent)
    make_folder(new.keys, mode=0o700)
    for path in sorted(old.keys.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            to = new.keys / path.relative_to(old.keys)
            make_folder(to.parent, mode=0o700)
            create_once(to, path.read_bytes(), mode=SECRET)


def _copy_journal(old: Settings, new: Settings) -> None:
    if not old.journal.exists() or old.journal.resolve() == new.journal.resolve():
        return
    said = old.journal.read_bytes()
    if not new.journal.exists():
        create_once(new.journal, said, mode=SECRET)
        return
    known = new.journal.read_bytes()
    if not said.startswith(known):
        why = "it is another journal than the old one; put them together by hand, line by line"
        raise ConfigError(what=str(new.journal), why=why)
    for line in said[len(known) :].split(b"\n")[:-1]:  # since an attempt that was broken off
        append_line(new.journal, line)


def _copy_objects(here: Places, there: Places, new: Settings, watch: Watch) -> tuple[int, int]:
    spool = new.data / "spool" / "moving"
    known = set(there.objects.listing())
    copied = total = 0

    def one(stored: str) -> int | None:
        if stored in known:
            copy_lock(here.objects, there.objects, stored)
            return None
        return copy_object(here.objects, there.objects, stored, spool)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="moving") as pool:
        for done, size in enumerate(pool.map(one, here.objects.listing()), start=1):
            if size is not None:
                copied, total = copied + 1, total + size
            watch("objects", done)
    return copied, total


async def _publish(ledger: Ledger, vault: Vault, here: Places, there: Places, watch: Watch) -> None:
    sequencer = Sequencer(ledger, there.log, vault, machine)
    for number, tenant in enumerate(await ledger.tenants(), start=1):
        note = await asyncio.to_thread(here.log(tenant.name).checkpoint)
        if note is None:
            continue
        if note != await asyncio.to_thread(there.log(tenant.name).checkpoint):
            await sequencer.republish(tenant.name)
            lines = "".join(signature.line for signature in split_note(note)[1]).encode()
            await sequencer.cosign(tenant.name, _size(note), lines)
        watch("logs", number)


async def _compared(source: Database, target: Database) -> dict[str, int]:
    """The rows of both. A log that was published has rows of its own, such as a signature."""
    rows, copied = await count_rows(source), await count_rows(target)
    differing = sorted(name for name in rows if rows[name] != copied[name])
    if differing:
        why = f"somebody wrote to it meanwhile ({', '.join(differing)}); stop the service"
        raise HeldError(what="Moving the evidence", why=why)
    return copied


async def _heads(ledger: Ledger, there: Places) -> dict[str, int]:
    """Each tenant's log: the head that the ledger committed is the one that is published."""
    heads = {}
    for tenant in await ledger.tenants():
        size, _ = await ledger.log_state(tenant.name)
        note = await asyncio.to_thread(there.log(tenant.name).checkpoint)
        if note is not None and _size(note) != size:
            why = f"the head of {tenant.name} is not the one of its ledger"
            raise CorruptionError(what="The new log", why=why)
        heads[tenant.name] = size
    return heads


def _size(note: bytes) -> int:
    return Checkpoint.parse(split_note(note)[0]).size
