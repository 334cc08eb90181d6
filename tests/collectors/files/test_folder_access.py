"""The door into a source's folder: what is behind it, and what stays outside."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.collector import FileEntry
from collectors.files import folder_access
from collectors.files.folder_access import Folder
from collectors.files.names import harmless, spoken
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, TooLargeError
from tests.collectors.folder_script import NOW, MemorySpool, sha256


def door(root: Path) -> Folder:
    return Folder(root, spool=MemorySpool())


def test_files_come_sorted_by_path_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/z.csv", "a.CSV", "c.pdf"):
        (tmp_path / name).write_bytes(b"12345")
    entries = list(door(tmp_path).entries())
    assert [(e.path, e.size) for e in entries] == [("a.CSV", 5), ("b/z.csv", 5), ("c.pdf", 5)]
    assert [e.path for e in door(tmp_path).entries(suffixes={".csv"})] == ["a.CSV", "b/z.csv"]


def test_an_opened_file_is_the_bytes_on_disk_and_their_digest(tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "pod.pdf").write_bytes(data)
    (entry,) = door(tmp_path).entries()
    content = door(tmp_path).open(entry, limit=4 << 20)
    assert (content.sha256, content.size) == (sha256(data), len(data))
    assert b"".join(door(tmp_path).stream(entry, limit=4 << 20, start=1 << 20)) == data[1 << 20 :]


def test_a_file_over_the_limit_is_refused_and_leaves_nothing_in_the_spool(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 1000)
    spool = MemorySpool()
    folder = Folder(tmp_path, spool=spool)
    (entry,) = folder.entries()
    with pytest.raises(TooLargeError):
        folder.open(entry, limit=999)
    assert spool.discarded == 1


def test_links_are_neither_listed_nor_opened(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "secret.txt").write_bytes(b"secret")
    (root / "file.txt").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside)
    assert list(door(root).entries()) == []
    for path in ("file.txt", "folder/secret.txt"):
        with pytest.raises(AccessError):
            door(root).open(FileEntry(path, 6, NOW), limit=100)


def test_a_link_that_takes_a_folders_place_after_listing_leads_nowhere(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    for folder in (outside, root / "in"):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_bytes(folder.name.encode())
    (entry,) = door(root).entries()
    (root / "in").rename(root / "was")
    (root / "in").symlink_to(outside)
    with pytest.raises(AccessError):
        door(root).open(entry, limit=100)


def test_a_fifo_and_a_socket_are_left_alone_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.csv"))
        assert list(door(tmp_path).entries()) == []
        with pytest.raises(RequestError, match="not a regular file"):
            door(tmp_path).open(FileEntry("fifo.csv", 0, NOW), limit=100)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "..", "", ".", "%2E%2E/x", "a%2Fb", "x%00y"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "x").write_bytes(b"outside")
    with pytest.raises(EvidenceError):
        door(tmp_path / "root").open(FileEntry(path, 1, NOW), limit=100)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"..\\..\\evil.exe", "..%5C..%5Cevil.exe"),
        (b"C:\\evil.exe", "C%3A%5Cevil.exe"),
        ("pod\u202efdp.exe".encode(), "pod%E2%80%AEfdp.exe"),
        (b"a\nb\x1b[31m", "a%0Ab%1B[31m"),
        (b"\xff\xfe.csv", "%FF%FE.csv"),
        (b"100%.pdf", "100%25.pdf"),
        ("订单 导出.csv".encode(), "订单 导出.csv"),
    ],
)
def test_a_name_is_shown_harmlessly_and_still_opens(
    tmp_path: Path, name: bytes, shown: str
) -> None:
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(b"here")
    (entry,) = door(tmp_path).entries()
    assert entry.path == shown
    assert door(tmp_path).open(entry, limit=10).read(10) == b"here"


@given(st.binary(min_size=1, max_size=60).filter(lambda n: b"/" not in n and b"\0" not in n))
def test_every_name_comes_back_from_what_was_shown(name: bytes) -> None:
    shown = harmless(os.fsdecode(name))
    assert spoken(shown) == name
    assert shown not in {"", ".", ".."}
    assert not set("/\\\n\u202e") & set(shown)


def test_too_many_entries_and_too_deep_folders_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path.joinpath(*"abcdefghijklmnopqr")
    deep.mkdir(parents=True)
    with pytest.raises(RequestError, match="deep"):
        list(door(tmp_path).entries())
    monkeypatch.setattr(folder_access, "MAX_ENTRIES", 3)
    with pytest.raises(TooLargeError):
        list(door(tmp_path).entries())


def test_a_file_that_grows_while_it_is_read_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"a" * (2 << 20))
    (entry,) = door(tmp_path).entries()
    stream = door(tmp_path).stream(entry, limit=8 << 20)
    next(stream)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(OutageError):
        list(stream)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"x")
    folder = door(tmp_path)
    for _ in range(50):
        (entry,) = folder.entries()
        folder.open(entry, limit=10)
        with pytest.raises(EvidenceError):
            folder.open(FileEntry("d/none", 1, NOW), limit=10)
    # Of all that this process has open, what leads here: other tests' things come and go.
    opened = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    assert not [path for path in opened if path.startswith(str(tmp_path))]
