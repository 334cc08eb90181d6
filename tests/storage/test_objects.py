"""Bytes on their way to the disk, and back."""

import hashlib
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.errors import CorruptionError, HeldError, RequestError, TooLargeError
from evidence.items import InMemory
from storage.objects.local import LocalObjects
from storage.objects.lock import Lock
from storage.objects.spool import EncryptedSpool, SpooledContent

KEY = os.urandom(32)
CONTEXT = b"handle"
MARK = b"Erika Mustermann, Musterstr. 1;"
LARGE = MARK * 40_000  # 1.2 MB


@pytest.fixture
def spool(tmp_path: Path) -> EncryptedSpool:
    return EncryptedSpool(tmp_path / "spool", key=KEY, context=CONTEXT)


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


def files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["none", "one byte", "over a segment"])
def test_what_is_kept_and_put_comes_back_as_received(
    spool: EncryptedSpool, objects: LocalObjects, data: bytes
) -> None:
    content = spool.keep(InMemory(data))
    objects.put(content)
    sha256 = hashlib.sha256(data).hexdigest()
    back = objects.open(content.stored, key=KEY, context=CONTEXT, sha256=sha256, size=len(data))
    assert (content.sha256, content.size) == (sha256, len(data))
    assert back.read(len(data)) == b"".join(back.chunks()) == content.read(len(data)) == data
    assert back.read_range(3, 900_000) == data[3:900_000]
    assert hashlib.sha256(b"".join(objects.raw(content.stored))).hexdigest() == content.stored
    assert list(objects.listing()) == [content.stored]


def test_an_object_is_read_only_and_its_name_in_the_spool_is_gone(
    spool: EncryptedSpool, objects: LocalObjects, tmp_path: Path
) -> None:
    content = spool.keep(InMemory(b"x"))
    objects.put(content)
    (path,) = files_below(tmp_path)
    assert path == tmp_path / "objects" / content.stored[:2] / content.stored[2:4] / content.stored
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.stat().st_nlink == 1


def test_put_twice_is_fine_and_a_crash_after_the_link_too(
    spool: EncryptedSpool, objects: LocalObjects
) -> None:
    content = spool.keep(InMemory(LARGE))
    again = SpooledContent(content.sha256, content.size, content.stored, content.path, KEY, CONTEXT)
    os.link(content.path, spare := content.path.with_name("spare.spool"))
    objects.put(content)
    objects.put(content)
    again.path = spare
    objects.put(again)
    assert again.read(len(LARGE)) == LARGE
    assert not spare.exists()


def test_other_bytes_under_its_name_stop_a_put(
    spool: EncryptedSpool, objects: LocalObjects, tmp_path: Path
) -> None:
    content = spool.keep(InMemory(b"x"))
    path = tmp_path / "objects" / content.stored[:2] / content.stored[2:4] / content.stored
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not it")
    with pytest.raises(CorruptionError, match="other bytes"):
        objects.put(content)
    assert path.read_bytes() == b"not it"
    assert content.read(10) == b"x"


def test_nothing_reaches_the_disk_in_the_clear(spool: EncryptedSpool, tmp_path: Path) -> None:
    writer = spool.open(limit=len(LARGE))
    for at in range(0, len(LARGE), 10_000):
        writer.write(LARGE[at : at + 10_000])
        for path in files_below(tmp_path):
            assert MARK not in path.read_bytes()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files_below(tmp_path)
    writer.discard()


def test_a_small_body_stays_in_memory_until_it_is_kept(
    spool: EncryptedSpool, tmp_path: Path
) -> None:
    writer = spool.open(limit=100)
    writer.write(b"small")
    content = writer.close()
    assert content.read(100) == b"small"
    assert not files_below(tmp_path)
    assert spool.keep(content).read(100) == b"small"


def test_a_large_body_is_in_the_spool_once_closed_and_is_not_copied_to_be_kept(
    spool: EncryptedSpool, tmp_path: Path
) -> None:
    writer = spool.open(limit=len(LARGE))
    writer.write(LARGE)
    content = writer.close()
    assert len(files_below(tmp_path)) == 1
    assert spool.keep(content) is content
    assert content.read(len(LARGE)) == LARGE


def test_content_of_another_orders_spool_is_encrypted_anew(
    spool: EncryptedSpool, tmp_path: Path
) -> None:
    other = EncryptedSpool(tmp_path / "spool", key=os.urandom(32), context=b"other")
    content = other.keep(InMemory(LARGE))
    kept = spool.keep(content)
    assert kept.stored != content.stored
    assert kept.read(len(LARGE)) == LARGE


@pytest.mark.parametrize("size", [10, 200_000])
def test_one_byte_over_the_limit_is_refused_and_leaves_nothing(
    spool: EncryptedSpool, tmp_path: Path, size: int
) -> None:
    writer = spool.open(limit=size)
    writer.write(bytes(size))
    with pytest.raises(TooLargeError):
        writer.write(b"x")
    writer.discard()
    writer.discard()
    with pytest.raises(TooLargeError):
        spool.keep(InMemory(bytes(size + 1)), limit=size)
    assert not files_below(tmp_path)


def test_a_write_after_close_is_refused(spool: EncryptedSpool) -> None:
    writer = spool.open(limit=10)
    writer.close()
    with pytest.raises(RequestError):
        writer.write(b"x")


def test_content_that_lies_about_its_digest_is_not_kept(
    spool: EncryptedSpool, tmp_path: Path
) -> None:
    liar = InMemory(b"x")
    object.__setattr__(liar, "sha256", "0" * 64)
    with pytest.raises(CorruptionError):
        spool.keep(liar)
    assert not files_below(tmp_path)


def test_a_changed_cut_or_missing_object_is_named(
    spool: EncryptedSpool, objects: LocalObjects
) -> None:
    content = spool.keep(InMemory(LARGE))
    objects.put(content)
    whole = content.path.read_bytes()

    def read() -> bytes:
        back = objects.open(
            content.stored, key=KEY, context=CONTEXT, sha256=content.sha256, size=content.size
        )
        return back.read(len(LARGE))

    assert read() == LARGE
    content.path.unlink()
    flipped = whole[:500_000] + bytes([whole[500_000] ^ 1]) + whole[500_001:]
    for wrong in (whole[:-1], whole + b"x", flipped):
        content.path.write_bytes(wrong)
        with pytest.raises(CorruptionError):
            read()
    content.path.unlink()
    for missing in (read, lambda: objects.raw(content.stored)):
        with pytest.raises(CorruptionError, match="missing"):
            missing()


def test_an_object_of_the_order_that_is_not_the_item_is_refused(
    spool: EncryptedSpool, objects: LocalObjects
) -> None:
    mine, other = spool.keep(InMemory(b"mine")), spool.keep(InMemory(b"them"))
    objects.put(other)
    back = objects.open(other.stored, key=KEY, context=CONTEXT, sha256=mine.sha256, size=4)
    with pytest.raises(CorruptionError, match="not those that were received"):
        back.read(10)


@pytest.mark.parametrize("name", ["", "../x", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_that_is_no_digest_never_reaches_the_disk(objects: LocalObjects, name: str) -> None:
    with pytest.raises(RequestError):
        objects.exists(name)


def test_an_object_within_its_retention_or_under_a_hold_is_not_removed(
    spool: EncryptedSpool, tmp_path: Path
) -> None:
    at = [datetime(2040, 1, 1, tzinfo=UTC)]
    objects = LocalObjects(tmp_path / "objects", clock=lambda: at[0])
    until = at[0] + timedelta(days=90)
    content = spool.keep(InMemory(b"x"))
    objects.put(content, lock=Lock(until=until, held=True))
    assert objects.lock_of(content.stored) == Lock(until=until, held=True)
    objects.retain(content.stored, until - timedelta(days=1))
    assert objects.lock_of(content.stored).until == until
    with pytest.raises(HeldError, match="retention or a legal hold"):
        objects.remove(content.stored)
    at[0] = until
    with pytest.raises(HeldError):
        objects.remove(content.stored)
    objects.hold(content.stored, on=False)
    objects.hold(content.stored, on=False)
    objects.retain(content.stored, until + timedelta(days=1))
    with pytest.raises(HeldError):
        objects.remove(content.stored)
    at[0] += timedelta(days=1)
    assert list(objects.listing()) == [content.stored]
    objects.remove(content.stored)
    assert list(objects.listing()) == []
    for act in (objects.lock_of, objects.remove):
        with pytest.raises(CorruptionError, match="missing"):
            act(content.stored)


def test_the_same_bytes_put_again_are_locked_for_longer(
    spool: EncryptedSpool, objects: LocalObjects
) -> None:
    content = spool.keep(InMemory(b"x"))
    until = datetime(2041, 1, 1, tzinfo=UTC)
    objects.put(content)
    objects.put(content, lock=Lock(until=until, held=True))
    objects.put(content)
    assert objects.lock_of(content.stored) == Lock(until=until, held=True)


# Not getrusage: its peak starts from that of the process which started this one.
MEASURE = """
import re, sys
from pathlib import Path
from storage.objects.local import LocalObjects
from storage.objects.spool import EncryptedSpool

folder, size = Path(sys.argv[1]), int(sys.argv[2])
spool = EncryptedSpool(folder / "spool", key=bytes(32), context=b"h")
objects = LocalObjects(folder / "objects")
piece = bytes(range(256)) * 256
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

before = peak()
writer = spool.open(limit=size)
for _ in range(size // len(piece)):
    writer.write(piece)
content = spool.keep(writer.close())
objects.put(content)
back = objects.open(content.stored, key=bytes(32), context=b"h", sha256=content.sha256, size=size)
assert sum(map(len, back.chunks())) == size
print((peak() - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc/self/status")
def test_300_megabytes_pass_through_in_less_than_30_of_memory(tmp_path: Path) -> None:
    asked = [sys.executable, "-c", MEASURE, str(tmp_path), str(300 << 20)]
    root = Path(__file__).parents[2]
    done = subprocess.run(asked, check=True, capture_output=True, cwd=root, text=True)
    assert int(done.stdout) < 30, f"{done.stdout.strip()} MiB over the start"
    for path in files_below(tmp_path):
        path.unlink()
