"""The auditor over this service's own storage: it looks, and writes nothing.

The auditor is plain code that asks for one page after another; the ledger is asynchronous. So the
ledger's event loop runs in a thread of its own, and the audit in the caller's, which Ctrl-C ends.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from auditor.audit import AuditReport, audit_log, audit_tenant
from auditor.folder import FolderLog, LogReader
from auditor.keys import Keys
from auditor.ledger import Opened, Row
from auditor.report import Trust
from auditor.tally import Tally, Watch, unwatched
from evidence.canonical import digest
from evidence.errors import CorruptionError, RequestError
from evidence.receipts import commit_order
from service.places import Places, content_of, open_places
from service.settings import Settings
from storage.ledger.audit import AuditRows
from storage.ledger.database import Database
from storage.ledger.ledger import Ledger
from storage.log.s3 import S3Log
from storage.objects.objects import Objects
from storage.vault.vault import Vault

_MOST_KEYS = 100
_T = TypeVar("_T")
_Wait = Callable[[Coroutine[Any, Any, _T]], _T]


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
    """

    tenant: str = ""
    log: Path | None = None
    key: bytes | None = None
    saved: bytes | None = None
    sample: int | None = None
    opening: bool = False
    resume: Path | None = None


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
    if asked.opening and not (settings.keys / tenant / "wrapping.json").is_file():
        why = f"the tenant's keys, which --open needs, are not in {settings.keys}"
        raise RequestError(what="The audit", why=why)
    with _vault(settings, opening=asked.opening) as vault, _loop() as wait:
        database = wait(Database.open(settings.database_url))
        try:
            ledger = Ledger(database, vault, lambda: datetime.now(UTC))
            rows = AuditRows(database, vault, lambda: datetime.now(UTC))
            origin = wait(ledger.origin(tenant))
            places = open_places(settings, lambda: datetime.now(UTC))
            log = _log(settings, places, tenant)
            keys, trust = _keys(log, asked.key)
            said = {**_said(asked), "tenant": tenant, "origin": origin}
            tally = Tally.open(asked.resume, said, watch=watch, every_s=save_every_s)
            return audit_tenant(
                log,
                _Ledger(rows, tenant, wait),
                places.objects,
                keys,
                tally,
                trust=trust,
                saved=asked.saved,
                sample=asked.sample,
                opener=_Opener(ledger, places.objects, tenant, wait) if asked.opening else None,
            )
        finally:
            wait(database.close())


def _log(settings: Settings, places: Places, tenant: str) -> LogReader:
    if places.bucket is not None:
        return S3Log(places.bucket, tenant)
    return FolderLog(settings.data / "log" / tenant)


@contextmanager
def _vault(settings: Settings, *, opening: bool) -> Iterator[Vault]:
    """The vault, or an empty one: without --open no key is asked for, and none is made."""
    if opening:
        yield Vault.open(settings.keys)
        return
    with tempfile.TemporaryDirectory(prefix="orderproof-audit-") as empty:
        yield Vault.open(Path(empty) / "keys")


def _keys(log: LogReader, given: bytes | None) -> tuple[Keys, Trust]:
    """The pinned keys, or those that lie beside the log."""
    if given is not None:
        keys = Keys.parse(given)
        if not keys.log:
            raise RequestError(what="The key file", why="there is no key of a log in it (vkey)")
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
def _loop() -> Iterator[_Wait[Any]]:
    """An event loop in a thread; what is yielded runs a coroutine there and waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ledger", daemon=True)
    thread.start()

    def wait(work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        yield wait
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True, slots=True)
class _Ledger:
    """`auditor.ledger.LedgerReader` over one tenant's rows."""

    rows: AuditRows
    tenant: str
    wait: _Wait[Any]

    def heads(self) -> Iterator[tuple[int, bytes, bool]]:
        after = -1
        while page := self.wait(self.rows.heads(self.tenant, after=after)):
            yield from page
            after = page[-1][0]

    def entries(self, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = self.wait(self.rows.entries(self.tenant, start, stop))
        return found

    def count_after(self, size: int) -> int:
        return int(self.wait(self.rows.count_after(self.tenant, size)))

    def chains(self, after: tuple[str, int]) -> Sequence[Row]:
        return [Row._make(row) for row in self.wait(self.rows.chains(self.tenant, *after))]

    def loose_ends(self) -> tuple[int, int, int]:
        waiting, lost, unnamed = self.wait(self.rows.loose_ends(self.tenant))
        return waiting, lost, unnamed

    def objects(self, after: int) -> Sequence[tuple[int, str, int]]:
        found: list[tuple[int, str, int]] = self.wait(self.rows.objects(self.tenant, after=after))
        return found

    def lost_objects(self) -> Iterator[str]:
        after = -1
        while page := self.wait(self.rows.lost_objects(self.tenant, after=after)):
            for after, stored in page:  # noqa: B007 - the last is asked for next
                yield stored

    def named_by_others(self) -> Iterator[str]:
        after = 0
        while page := self.wait(self.rows.objects_of_others(self.tenant, after=after)):
            for after, stored in page:  # noqa: B007 - the last is asked for next
                yield stored

    def places_of(self, stored: str) -> Sequence[int]:
        found: list[int] = self.wait(self.rows.places_of(self.tenant, stored))
        return found

    def orders(self, after: str) -> Sequence[str]:
        found: list[str] = self.wait(self.rows.order_handles(self.tenant, after=after))
        return found


@dataclass(frozen=True, slots=True)
class _Opener:
    """`auditor.ledger.Opener`: has the vault, by way of the ledger."""

    ledger: Ledger
    objects: Objects
    tenant: str
    wait: _Wait[Any]

    def items(self, handle: str) -> Sequence[Opened] | None:
        order = self.wait(self.ledger.order_by_handle(self.tenant, handle))
        if order is None:
            return None
        if commit_order(order.salt, order.ref) != order.commitment:
            why = "its commitment is to another order than its row opens to"
            raise CorruptionError(what="The order", why=why)
        return [
            Opened(
                place=f"Receipt {line.receipt.seq}" if line.receipt else "A stamp that waits",
                stored=line.stored,
                # A stamp that waits has no commitment that anything was built on yet.
                commitment=line.receipt.commitment if line.receipt else "",
                size=line.size,
                salt=line.salt,
                sha256=line.sha256,
                content=content_of(line, order, self.objects),
            )
            for line in self.wait(self.ledger.items(order))
            if line.receipt is not None
        ]
