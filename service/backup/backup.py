"""A backup that is taken while the service runs, and what becomes of it after a disaster.

A backup is a folder of its own, `DIR/<time>`; `DIR/objects` is shared by all of them, since objects
never change. What is copied in which order makes it whole: the ledger at one moment, then the
objects it can name, then a log that is no older than the ledger. `backup.json` is written last; a
folder without it is no backup. Keys go elsewhere, for whoever has both can read everything.

    DIR/objects/ab/cd/<stored>        ciphertext under its SHA-256, with retention and hold
    DIR/<time>/ledger.sqlite          what the ledger said then
    DIR/<time>/log/<tenant>/…         the published log, no older than the ledger
    DIR/<time>/erasures.jsonl         the erasure journal
    DIR/<time>/backup.json            what it is, and the digests of these

Nothing is brought back over anything: what survived of objects, log and journal is newer and stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.canonical import canonical
from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError, FormatError, RequestError
from evidence.notes import split_note
from evidence.times import rfc3339
from service.settings import Settings
from storage.files import create_once, make_folder, sync_dir
from storage.journal import ErasureJournal

VERSION = 1
PIECE = 1 << 20
# How many pages of the ledger are copied before writers get their turn.
PAGES = 2_000
# As much of a manifest as is read.
MOST = 64 << 20
Watch = Callable[[str, int], None]


def unwatched(what: str, done: int) -> None:
    """The default watcher looks away."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is complete.

    objects   how many objects were copied; those that an earlier backup has were not
    bytes     how many bytes those were
    """

    folder: Path
    objects: int
    bytes: int
    tenants: tuple[str, ...]


def take(settings: Settings, to: Path, *, now: datetime, watch: Watch = unwatched) -> Taken:
    """Copy ledger, objects, log and journal below `to`. RequestError where that cannot be.

    A second one at the same second is refused; one that was broken off is not in the way.
    """
    ledger = _sqlite(settings)
    folder = to / now.strftime("%Y%m%dT%H%M%SZ")
    if folder.exists():
        raise RequestError(what=f"The backup {folder}", why="it is there already")
    inside = to.resolve().is_relative_to(settings.data.resolve())
    if inside or to.resolve().is_relative_to(settings.keys.resolve()):
        raise RequestError(what=f"The folder {to}", why="it lies in what is to be backed up")
    make_folder(folder, mode=0o700)
    _copy_ledger(ledger, folder / "ledger.sqlite")
    copied = size = 0
    if settings.s3 is None:  # a bucket has versions, locks and its own replication
        for name, length in _copy_objects(settings.data / "objects", to / "objects"):
            copied, size = copied + bool(length), size + length
            watch(name, copied)
        _copy_logs(settings.data / "log", folder / "log")
    if settings.journal.exists():
        _copy(settings.journal, folder / "erasures.jsonl")
    files = {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    tenants = _tenants(folder / "ledger.sqlite")
    said: dict[str, Any] = {
        "v": VERSION,
        "at": rfc3339(now),
        "tenants": list(tenants),
        "objects": "folder" if settings.s3 is None else "bucket",
        "files": files,
    }
    create_once(folder / "backup.json", canonical(said))
    return Taken(folder, copied, size, tenants)


def take_keys(settings: Settings, to: Path) -> int:
    """Copy the keys, mode 0600; how many files. They must not lie where the backup does."""
    count = 0
    make_folder(to, mode=0o700)
    for source in sorted(settings.keys.rglob("*")):
        if source.is_file() and not source.name.startswith("."):
            target = to / source.relative_to(settings.keys)
            make_folder(target.parent, mode=0o700)
            _copy(source, target)
            target.chmod(0o600)
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Backup:
    """One that is complete and undamaged: every file is what backup.json says."""

    folder: Path
    at: str
    tenants: tuple[str, ...]
    has_objects: bool

    @classmethod
    def open(cls, folder: Path) -> Backup:
        """Raises RequestError for what is no backup, CorruptionError for a damaged one."""
        path = folder / "backup.json"
        if not path.is_file():
            why = "it has no backup.json: it is none, or it was broken off"
            raise RequestError(what=f"The backup {folder}", why=why)
        if path.stat().st_size > MOST:
            raise CorruptionError(what=f"The backup {folder}", why="backup.json is too large")
        try:
            said = json.loads(path.read_bytes())
            files, tenants = dict(said["files"]), tuple(map(str, said["tenants"]))
            if said["v"] != VERSION:
                why = f"it is of version {said['v']}, and this is a program for {VERSION}"
                raise RequestError(what=f"The backup {folder}", why=why)
            at, has_objects = str(said["at"]), said["objects"] == "folder"
        except (ValueError, KeyError, TypeError) as error:
            why = "its backup.json cannot be read"
            raise CorruptionError(what=f"The backup {folder}", why=why) from error
        for name, digest in files.items():
            there = folder / name
            if not there.resolve().is_relative_to(folder.resolve()) or not there.is_file():
                raise CorruptionError(what=f"The backup {folder}", why=f"{name!r} is missing")
            if _digest(there) != digest:
                raise CorruptionError(what=f"The backup {folder}", why=f"{name!r} was changed")
        return cls(folder, at, tenants, has_objects)


def bring_back(
    backup: Backup, settings: Settings, *, keys: Path | None = None, watch: Watch = unwatched
) -> list[str]:
    """Put back what is not there any more; which tenants' logs had to come from the backup.

    keys   where the keys were backed up to; only for those that are lost

    RequestError if there is a ledger: it is moved away by hand, and lost by nobody's mistake.
    """
    ledger = _sqlite(settings, must_exist=False)
    if ledger.exists():
        why = "it is there; move it away (with -wal and -shm) if it is to be replaced"
        raise RequestError(what=f"The ledger {ledger}", why=why)
    make_folder(settings.data, mode=0o700)
    if keys is not None:
        make_folder(settings.keys, mode=0o700)
        for source in sorted(keys.rglob("*")):
            target = settings.keys / source.relative_to(keys)
            if source.is_file() and not target.exists():
                make_folder(target.parent, mode=0o700)
                _copy(source, target)
                target.chmod(0o600)
    _merge_journal(backup.folder / "erasures.jsonl", settings.journal)
    old_logs = []
    if settings.s3 is None:
        count = 0
        pool = backup.folder.parent / "objects"
        for name, length in _copy_objects(pool, settings.data / "objects", check=True):
            count += bool(length)
            watch(name, count)
        for tenant in backup.tenants:
            here = settings.data / "log" / tenant
            if is_log_lost(backup, settings, tenant):
                _copy_log(backup.folder / "log" / tenant, here)
                old_logs.append(tenant)
    # The ledger comes last: a start in between would otherwise make an empty one beside all this.
    _copy(backup.folder / "ledger.sqlite", ledger)
    ledger.chmod(0o600)
    return old_logs


def _sqlite(settings: Settings, *, must_exist: bool = True) -> Path:
    scheme, _, path = settings.database_url.partition("://")
    if not scheme.startswith("sqlite"):
        raise RequestError(
            what="The ledger",
            why="it is in PostgreSQL, which its own tools back up (pg_dump, or a base backup with "
            "its WAL); docs/operations.md says how, and in which order",
        )
    file = Path(path.removeprefix("/"))
    if must_exist and not file.is_file():
        raise RequestError(what=f"The ledger {file}", why="there is none to back up")
    return file


def _copy_ledger(source: Path, target: Path) -> None:
    """At one moment, while others write; what is copied is in one file, without a WAL."""
    with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as copy:
        ours.backup(copy, pages=PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)
    _sync(target)


def _tenants(ledger: Path) -> tuple[str, ...]:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        return tuple(
            row[0] for row in connection.execute("SELECT tenant FROM tenants ORDER BY tenant")
        )


def _copy_objects(source: Path, target: Path, *, check: bool = False) -> Iterator[tuple[str, int]]:
    """Names, and bytes that were copied: 0 for those that are there. Retentions only grow.

    check   CorruptionError for one whose bytes are not those of its name
    """
    if not source.is_dir():
        return
    for path in sorted(source.glob("??/??/*")):
        there = target / path.relative_to(source)
        if path.name.endswith(".hold"):
            if not there.exists():
                make_folder(there.parent, mode=0o700)
                create_once(there, b"")
            continue
        if len(path.name) != 64:
            continue
        if there.exists():
            if there.stat().st_mtime < (until := path.stat().st_mtime):
                os.utime(there, (until, until))
            yield path.name, 0
            continue
        if check and _digest(path) != path.name:
            raise CorruptionError(what=f"The object {path.name} of the backup", why="it changed")
        make_folder(there.parent, mode=0o700)
        yield path.name, _copy(path, there)


def _copy_logs(source: Path, target: Path) -> None:
    for tenant in sorted(source.iterdir()) if source.is_dir() else []:
        if (tenant / "checkpoint").exists():
            _copy_log(tenant, target / tenant.name)


def _copy_log(source: Path, target: Path) -> None:
    """A log that may grow: its head is read first and put last, when all below it is there."""
    head = (source / "checkpoint").read_bytes()
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if not path.is_file() or name.parts[0].startswith(".") or name.name == "checkpoint":
            continue
        make_folder((target / name).parent)
        try:
            _copy(path, target / name)
        except FileNotFoundError:
            continue  # a partial tile that the full one has replaced
    create_once(target / "checkpoint", head)


def _merge_journal(backed_up: Path, journal: Path) -> None:
    """What survived is newer and stays; lines that it lacks are put behind it."""
    if not backed_up.exists():
        return
    if not journal.exists():
        make_folder(journal.parent, mode=0o700)
        _copy(backed_up, journal)
        return
    ours, theirs = ErasureJournal(journal), ErasureJournal(backed_up).read()
    known = ours.read()
    for handle, erasure in theirs.erased.items():
        if handle not in known.erased:
            ours.erased(erasure)
    for handle in theirs.scrubbed - known.scrubbed:
        ours.scrubbed(handle)


def _copy(source: Path, target: Path) -> int:
    """All of it or none, with its times and mode, on stable storage; how many bytes."""
    half = target.with_name(f".{target.name}.half")
    shutil.copyfile(source, half)
    shutil.copystat(source, half)
    _sync(half)
    half.replace(target)
    sync_dir(target.parent)
    return target.stat().st_size


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def is_log_lost(backup: Backup, settings: Settings, tenant: str) -> bool:
    """Whether the tenant's log would have to come from the backup."""
    here = settings.data / "log" / tenant / "checkpoint"
    return settings.s3 is None and not here.exists() and (backup.folder / "log" / tenant).is_dir()


def check_head(backup: Backup, tenant: str, note: bytes) -> None:
    """RequestError if this head of the tenant's log is newer than the backup's.

    One of another log's says nothing here. That it is signed is not asked: whoever hands in a head
    that nobody signed keeps themselves from going on, and nobody else.
    """
    theirs = _checkpoint(note)
    ours = _checkpoint((backup.folder / "log" / tenant / "checkpoint").read_bytes())
    if theirs.origin == ours.origin and theirs.size > ours.size:
        raise RequestError(
            what=f"The log of {tenant}",
            why=f"somebody saw {theirs.size} entries, and the backup has {ours.size}: going on from"
            " it would fork the log. Get a newer copy of its files (they are public), put it into"
            " the data folder and restore again; without one, go on in a new data folder under"
            " another `log_origin`, and keep this one to verify what it sealed",
        )


def _checkpoint(note: bytes) -> Checkpoint:
    try:
        return Checkpoint.parse(split_note(note)[0])
    except (FormatError, ValueError) as error:
        raise RequestError(what="The checkpoint", why="it is no signed note of a log") from error
