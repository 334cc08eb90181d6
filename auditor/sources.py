"""A bundle's files, wherever they lie: in a ZIP, or in a folder someone unpacked.

Whoever made them may be hostile. A ZIP is read by its structure alone: nothing is unpacked or
inflated, so there is no path to escape by and no bomb to go off, and each byte of it is read at
most once for hashing. In a folder nothing but plain files is opened, never through a link.
Whatever is not the one canonical form becomes a fault, and the reading goes on where it can.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from evidence.archive import (
    END_BYTES,
    MAX_ENTRIES,
    Member,
    central_header,
    check_name,
    end_records,
    local_header,
    read_end,
    read_members,
    shown,
)
from evidence.errors import FormatError, RequestError, TooLargeError

MAX_DEPTH = 8

_CHUNK = 1 << 20
_WINDOW = 1 << 18
_MAX_RECORD = 46 + 0xFFFF * 2


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about the container itself: where, as a path or "", and a sentence."""

    where: str
    what: str


class Source(Protocol):
    """Files by their path inside the bag, without the folder at the top of a ZIP."""

    @property
    def kind(self) -> str: ...

    @property
    def folder(self) -> str:
        """The folder at the top of a ZIP; "" for a folder, which may bear any name."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Size of each file that can be read."""

    @property
    def faults(self) -> list[Fault]: ...

    def read(self, path: str, *, limit: int) -> bytes:
        """All of one file. Raises TooLargeError; FormatError if it changed or went away."""

    def digests(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """(path, SHA-256) of these files, streamed; "" and a fault for one that cannot be read.

        May add to `faults`. Safe to call from threads.
        """

    def close(self) -> None: ...


def open_source(path: Path) -> Source:
    """Open a ZIP or an unpacked bag. Raises RequestError if it is neither."""
    try:
        if path.is_dir():
            return FolderSource(path)
        return ZipSource(path)
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
        raise RequestError(what=shown(path.name), why=why) from error


def looks_like_zip(head: bytes, tail: bytes) -> bool:
    """Either end will do: a file that lost one of them is a broken ZIP, not something else."""
    return head[:4] == b"PK\x03\x04" or tail[-22:-18] == b"PK\x05\x06"


class _Window:
    """A part of a file, held in one buffer that is filled again and again."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = bytearray(_WINDOW)
        self._view = memoryview(self._buffer)
        self._begin = self._end = 0

    def at(self, begin: int, size: int) -> memoryview:
        """`size` bytes, _WINDOW at most, to be used before the next are asked for.

        Raises EOFError if the file does not have them any more.
        """
        if begin < self._begin or begin + size > self._end:
            self._begin = begin
            self._end = begin + os.preadv(self._fd, [self._buffer], begin)
            if begin + size > self._end:
                raise EOFError
        return self._view[begin - self._begin : begin - self._begin + size]


@dataclass(slots=True)
class ZipSource:
    """A ZIP, compared with the one that would have been written for the same files."""

    file: Path
    kind: str = "zip"
    folder: str = ""
    faults: list[Fault] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    _members: dict[str, Member] = field(default_factory=dict)
    _fd: int = -1
    _size: int = 0

    def __post_init__(self) -> None:
        self._fd = os.open(self.file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise RequestError(what=shown(self.file.name), why="it is not a plain file")
        self._size = status.st_size
        try:
            self._read_structure()
        except FormatError as error:
            self._fault("", f"{error.what} is malformed: {error.why}.")

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, path: str, *, limit: int) -> bytes:
        member = self._members[path]
        if member.size > limit:
            raise TooLargeError(what=path, size=member.size, limit=limit)
        return self._bytes(member.data_at, member.size, path)

    def digests(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        window = _Window(self._fd)
        found = []
        # One after the other as they lie there, so that many are in one window.
        for path in sorted(paths, key=lambda path: self._members[path].offset):
            member = self._members[path]
            try:
                found.append((path, self._digest(path, member, window)))
            except EOFError:
                self._fault(
                    path, f"{shown(path)} cannot be read: the file ended while it was read."
                )
                found.append((path, ""))
        return found

    def _digest(self, path: str, member: Member, window: _Window) -> str:
        header = local_header(member)
        at, end = member.offset + len(header), member.end
        if bytes(window.at(member.offset, len(header))) != header:
            before = f"The ZIP header before {shown(member.name)}"
            self._fault(path, f"{before} is not the one its directory calls for.")
        sha256, crc32 = hashlib.sha256(), 0
        while at < end:
            piece = window.at(at, min(_WINDOW, end - at))
            sha256.update(piece)
            crc32 = zlib.crc32(piece, crc32)
            at += len(piece)
        if crc32 != member.crc32:
            self._fault(path, f"{shown(path)} does not have the CRC-32 its ZIP header gives.")
        return sha256.hexdigest()

    def _bytes(self, at: int, size: int, path: str) -> bytes:
        data = os.pread(self._fd, size, at)
        if len(data) != size:
            raise FormatError(what=shown(path), why="the file ended while it was read")
        return data

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(Fault(where, what))

    def _read_structure(self) -> None:
        tail = self._bytes(max(0, self._size - END_BYTES), min(self._size, END_BYTES), "the ZIP")
        if not looks_like_zip(self._bytes(0, min(4, self._size), "the ZIP"), tail):
            self.close()
            why = "it is neither a ZIP, nor a folder, nor a signed JSON envelope"
            raise RequestError(what=shown(self.file.name), why=why)
        count, size, offset = read_end(tail)
        if count > MAX_ENTRIES:
            raise FormatError(what="The ZIP", why=f"it lists more than {MAX_ENTRIES} files")
        if offset + size > self._size or size > count * _MAX_RECORD:
            raise FormatError(what="The ZIP", why="its directory is said to lie outside of it")
        directory = self._bytes(offset, size, "the ZIP directory")
        members = read_members(directory, count=count)
        end = self._place(members, limit=offset)
        if end != offset:
            self._fault("", f"The ZIP holds {offset - end} bytes that belong to no file.")
        if b"".join(map(central_header, members)) != directory:
            self._name_difference(directory, members)
        closing = end_records(count=count, size=size, offset=offset)
        if offset + size + len(closing) != self._size or not tail.endswith(closing):
            self._fault("", "The end of the ZIP is not written the one canonical way.")

    def _place(self, members: list[Member], *, limit: int) -> int:
        """Take over each member that lies where it must; returns where the last one ends."""
        end = 0
        last = ""
        self.folder = members[0].name.partition("/")[0] if members else ""
        for member in members:
            path, member_end = member.name.removeprefix(f"{self.folder}/"), member.end
            try:
                check_name(member.name)
            except FormatError as error:
                self._entry(path, member, f"has an unsafe name: {error.why}")
                # It is no part of a bundle, so nothing of it needs to be read.
                end = member_end if end <= member.offset and member_end <= limit else end
                continue
            if member.name <= last or path in self._members:
                self._entry(path, member, "is out of order or there twice")
            if path == member.name:
                self._entry(path, member, "lies outside the bundle's folder")
            last = max(last, member.name)
            if member.offset < end or member_end > limit:
                self._entry(path, member, "overlaps another or leaves the file")
                continue
            if member.offset != end:
                before = f"{member.offset - end} bytes before {shown(member.name)}"
                self._fault(path, f"The ZIP has {before} that belong to no file.")
            end = member_end
            if path not in self._members:
                self._members[path] = member
                self.sizes[path] = member.size
        return end

    def _entry(self, path: str, member: Member, is_wrong: str) -> None:
        self._fault(path, f"The ZIP entry {shown(member.name)} {is_wrong}.")

    def _name_difference(self, directory: bytes, members: list[Member]) -> None:
        """Name the first record that is not the one that would be written."""
        at = 0
        for member in members:
            record = central_header(member)
            if directory[at : at + len(record)] != record:
                path = member.name.removeprefix(f"{self.folder}/")
                what = f"The ZIP directory's record of {shown(member.name)} is not canonical."
                self._fault(path, what)
                return  # what follows may only be shifted
            at += len(record)
        if at != len(directory):
            self._fault("", "The ZIP directory is longer than its records.")


@dataclass(slots=True)
class FolderSource:
    """A bag that was unpacked."""

    root: Path
    kind: str = "folder"
    folder: str = ""
    faults: list[Fault] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._walk(str(self.root), "", depth=0)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self, path: str, *, limit: int) -> bytes:
        if self.sizes[path] > limit:
            raise TooLargeError(what=shown(path), size=self.sizes[path], limit=limit)
        return b"".join(self._chunks(path))

    def digests(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        return [(path, self._digest(path)) for path in paths]

    def _digest(self, path: str) -> str:
        sha256 = hashlib.sha256()
        try:
            for chunk in self._chunks(path):
                sha256.update(chunk)
        except FormatError as error:
            self.faults.append(Fault(path, f"{error.what} cannot be read: {error.why}."))
            return ""
        return sha256.hexdigest()

    def _chunks(self, path: str) -> Iterator[bytes]:
        left = self.sizes[path]
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(f"{self.root}/{path}", flags)
        except OSError as error:
            why = f"it cannot be read ({error.strerror})"
            raise FormatError(what=shown(path), why=why) from error
        try:
            # One byte more than it had, so that growing is noticed too.
            while chunk := os.read(fd, min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        except OSError as error:
            why = f"it cannot be read ({error.strerror})"
            raise FormatError(what=shown(path), why=why) from error
        finally:
            os.close(fd)
        if left:
            raise FormatError(what=shown(path), why="its size changed while it was read")

    def _walk(self, folder: str, prefix: str, *, depth: int) -> None:
        if depth > MAX_DEPTH:
            what = f"{shown(prefix)} lies more than {MAX_DEPTH} folders deep and was not read."
            self.faults.append(Fault(prefix, what))
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    self._walk(entry.path, f"{path}/", depth=depth + 1)
                elif entry.is_file(follow_symlinks=False):
                    self.sizes[path] = entry.stat(follow_symlinks=False).st_size
                else:
                    what = f"{shown(path)} is a link or a device, not a file; it was not read."
                    self.faults.append(Fault(path, what))
                if len(self.sizes) > MAX_ENTRIES:
                    raise RequestError(
                        what=shown(self.root.name), why=f"it holds more than {MAX_ENTRIES} files"
                    )
