"""An answer's body on its way in: bounded, hashed, searched for secrets, spooled, decoded."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from collectors.exchanges import KEPT_OF_FAILURE
from collectors.redaction import Redactor
from evidence.errors import ShapeError, TooLargeError
from evidence.items import Content, InMemory, Spool

Result = TypeVar("Result")

# A piece this large is encrypted and written by a thread; a smaller one costs less than the hop.
_THREAD_BYTES = 256 << 10
_STEP = 1 << 20
# zlib's window bits: gzip, or zlib, which HTTP calls deflate (RFC 9110, 8.4.1).
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Taker:
    """Takes up to `limit` bytes. `leaked` names a secret that stood in them, or is None.

    The first KEPT_OF_FAILURE bytes stay at hand, for the exchange of an answer that fails.
    """

    def __init__(self, spool: Spool, *, limit: int, redactor: Redactor) -> None:
        self._limit = limit
        self._writer = spool.open(limit=limit)
        self._redactor = redactor
        self._digest = hashlib.sha256()
        self._sha256: str | None = None
        self._tail = b""
        self._waiting = bytearray()
        self.head = bytearray()
        self.size = 0
        self.leaked: str | None = None

    async def take(self, piece: bytes) -> bool:
        """Take a piece; False once the limit is reached, the piece cut to fit."""
        fits = piece[: self._limit - self.size]
        self.size += len(fits)
        self._waiting += fits
        if len(self._waiting) >= _THREAD_BYTES:
            await in_thread(self._flush)
        return len(fits) == len(piece)

    async def close(self) -> Content:
        """All that was taken, as a content. Call it at most once, and not after `discard`."""

        def finish() -> Content:
            self._write(self._taken())
            content = self._writer.close()
            self._sha256 = content.sha256
            return content

        if self.size < _THREAD_BYTES:
            return finish()
        return await in_thread(finish)

    def stop(self) -> None:
        """Keep only `head`: the body fails, and nothing of it is spooled."""
        self._flush()
        self._writer.discard()
        if self.size > len(self.head):
            # Our own cut may go through a secret, and half of one would not be recognised.
            del self.head[-max(self._redactor.longest, 1) :]

    def discard(self) -> None:
        self._waiting.clear()
        self._writer.discard()

    @property
    def sha256(self) -> str:
        """Of everything taken, once `close` or `stop` returned."""
        return self._sha256 or self._digest.hexdigest()

    def _flush(self) -> None:
        """Write what waits. More may come, and that may fail: then this is told of."""
        piece = self._taken()
        self._digest.update(piece)
        room = KEPT_OF_FAILURE - len(self.head)
        self.head += piece[: max(room, 0)]
        self._write(piece)

    def _taken(self) -> bytes:
        piece = bytes(self._waiting)
        self._waiting.clear()
        return piece

    def _write(self, piece: bytes) -> None:
        if self.leaked is None and self._redactor.longest:
            searched = self._tail + piece
            self.leaked = self._redactor.found_in(searched)
            self._tail = searched[-max(self._redactor.longest - 1, 1) :]
        self._writer.write(piece)


async def decoded(
    content: Content,
    encoding: str,
    *,
    spool: Spool,
    limit: int,
    source: str,
    redactor: Redactor,
) -> tuple[Content, str | None]:
    """The body without its content-encoding, and the name of a secret found in it.

    Raises ShapeError for another encoding or broken bytes, TooLargeError above `limit` bytes: a
    small body may unfold to a huge one.
    """
    window = _WINDOW.get(encoding)
    if window is None:
        raise _broken(source, "no content-encoding, gzip or deflate", encoding[:40])

    def work() -> tuple[Content, str | None]:
        writer = spool.open(limit=limit)
        try:
            size, tail, leaked = 0, b"", None
            for piece in _inflated(content, window, source=source, encoding=encoding):
                size += len(piece)
                if size > limit:
                    raise TooLargeError(what=f"an answer of {source}", size=size, limit=limit)
                leaked = leaked or redactor.found_in(tail + piece)
                tail = (tail + piece)[-max(redactor.longest - 1, 1) :]
                writer.write(piece)
            return writer.close(), leaked
        except BaseException:
            writer.discard()
            raise

    return await in_thread(work)


def unpacked(data: bytes, encoding: str, *, source: str, limit: int) -> bytes:
    """Bytes that came as gzip or deflate, whole. ShapeError if they did not, TooLargeError."""
    window = _WINDOW.get(encoding)
    if window is None:
        raise _broken(source, "gzip or deflate", encoding[:40])
    whole = bytearray()
    for piece in _inflated(InMemory(data), window, source=source, encoding=encoding):
        whole += piece
        if len(whole) > limit:
            raise TooLargeError(what=f"an answer of {source}", size=len(whole), limit=limit)
    return bytes(whole)


def _inflated(content: Content, window: int, *, source: str, encoding: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    started = False
    try:
        for chunk in content.chunks():
            data = chunk
            while data:
                if inflater.eof:  # gzip allows several members behind each other
                    inflater = zlib.decompressobj(window)
                started = True
                piece = inflater.decompress(data, _STEP)
                if piece:
                    yield piece
                data = inflater.unconsumed_tail or inflater.unused_data
        while started and not inflater.eof:
            piece = inflater.decompress(b"", _STEP)
            if not piece:
                raise _broken(source, f"a whole {encoding} stream", "part of one")
            yield piece
    except zlib.error:
        raise _broken(source, encoding, "other bytes") from None


def _broken(source: str, expected: str, got: str) -> ShapeError:
    return ShapeError(source=source, pointer="header:Content-Encoding", expected=expected, got=got)


def release(content: Content) -> None:
    """Give up a spooled content that no item carries."""
    discard: Callable[[], None] | None = getattr(content, "discard", None)
    if discard is not None and not isinstance(content, InMemory):
        discard()


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run `work` in a thread and wait for its end, even when cancelled: it holds a file."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
