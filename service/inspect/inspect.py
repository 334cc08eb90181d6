"""Read and judge files on their own, without a ledger: what `orderproof inspect` answers.

The readers and verifiers are those of a collection; only what needs an order's other items is not
asked. Files are read in processes with limits, as many at once as there are cores.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import TooLargeError
from evidence.facts import Facts
from evidence.items import Content, InMemory, Item, Provenance, Role
from evidence.media import HEAD, sniff
from service.inspect.verdict_of_file import answer_of
from service.reading.reading import Reading
from service.settings import Limits

COLLECTOR = "inspect/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the files are held against; None where nobody asked.

    at        the moment ages are counted to, UTC
    tracking  the parcel they should speak of
    order     the order they should speak of
    site      the marketplace's country, ISO 3166-1 alpha-2
    """

    at: datetime
    tracking: str | None = None
    order: str | None = None
    site: str | None = None

    @property
    def about(self) -> dict[str, str]:
        asked = {
            "shipment.tracking_number": self.tracking,
            "order.id": self.order,
            "order.site": self.site,
        }
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file that is too large to be read here; only its digest is taken."""

    path: Path
    sha256: str
    size: int

    def read(self, limit: int) -> bytes:
        raise TooLargeError(what="the file", size=self.size, limit=limit)

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk


async def inspect_files(
    paths: Sequence[Path], asked: Asked, *, limits: Limits | None = None, at_once: int | None = None
) -> AsyncIterator[tuple[Path, dict[str, Any] | OSError]]:
    """Each file's answer, in the order of `paths`; OSError for one that cannot be opened.

    Bad bytes are an answer: what could not be read stands in it, with the reason.
    """
    limits = limits or Limits()
    cores = at_once or len(os.sched_getaffinity(0))  # those that this process may use
    reading = Reading(limits, size=cores)
    ahead = asyncio.Semaphore(2 * cores)  # files held in memory at once

    async def one(path: Path) -> dict[str, Any] | OSError:
        async with ahead:
            try:
                item = await asyncio.to_thread(_item, path, asked, limits)
            except OSError as problem:
                return problem
            facts = await reading.facts_of(item)
            return await asyncio.to_thread(answer_of, str(path), item, Facts(facts), asked.at)

    tasks = [asyncio.create_task(one(path)) for path in paths]
    try:
        for path, task in zip(paths, tasks, strict=True):
            yield path, await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await reading.close()


def _item(path: Path, asked: Asked, limits: Limits) -> Item:
    content: Content
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):  # a pipe or a device may never end
        raise OSError(errno.EINVAL, "it is no file")
    size = about.st_size
    if size <= limits.read_bytes:
        data = path.read_bytes()
        content, head = InMemory(data), data[:HEAD]
    else:
        digest = hashlib.sha256()
        head = b""
        for chunk in OnDisk(path, "", size).chunks():
            digest.update(chunk)
            head = head or chunk[:HEAD]
        content = OnDisk(path, digest.hexdigest(), size)
    return Item(
        role=Role.DOCUMENT,
        key=path.name,
        content=content,
        media_type=sniff(head),
        collector=COLLECTOR,
        origin="file",
        provenance=Provenance.UNKNOWN,
        collected_at=asked.at,
        about=asked.about,
    )
