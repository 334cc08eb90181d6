"""A ZIP archive, opened under bounds that its own directory cannot talk away.

Nothing is unpacked before the directory was looked at: members, declared sizes, and whether they
lie over each other, which is how a small file claims terabytes. A directory that lies about a size
is harmless, as unpacking stops at what it says.

Sources: APPNOTE.TXT 6.3.10, 4.3.7 (local header of 30 bytes and more), 4.4.4 (encryption bit).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from itertools import pairwise

from evidence.errors import FormatError, TooLargeError

MAX_MEMBERS = 2_000
MAX_UNPACKED = 128 << 20
MAX_MEMBER = 48 << 20
_WHAT = "the archive"


class Archive:
    """The members of `data`, by name; FormatError or TooLargeError for what is no honest one."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except Exception as problem:  # its directory reader raises whatever hostile bytes meet
            raise FormatError(what=_WHAT, why="its directory is damaged or cut off") from problem
        self.members = [one for one in self._zip.infolist() if not one.filename.endswith("/")]
        if len(self.members) > MAX_MEMBERS:
            what = f"{_WHAT} (in members)"
            raise TooLargeError(what=what, size=len(self.members), limit=MAX_MEMBERS)
        unpacked = sum(one.file_size for one in self.members)
        if unpacked > MAX_UNPACKED:
            raise TooLargeError(what=f"{_WHAT}, unpacked,", size=unpacked, limit=MAX_UNPACKED)
        places = sorted((one.header_offset, one.compress_size) for one in self.members)
        if any(start + 30 + size > following for (start, size), (following, _) in pairwise(places)):
            raise FormatError(what=_WHAT, why="its members lie over each other")
        self._by_name = {one.filename: one for one in self.members}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def number_of(self, name: str) -> int:
        """Its place among the members, counted from 1."""
        return self.members.index(self._by_name[name]) + 1

    def read(self, name: str, *, limit: int = MAX_MEMBER) -> bytes:
        """A member's bytes. FormatError if it is encrypted or damaged, TooLargeError over limit."""
        one = self._by_name[name]
        shown = f"{name[:80]!r} in {_WHAT}"
        if one.flag_bits & 1:
            raise FormatError(what=shown, why="it is encrypted; ask for a copy without a password")
        if one.file_size > limit:
            raise TooLargeError(what=shown, size=one.file_size, limit=limit)
        try:
            return self._zip.read(one)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as problem:
            raise FormatError(what=shown, why="it is damaged or cut off") from problem
        except Exception as problem:  # a compression method or header of no program we know
            name_of = type(problem).__name__
            raise FormatError(what=shown, why=f"it cannot be unpacked ({name_of})") from problem
