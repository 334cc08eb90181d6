"""An mbox file, cut into its mails while it streams by.

The format has no length and no frame: a mail ends where an empty line is followed by a line that
begins with `From ` and looks like a postmark (RFC 4155, appendix A). So

- writers put `>` before such a line inside a mail (mboxo, mboxrd), others do not (mboxcl2). What we
  bring is what lies there, a `>` included: nobody can tell a writer's from a sender's;
- one empty line before the next postmark, or before the end of the file, is the format's and is
  left out. A writer that forgot it at the end of the file loses its mail's own last empty line;
- a sender can write a postmark into a mail, and a writer that does not quote lets it become a mail
  of its own. An mbox proves no more than that these bytes lay in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Of a mail, so much is handed on to be searched; its digest covers all of it.
MAX_SEARCHED = 64 << 20

_MARK = b"\nFrom "
_MAX_POSTMARK = 1000
_DAYS = frozenset({b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"})
_CLOCK = re.compile(rb"\d{1,2}:\d{2}(:\d{2})?")
_YEAR = re.compile(rb"\d{4}")


@dataclass(frozen=True, slots=True)
class Cut:
    """A mail in an mbox.

    offset, size  where its bytes lie in the file, the postmark before them left out
    sha256        of all of them
    data          the first MAX_SEARCHED of them
    """

    offset: int
    size: int
    sha256: bytes
    data: bytes


class _Growing:
    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.size = 0
        self._digest = hashlib.sha256()
        self._data = bytearray()

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        self._digest.update(piece)
        self._data += piece[: max(MAX_SEARCHED - len(self._data), 0)]

    def cut(self) -> Cut:
        return Cut(self.offset, self.size, self._digest.digest(), bytes(self._data))


def mails_in(chunks: Iterable[bytes]) -> Iterator[Cut]:
    """The mails of an mbox, in order; memory is bounded by MAX_SEARCHED and a chunk.

    The first line decides how strict a postmark is: with a date where the first one has a date,
    else any line that begins with `From `. Nothing comes of a file that does not begin with one.
    """
    mail: _Growing | None = None
    strict = False
    waiting = b""
    base = 0  # where `waiting` begins in the file
    for chunk in chunks:
        waiting += chunk
        if mail is None:
            end = waiting.find(b"\n")
            if end < 0:
                if len(waiting) > _MAX_POSTMARK:
                    return
                continue
            if not waiting.startswith(b"From "):
                return
            strict = _has_date(waiting[:end])
            base, waiting = end + 1, waiting[end + 1 :]
            mail = _Growing(base)
        done = 0
        look = 0
        while (at := waiting.find(_MARK, look)) >= 0:
            end = waiting.find(b"\n", at + 1, at + _MAX_POSTMARK)
            if end < 0 and len(waiting) < at + _MAX_POSTMARK:
                break  # the line is not here yet
            stop = _stop_before(waiting, at)
            if end < 0 or stop is None or stop < done:
                look = at + 1
                continue
            if strict and not _has_date(waiting[at + 1 : end]):
                look = at + 1
                continue
            mail.add(waiting[done:stop])
            yield mail.cut()
            done = look = end + 1
            mail = _Growing(base + done)
        # What stays may be the beginning of a postmark, or the last empty line of the file.
        safe = max(done, min(at - 2 if at >= 0 else len(waiting), len(waiting) - 8))
        mail.add(waiting[done:safe])
        base, waiting = base + safe, waiting[safe:]
    if mail is not None:
        mail.add(_without_last_empty_line(waiting))
        yield mail.cut()


def _has_date(line: bytes) -> bool:
    words = [word.rstrip(b",") for word in line.split()]
    return (
        any(word in _DAYS for word in words)
        and any(_CLOCK.fullmatch(word) for word in words)
        and any(_YEAR.fullmatch(word) for word in words)
    )


def _stop_before(data: bytes, at: int) -> int | None:
    """Where the mail ends whose empty line has its line break at `at`; None if it is not empty."""
    stop = at - 1 if data[at - 1 : at] == b"\r" else at
    if stop == 0 or data[stop - 1 : stop] == b"\n":
        return stop
    return None


def _without_last_empty_line(data: bytes) -> bytes:
    for line_break in (b"\r\n", b"\n"):
        if data.endswith(b"\n" + line_break):
            return data[: -len(line_break)]
    return data
