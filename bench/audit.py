"""Verifying beside others' tools, on the same files in the same run; every figure is a ratio.

log       a log of 200,000 receipts (--full: 1,000,000) beside Go's tlog package; proofs out of it
tenant    `audit` of a ledger and its log: receipts a second, and peak memory
objects   stored bytes re-hashed beside `openssl dgst -sha256` on all cores; then `--open`
bundles   `verify` of 2,000 x 200 KB and 20,000 x 4 KB beside bagit on 2 processes

`python -m bench.audit [PART …] [--full]`. Go's verifier is built from ORDERPROOF_SHARED (or
../shared) where Go is; else that ratio is left out. Files are read once before, so that nobody
waits for a disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519

from auditor.audit import audit_log
from auditor.folder import FolderLog
from auditor.keys import Keys
from auditor.report import Trust
from auditor.tally import Tally
from auditor.verify import verify_path
from evidence.checkpoint import Checkpoint
from evidence.items import InMemory, Item, Provenance, Role
from evidence.merkle import Frontier, hash_leaf, inclusion_path
from evidence.notes import Ed25519NoteSigner, sign_note
from evidence.orders import OrderRef, Platform
from evidence.receipts import NO_RECEIPT, Receipt
from evidence.tiles import grown_bundles, grown_tiles, tile_reader
from service.audit.audit import Asked, audit
from service.settings import Settings
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.local import LocalObjects
from storage.objects.spool import EncryptedSpool
from storage.vault.vault import Vault

ORIGIN = "bench.example/log"
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
SIGNER = Ed25519NoteSigner(ORIGIN, ed25519.Ed25519PrivateKey.from_private_bytes(b"b" * 32))
CORES = os.cpu_count() or 1


def best(work: Callable[[], object], times: int = 2) -> float:
    """Seconds of the fastest run: the others waited for somebody else."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def say(what: str, **figures: float) -> None:
    shown = "  ".join(f"{name} {value:,.3g}" for name, value in figures.items())
    print(f"{what:<34} {shown}", flush=True)


# -- a log alone ------------------------------------------------------------------------------


def receipts(count: int) -> Iterator[bytes]:
    """Receipts as ours are, ten to an order."""
    prev = NO_RECEIPT
    for number in range(count):
        seq = number % 10
        hashed = hashlib.sha256(b"%d" % number).hexdigest()
        line = Receipt(
            order=hashlib.sha256(b"order %d" % (number // 10)).hexdigest(),
            seq=seq,
            prev=prev if seq else NO_RECEIPT,
            role=Role.TRACKING_HISTORY,
            commitment=hashed,
            stored=hashed,
            size=number,
            media_type="application/json",
            collector="ups/1",
            collected_at=BEGAN + timedelta(milliseconds=number),
        ).to_bytes()
        prev = hashlib.sha256(line).hexdigest()
        yield line


def write_log(folder: Path, count: int, *, batch: int = 51_200) -> None:
    """Published in batches, with every head kept; forced to no disk, which is not measured."""
    log = FolderLog(folder)
    (folder / "checkpoints").mkdir(parents=True)
    frontier = Frontier()
    lines: list[bytes] = []
    for number, line in enumerate(receipts(count), start=1):
        lines.append(line)
        if len(lines) < batch and number < count:
            continue
        old, leaves = frontier.size, [hash_leaf(each) for each in lines]
        for tile, data in (
            *grown_bundles(log.read, old_size=old, entries=lines),
            *grown_tiles(log.read, old_size=old, leaf_hashes=leaves),
        ):
            (folder / tile.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / tile.path).write_bytes(data)
        frontier.extend(leaves)
        head = Checkpoint(origin=ORIGIN, size=frontier.size, root=frontier.root())
        note = sign_note(head.text, [SIGNER])
        for name in (f"checkpoints/{frontier.size}", f"checkpoint.{frontier.size}", "checkpoint"):
            (folder / name).write_bytes(note)
        lines = []
    (folder / "log.vkey").write_text(f"{SIGNER.verifier.vkey}\n")


def go_verifier(folder: Path) -> Path | None:
    shared = Path(os.environ.get("ORDERPROOF_SHARED") or Path.cwd().parent / "shared")
    source = shared / "tools" / "tlogverify" / "main.go"
    if shutil.which("go") is None or not source.is_file():
        return None
    built = folder / "tlogverify"
    own = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "CGO_ENABLED": "0", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", built, source], check=True, env=os.environ | own)
    return built


def log(work: Path, *, full: bool) -> None:
    count = 1_000_000 if full else 200_000
    folder = work / "log"
    write_log(folder, count)

    def ours() -> None:
        report = audit_log(
            FolderLog(folder), Keys(log=(SIGNER.verifier,)), Tally(asked={}), trust=Trust.PINNED
        )
        if not report.ok or report.counts["entries"] != count:
            raise SystemExit("the log did not hold")

    proofs(folder, count)
    ours_s = best(ours)
    go = go_verifier(work)
    if go is None:
        say(f"log of {count:,}", ours_s=ours_s)
        return
    words = [str(go), "log", "-vkey", SIGNER.verifier.vkey, "-dir", str(folder)]
    go_s = best(lambda: subprocess.run(words, check=True, capture_output=True))
    say(f"log of {count:,} beside Go", ours_s=ours_s, go_s=go_s, times_go=ours_s / go_s)


def proofs(folder: Path, count: int) -> None:
    """Inclusion proofs of receipts all over the log, each from tiles that nothing here holds."""
    read = FolderLog(folder).read
    took = []
    for number in range(500):
        index = number * 7_919 % count
        began = time.perf_counter()
        inclusion_path(tile_reader(read, size=count), index=index, size=count)
        took.append((time.perf_counter() - began) * 1e3)
    say(f"proof of inclusion, of {count:,}", median_ms=statistics.median(took), worst_ms=max(took))


# -- a tenant ---------------------------------------------------------------------------------


async def fill(folder: Path, *, orders: int, each: int, size: int) -> Settings:
    """A ledger with its log and objects: `each` items of `size` random bytes an order."""
    settings = Settings(data=folder / "data", keys=folder / "keys", log_origin="bench.example")
    vault = Vault.open(settings.keys)

    def now() -> datetime:
        return datetime.now(UTC)

    ledger = await Ledger.open(settings.database_url, vault=vault, clock=now)
    objects = LocalObjects(settings.data / "objects")
    files = LogFiles(settings.data / "log" / settings.tenant)
    await ledger.tenant(settings.tenant, origin=settings.origin_of(settings.tenant))
    for number in range(orders):
        ref = OrderRef(Platform.OTHER, f"bench-{number:07d}")
        order = await ledger.order(settings.tenant, ref)
        collection, _ = await ledger.start_collection(order, policy="p/1", sources=["erp"])
        spool = EncryptedSpool(settings.data / "spool", key=order.key, context=order.context)
        kept = []
        for at in range(each):
            item = Item(
                role=Role.DOCUMENT,
                key=str(at),
                content=InMemory(os.urandom(size)),
                media_type="application/octet-stream",
                collector="erp/1",
                origin="seller",
                provenance=Provenance.UPLOAD,
                collected_at=now(),
            )
            content = spool.keep(item.content)
            objects.put(content)
            kept.append((item, content))
        await ledger.keep(order, collection.id, "erp", kept)
    await Sequencer(ledger, lambda _: files, vault, now).sequence(settings.tenant)
    await ledger.close()
    return settings


def held(settings: Settings, *, opening: bool = False) -> dict[str, int]:
    report = audit(Asked(opening=opening), lambda: settings)
    if not report.ok:
        raise SystemExit("\n".join(report.lines()))
    return report.counts


def tenant(work: Path, *, full: bool) -> None:
    """Rows and receipts: the objects are as small as they can be."""
    orders = 2_000 if full else 300
    settings = asyncio.run(fill(work / "tenant", orders=orders, each=10, size=1))
    took = best(lambda: held(settings))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"tenant of {orders * 10:,} receipts", receipts_per_s=orders * 10 / took, peak_mb=peak)


def objects(work: Path, *, full: bool) -> None:
    for size, count in ((1 << 20, 800 if full else 300), (8 << 20, 100 if full else 40)):
        _objects(work / f"objects-{size}", size=size, count=count)


def _objects(folder: Path, *, size: int, count: int) -> None:
    settings = asyncio.run(fill(folder, orders=4, each=count // 4, size=size))
    files = [str(path) for path in (settings.data / "objects").rglob("*") if path.is_file()]
    # One openssl a core, with as many files each: it is started as seldom as can be.
    words = ["xargs", "-P", str(CORES), "-n", str(-(-count // CORES)), "openssl", "dgst", "-sha256"]

    def openssl() -> None:
        subprocess.run(words, input="\n".join(files), text=True, check=True, capture_output=True)

    openssl_s = best(openssl, 3)
    audit_s = best(lambda: held(settings), 3)
    open_s = best(lambda: held(settings, opening=True), 3)
    say(
        f"{count} objects of {size >> 20} MB",
        openssl_GB_per_s=count * size / openssl_s / 1e9,
        audit_to_openssl=openssl_s / audit_s,
        open_to_openssl=openssl_s / open_s,
    )
    shutil.rmtree(folder)


# -- bundles ----------------------------------------------------------------------------------


def bundles(work: Path, *, full: bool) -> None:
    """`full` is the size that the goal names; else a quarter of the files."""
    for count, size in ((2_000, 200 << 10), (20_000, 4 << 10)):
        _bundle(work / f"bundle-{size}", count=count if full else count // 4, size=size)


def _bundle(work: Path, *, count: int, size: int) -> None:
    from tests.auditor.bundles import make

    work.mkdir()
    path = work / "bundle.zip"
    path.write_bytes(make([os.urandom(size) for _ in range(count)]).zip())
    shutil.unpack_archive(path, work / "unpacked")
    (bag,) = (work / "unpacked").iterdir()

    def ours(what: Path) -> None:
        if not verify_path(what).ok:
            raise SystemExit("the bundle did not hold")

    zip_s = best(lambda: ours(path), 3)
    bag_s = best(lambda: ours(bag), 3)
    words = [sys.executable, "-m", "bagit", "--validate", "--quiet", "--processes", "2", str(bag)]
    bagit_s = best(lambda: subprocess.run(words, check=True, capture_output=True), 3)
    say(
        f"bundle of {count:,} x {size >> 10} KB",
        zip_s=zip_s,
        bag_s=bag_s,
        bagit_s=bagit_s,
        zip_to_bagit=zip_s / bagit_s,
        bag_to_bagit=bag_s / bagit_s,
    )
    shutil.rmtree(work)


PARTS = {"log": log, "tenant": tenant, "objects": objects, "bundles": bundles}


def main(words: list[str]) -> None:
    full = "--full" in words
    names = [word for word in words if word != "--full"] or list(PARTS)
    with tempfile.TemporaryDirectory(prefix="orderproof-bench-") as folder:
        for name in names:
            PARTS[name](Path(folder), full=full)
            with suppress(FileNotFoundError):
                shutil.rmtree(Path(folder) / name)


if __name__ == "__main__":
    main(sys.argv[1:])
