"""The auditor over this service's own storage: it looks, and writes nothing.

The auditor is plain code that asks for one page after another; the ledger is asynchronous. So the
ledger's event loop runs in a thread of its own, and the audit in the caller's, which Ctrl-C ends.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.audit import AuditReport, audit_log, audit_tenant
from auditor.folder import FolderLog, LogReader
from auditor.keys import Keys
from auditor.report import Trust
from auditor.tally import Tally, Watch, unwatched
from evidence.canonical import digest
from evidence.errors import RequestError
from service.audit.parts import ByWorkers
from service.audit.rows import ByKeys, Rows, Wait
from service.clock import machine
from service.places import Places, open_places
from service.settings import Settings
from storage.ledger.audit import AuditRows
from storage.ledger.database import Database
from storage.ledger.ledger import Ledger
from storage.log.s3 import S3Log
from storage.vault.vault import Vault

_MOST_KEYS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an audit is asked to do.

    tenant   whose; "" for that of the settings
    log      a log's folder to be checked alone; None for the whole tenant
    key      keys got from elsewhere; None takes the one in the log's own folder, and says so
    saved    a signed checkpoint kept from before
    sample   re-hash so many objects instead of all
    opening  decrypt too
    resume   a file that keeps how far the audit has come; removed once it is complete
    workers  objects are hashed, and orders opened, by all workers of the queue; needs the keys
    """

    tenant: str = ""
    log: Path | None = None
    key: bytes | None = None
    saved: bytes | None = None
    sample: int | None = None
    opening: bool = False
    resume: Path | None = None
    workers: bool = False


def audit(
    asked: Asked,
    settings: Callable[[], Settings],
    *,
    watch: Watch = unwatched,
    save_every_s: float = 2.0,
) -> AuditReport:
    """Raises RequestError, AccessError or OutageError if it cannot be asked."""
    if asked.log is not None:
        if not asked.log.is_dir():
            raise RequestError(what=str(asked.log), why="it is not a folder")
        log = FolderLog(asked.log)
        keys, trust = _keys(log, asked.key)
        said = {**_said(asked), "log": str(asked.log.resolve())}
        tally = Tally.open(asked.resume, said, watch=watch, every_s=save_every_s)
        return audit_log(log, keys, tally, trust=trust, saved=asked.saved)
    return _audit_tenant(asked, settings(), watch=watch, save_every_s=save_every_s)


def _audit_tenant(
    asked: Asked, settings: Settings, *, watch: Watch, save_every_s: float
) -> AuditReport:
    tenant = asked.tenant or settings.tenant
    if settings.s3 is None and not (settings.data / "objects").is_dir():
        raise RequestError(what="The audit", why=f"there is no evidence in {settings.data}")
    if not settings.database and not (settings.data / "ledger.sqlite").is_file():
        raise RequestError(what="The audit", why=f"there is no ledger in {settings.data}")
    with_keys = asked.opening or asked.workers
    if with_keys and not (settings.keys / tenant / "wrapping.json").is_file():
        why = f"the tenant's keys, which --open and --workers need, are not in {settings.keys}"
        raise RequestError(what="The audit", why=why)
    with _vault(settings, with_keys=with_keys) as vault, _loop() as wait:
        database = wait(Database.open(settings.database_url))
        try:
            ledger = Ledger(database, vault, machine)
            rows = AuditRows(database, vault, machine)
            origin = wait(ledger.origin(tenant))
            places = open_places(settings, machine)
            log = _log(settings, places, tenant)
            if log.read("log.vkey") is None and not wait(rows.count_after(tenant, 0)):
                why = "nothing was collected yet, so there is nothing to audit"
                raise RequestError(what="The audit", why=why)
            keys, trust = _keys(log, asked.key)
            said = {**_said(asked), "tenant": tenant, "origin": origin}
            tally = Tally.open(asked.resume, said, watch=watch, every_s=save_every_s)
            return audit_tenant(
                log,
                Rows(rows, tenant, wait),
                places.objects,
                keys,
                tally,
                trust=trust,
                saved=asked.saved,
                sample=asked.sample,
                opener=ByKeys(ledger, places.objects, tenant, wait) if asked.opening else None,
                parts=_by_workers(settings, vault, tenant, tally, wait) if asked.workers else None,
            )
        finally:
            wait(database.close())


def _by_workers(
    settings: Settings, vault: Vault, tenant: str, tally: Tally, wait: Wait
) -> ByWorkers:
    """Taken up again, an audit has the same id, so what workers did meanwhile is found."""
    known = tally.cursors.setdefault("workers", {"id": secrets.token_hex(16)})
    parts: ByWorkers = wait(
        ByWorkers.begin(settings, vault, tenant=tenant, audit=known["id"], watch=tally.watch)
    )
    return parts


def _log(settings: Settings, places: Places, tenant: str) -> LogReader:
    if places.bucket is not None:
        return S3Log(places.bucket, tenant)
    return FolderLog(settings.data / "log" / tenant)


@contextmanager
def _vault(settings: Settings, *, with_keys: bool) -> Iterator[Vault]:
    """The vault, or an empty one, so that no key is asked for, and none is made."""
    if with_keys:
        yield Vault.open(settings.keys)
        return
    with tempfile.TemporaryDirectory(prefix="orderproof-audit-") as empty:
        yield Vault.open(Path(empty) / "keys")


def _keys(log: LogReader, given: bytes | None) -> tuple[Keys, Trust]:
    """The pinned keys, or those that lie beside the log."""
    if given is not None:
        keys = Keys.parse(given, what="The file of --key")
        if not keys.log:
            raise RequestError(
                what="The file of --key", why="there is no key of a log in it (vkey)"
            )
        return keys, Trust.PINNED
    found = []
    # A key that took the place of an earlier one is published beside it.
    for name in ("log.vkey", *(f"log.{number}.vkey" for number in range(2, _MOST_KEYS))):
        raw = log.read(name)
        if raw is None:
            break
        found.append(raw.strip())
    if not found:
        why = "it has no log.vkey, so there is no key to check it with: give one with --key"
        raise RequestError(what="The log", why=why)
    return Keys.parse(b"\n".join(found), what="log.vkey"), Trust.BUNDLE


def _said(asked: Asked) -> dict[str, Any]:
    """What must be asked again for an interrupted audit to go on."""
    return {
        "key": digest(asked.key or b""),
        "saved": digest(asked.saved or b""),
        "sample": asked.sample,
        "opening": asked.opening,
    }


@contextmanager
def _loop() -> Iterator[Wait]:
    """An event loop in a thread; what is yielded runs a coroutine there and waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ledger", daemon=True)
    thread.start()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        yield wait
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
