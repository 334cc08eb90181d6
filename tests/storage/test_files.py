"""The verbs that touch the disk."""

import stat
import threading
from pathlib import Path

import pytest

from evidence.errors import CorruptionError
from storage.files import create, create_once, link_once, make_folder, remove, replace


def test_create_once_takes_the_same_bytes_again_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    create_once(path, b"bytes")
    create_once(path, b"bytes")
    with pytest.raises(CorruptionError, match="other bytes"):
        create_once(path, b"other")
    assert path.read_bytes() == b"bytes"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_of_many_that_create_at_once_one_does(tmp_path: Path) -> None:
    made: list[bool] = []

    def go(number: int) -> None:
        made.append(create(tmp_path / "x" / "file", b"%d" % number * 1000))

    threads = [threading.Thread(target=go, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert len((tmp_path / "x" / "file").read_bytes()) == 1000
    assert len(list((tmp_path / "x").iterdir())) == 1


def test_replace_leaves_the_new_bytes_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "pointer"
    for data in (b"one", b"", b"three" * 1_000_000):
        replace(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_link_once_never_takes_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two").write_bytes(b"2")
    assert link_once(tmp_path / "one", tmp_path / "to" / "x")
    assert not link_once(tmp_path / "two", tmp_path / "to" / "x")
    assert (tmp_path / "to" / "x").read_bytes() == b"1"
    with pytest.raises(FileNotFoundError):
        link_once(tmp_path / "none", tmp_path / "to" / "y")


def test_a_folder_or_a_removal_asked_for_twice_is_fine(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b", mode=0o700)
        remove(tmp_path / "a" / "none")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
