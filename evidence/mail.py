"""One mail: its headers, its parts and their text, under bounds, from its raw bytes.

The parts are cut out of the raw bytes here, not by the standard library's parser: a part then has
exactly the bytes that came, a nested message too, and the work is linear in the mail's size. Each
part's header block is read by the standard library under `policy.default`, made safe against what
that policy raises on headers from outside.

Sources: RFC 5322, RFC 2045, RFC 2046 (5.1.1 boundaries), RFC 9051 (6.4.5 part numbers).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy, default
from functools import lru_cache
from itertools import islice
from typing import cast

from evidence.errors import FormatError, TooLargeError
from evidence.mail_html import text_of_html

MAX_MAIL = 64 << 20
MAX_HEAD = 256 << 10
MAX_HEADER = 8 << 10
MAX_PARTS = 300
MAX_DEPTH = 8
MAX_TEXT = 2 << 20

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_TOO_MANY = "it has more parts, or parts within parts, than any honest mail"

# Only these are tried: Python knows encodings that are no charsets, and some are slow on purpose.
_CHARSET = re.compile(
    r"(us-)?ascii|utf-?8|utf-?16(le|be)?|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|cp9\d\d|"
    r"gb2312|gbk|gb18030|hz-gb-2312|big5(-hkscs)?|shift[-_]jis|euc-(jp|kr)|iso-2022-(jp|kr)(-\w+)?|"
    r"ks_c_5601-1987|koi8-[ru]|tis-620|macintosh"
)
# Senders write gb2312 and mean its superset; what is valid in the one reads the same in the other.
_SUPERSET = {"gb2312": "gb18030", "gbk": "gb18030", "hz-gb-2312": "hz", "macintosh": "mac-roman"}


class _Careful(EmailPolicy):
    """policy.default, whose header parser may be slow or raise on what a stranger wrote."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        cut = _as_utf8(value[:MAX_HEADER])
        # A part's content headers are asked for again and again, and few of them differ.
        return _repeated(name, cut) if name.lower().startswith("content-") else _once(name, cut)


def _once(name: str, value: str) -> str:
    try:
        said: str = default.header_fetch_parse(name, value)
        # Its text is computed when asked for; a broken one has to show here, not later.
        str(said).encode()
        return said
    except Exception:  # its parser raises IndexError, AttributeError, RecursionError and more
        return value.encode("utf-8", "replace").decode("utf-8")


_repeated = lru_cache(maxsize=1024)(_once)


def _as_utf8(value: str) -> str:
    """A header with raw 8-bit bytes in it: UTF-8 proves itself (RFC 6532), the rest is left."""
    if value.isascii():
        return value
    try:
        return value.encode("ascii", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return value


_HEADERS = BytesHeaderParser(policy=_Careful())


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail; `number` as IMAP counts, "" for the mail as a whole if it is multipart.

    head   its header block, read
    start  where its body begins in the mail's bytes; `stop` is behind its last byte
    """

    number: str
    head: EmailMessage
    start: int
    stop: int
    depth: int

    @property
    def media_type(self) -> str:
        """As declared, in lower case."""
        return self.head.get_content_type()

    @property
    def encoding(self) -> str:
        return (self.header("Content-Transfer-Encoding") or "7bit").strip().lower()

    @property
    def file_name(self) -> str | None:
        try:
            return self.head.get_filename()
        except Exception:  # RFC 2231 pieces that do not add up
            return None

    @property
    def is_attachment(self) -> bool:
        """Whether it is a thing of its own, not the words of the mail."""
        if self.media_type.startswith("multipart/"):
            return False
        if self.file_name is not None or self.disposition == "attachment":
            return True
        return self.media_type not in {"text/plain", "text/html"}

    @property
    def disposition(self) -> str:
        return self.header("Content-Disposition").partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """The first header of this name, decoded and on one line; "" if there is none."""
        raw = next(iter(self.raw_headers(name)), "")
        if raw.isascii() and "=?" not in raw:
            return raw
        return " ".join(str(self.head.policy.header_fetch_parse(name, raw)).split())

    def raw_headers(self, name: str) -> list[str]:
        """The headers of this name as written, on one line each, encoded words left as they are."""
        return [value for found, value in self.raw_items() if found.lower() == name.lower()]

    def raw_items(self) -> Iterator[tuple[str, str]]:
        for name, value in self.head.raw_items():
            yield name, " ".join(_as_utf8(str(value)[:MAX_HEADER]).split())

    def decoded_items(self) -> Iterator[tuple[str, str]]:
        """Name and text of the headers that are not plain ASCII as written, at most 300."""
        encoded = ((n, v) for n, v in self.raw_items() if "=?" in v or not v.isascii())
        for name, value in islice(encoded, 300):
            yield name, str(self.head.policy.header_fetch_parse(name, value))


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's raw bytes and the parts found in them, the whole first."""

    data: bytes
    parts: tuple[Part, ...]

    @property
    def head(self) -> Part:
        return self.parts[0]

    def body_of(self, part: Part) -> tuple[bytes, str]:
        """A part's bytes with its transfer encoding taken off, and the name of that encoding.

        Where the encoding is broken or unknown the bytes are those that came, under "undecoded".
        """
        raw = self.data[part.start : part.stop]
        match part.encoding:
            case "base64":
                try:
                    return base64.b64decode(raw), "base64"
                except (binascii.Error, ValueError):
                    return raw, "undecoded"
            case "quoted-printable":
                return quopri.decodestring(raw), "quoted-printable"
            case "7bit" | "8bit" | "binary":
                return raw, "identity"
        return raw, "undecoded"

    def text_of(self, part: Part) -> str:
        """A text part as text, HTML without its marks; FormatError if its charset does not fit."""
        text = self.written_in(part)
        return text_of_html(text) if part.media_type == "text/html" else text

    def written_in(self, part: Part) -> str:
        """A text part as it is written, HTML with its marks; FormatError as for `text_of`."""
        return _decoded(self.body_of(part)[0][:MAX_TEXT], part)

    def words(self) -> Part | None:
        """The part that holds what the sender wrote: plain text, or HTML where there is none."""
        for media_type in ("text/plain", "text/html"):
            for part in self.parts:
                if part.media_type == media_type and not part.is_attachment:
                    return part
        return None

    def texts(self) -> Iterator[Part]:
        """Every part that can be read as text, attached or not."""
        return (part for part in self.parts if part.media_type.startswith("text/"))

    def attachments(self) -> Iterator[Part]:
        return (part for part in self.parts if part.is_attachment)


def parse_mail(data: bytes) -> Mail:
    """Find the parts of a mail.

    Raises TooLargeError above MAX_MAIL bytes or MAX_HEAD bytes of headers in one part, FormatError
    for more than MAX_PARTS parts or parts nested deeper than MAX_DEPTH. A nested message is one
    part here; whoever wants its inside parses its bytes.
    """
    if len(data) > MAX_MAIL:
        raise TooLargeError(what="the mail", size=len(data), limit=MAX_MAIL)
    parts: list[Part] = []
    _take(data, 0, len(data), number="", depth=0, parts=parts)
    return Mail(data, tuple(parts))


def _take(
    data: bytes, start: int, stop: int, *, number: str, depth: int, parts: list[Part]
) -> None:
    """Append the part between `start` and `stop`, then the parts inside it, to `parts`."""
    if len(parts) >= MAX_PARTS or depth > MAX_DEPTH:
        raise FormatError(what="the mail", why=_TOO_MANY)
    head, body = _head_of(data, start, stop)
    boundary = _boundary(head)
    if boundary is None:
        parts.append(Part(number or "1", head, body, stop, depth))
        return
    parts.append(Part(number, head, body, stop, depth))
    prefix = f"{number}." if number else ""
    for index, (begin, end) in enumerate(_between(data, boundary, body, stop), 1):
        _take(data, begin, end, number=f"{prefix}{index}", depth=depth + 1, parts=parts)


def _head_of(data: bytes, start: int, stop: int) -> tuple[EmailMessage, int]:
    """The header block that begins at `start`, and where the body begins."""
    if data.startswith((b"\n", b"\r\n"), start):  # a part without headers
        body = start + (1 if data[start : start + 1] == b"\n" else 2)
    elif found := _END_OF_HEAD.search(data, start, min(stop, start + MAX_HEAD + 4)):
        body = found.end()
    elif stop - start > MAX_HEAD:
        raise TooLargeError(what="the mail's header block", size=stop - start, limit=MAX_HEAD)
    else:
        body = stop
    body = min(body, stop)
    return cast(EmailMessage, _HEADERS.parsebytes(data[start:body])), body


def _boundary(head: EmailMessage) -> bytes | None:
    if not head.get_content_type().startswith("multipart/"):
        return None
    try:
        said = head.get_boundary()
    except Exception:  # RFC 2231 pieces that do not add up
        said = None
    # RFC 2046, 5.1.1: 1 to 70 characters; some senders write more.
    if said is None or not 0 < len(said) <= 200:
        return None
    return said.encode("ascii", "surrogateescape") if said.isascii() else None


def _between(data: bytes, boundary: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The spans between delimiter lines; the line break before a delimiter belongs to it."""
    mark = b"--" + boundary
    begin: int | None = None
    at = start if data.startswith(mark, start, stop) else _next_line(data, mark, start, stop)
    while at >= 0:
        after = at + len(mark)
        line_end = data.find(b"\n", after, stop)
        rest = data[after : stop if line_end < 0 else line_end]
        match rest.rstrip(b" \t\r"):
            case b"" | b"--" as ending:
                if begin is not None:
                    yield begin, _without_break(data, begin, at)
                begin = None if ending or line_end < 0 else line_end + 1
                if begin is None:
                    return
        at = _next_line(data, mark, after, stop)
    if begin is not None:  # the closing delimiter is missing: the mail was cut
        yield begin, stop


def _next_line(data: bytes, mark: bytes, start: int, stop: int) -> int:
    """Where the next line that begins with `mark` begins; -1 if none does."""
    found = data.find(b"\n" + mark, max(start - 1, 0), stop)
    return found + 1 if found >= 0 else -1


def _without_break(data: bytes, begin: int, end: int) -> int:
    if data[end - 2 : end] == b"\r\n":
        return max(end - 2, begin)
    return max(end - 1, begin)


def _decoded(data: bytes, part: Part) -> str:
    try:
        charset = (part.head.get_content_charset() or "utf-8").strip().lower()
    except Exception:  # RFC 2231 pieces that do not add up
        charset = "unreadable"
    if _CHARSET.fullmatch(charset):
        try:
            # MAX_TEXT may have cut a character in two; a mail's own bad byte is further up.
            text = data.decode(_SUPERSET.get(charset, charset), "strict")
        except UnicodeError as problem:
            at = problem.start if isinstance(problem, UnicodeDecodeError) else 0
            if len(data) == MAX_TEXT and at >= MAX_TEXT - 4:
                return data[:at].decode(_SUPERSET.get(charset, charset), "ignore")
            if charset not in {"us-ascii", "ascii"}:
                raise FormatError(
                    what=f"the text of part {part.number}", why=f"it is not the {charset} it claims"
                ) from problem
        else:
            return text
    # No charset we know, or 8-bit text that claims to be ASCII: UTF-8 proves itself or fails.
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise FormatError(
            what=f"the text of part {part.number}",
            why=f"its charset {charset[:40]!r} is not one we can read",
        ) from problem
