"""ZIPs and folders made to escape, to swell, to hide or to hang: each is told, none is followed."""

import io
import os
import struct
import threading
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from auditor.bag import Bag, check_bag
from auditor.hashing import Hashing
from auditor.report import Checks, Report, State
from auditor.sources import open_source
from auditor.verify import verify_path
from evidence.archive import (
    Entry,
    Member,
    central_header,
    end_records,
    local_header,
)
from evidence.bundle import STATEMENT, write_bundle
from evidence.canonical import canonical
from evidence.errors import RequestError
from evidence.items import InMemory
from tests.auditor.bundles import failures, make, verified, zip_of

FOLDER = "orderproof-0000000000000000"


def with_zipfile(
    *added: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED
) -> bytes:
    """A valid bundle's files, and more, as another program writes them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for entry in make(2).entries():
            archive.writestr(entry.name, entry.content.read(1 << 20))
        for name, data in added:
            archive.writestr(name, data)
    return out.getvalue()


def bytes_to_hash(folder: Path, data: bytes) -> int:
    """How many bytes a verifier of this ZIP would read for hashing."""
    path = folder / "to-hash.zip"
    path.write_bytes(data)
    source = open_source(path)
    source.close()
    path.unlink()
    return sum(source.sizes.values())


def told(report: Report, *parts: str) -> bool:
    assert not report.ok
    return any(all(part in line for part in parts) for line in failures(report))


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "/etc/passwd",
        "orderproof-0/../../x",
        "C:\\x",
        "a//b",
        "a/./b",
        "x\x1b[2J",
        "é",
        "con.",
    ],
)
def test_an_entry_that_would_escape_or_confuse_is_named_and_not_followed(
    tmp_path: Path, name: str
) -> None:
    report = verified(tmp_path, with_zipfile((name, b"x")))
    assert told(report, "zip:", "unsafe name")
    assert all("\x1b" not in line for line in report.lines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.zip"]


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    bomb = with_zipfile((f"{FOLDER}/data/bomb", bytes(200 << 20)), how=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    report = verified(tmp_path, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told(report, "zip:", "not the one its directory calls for") or told(report, "zip:")
    assert peak < 20 << 20
    assert bytes_to_hash(tmp_path, bomb) < len(bomb)


def test_many_entries_over_the_same_bytes_are_not_read_again_and_again(tmp_path: Path) -> None:
    data = bytes(1 << 20)
    first = Member(name=f"{FOLDER}/data/00000", size=len(data), crc32=0, offset=0)
    body = local_header(first) + data
    members = [
        Member(name=f"{FOLDER}/data/{number:05d}", size=len(data), crc32=0, offset=0)
        for number in range(20_000)
    ]
    directory = b"".join(map(central_header, members))
    end = end_records(count=len(members), size=len(directory), offset=len(body))
    report = verified(tmp_path, body + directory + end)
    assert told(report, "zip:", "data/00001", "overlaps")
    assert bytes_to_hash(tmp_path, body + directory + end) == len(data)


def test_a_second_entry_of_the_same_name_is_told(tmp_path: Path) -> None:
    entries = make(2).entries()
    name = next(entry.name for entry in entries if "/data/" in entry.name)
    with pytest.warns(UserWarning, match="Duplicate"):
        out = io.BytesIO(zip_of(entries))
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(name, b"what an unzip that takes the last one would show")
    assert told(verified(tmp_path, out.getvalue()), "zip:", name, "out of order or there twice")


def test_a_file_hidden_between_the_entries_is_told(tmp_path: Path) -> None:
    data = zip_of(make(2).entries())
    count, size, offset = struct.unpack_from("<HLL", data, len(data) - 12)
    hidden = local_header(Member(name=f"{FOLDER}/hidden", size=3, crc32=0, offset=0)) + b"ABC"
    directory = data[offset : offset + size]
    end = end_records(count=count, size=size, offset=offset + len(hidden))
    bent = data[:offset] + hidden + directory + end
    assert zipfile.ZipFile(io.BytesIO(bent)).testzip() is None, "others see nothing wrong"
    assert told(verified(tmp_path, bent), "zip:", "belong to no file")


@pytest.mark.parametrize("cut", [1, 21, 22, 23, 500, 5_000])
def test_a_truncated_zip_is_told(tmp_path: Path, cut: int) -> None:
    assert told(verified(tmp_path, zip_of(make(2).entries())[:-cut]), "zip:")


def test_bytes_behind_before_or_in_a_comment_are_told(tmp_path: Path) -> None:
    data = zip_of(make(2).entries())
    assert told(verified(tmp_path, data + b"!"), "zip:", "cut short or added to")
    assert told(verified(tmp_path, b"#!/bin/sh\n" + data), "zip:")
    commented = data[:-2] + struct.pack("<H", 5) + b"hello"
    assert told(verified(tmp_path, commented), "zip:")
    assert told(verified(tmp_path, data + data), "zip:")


def test_the_same_files_zipped_by_another_program_are_told_apart(tmp_path: Path) -> None:
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert told(verified(tmp_path, with_zipfile(how=how)), "zip:")


def test_a_bundle_in_a_folder_of_another_name_is_told(tmp_path: Path) -> None:
    entries = make(2).entries()
    renamed = [Entry(f"other/{entry.name.partition('/')[2]}", entry.content) for entry in entries]
    assert told(verified(tmp_path, zip_of(renamed)), "zip:", "other")
    outside = [*entries, Entry("outside.txt", InMemory(b"x"))]
    assert told(verified(tmp_path, zip_of(outside)), "zip:", "outside.txt")


def test_links_devices_and_depths_in_a_folder_are_told_and_not_opened(tmp_path: Path) -> None:
    for entry in make(2).entries():
        path = tmp_path / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    folder = next(tmp_path.iterdir())
    (folder / "data" / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "data" / "pipe")
    deep = folder / "/".join("d" * 12)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x")
    answer: list[Report] = []
    # A pipe without a writer would hold whoever opens it.
    thread = threading.Thread(target=lambda: answer.append(verify_path(folder)), daemon=True)
    thread.start()
    thread.join(20)
    assert answer, "it hangs"
    for name in ("data/link", "loop", "data/pipe"):
        assert told(answer[0], "folder:", name, "link or a device")
    assert told(answer[0], "folder:", "folders deep")


def test_a_file_name_that_no_json_and_no_terminal_can_hold_is_escaped(tmp_path: Path) -> None:
    for entry in make(2).entries():
        path = tmp_path / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    folder = next(tmp_path.iterdir())
    name = os.fsencode(folder) + b"/data/\xff\x1b[2J\xe2\x80\xae"
    with open(name, "wb") as file:
        file.write(b"x")
    report = verify_path(folder)
    assert told(report, "files:", "was added")
    said = "\n".join(report.lines()) + canonical(report.to_json()).decode()
    assert not set("\x1b\u202e") & set(said)
    said.encode("utf-8")


def test_a_device_or_pipe_in_place_of_the_bundle_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path / "absent"):
        with pytest.raises(RequestError):
            verify_path(path)


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    for entry in make(2).entries():
        path = tmp_path / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    folder = next(tmp_path.iterdir())
    bag = Bag(open_source(folder), Checks())
    statement = bag.read(STATEMENT, "statement")
    assert statement is not None
    (folder / "README.txt").write_bytes(b"shorter")
    (folder / "bagit.txt").unlink()
    (folder / STATEMENT).write_bytes(statement.replace(b"e", b"E"))  # after it was read
    with Hashing(bag.source) as hashing:
        bag.settle(hashing.found())
    check_bag(bag)
    failed = {check.where for check in bag.checks if check.state is State.FAIL}
    assert {"README.txt", "bagit.txt", STATEMENT} <= failed
    assert f"{STATEMENT} changed while it was checked." in {check.what for check in bag.checks}


def test_random_bytes_dressed_as_a_zip_never_crash_the_auditor(tmp_path: Path) -> None:
    import random

    dice = random.Random(5)
    good = zip_of(make(1).entries())
    for _ in range(150):
        data = bytearray(good)
        low = dice.randrange(len(data))
        high = min(len(data), low + dice.randrange(1, 400))
        data[low:high] = dice.randbytes(dice.randrange(0, 400))
        try:
            report = verified(tmp_path, bytes(data))
        except RequestError:
            continue
        assert not report.ok or bytes(data) == good


def test_a_bundle_of_many_megabytes_is_read_in_little_memory(tmp_path: Path) -> None:
    made = make([bytes(40 << 20), b"x"])
    path = tmp_path / "bundle.zip"
    with path.open("wb") as out:
        write_bundle(out, made.entries())
    tracemalloc.start()
    report = verify_path(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.ok
    assert peak < 12 << 20
