"""Objects and log in a bucket with Object Lock, on a SeaweedFS of our own."""

import asyncio
import hashlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from evidence.errors import AccessError, ConfigError, CorruptionError, HeldError, OutageError
from evidence.items import InMemory
from storage.bucket import PART_BYTES, Bucket
from storage.bucket_trial import faults_of
from storage.log.s3 import S3Log
from storage.log.sequencer import Sequencer
from storage.objects.lock import UNLOCKED, Lock
from storage.objects.s3 import S3Objects
from storage.objects.spool import EncryptedSpool, SpooledContent
from storage.s3_client import Where
from tests.seaweed import Seaweed
from tests.storage.stage import TENANT, Stage, check_consistent, check_log, now

KEY = os.urandom(32)
CONTEXT = b"handle"
LARGE = os.urandom(1 << 20) * 9  # more than a part
SOON = timedelta(hours=1)


@pytest.fixture
def where(s3: Seaweed, request: pytest.FixtureRequest) -> Where:
    """A prefix for each test, so that they share a bucket."""
    digest = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    return s3.where("evidence", prefix=f"{digest}/")


@pytest.fixture
def objects(where: Where) -> S3Objects:
    return S3Objects(Bucket(where))


@pytest.fixture
def spool(tmp_path: Path) -> EncryptedSpool:
    return EncryptedSpool(tmp_path / "spool", key=KEY, context=CONTEXT)


def key_of(where: Where, stored: str) -> str:
    return f"{where.prefix}objects/{stored[:2]}/{stored}"


def put(spool: EncryptedSpool, objects: S3Objects, data: bytes, lock: Lock) -> SpooledContent:
    content = spool.keep(InMemory(data))
    objects.put(content, lock=lock)
    return content


@pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["none", "one byte", "several parts"])
def test_what_is_put_comes_back_as_received(
    spool: EncryptedSpool, objects: S3Objects, tmp_path: Path, data: bytes
) -> None:
    content = put(spool, objects, data, Lock(until=now() + SOON))
    assert not [path for path in (tmp_path / "spool").iterdir() if path.is_file()]
    content.discard()
    sha256 = hashlib.sha256(data).hexdigest()
    back = objects.open(content.stored, key=KEY, context=CONTEXT, sha256=sha256, size=len(data))
    assert back.read(len(data)) == content.read(len(data)) == data
    assert back.read_range(3, 5_000_000) == data[3:5_000_000]
    assert hashlib.sha256(b"".join(objects.raw(content.stored))).hexdigest() == content.stored
    assert list(objects.listing()) == [content.stored]
    assert objects.exists(content.stored)


@pytest.mark.parametrize("data", [b"x", LARGE], ids=["small", "several parts"])
def test_in_compliance_mode_nobody_deletes_a_version_within_its_retention(
    spool: EncryptedSpool, objects: S3Objects, s3: Seaweed, where: Where, data: bytes
) -> None:
    content = put(spool, objects, data, Lock(until=now() + SOON))
    key = key_of(where, content.stored)
    with pytest.raises(HeldError):
        objects.remove(content.stored)
    (version,) = [
        line["VersionId"]
        for line in s3.client.list_object_versions(Bucket="evidence", Prefix=key)["Versions"]
    ]
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.client.delete_object(Bucket="evidence", Key=key, VersionId=version, **bypass)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.client.put_object_retention(
            Bucket="evidence",
            Key=key,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": now() + SOON / 2},
        )
    assert b"".join(objects.raw(content.stored))


def test_an_object_behind_a_delete_marker_is_read_all_the_same(
    spool: EncryptedSpool, objects: S3Objects, s3: Seaweed, where: Where
) -> None:
    content = put(spool, objects, b"kept", Lock(until=now() + SOON))
    s3.client.delete_object(Bucket="evidence", Key=key_of(where, content.stored))
    assert not objects.exists(content.stored)
    assert content.read(10) == b"kept"
    assert hashlib.sha256(b"".join(objects.raw(content.stored))).hexdigest() == content.stored
    objects.retain(content.stored, now() + 2 * SOON)
    assert objects.lock_of(content.stored).until


def test_a_retention_grows_and_never_shrinks_and_a_hold_comes_and_goes(
    spool: EncryptedSpool, objects: S3Objects
) -> None:
    until = now().replace(microsecond=0) + SOON
    content = put(spool, objects, b"x", Lock(until=until, held=True))
    assert objects.lock_of(content.stored) == Lock(until=until, held=True)
    objects.retain(content.stored, until - SOON / 2)
    assert objects.lock_of(content.stored).until == until
    objects.retain(content.stored, until + SOON)
    objects.hold(content.stored, on=False)
    objects.hold(content.stored, on=False)
    assert objects.lock_of(content.stored) == Lock(until=until + SOON)


def test_without_a_lock_it_is_removed_for_good_and_a_hold_forbids_it(
    spool: EncryptedSpool, objects: S3Objects, s3: Seaweed, where: Where
) -> None:
    content = put(spool, objects, b"x", UNLOCKED)
    objects.hold(content.stored, on=True)
    with pytest.raises(HeldError):
        objects.remove(content.stored)
    objects.hold(content.stored, on=False)
    objects.remove(content.stored)
    left = s3.client.list_object_versions(Bucket="evidence", Prefix=where.prefix)
    assert "Versions" not in left and "DeleteMarkers" not in left
    with pytest.raises(CorruptionError, match="missing"):
        objects.lock_of(content.stored)
    with pytest.raises(CorruptionError, match="missing"):
        content.read(10)


def test_the_same_bytes_again_are_fine_and_lock_longer_but_others_stop_a_put(
    spool: EncryptedSpool, objects: S3Objects, s3: Seaweed, where: Where
) -> None:
    for data in (b"x", LARGE):
        content = spool.keep(InMemory(data))
        os.link(content.path, spare := content.path.with_name(f"{len(data)}.spool"))
        again = SpooledContent(content.sha256, content.size, content.stored, spare, KEY, CONTEXT)
        objects.put(content, lock=Lock(until=now() + SOON))
        objects.put(again, lock=Lock(until=now() + 2 * SOON, held=True))
        objects.put(again)
        lock = objects.lock_of(content.stored)
        assert lock.held and lock.until is not None and lock.until > now() + SOON
        objects.hold(content.stored, on=False)
    content = spool.keep(InMemory(b"mine"))
    s3.client.put_object(Bucket="evidence", Key=key_of(where, content.stored), Body=b"not it")
    with pytest.raises(CorruptionError, match="other bytes"):
        objects.put(content)
    assert content.read(10) == b"mine"


@pytest.mark.parametrize("size", [100, PART_BYTES + 5])
def test_bytes_that_changed_in_the_spool_are_not_kept(
    spool: EncryptedSpool, objects: S3Objects, size: int
) -> None:
    content = spool.keep(InMemory(bytes(size)))
    content.path.chmod(0o600)
    with content.path.open("r+b") as file:
        file.seek(size // 2)
        (byte,) = file.read(1)
        file.seek(size // 2)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(CorruptionError, match="changed"):
        objects.put(content)
    assert list(objects.listing()) == []


def test_a_link_gives_the_ciphertext_and_its_signature_ends(
    spool: EncryptedSpool, objects: S3Objects
) -> None:
    content = put(spool, objects, b"x", UNLOCKED)
    link = objects.link(content.stored, seconds=60)
    with urllib.request.urlopen(link) as answer:
        assert hashlib.sha256(answer.read()).hexdigest() == content.stored
    for other in (link.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), link.split("?")[0]):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(other)


def test_a_bucket_that_cannot_keep_its_promise_is_refused(s3: Seaweed) -> None:
    s3.bucket("plain", locks=False)
    Bucket(s3.where("evidence")).check()
    with pytest.raises(ConfigError, match="keeps no versions"):
        Bucket(s3.where("plain")).check()
    s3.client.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(ConfigError, match="Object Lock is off"):
        Bucket(s3.where("plain")).check()
    with pytest.raises(AccessError, match="NoSuchBucket"):
        Bucket(s3.where("nowhere")).check()
    wrong = Where(bucket="evidence", endpoint=s3.endpoint, keys=("service", "wrong"))
    with pytest.raises(AccessError, match="SignatureDoesNotMatch"):
        Bucket(wrong).check()
    with pytest.raises(OutageError):
        Bucket(Where(bucket="x", endpoint="http://127.0.0.1:9", keys=("a", "b"))).check()


@pytest.mark.parametrize("mode", ["compliance", "governance"])
def test_a_trial_finds_no_fault_with_a_bucket_that_locks(s3: Seaweed, mode: str) -> None:
    bucket = Bucket(s3.where("evidence", mode=mode, prefix=f"trial-{mode}/"))
    assert faults_of(bucket, now=datetime.now(UTC)) == []


def test_a_trial_finds_that_a_lock_is_not_heeded(s3: Seaweed) -> None:
    class Lax(Bucket):
        """As a server that takes the header and forgets it."""

        def put_new(
            self, key: str, data: bytes, *, sha256: str | None = None, lock: Lock = UNLOCKED
        ) -> bool:
            self._client.put_object(Bucket="evidence", Key=self._key(key), Body=data)
            return True

    faults = faults_of(Lax(s3.where("evidence", prefix="lax/")), now=datetime.now(UTC))
    assert len(faults) == 3
    assert any("If-None-Match" in fault for fault in faults)
    assert any("SHA-256" in fault for fault in faults)
    assert any("retention" in fault for fault in faults)


async def test_a_log_in_a_bucket_is_the_same_log(stage: Stage, where: Where) -> None:
    log = S3Log(Bucket(where), TENANT)
    sequencer = Sequencer(stage.ledger, lambda _: log, stage.vault, now)
    order = await stage.order()
    collection = await stage.collection(order)
    first = await sequencer.sequence(TENANT)
    seen = [first]
    for batch in (3, 250, 10, 300):
        await stage.bring(order, collection, [f"{len(seen)}-{n}" for n in range(batch)])
        seen.append(await sequencer.sequence(TENANT))
    head, entries = await asyncio.to_thread(check_log, log, stage.key)
    assert head.size == len(entries) == 563
    for old in seen:
        await asyncio.to_thread(check_consistent, log, old, head)
    assert log.head_sizes() == [c.size for c in seen]
    assert not log.widths("tile/0/000")  # the full tile is there
    assert log.widths("tile/0/002") == [51]
    assert set(log.files()) >= {"tile/0/000", "tile/entries/000", "tile/1/000.p/2"}


async def test_two_sequencers_over_one_bucket_publish_one_log(stage: Stage, where: Where) -> None:
    bucket = Bucket(where)
    places = [partial(S3Log, bucket) for _ in range(3)]
    sequencers = [Sequencer(stage.ledger, each, stage.vault, now) for each in places]
    order = await stage.order()
    collection = await stage.collection(order)
    for batch in range(6):
        await stage.bring(order, collection, [f"{batch}-{n}" for n in range(20)])
        await asyncio.gather(*(each.sequence(TENANT) for each in sequencers))
    head, entries = await asyncio.to_thread(check_log, places[0](TENANT), stage.key)
    assert head.size == len(entries) == 120


async def test_the_pointer_of_a_log_never_goes_back(stage: Stage, where: Where) -> None:
    log = S3Log(Bucket(where), TENANT)
    sequencer = Sequencer(stage.ledger, lambda _: log, stage.vault, now)
    order = await stage.order()
    collection = await stage.collection(order)
    await stage.bring(order, collection, ["a"])
    await sequencer.sequence(TENANT)
    old = log.read("checkpoints/1")
    await stage.bring(order, collection, ["b"])
    await sequencer.sequence(TENANT)
    newest = log.checkpoint()
    (first, _) = await stage.ledger.heads(TENANT, from_size=1)
    assert first.note is not None and old == first.note
    entries = await stage.ledger.entries(TENANT, start=0, stop=1)
    log.publish(first.note, size=1, root=first.root, old_size=0, entries=entries, again=True)
    assert log.checkpoint() == newest
    with pytest.raises(CorruptionError):
        log.publish(first.note, size=1, root=bytes(32), old_size=0, entries=entries, again=True)
    log.drop_uncovered(1)
    assert log.read_tile("tile/0/000.p/2") is None


# Not getrusage: its peak starts from that of the process which started this one.
MEASURE = """
import re, sys
from pathlib import Path
from storage.bucket import Bucket
from storage.s3_client import Where
from storage.objects.s3 import S3Objects
from storage.objects.spool import EncryptedSpool

folder, size, endpoint, prefix = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
spool = EncryptedSpool(folder / "spool", key=bytes(32), context=b"h")
keys = ("service", "service-secret")
objects = S3Objects(Bucket(Where(bucket="evidence", endpoint=endpoint, prefix=prefix, keys=keys)))
def through(size):
    piece = bytes(range(256)) * 256
    writer = spool.open(limit=size)
    for _ in range(size // len(piece)):
        writer.write(piece)
    content = spool.keep(writer.close())
    objects.put(content)
    assert sum(map(len, content.chunks())) == size
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
through(24 << 20)  # what the libraries take at first is not what is asked about
before = peak()
through(size)
print((peak() - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc/self/status")
def test_120_megabytes_pass_through_in_less_than_20_of_memory(
    s3: Seaweed, where: Where, tmp_path: Path
) -> None:
    size = str(120 << 20)
    asked = [sys.executable, "-c", MEASURE, str(tmp_path), size, s3.endpoint, where.prefix]
    root = Path(__file__).parents[2]
    done = subprocess.run(asked, check=True, capture_output=True, cwd=root, text=True)
    assert int(done.stdout) < 20, f"{done.stdout.strip()} MiB over the first 24"
