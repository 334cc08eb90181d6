"""One ZIP for one list of files: the canonical form a bundle is written in.

There is a single way to write it, so a reader can write it again and compare, and no byte is
left in which anything could hide:

- entries sorted by name, one after the other from offset 0, nothing between or behind them;
- names of printable ASCII, unique even where upper and lower case are one;
- every file *stored*. Deflate has no canonical form (zlib and its rivals differ), a stored file
  can be hashed where it lies, and an archive that never inflates cannot be a bomb;
- dates 1980-01-01, a plain file's mode 0644, no comments, no data descriptors;
- ZIP64 fields only where a number does not fit its 16 or 32 bits.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from evidence.errors import CorruptionError, FormatError, RequestError
from evidence.items import Content

MAX_NAME = 200
MAX_ENTRIES = 200_000

_MAX_16 = 0xFFFF
_MAX_32 = 0xFFFF_FFFF
_DATE = 0x0021  # 1980-01-01, the first that a ZIP can say
_MODE = 0o100644 << 16
_UNIX = 3 << 8

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")

_WIDE_BYTES = 20  # what ZIP64 adds to a local header

_NAME = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
# The same without a part that ends in a dot, as one of only dots does.
_SAFE = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-](?:/[A-Za-z0-9._-]*[A-Za-z0-9_-])*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to be written: its path with `/` between the parts, and its bytes."""

    name: str
    content: Content = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file that lies in an archive. `offset` is where its local header begins."""

    name: str
    size: int
    crc32: int
    offset: int

    @property
    def data_at(self) -> int:
        """Where its bytes begin."""
        wide = _WIDE_BYTES if self.size >= _MAX_32 else 0
        return self.offset + _LOCAL.size + len(_name_bytes(self.name)) + wide

    @property
    def end(self) -> int:
        return self.data_at + self.size


def check_name(name: str) -> None:
    """Raises FormatError unless `name` is a path that is safe to unpack anywhere."""
    if len(name) <= MAX_NAME and _SAFE.fullmatch(name):
        return
    what = f"the file name {shown(name)}"
    if len(name) > MAX_NAME:
        raise FormatError(what=what, why=f"it has more than {MAX_NAME} characters")
    if not _NAME.fullmatch(name):
        why = "it is not made of ASCII letters, digits, dots, hyphens and single slashes"
        raise FormatError(what=what, why=why)
    raise FormatError(what=what, why="a part of it is only dots or ends in one")


def shown(name: str) -> str:
    """A name from outside, fit to stand in a sentence: quoted, escaped, cut short."""
    text = name if len(name) <= 120 else name[:120] + "..."
    return text if _NAME.fullmatch(text) else ascii(text)


def _name_bytes(name: str) -> bytes:
    return name.encode("ascii", "backslashreplace")


def local_header(member: Member) -> bytes:
    """What stands before a file's bytes."""
    name = _name_bytes(member.name)
    large = member.size >= _MAX_32
    size = _MAX_32 if large else member.size
    extra = struct.pack("<2H2Q", 1, 16, member.size, member.size) if large else b""
    version = 45 if large else 10
    head = _LOCAL.pack(
        b"PK\x03\x04", version, 0, 0, 0, _DATE, member.crc32, size, size, len(name), len(extra)
    )
    return head + name + extra


def central_header(member: Member) -> bytes:
    """A file's record in the directory."""
    name = _name_bytes(member.name)
    large, far = member.size >= _MAX_32, member.offset >= _MAX_32
    fields = [member.size] * 2 * large + [member.offset] * far
    extra = struct.pack(f"<2H{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
    version = 45 if fields else 10
    size = _MAX_32 if large else member.size
    head = _CENTRAL.pack(
        b"PK\x01\x02", _UNIX | version, version, 0, 0, 0, _DATE, member.crc32, size, size,
        len(name), len(extra), 0, 0, 0, _MODE, _MAX_32 if far else member.offset,
    )  # fmt: skip
    return head + name + extra


def end_records(*, count: int, size: int, offset: int) -> bytes:
    """What closes an archive whose directory has `count` records in `size` bytes at `offset`."""
    tail = b""
    if count >= _MAX_16 or size >= _MAX_32 or offset >= _MAX_32:
        tail += _END_64.pack(
            b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, offset
        )  # fmt: skip
        tail += _LOCATOR_64.pack(b"PK\x06\x07", 0, offset + size, 1)
    return tail + _END.pack(
        b"PK\x05\x06", 0, 0, *[min(count, _MAX_16)] * 2, min(size, _MAX_32),
        min(offset, _MAX_32), 0,
    )  # fmt: skip


def write_archive(out: BinaryIO, entries: Iterable[Entry]) -> int:
    """Write the entries as one archive and return its size in bytes.

    out     seekable, at the place where the archive begins; a header's CRC is only known once
            the file behind it was streamed, and is put in then
    entries in any order; each content is read once, in pieces, never held

    Raises RequestError for a name that is unsafe or there twice, CorruptionError if a content
    does not have the size and digest it claims. What was written by then is no archive.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    _check_names([entry.name for entry in ordered])
    if not out.seekable():
        raise RequestError(what="The archive", why="it can only be written where one can seek")
    base = out.tell()
    members: list[Member] = []
    offset = 0
    for entry in ordered:
        member = _write_file(out, entry, base=base, offset=offset)
        members.append(member)
        offset = member.end
    size = 0
    for member in members:
        size += out.write(central_header(member))
    end = end_records(count=len(members), size=size, offset=offset)
    out.write(end)
    return offset + size + len(end)


class ArchiveWriter:
    """The same form written one file after another, for more files than memory should know of.

    out        seekable, at the place where the archive begins
    directory  where the records of the directory wait until `close`: a temporary file, empty

    The caller brings the files in the order in which they shall stand, each name once.
    """

    def __init__(self, out: BinaryIO, directory: BinaryIO) -> None:
        if not out.seekable():
            raise RequestError(what="The archive", why="it can only be written where one can seek")
        self._out = out
        self._base = out.tell()
        self._directory = directory
        self._offset = self._count = self._size = 0
        self._last = ""

    def add(self, entry: Entry) -> None:
        """Raises RequestError for an unsafe name, CorruptionError for other bytes than claimed."""
        _check_names([entry.name])
        if entry.name == self._last:
            raise RequestError(what=f"the file name {shown(entry.name)}", why="it is there twice")
        member = _write_file(self._out, entry, base=self._base, offset=self._offset)
        self._size += self._directory.write(central_header(member))
        self._offset = member.end
        self._count += 1
        self._last = entry.name

    def close(self) -> int:
        """Write the directory; returns the archive's size in bytes."""
        self._directory.seek(0)
        while chunk := self._directory.read(1 << 16):
            self._out.write(chunk)
        end = end_records(count=self._count, size=self._size, offset=self._offset)
        self._out.write(end)
        self._out.flush()
        return self._offset + self._size + len(end)


def read_members(directory: bytes, *, count: int) -> list[Member]:
    """Read a directory's records, leniently: whoever asks writes them again and compares.

    Raises FormatError where the bytes cannot be taken for `count` records.
    """
    what = "The ZIP directory"
    members: list[Member] = []
    at = 0
    for number in range(count):
        if at + _CENTRAL.size > len(directory):
            raise FormatError(what=what, why=f"it ends before record {number}")
        parts = _CENTRAL.unpack_from(directory, at)
        if parts[0] != b"PK\x01\x02":
            raise FormatError(what=what, why=f"record {number} does not begin as one")
        crc32, size = parts[7], parts[8]
        name_size, extra_size, comment_size, offset = parts[10], parts[11], parts[12], parts[16]
        end = at + _CENTRAL.size + name_size
        name = directory[at + _CENTRAL.size : end].decode("latin-1")
        if extra_size:
            extra = directory[end : end + extra_size]
            numbers = extra[4 : 4 + max(0, len(extra) - 4) // 8 * 8]
            wide = [number for (number,) in struct.iter_unpack("<Q", numbers)]
            if size == _MAX_32 and len(wide) >= 2:
                size, wide = wide[0], wide[2:]
            if offset == _MAX_32 and wide:
                offset = wide[0]
        members.append(Member(name=name, size=size, crc32=crc32, offset=offset))
        at = end + extra_size + comment_size
    if at != len(directory):
        raise FormatError(
            what=what, why=f"its {count} records do not fill its {len(directory)} bytes"
        )
    return members


def read_end(tail: bytes) -> tuple[int, int, int]:
    """(count, size, offset) of the directory, from the last 98 bytes of an archive or all of it.

    Raises FormatError if no end record without a comment stands at the very end.
    """
    what = "The end of the ZIP"
    if len(tail) < _END.size or tail[-_END.size :][:4] != b"PK\x05\x06":
        raise FormatError(what=what, why="no end record stands there: it is cut short or added to")
    _, _, _, _, count, size, offset, _ = _END.unpack(tail[-_END.size :])
    wide = tail[: -_END.size][-_END_64.size - _LOCATOR_64.size :]
    if _MAX_16 in (count,) or _MAX_32 in (size, offset):
        if len(wide) < _END_64.size or wide[:4] != b"PK\x06\x06":
            raise FormatError(what=what, why="its ZIP64 record is missing")
        _, _, _, _, _, _, _, count, size, offset = _END_64.unpack_from(wide)
    return count, size, offset


# Bytes at the end of an archive that `read_end` may need.
END_BYTES = _END.size + _END_64.size + _LOCATOR_64.size


def _write_file(out: BinaryIO, entry: Entry, *, base: int, offset: int) -> Member:
    size = entry.content.size
    member = Member(name=entry.name, size=size, crc32=0, offset=offset)
    out.write(local_header(member))
    crc32 = written = 0
    sha256 = hashlib.sha256()
    for chunk in entry.content.chunks():
        crc32 = zlib.crc32(chunk, crc32)
        written += len(chunk)
        if written > size:
            break
        sha256.update(chunk)
        out.write(chunk)
    if written != size or sha256.hexdigest() != entry.content.sha256:
        why = "its content gave other bytes than its size and SHA-256 promise"
        raise CorruptionError(what=entry.name, why=why)
    member = Member(name=entry.name, size=size, crc32=crc32, offset=offset)
    after = out.tell()
    out.seek(base + offset)
    out.write(local_header(member))
    out.seek(after)
    return member


def _check_names(names: Sequence[str]) -> None:
    what = "The archive"
    if len(names) > MAX_ENTRIES:
        raise RequestError(what=what, why=f"it would hold more than {MAX_ENTRIES} files")
    seen: set[str] = set()
    for name in names:
        try:
            check_name(name)
        except FormatError as error:
            raise RequestError(what=error.what, why=error.why) from error
        folded = name.lower()
        if folded in seen:
            raise RequestError(what=f"the file name {shown(name)}", why="it is there twice")
        seen.add(folded)
    for name in seen:
        if any(str(parent) in seen for parent in PurePosixPath(name).parents):
            what = f"the file name {shown(name)}"
            raise RequestError(what=what, why="another file has the name of its folder")
