"""The spool as a source is given it: what our own disk refuses is remembered as ours.

A source's answers wait in the spool before anything is kept of them. Should the disk be full then,
the error reaches us through the collector, which may call it a file that cannot be opened, or go on
with the next one. It is none of the source's doing, and no reason to seal without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evidence.items import Content, Spool, SpoolWriter


class OwnSpool:
    """`spool`, and the first error that the disk gave, if it did."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.trouble: OSError | None = None

    def open(self, *, limit: int) -> SpoolWriter:
        with self.noted():
            return _Writer(self._spool.open(limit=limit), self)

    @contextmanager
    def noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            self.trouble = self.trouble or problem
            raise


class _Writer:
    def __init__(self, writer: SpoolWriter, of: OwnSpool) -> None:
        self._writer = writer
        self._of = of

    def write(self, chunk: bytes) -> None:
        with self._of.noted():
            self._writer.write(chunk)

    def close(self) -> Content:
        with self._of.noted():
            return self._writer.close()

    def discard(self) -> None:
        self._writer.discard()
