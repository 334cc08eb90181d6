"""The few verbs that touch a disk. Each says what holds once it returns, and after a crash.

A file appears under its name whole or not at all: it is written under a name that begins with a
dot and ends in `.tmp`, forced to the disk, and only then given its name. A crash may leave such a
`.tmp` behind, which nobody reads.

Errors of the operating system (a full disk, no permission) come through as OSError: nothing was
put under the name then, and the same call may be made again.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from evidence.errors import CorruptionError

READ_ONLY = 0o444
SECRET = 0o600
REPLACED = 0o644
_PIECE = 1 << 20
_AT_ONCE = 8

_Thing = TypeVar("_Thing")


def create(path: Path, data: bytes, *, mode: int = READ_ONLY) -> bool:
    """Put `data` at `path` unless something is there already; True if it was put.

    Whichever it is, what is there is still there after a power cut.
    """
    make_folder(path.parent)
    with _temporary(path, data, mode) as written:
        try:
            os.link(written, path)
            made = True
        except FileExistsError:
            made = False
    sync_dir(path.parent)
    return made


def create_once(path: Path, data: bytes, *, mode: int = READ_ONLY) -> None:
    """Put `data` at `path`: all of it or none, and still there after a power cut.

    The same bytes again are fine; other bytes there raise CorruptionError.
    """
    if path.exists() or not create(path, data, mode=mode):
        if path.read_bytes() != data:
            raise CorruptionError(what=path.name, why="other bytes are there already")
        # Whoever put it may have died before the folder was forced to the disk.
        sync_dir(path.parent)


def replace(path: Path, data: bytes, *, mode: int = REPLACED) -> None:
    """Put `data` at `path` in place of what is there; a reader sees one or the other, whole."""
    make_folder(path.parent)
    with _temporary(path, data, mode) as written:
        os.replace(written, path)
    sync_dir(path.parent)


def link_once(source: Path, target: Path) -> bool:
    """Give the file `source` the second name `target`; False if something is there already.

    `source` must have been forced to the disk by whoever wrote it. Both lie on one file system.
    """
    make_folder(target.parent)
    try:
        os.link(source, target)
        made = True
    except FileExistsError:
        made = False
    sync_dir(target.parent)
    return made


def remove(path: Path) -> None:
    """Take the name away. No word on when it is gone for good; fine if it is gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def remove_folder(path: Path) -> None:
    """Take away a folder of files, as far as that is possible; what stays does no harm."""
    with contextlib.suppress(OSError):
        for child in list(path.iterdir()):
            os.unlink(child)
        os.rmdir(path)


def sync_dir(path: Path) -> None:
    """Names put into the folder `path`, or taken out of it, stay so after a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(handle: int) -> None:
    """What was written to the open file `handle` is there after a power cut."""
    os.fsync(handle)


def make_folder(path: Path, *, mode: int = 0o755) -> None:
    """The folder is there, with all above it, after a power cut as well."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, mode)
    sync_dir(path.parent)


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that are on the disk already, under a name that nobody reads, and the name to come."""

    path: Path
    data: bytes
    temporary: Path


@contextlib.contextmanager
def written_together(
    files: Sequence[tuple[Path, bytes]], *, unnamed: Path | None = None, mode: int = READ_ONLY
) -> Iterator[list[Written]]:
    """All of these forced to the disk at once, to be named by `name_once` or `name_again`.

    A file system makes many waiting writes one, so that it takes about as long as a single file.
    What is not named is gone afterwards, or with the next call should this process die, if
    `unnamed` is given: a folder on the same file system that one caller at a time uses.
    """
    if unnamed is not None:
        make_folder(unnamed)
        for left in unnamed.iterdir():
            remove(left)
    with contextlib.ExitStack() as gone:
        ready: list[Written] = []
        handles: list[int] = []
        with contextlib.ExitStack() as closed:
            for path, data in files:
                make_folder(path.parent)
                name = f".{path.name}.{secrets.token_hex(8)}.tmp"
                temporary = (unnamed or path.parent) / name
                gone.callback(remove, temporary)
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
                closed.callback(os.close, handle)
                rest = memoryview(data)
                while rest:  # a signal or a nearly full disk may cut a write short
                    rest = rest[os.write(handle, rest[:_PIECE]) :]
                handles.append(handle)
                ready.append(Written(path, data, temporary))
            _all_at_once(sync_file, handles)
        yield ready


def name_once(files: Sequence[Written]) -> None:
    """`create_once` for what was written together; all of them are still there after a power cut.

    Named in their order. The same bytes there are fine; other bytes raise CorruptionError.
    """
    for each in files:
        try:
            os.link(each.temporary, each.path)
        except FileExistsError:
            if each.path.read_bytes() != each.data:
                why = "other bytes are there already"
                raise CorruptionError(what=each.path.name, why=why) from None
    _all_at_once(sync_dir, list(dict.fromkeys(each.path.parent for each in files)))


def name_again(file: Written) -> None:
    """`replace` for what was written together."""
    os.replace(file.temporary, file.path)
    sync_dir(file.path.parent)


def _all_at_once(force: Callable[[_Thing], None], things: Sequence[_Thing]) -> None:
    """Each in a thread of its own but the last; the first error once all are done."""
    if not things:
        return
    *others, last = things
    waiting = [_pool().submit(force, each) for each in others]
    try:
        force(last)
    finally:
        wait(waiting)
    for each in waiting:
        each.result()


@cache
def _pool() -> ThreadPoolExecutor:
    """They only wait for the disk."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="disk")


@contextlib.contextmanager
def _temporary(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A file beside `path` with `data` in it, on the disk; its own name is gone afterwards."""
    with written_together([(path, data)], mode=mode) as (written,):
        yield written.temporary


def append_line(path: Path, line: bytes, *, mode: int = SECRET) -> None:
    """Add one line; it is there, whole, after a power cut. Other processes wait their turn.

    line   without its line break

    What a crash left of an earlier line is cut off first: nobody was told that it is there.
    """
    make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        whole = size
        while whole and os.pread(handle, 1, whole - 1) != b"\n":
            whole -= 1
        if whole != size:
            os.ftruncate(handle, whole)
        rest = memoryview(line + b"\n")
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_dir(path.parent)
